"""``omie-pipeline cache clear``: the next import reads everything again."""

from __future__ import annotations

from typing import Annotated

import typer

from omie_pipeline.cli.output import say, show
from omie_pipeline.cli.portuguese import PortugueseCommand, PortugueseGroup
from omie_pipeline.cli.prompts import confirm
from omie_pipeline.cli.selection import EmpresaOption, YesOption, chosen_empresas, chosen_tables
from omie_pipeline.texts.cli import imports as texts

cache = typer.Typer(cls=PortugueseGroup, no_args_is_help=True, rich_markup_mode=None)


@cache.callback()
def _cache() -> None:
    """O que se sabe do que já foi lido do Omie."""


@cache.command(cls=PortugueseCommand)
def clear(
    empresa: EmpresaOption = None,
    everything: Annotated[
        bool, typer.Option("--all", help="Todas as tabelas, não só os cadastros.")
    ] = False,
    yes: YesOption = False,
) -> None:
    """Esquece até onde cada tabela foi lida, para que seja lida de novo. Nenhuma linha sai."""
    from omie_pipeline.app.deployment import Deployment
    from omie_pipeline.imports.status import forget_progress
    from omie_pipeline.postgres.locks import lane, reading_lane

    word = "tudo" if everything else "cadastros"
    tables = chosen_tables([word])
    deployment = Deployment()
    empresas = chosen_empresas(deployment, empresa)
    say(texts.forgetting_means(", ".join(tables)))
    if not confirm(texts.forget(", ".join(empresas)), yes=yes):
        say(texts.NOTHING_FORGOTTEN)
        return
    for name in empresas:
        forgotten = []
        for table in tables:

            def on_wait(label: str = f"{table} ({name})") -> None:
                say(texts.reading_waits(label))

            with lane(
                deployment.engine, reading_lane(name, table), deployment.clock, on_wait
            ) as held:
                if forget_progress(held.engine, name, table):
                    forgotten.append(table)
        show(texts.forgotten(empresa=name, tables=", ".join(forgotten) or texts.NOTHING_WAS_READ))
    show(texts.import_next(word))
