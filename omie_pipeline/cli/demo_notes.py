"""The demo's last step: the notes of the billed orders, until the simulated city hall answered."""

from __future__ import annotations

import time

import sqlalchemy as sa
from rich.console import Console
from rich.table import Table

from omie_pipeline.app.deployment import Deployment
from omie_pipeline.app.nfse import acompanhar
from omie_pipeline.postgres.engine import warehouse_errors
from omie_pipeline.postgres.nfse_tables import nfse

CITY_HALL_SECONDS = 2.0
"""How long the demo's simulated city hall takes."""
_SHOWN = 3
_QUESTIONS = 500
"""Enough for the links of every note of the sample."""


def follow_notes(console: Console, deployment: Deployment, empresa: str) -> None:
    """Ask once about all open notes, store their files, and show what came of them."""
    time.sleep(CITY_HALL_SECONDS)
    acompanhar(deployment, empresa, most_questions=_QUESTIONS, at_once=True)
    with warehouse_errors(), deployment.engine.connect() as connection:
        by_state = connection.execute(
            sa.select(nfse.c.estado, sa.func.count())
            .where(nfse.c.empresa == empresa)
            .group_by(nfse.c.estado)
            .order_by(nfse.c.estado)
        ).all()
        issued = connection.execute(
            sa.select(nfse.c.numero, nfse.c.cod_int_os, nfse.c.valor, nfse.c.url_pdf)
            .where(nfse.c.empresa == empresa, nfse.c.estado == "issued")
            .order_by(nfse.c.numero)
            .limit(_SHOWN)
        ).all()
    told = ", ".join(f"{number} {state}" for state, number in by_state) or "nenhuma"
    console.print(f"      notas: {told}")
    if not issued:
        return
    table = Table(title="Primeiras notas (NFS-e)")
    for title in ("número", "ordem de serviço", "PDF"):
        table.add_column(title, no_wrap=True)
    for note in issued:
        table.add_row(note.numero, note.cod_int_os, note.url_pdf or "-")
    console.print(table)
