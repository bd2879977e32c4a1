"""Help and wrong usage in Portuguese, and every error of ours as a message instead of a traceback.

click's texts are English, through gettext catalogues that it does not ship; its formatter and its
commands are classes made to be replaced, so the few words it writes are given here.
"""

from __future__ import annotations

import logging
import os
import re
import sys
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime
from typing import Any

import click
from typer.core import TyperCommand, TyperGroup

from omie_pipeline.cli.errors import (
    FAILED,
    INTERRUPTED,
    WRONG_USAGE,
    print_error,
    tell_interrupted,
    tell_os_error,
)
from omie_pipeline.cli.output import say
from omie_pipeline.errors import OmiePipelineError
from omie_pipeline.likely import likely
from omie_pipeline.texts.cli import usage as texts

# What the engine says while a command runs, on stderr: long waits, and a clock that differs.

_LOGGERS = ("omie_pipeline.waits", "omie_pipeline.clock", "omie_pipeline.line")


class _Terminal(logging.Handler):
    """Says each record; the end of a wait as the clinic's own time."""

    def emit(self, record: logging.LogRecord) -> None:
        until = getattr(record, "until", None)
        if not isinstance(until, datetime):
            say(record.getMessage())
            return
        from omie_pipeline.config.settings import clinic_zone

        at = until.astimezone(clinic_zone())
        say(texts.waiting_until(at=at, why=getattr(record, "why", "")))


@contextmanager
def told_on_terminal() -> Iterator[None]:
    """Show these records on the terminal, and nowhere else, while a command runs."""
    handler = _Terminal(logging.INFO)
    loggers = [logging.getLogger(name) for name in _LOGGERS]
    before = [(one.level, one.propagate) for one in loggers]
    for one in loggers:
        one.addHandler(handler)
        one.setLevel(logging.INFO)
        one.propagate = False
    try:
        yield
    finally:
        for one, (level, propagate) in zip(loggers, before, strict=True):
            one.removeHandler(handler)
            one.setLevel(level)
            one.propagate = propagate


_VALUE_REASONS = (
    (re.compile(r"(.+) is not in the range (.+)\."), texts.NOT_IN_RANGE),
    (re.compile(r"(.+) is not a valid integer(?: range)?\."), texts.NO_INTEGER),
    (re.compile(r"(.+) is not a valid float(?: range)?\."), texts.NO_NUMBER),
    (re.compile(r"(.+) is not one of (.+)\."), texts.NOT_ONE_OF),
)
_SAID_IN_PORTUGUESE = {
    "aguardar": "wait",
    "avisos": "warnings",
    "cadastrar": "register",
    "cancelar": "cancel",
    "construir": "build",
    "conferir": "check",
    "consultar": "consult",
    "conciliar": "reconcile",
    "emitir": "issue",
    "enviar": "push",
    "envio": "push",
    "historico": "history",
    "histórico": "history",
    "importar": "import",
    "ler": "import",
    "mapear": "map",
    "notas": "nfse",
    "papeis": "roles",
    "papéis": "roles",
    "quarentena": "quarantine",
    "referencias": "refs",
    "referências": "refs",
    "rejeitadas": "rejected",
    "religar": "rebind",
    "servicos": "services",
    "serviços": "services",
    "situacao": "status",
    "situação": "status",
}
_HELP_TEXTS = {"Show this message and exit.": texts.HELP_SHOWN}


class PortugueseFormatter(click.HelpFormatter):
    """click's help with its own words translated."""

    def write_usage(self, prog: str, args: str = "", prefix: str | None = None) -> None:
        """``Uso: omie-pipeline ...``."""
        super().write_usage(prog, args, prefix or texts.USAGE)

    def write_heading(self, heading: str) -> None:
        """Section titles."""
        super().write_heading(texts.SECTIONS.get(heading, heading))

    def write_dl(
        self, rows: Iterable[tuple[str, str]], col_max: int = 30, col_spacing: int = 2
    ) -> None:
        """Lists of options, arguments and commands."""
        told = [(name, _translated(text)) for name, text in rows]
        super().write_dl(told, col_max, col_spacing)


class PortugueseContext(click.Context):
    """A context whose help is Portuguese."""

    formatter_class = PortugueseFormatter


class PortugueseCommand(TyperCommand):
    """A command whose help is Portuguese."""

    context_class = PortugueseContext

    def collect_usage_pieces(self, ctx: click.Context) -> list[str]:
        """``[OPÇÕES] ENDPOINT...``."""
        return [_metavar(piece) for piece in super().collect_usage_pieces(ctx)]


class PortugueseGroup(TyperGroup):
    """A group of commands whose help is Portuguese."""

    context_class = PortugueseContext

    def collect_usage_pieces(self, ctx: click.Context) -> list[str]:
        """``[OPÇÕES] COMANDO [ARGUMENTOS]...``."""
        return [_metavar(piece) for piece in super().collect_usage_pieces(ctx)]


