"""What is still waiting: rows to resume, and the business dates that have any."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, timedelta

import sqlalchemy as sa

from omie_pipeline.payload import WAITS_FOR_A_PERSON
from omie_pipeline.postgres.engine import warehouse_errors
from omie_pipeline.postgres.locks import lanes_held, sending_lane
from omie_pipeline.postgres.tables import binding, block, ledger, quarantine, run

_PAUSE = timedelta(minutes=2)


@dataclass(frozen=True, slots=True)
class Resumable:
    """Held rows of one endpoint that may be tried again now.

    Attributes:
        partition_from, partition_to: first and last partition that has any.
        stamp: changes whenever another run has held rows; names one resumption.
    """

    empresa: str
    endpoint: str
    rows: int
    partition_from: str
    partition_to: str
    stamp: str


def resumable(engine: sa.Engine, now: datetime) -> list[Resumable]:
    """Held rows whose wait is over, if no block is on and no run of the endpoint is going.

    A block closes one key: the empresas of other keys go on. A run counts while it holds its lane;
    the row ``running`` of a process that died does not count.
    """
    closed = (
        sa.select(binding.c.empresa)
        .join(block, block.c.scope == binding.c.scope)
        .where(block.c.until > now)
    )
    running = sa.select(run.c.empresa, run.c.endpoint).where(run.c.state == "running")
    query = (
        sa.select(
            ledger.c.empresa,
            ledger.c.endpoint,
            sa.func.count(),
            sa.func.min(ledger.c.partition),
            sa.func.max(ledger.c.partition),
            sa.func.max(ledger.c.updated_at),
        )
        .where(
            ledger.c.state == "held",
            sa.func.coalesce(ledger.c.held_until, ledger.c.updated_at + _PAUSE) <= now,
            sa.func.coalesce(ledger.c.error_code, "").not_in(WAITS_FOR_A_PERSON),
            ledger.c.empresa.not_in(closed),
        )
        .group_by(ledger.c.empresa, ledger.c.endpoint)
        .order_by(ledger.c.empresa, ledger.c.endpoint)
    )
    with warehouse_errors(), engine.connect() as connection:
        going = {sending_lane(row[0], row[1]) for row in connection.execute(running.distinct())}
        rows = list(connection.execute(query))
    alive = lanes_held(engine, going)
    return [
        Resumable(row[0], row[1], row[2], row[3], row[4], row[5].isoformat())
        for row in rows
        if sending_lane(row[0], row[1]) not in alive
    ]


def unfinished_dates(engine: sa.Engine, empresa: str, endpoints: list[str]) -> list[date]:
    """Business dates that have rejected, held or quarantined rows: they are tried at every sync."""
    dates: set[date] = set()
    with warehouse_errors(), engine.connect() as connection:
        for table in (ledger, quarantine):
            query = (
                sa.select(table.c.partition)
                .where(table.c.empresa == empresa, table.c.endpoint.in_(endpoints))
                .distinct()
            )
            if table is ledger:
                query = query.where(ledger.c.state.in_(("rejected", "held")))
            partitions: list[str] = list(connection.execute(query).scalars())
            for partition in partitions:
                if len(partition) == 10 and partition[4] == "-":
                    dates.add(date.fromisoformat(partition))
    return sorted(dates)
