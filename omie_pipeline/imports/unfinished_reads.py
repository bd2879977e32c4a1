"""Stopped readings that may go on: a block is over, or their process died."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

import sqlalchemy as sa

from omie_pipeline.catalog.limits import FAULT_WINDOW_SECONDS
from omie_pipeline.postgres.engine import warehouse_errors
from omie_pipeline.postgres.lanes_held import lanes_held, reading_lane
from omie_pipeline.postgres.mirror_tables import import_run
from omie_pipeline.postgres.tables import binding, block

_LOOKED_BACK = timedelta(days=7)
_BUDGET = timedelta(seconds=FAULT_WINDOW_SECONDS)
_RECONNECT = timedelta(minutes=15)


@dataclass(frozen=True, slots=True)
class StoppedReading:
    """A reading to go on with.

    Attributes:
        run_id: of the row of ``import_run`` that stopped; names one resumption.
        since: when the first attempt at this range began: what was proven since is not read again.
        first, last: creation days of its range, ``None`` for registers.
    """

    empresa: str
    tabela: str
    modo: str
    run_id: str
    since: datetime
    first: date | None
    last: date | None


def stopped_readings(engine: sa.Engine, now: datetime) -> list[StoppedReading]:
    """Readings whose stop is over, oldest first.

    The latest row of (empresa, tabela, modo) counts, for ``carga`` that of each range: stopped by
    a block that ended, by our own budget of errors or because Omie was unreachable, or left
    ``running`` by a process that is gone. Empresas whose key is blocked are left out.
    """
    r = import_run.c
    columns = (
        r.empresa, r.tabela, r.modo, r.run_id, r.state, r.error_class, r.started_at, r.finished_at,
        r.janela_de, r.janela_ate,
    )  # fmt: skip
    recent = (
        sa.select(*columns)
        .where(r.started_at > now - _LOOKED_BACK)
        .order_by(r.started_at.desc(), r.run_id)
    )
    closed = (
        sa.select(binding.c.empresa)
        .join(block, block.c.scope == binding.c.scope)
        .where(block.c.until > now)
    )
    history: defaultdict[tuple[Any, ...], list[Any]] = defaultdict(list)
    with warehouse_errors(), engine.connect() as connection:
        blocked: set[str] = set(connection.execute(closed).scalars())
        for row in connection.execute(recent):
            window = (row.janela_de, row.janela_ate) if row.modo == "carga" else None
            history[row.empresa, row.tabela, row.modo, window].append(row)
    running = [rows[0] for rows in history.values() if rows[0].state == "running"]
    alive = lanes_held(engine, [reading_lane(row.empresa, row.tabela) for row in running])
    found = [
        _resumption(rows)
        for rows in history.values()
        if rows[0].empresa not in blocked and _may_go_on(rows[0], now, alive)
    ]
    return sorted(found, key=lambda one: (one.since, one.empresa, one.tabela))


def _may_go_on(row: Any, now: datetime, alive: frozenset[str]) -> bool:
    if row.state == "running":
        return reading_lane(row.empresa, row.tabela) not in alive
    if row.state != "stopped":
        return False
    if row.error_class == "BudgetSpent":
        return bool(row.finished_at + _BUDGET <= now)
    if row.error_class in ("Paused", "Unreachable"):
        return bool(row.finished_at + _RECONNECT <= now)
    return bool(row.error_class == "Blocked")


def _resumption(rows: Sequence[Any]) -> StoppedReading:
    last = rows[0]
    window = (last.janela_de, last.janela_ate)
    since = last.started_at
    for row in rows:
        # Attempts at the same range, back to the first: all that any of them proved stands.
        if row.state == "done" or (row.janela_de, row.janela_ate) != window:
            break
        since = row.started_at
    return StoppedReading(last.empresa, last.tabela, last.modo, last.run_id, since, *window)
