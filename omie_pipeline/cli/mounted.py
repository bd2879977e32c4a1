"""Commands that live in modules of their own and load only when they are called."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from importlib import import_module

import typer

from omie_pipeline.cli.portuguese import PortugueseCommand

PASS_THROUGH = {
    "allow_extra_args": True,
    "ignore_unknown_options": True,
    "help_option_names": [],
}


@dataclass(frozen=True, slots=True)
class MountedCommand:
    """A command found at ``module:function``; its options and help are its own."""

    name: str
    module: str
    function: str
    summary: str


MOUNTED = (
    MountedCommand(
        "demo",
        "omie_pipeline.cli.demo",
        "demo",
        summary="Roda a clínica de exemplo inteira contra o simulador.",
    ),
    MountedCommand(
        "dev",
        "omie_pipeline.cli.dev",
        "dev",
        summary="Abre o Dagster (tela e agendador) com o banco embutido.",
    ),
    MountedCommand(
        "simulator",
        "omie_pipeline.simulator.__main__",
        "simulator_command",
        summary="Liga o simulador local da API do Omie.",
    ),
    MountedCommand(
        "webhooks",
        "omie_pipeline.webhooks.command",
        "webhooks_command",
        summary="Recebe os eventos (webhooks) do Omie.",
    ),
)


def mount(app: typer.Typer) -> None:
    """Add every mounted command to ``app``."""
    for one in MOUNTED:
        app.command(
            one.name,
            cls=PortugueseCommand,
            context_settings=PASS_THROUGH,
            add_help_option=False,
            help=one.summary,
        )(_passing_on(one))


def _passing_on(one: MountedCommand) -> Callable[[typer.Context], None]:
    def call(context: typer.Context) -> None:
        function = getattr(import_module(one.module), one.function)
        inner = typer.Typer(add_completion=False, rich_markup_mode=None)
        inner.command(cls=PortugueseCommand)(function)
        command = typer.main.get_command(inner)
        # In this context's place, so that wrong usage is reported as everywhere else.
        result = command.main(context.args, prog_name=context.command_path, standalone_mode=False)
        if isinstance(result, int) and result:
            raise typer.Exit(result)

    return call
