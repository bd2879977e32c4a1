"""The rows a person should look at first."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa

from omie_pipeline.warehouse.engine import warehouse_errors
from omie_pipeline.warehouse.tables import ledger, quarantine, rejected


@dataclass(frozen=True, slots=True)
class WorstRow:
    """A row that did not get through, with no personal data in it.

    Attributes:
        situacao: ``rejeitada`` (by Omie), ``em quarentena`` (by us) or ``retida`` (until later).
        motivo, correcao: why, and what to do; Portuguese.
    """

    codigo_integracao: str
    particao: str
    situacao: str
    motivo: str
    correcao: str


def worst_rows(
    engine: sa.Engine, empresa: str, endpoint: str, run_id: str, limit: int = 5
) -> list[WorstRow]:
    """Rows of one run: rejected first, then quarantined, then held."""
    found: list[WorstRow] = []
    with warehouse_errors(), engine.connect() as connection:
        for query in (_rejected, _quarantined, _held):
            if len(found) < limit:
                rows = connection.execute(query(empresa, endpoint, run_id, limit - len(found)))
                found += [WorstRow(row[0], row[1], row[2], row[3], row[4]) for row in rows]
    return found


def _rejected(empresa: str, endpoint: str, run_id: str, limit: int) -> sa.Select[Any]:
    return (
        sa.select(
            rejected.c.codigo_integracao,
            rejected.c.particao,
            sa.literal("rejeitada"),
            rejected.c.fault_text,
            rejected.c.correcao,
        )
        .where(
            rejected.c.empresa == empresa,
            rejected.c.endpoint == endpoint,
            rejected.c.run_id == run_id,
        )
        .order_by(rejected.c.first_seen_at, rejected.c.codigo_integracao)
        .limit(limit)
    )


def _quarantined(empresa: str, endpoint: str, run_id: str, limit: int) -> sa.Select[Any]:
    reasons = quarantine.c.reasons
    return (
        sa.select(
            sa.func.coalesce(quarantine.c.codigo_integracao, quarantine.c.linha),
            quarantine.c.particao,
            sa.literal("em quarentena"),
            reasons[0]["motivo"].astext,
            reasons[0]["correcao"].astext,
        )
        .where(
            quarantine.c.empresa == empresa,
            quarantine.c.endpoint == endpoint,
            quarantine.c.run_id == run_id,
        )
        .order_by(sa.func.jsonb_array_length(reasons).desc(), quarantine.c.linha)
        .limit(limit)
    )


def _held(empresa: str, endpoint: str, run_id: str, limit: int) -> sa.Select[Any]:
    return (
        sa.select(
            ledger.c.codigo_integracao,
            ledger.c.particao,
            sa.literal("retida"),
            sa.func.coalesce(ledger.c.last_error, ""),
            sa.literal("Nada a fazer: a próxima execução tenta esta linha primeiro."),
        )
        .where(
            ledger.c.empresa == empresa,
            ledger.c.endpoint == endpoint,
            ledger.c.run_id == run_id,
            ledger.c.state == "held",
        )
        .order_by(ledger.c.codigo_integracao)
        .limit(limit)
    )