class Program(PortugueseGroup):
    """The outermost group: it alone turns errors into messages and exit codes."""

    def invoke(self, ctx: click.Context) -> Any:
        """Run the command; an error of ours is printed and becomes exit code 1."""
        try:
            with told_on_terminal():
                return super().invoke(ctx)
        except OmiePipelineError as error:
            print_error(error, debug=bool(ctx.params.get("debug")))
            raise click.exceptions.Exit(FAILED) from None
        except BrokenPipeError:
            # The reader of the output has ended (``| head``); nothing may be flushed to it.
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
            raise click.exceptions.Exit(FAILED) from None
        except OSError as error:
            tell_os_error(error, debug=bool(ctx.params.get("debug")))
            raise click.exceptions.Exit(FAILED) from None

    def main(
        self,
        args: Sequence[str] | None = None,
        prog_name: str | None = None,
        complete_var: str | None = None,
        standalone_mode: bool = True,
        windows_expand_args: bool = True,
        **extra: Any,
    ) -> Any:
        """Run the program; in standalone mode ends the process with the exit code.

        Args:
            args: words typed; those of the process by default.
            prog_name: the prog name for the help.
            complete_var: the complete var of the shell's completion.
            standalone_mode: whether the process ends here.
            windows_expand_args: as click has it.
        """
        code = self._exit_code(args, prog_name, complete_var, windows_expand_args, extra)
        if standalone_mode:
            sys.exit(code)
        return code

    def _exit_code(
        self,
        args: Sequence[str] | None,
        prog_name: str | None,
        complete_var: str | None,
        windows_expand_args: bool,
        extra: dict[str, Any],
    ) -> int:
        try:
            result = super().main(
                args, prog_name, complete_var, False, windows_expand_args, **extra
            )
        except click.UsageError as error:
            _tell_wrong_usage(error)
            return WRONG_USAGE
        except click.ClickException as error:
            say(texts.error_of_click(error.format_message()))
            return FAILED
        except click.Abort:
            result = INTERRUPTED
        if result == INTERRUPTED:
            tell_interrupted()
        return result if isinstance(result, int) else 0


def _tell_wrong_usage(error: click.UsageError) -> None:
    if isinstance(error, click.exceptions.NoArgsIsHelpError):
        say(error.format_message())
        return
    say(texts.wrong_usage(_reason(error)))
    if error.ctx is not None:
        say(error.ctx.get_usage())
        say(texts.help_hint(error.ctx.command_path))


def _reason(error: click.UsageError) -> str:
    match error:
        case click.NoSuchOption():
            return texts.no_such_option(option=error.option_name, near=_near(error.possibilities))
        case click.MissingParameter():
            name = error.param.make_metavar(error.ctx) if error.param and error.ctx else ""
            return texts.argument_missing(name or texts.AN_ARGUMENT)
        case click.BadOptionUsage():
            return texts.option_needs_value(error.option_name)
        case click.BadParameter():
            hint, told = _hint(error), _value_reason(error.message)
            return f"{hint}: {told}" if hint else told
    command = _unknown_command(error)
    if command:
        return texts.no_such_command(command=command, near=_near(_likely_commands(error, command)))
    if error.message.startswith("Got unexpected extra argument"):
        return texts.argument_too_many(error.message[error.message.find("(") :])
    return error.message


def _value_reason(message: str) -> str:
    for pattern, told in _VALUE_REASONS:
        found = pattern.fullmatch(message)
        if found is not None:
            return told.format(*found.groups())
    return message


def _hint(error: click.BadParameter) -> str:
    if error.param_hint is not None:
        return str(error.param_hint)
    return error.param.opts[0] if error.param is not None else ""


def _near(possibilities: Sequence[str] | None) -> str:
    return texts.perhaps(texts.OR_.join(possibilities)) if possibilities else ""


def _unknown_command(error: click.UsageError) -> str:
    head, _, rest = error.message.partition("'")
    return rest.split("'")[0] if head.startswith("No such command") else ""


def _likely_commands(error: click.UsageError, name: str) -> list[str]:
    """Commands of the same group that were probably meant, by their look or their Portuguese."""
    if error.ctx is None or not isinstance(error.ctx.command, click.Group):
        return []
    commands = error.ctx.command.commands
    meant = _SAID_IN_PORTUGUESE.get(name.lower())
    if meant is not None and meant in commands:
        return [meant]
    return likely(name, [one for one in commands if not commands[one].hidden], 2)


def _translated(text: str) -> str:
    told = _HELP_TEXTS.get(text, text)
    return told.replace("[required]", texts.REQUIRED).replace("[default: ", texts.DEFAULT)


def _metavar(piece: str) -> str:
    return {
        "[OPTIONS]": texts.OPTIONS_PLACE,
        "COMMAND [ARGS]...": "COMANDO [ARGUMENTOS]...",
    }.get(piece, piece)
