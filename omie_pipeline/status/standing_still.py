"""What waits for a person, and what should have run and did not: for alerts."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa

from omie_pipeline.postgres.engine import warehouse_errors
from omie_pipeline.postgres.mirror_tables import import_run
from omie_pipeline.postgres.tables import quarantine, run
from omie_pipeline.status.latest import What

_BY_ITSELF = ("schedule", "sensor")
_LOOKED_BACK = timedelta(days=30)


@dataclass(frozen=True, slots=True)
class QuarantinedRows:
    """Rows of one endpoint that our own validation refused, for the same first reason."""

    empresa: str
    endpoint: str
    field: str
    rule: str
    rows: int
    since: datetime


def quarantined_rows(engine: sa.Engine, empresas: Sequence[str]) -> tuple[QuarantinedRows, ...]:
    """What is in quarantine now, by empresa, endpoint and reason; the commonest reason first."""
    c, first = quarantine.c, quarantine.c.reasons[0]
    query = (
        sa.select(
            c.empresa,
            c.endpoint,
            sa.func.coalesce(first["field"].astext, "").label("field"),
            sa.func.coalesce(first["rule"].astext, "").label("rule"),
            sa.func.count().label("rows"),
            sa.func.min(c.first_seen_at).label("since"),
        )
        .where(c.empresa.in_(empresas))
        .group_by(sa.text("1, 2, 3, 4"))
        .order_by(c.empresa, c.endpoint, sa.func.count().desc(), sa.text("3, 4"))
    )
    with warehouse_errors(), engine.connect() as connection:
        return tuple(
            QuarantinedRows(row[0], row[1], row[2], row[3], row[4], row[5])
            for row in connection.execute(query)
        )


def last_started(
    engine: sa.Engine, what: What, empresas: Sequence[str], now: datetime
) -> dict[str, datetime]:
    """Empresa -> when its last push (or reading) began, started by any means.

    Only of those for which a schedule or sensor started one in the last 30 days: who runs
    everything by hand or by a schedule of their own waits for nothing here.

    Args:
        engine: the warehouse.
        what: runs of pushes or of readings.
        empresas: the empresas that are looked at.
        now: time of the question.
    """
    table: Any = run if what == "push" else import_run
    by_itself = sa.func.bool_or(table.c.gatilho.in_(_BY_ITSELF))
    query = (
        sa.select(table.c.empresa, sa.func.max(table.c.started_at))
        .where(table.c.empresa.in_(empresas), table.c.started_at > now - _LOOKED_BACK)
        .group_by(table.c.empresa)
        .having(by_itself)
    )
    with warehouse_errors(), engine.connect() as connection:
        return {row[0]: row[1] for row in connection.execute(query)}
