"""``python -m sample.generator``: a clinic of any size, from a checkout."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated

import typer

from sample.generator.generate import DAYS, FIRST_DAY, TableSample, write_sample


def _tell(table: TableSample) -> None:
    dirty = sum(count for _, count in table.defects)
    typer.echo(f"{table.name}: {table.rows} linhas, {dirty} com defeito")


def sample_command(
    to: Annotated[str, typer.Option(help="Endereço SQLAlchemy ou pasta para arquivos CSV.")],
    rows: Annotated[int, typer.Option(min=1, help="Número de recebimentos.")] = 1000,
    dirty: Annotated[
        float, typer.Option(min=0, max=1, help="Parte das linhas com um defeito.")
    ] = 0.02,
    seed: Annotated[int, typer.Option(min=0, help="Semente: a mesma, os mesmos dados.")] = 1,
    empresa: Annotated[str, typer.Option(help="Nome da empresa nas linhas.")] = "principal",
    start: Annotated[
        datetime, typer.Option(formats=["%Y-%m-%d"], help="Primeira data dos movimentos.")
    ] = datetime(FIRST_DAY.year, FIRST_DAY.month, FIRST_DAY.day),  # noqa: DTZ001 (a day)
    days: Annotated[int, typer.Option(min=1, help="Dias com movimentos.")] = DAYS,
    replace: Annotated[bool, typer.Option(help="Substitui tabelas que já existem.")] = False,
) -> None:
    """Cria uma clínica fictícia de qualquer tamanho, com documentos brasileiros válidos."""
    write_sample(
        rows,
        dirty,
        seed,
        to,
        empresa=empresa,
        first_day=start.date(),
        days=days,
        replace=replace,
        written=_tell,
    )
