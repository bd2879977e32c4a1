"""How the newest syncs and readings ended, and other obstacles."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Literal

import sqlalchemy as sa

from omie_pipeline.postgres.engine import warehouse_errors
from omie_pipeline.postgres.omie_tables import import_run
from omie_pipeline.postgres.tables import binding, block, events, quarantine, run

DONE = "done"
FAILED_STATES = ("failed", "stopped")
# A closed key says nothing of the table: the run before it is what counts.
_SAYS_NOTHING = ("Blocked",)
_LONG_AGO = sa.text("'-infinity'::timestamptz")

What = Literal["push", "import"]


@dataclass(frozen=True, slots=True)
class FinishedRun:
    """How one of the newest finished runs of an endpoint (push) or a table (import) ended.

    Attributes:
        name: endpoint or table.
        complete: Omie's total was met; ``None`` for a push.
        selected, rejected, calls: rows and calls of a push, 0 for a reading.
        fix: what a person can do, if Omie's fault says so.
    """

    empresa: str
    name: str
    state: str
    started_at: datetime
    error_class: str
    complete: bool | None
    selected: int
    rejected: int
    calls: int
    fix: str

    @property
    def failed(self) -> bool:
        """It ended in an error."""
        return self.state in FAILED_STATES


@dataclass(frozen=True, slots=True)
class ClosedKey:
    """Omie closed the key of an empresa."""

    empresa: str
    since: datetime
    until: datetime


@dataclass(frozen=True, slots=True)
class WaitingEvents:
    """Webhook events of an empresa that wait for too long."""

    empresa: str
    number: int
    oldest_at: datetime


def newest_ended(
    engine: sa.Engine, what: What, empresas: Sequence[str], names: Sequence[str], each: int = 1
) -> tuple[FinishedRun, ...]:
    """The newest ``each`` finished runs of every empresa and name, newest first.

    Runs that Omie's block ended, dry runs and runs still going are left out.

    Args:
        engine: the warehouse.
        what: runs of pushes or of readings.
        empresas: the empresas that are looked at.
        names: the names of endpoints or lists.
        each: the most of each.
    """
    pairs = [(empresa, name) for empresa in empresas for name in names]
    if not pairs:
        return ()
    table, name = _history(what)
    wanted = sa.values(
        sa.column("empresa", sa.Text), sa.column("nome", sa.Text), name="wanted"
    ).data(pairs)
    newest = (
        sa.select(table)
        .where(
            table.c.empresa == wanted.c.empresa,
            name == wanted.c.nome,
            table.c.state.in_((DONE, *FAILED_STATES)),
            sa.func.coalesce(table.c.error_class, "").not_in(_SAYS_NOTHING),
        )
        .order_by(table.c.started_at.desc())
        .limit(each)
        .lateral("newest")
    )
    query = (
        sa.select(wanted.c.nome, newest)
        .select_from(wanted.join(newest, sa.true()))
        .order_by(newest.c.started_at.desc())
    )
    with warehouse_errors(), engine.connect() as connection:
        return tuple(_ended(what, row) for row in connection.execute(query))


def failing_since(engine: sa.Engine, what: What, ended: FinishedRun) -> datetime:
    """Beginning of the first failed run after the last one that got through."""
    table, _ = _history(what)
    query = _first_after(what, ended, table.c.state == DONE, table.c.state.in_(FAILED_STATES))
    return _moment(engine, query, ended)


def incomplete_since(engine: sa.Engine, ended: FinishedRun) -> datetime:
    """Beginning of the first reading whose counts did not close, after the last that did."""
    c = import_run.c
    bad = sa.and_(c.state == DONE, c.complete.is_(False))
    return _moment(engine, _first_after("import", ended, c.complete.is_(True), bad), ended)


def closed_keys(
    engine: sa.Engine, empresas: Collection[str], now: datetime
) -> tuple[ClosedKey, ...]:
    """Blocks still on, for the empresas whose key the warehouse knows."""
    query = (
        sa.select(binding.c.empresa, block.c.seen_at, block.c.until)
        .join(block, block.c.scope == binding.c.scope)
        .where(block.c.until > now, binding.c.empresa.in_(empresas))
        .order_by(binding.c.empresa)
    )
    with warehouse_errors(), engine.connect() as connection:
        return tuple(
            ClosedKey(row.empresa, row.seen_at, row.until) for row in connection.execute(query)
        )


def waiting_events(
    engine: sa.Engine, empresas: Collection[str], before: datetime
) -> tuple[WaitingEvents, ...]:
    """Pending webhook events received before a moment, by empresa."""
    c = events.c
    query = (
        sa.select(
            c.empresa,
            sa.func.count().label("number"),
            sa.func.min(c.received_at).label("oldest_at"),
        )
        .where(c.state == "pending", c.received_at < before, c.empresa.in_(empresas))
        .group_by(c.empresa)
        .order_by(c.empresa)
    )
    with warehouse_errors(), engine.connect() as connection:
        return tuple(
            WaitingEvents(row.empresa, row.number, row.oldest_at)
            for row in connection.execute(query)
        )


def told_by_tables(engine: sa.Engine, dagster_run_ids: Collection[str]) -> frozenset[str]:
    """Those of the Dagster runs whose failure our own history knows of."""
    queries = [
        sa.select(table.c.dagster_run_id).where(
            table.c.dagster_run_id.in_(dagster_run_ids), table.c.state.in_(FAILED_STATES)
        )
        for table in (run, import_run)
    ]
    with warehouse_errors(), engine.connect() as connection:
        return frozenset(connection.execute(sa.union(*queries)).scalars())


def _history(what: What) -> tuple[sa.Table, sa.Column[Any]]:
    return (run, run.c.endpoint) if what == "push" else (import_run, import_run.c.table_name)


def _first_after(
    what: What, ended: FinishedRun, good: sa.ColumnElement[bool], bad: sa.ColumnElement[bool]
) -> sa.Select[Any]:
    table, name = _history(what)
    mine = (table.c.empresa == ended.empresa, name == ended.name)
    last_good = sa.select(sa.func.max(table.c.started_at)).where(*mine, good).scalar_subquery()
    return sa.select(sa.func.min(table.c.started_at)).where(
        *mine, bad, table.c.started_at > sa.func.coalesce(last_good, _LONG_AGO)
    )


def _moment(engine: sa.Engine, query: sa.Select[Any], ended: FinishedRun) -> datetime:
    with warehouse_errors(), engine.connect() as connection:
        found: datetime | None = connection.execute(query).scalar_one()
    return found or ended.started_at


def _ended(what: What, row: sa.Row[Any]) -> FinishedRun:
    parts = row.counts or [] if what == "push" else []
    numbers = {
        name: sum(int(part.get(name, 0)) for part in parts)
        for name in ("selected", "rejected", "calls")
    }
    return FinishedRun(
        empresa=row.empresa,
        name=row.nome,
        state=row.state,
        started_at=row.started_at,
        error_class=row.error_class or "",
        complete=None if what == "push" else row.complete,
        fix="" if what == "push" else row.fix or "",
        **numbers,
    )


# What waits for a person, and what should have run and did not: for alerts.

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
    by_itself = sa.func.bool_or(table.c.trigger.in_(_BY_ITSELF))
    query = (
        sa.select(table.c.empresa, sa.func.max(table.c.started_at))
        .where(table.c.empresa.in_(empresas), table.c.started_at > now - _LOOKED_BACK)
        .group_by(table.c.empresa)
        .having(by_itself)
    )
    with warehouse_errors(), engine.connect() as connection:
        return {row[0]: row[1] for row in connection.execute(query)}
