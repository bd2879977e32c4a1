"""``omie-pipeline refs``: read Omie's lists again."""

from __future__ import annotations

from typing import TYPE_CHECKING

from omie_pipeline.cli.errors import FAILED, print_error
from omie_pipeline.cli.output import Column, count, say, show, show_table
from omie_pipeline.cli.selection import EmpresaOption, chosen_empresas
from omie_pipeline.errors import OmieFault
from omie_pipeline.texts.cli import models as texts

if TYPE_CHECKING:
    from omie_pipeline.app.deployment import Deployment


def _show_codes(deployment: Deployment, reference: str, empresa: str) -> None:
    """The codes that ``defaults`` ask for."""
    from omie_pipeline.imports.references import listed_codes

    rows = [
        [item.codigo, item.descricao, "sim" if item.usable else texts.NO]
        for item in listed_codes(deployment.engine, reference, empresa)
    ]
    if rows:
        show_table(
            [Column(texts.CODE), Column(texts.DESCRIPTION), Column(texts.TAKES_TITULOS)], rows
        )


def say_reading(reference: str, empresa: str) -> None:
    """A list of Omie is about to be read."""
    say(texts.reading_list(reference=reference, empresa=empresa))


def refs(empresa: EmpresaOption = None) -> None:
    """Relê as listas do Omie: empresas, categorias e contas correntes."""
    import typer

    from omie_pipeline.app.deployment import REFERENCES, Deployment

    deployment = Deployment()
    names = chosen_empresas(deployment, empresa)
    for name in names:
        deployment.access(name)
    failed = False
    for name in names:
        try:
            for reference in REFERENCES:
                say_reading(reference, name)
                records = deployment.refresh_reference(reference, name)
                show(
                    texts.records_listed(reference=reference, empresa=name, records=count(records))
                )
                _show_codes(deployment, reference, name)
        except OmieFault as error:
            print_error(error, about=name)
            failed = True
    if failed:
        raise typer.Exit(FAILED)
