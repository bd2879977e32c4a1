"""The status of imported tables: for the terminal and for the page in Dagster."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Any, Literal
from zoneinfo import ZoneInfo

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import distinct_on

from omie_pipeline.catalog.limits import FAULT_WINDOW_SECONDS
from omie_pipeline.catalog.lists import MIRROR, STATEMENT
from omie_pipeline.clock import BRASILIA
from omie_pipeline.imports.filter import MirrorFilter
from omie_pipeline.imports.state import rows_here
from omie_pipeline.postgres.engine import warehouse_errors
from omie_pipeline.postgres.locks import lanes_held, reading_lane
from omie_pipeline.postgres.omie_tables import (
    extrato_linhas,
    import_cursor,
    import_partition,
    import_run,
)
from omie_pipeline.postgres.tables import binding, block, events
from omie_pipeline.texts import imports as texts

TableState = Literal["active", "error", "disabled"]

_EVERY_HOURS = {"6h": 6, "daily": 24}
_UNFINISHED = ("stopped", "failed")
# Windows overlap by a whole day: what changed after an older question is asked for again.
_RESUMABLE = timedelta(hours=24)


@dataclass(frozen=True, slots=True)
class TableStatus:
    """Where one table of one empresa stands.

    Attributes:
        state: ``disabled`` when the empresa's filters want nothing of it, ``error`` when its
            last reading failed or did not close.
        last_read_at: begin of the last reading that came to its end, ``None`` when there was none.
        last_run_at: begin of the last reading, however it ended; ``last_run_state`` and
            ``last_run_trigger``: its.
        rows: rows that Omie still has, as far as we know; of ``extrato`` its lines.
        days_unproved: days before today that no complete reading has covered after their end;
            0 if the table is not cut by day or was never read.
        error_class, error, fix: of the last reading, ``""`` if it had none.
        complete: whether the last finished reading agreed with Omie's total.
    """

    empresa: str
    table: str
    title: str
    state: TableState
    last_read_at: datetime | None
    last_run_at: datetime | None
    last_run_state: str
    last_run_trigger: str
    rows: int
    days_unproved: int
    complete: bool | None
    error_class: str
    error: str
    fix: str


@dataclass(frozen=True, slots=True)
class InboxStatus:
    """Webhook events of an empresa that wait; ``oldest_at`` is when the oldest arrived."""

    pending: int
    oldest_at: datetime | None


def import_status(
    engine: sa.Engine, empresa: str, filters: MirrorFilter, start: date, now: datetime
) -> list[TableStatus]:
    """The status of every table, in the order in which they are read.

    Args:
        engine: the warehouse.
        empresa: the empresa whose rows are meant.
        filters: the filters of the empresa: rows that it does not want.
        start: the start date.
        now: time of the question.

    Raises:
        WarehouseError: the database is gone.
    """
    last, ended = _last_readings(engine, empresa), _last_ended(engine, empresa)
    proved = _proofs(engine, empresa)
    return [
        _status(
            engine,
            empresa,
            name,
            filters,
            last=last.get(name),
            ended=ended.get(name),
            unproved=_unproved(name, proved.get(name, {}), filters, start, now),
        )
        for name in (*MIRROR, STATEMENT)
    ]


def inbox_status(engine: sa.Engine, empresa: str) -> InboxStatus:
    """How many webhook events wait to be worked on."""
    query = sa.select(sa.func.count(), sa.func.min(events.c.received_at)).where(
        events.c.empresa == empresa, events.c.state == "pending"
    )
    with warehouse_errors(), engine.connect() as connection:
        row = connection.execute(query).one()
    return InboxStatus(row[0], row[1])


def next_tick(schedule: str, now: datetime, zone: ZoneInfo = BRASILIA) -> datetime | None:
    """The next time the schedule ``6h`` or ``daily`` strikes at the clinic; ``None`` for others."""
    hours = _EVERY_HOURS.get(schedule)
    if hours is None:
        return None
    midnight = now.astimezone(zone).replace(hour=0, minute=0, second=0, microsecond=0)
    ticks = (midnight + timedelta(hours=hours * n) for n in range(24 // hours + 1))
    return next(tick for tick in ticks if tick > now)


def resumable_since(engine: sa.Engine, empresa: str, table: str, now: datetime) -> datetime | None:
    """Begin of the whole reading that was broken off last, ``None`` if the last one ended.

    What it proved need not be read again: as ``not_before`` of the next reading it continues where
    that one stopped. Only a day back, which the overlap of the windows of change covers. A reading
    whose process died counts as broken off.

    Args:
        engine: the warehouse.
        empresa: the empresa whose rows are meant.
        table: name of the list.
        now: time of the question.
    """
    c = import_run.c
    query = (
        sa.select(c.mode, c.state, c.started_at)
        .where(c.empresa == empresa, c.table_name == table, c.started_at > now - _RESUMABLE)
        .order_by(c.started_at.desc())
    )
    since = None
    with warehouse_errors(), engine.connect() as connection:
        for row in connection.execute(query):
            if row.mode != "full" or row.state == "done":
                break
            since = row.started_at
    return since


def forget_progress(engine: sa.Engine, empresa: str, table: str) -> bool:
    """Forget how far a table has come and what was proved of it; its rows stay.

    To be called while holding the table's lane. Returns whether there was anything to forget.
    """
    with warehouse_errors(), engine.begin() as connection:
        gone = [
            connection.execute(
                sa.delete(kept).where(kept.c.empresa == empresa, kept.c.table_name == table)
            ).rowcount
            for kept in (import_cursor, import_partition)
        ]
    return any(gone)


def _status(
    engine: sa.Engine,
    empresa: str,
    name: str,
    filters: MirrorFilter,
    *,
    last: sa.Row[tuple[object, ...]] | None,
    ended: datetime | None,
    unproved: int,
) -> TableStatus:
    wanted = name == STATEMENT or filters.wants(MIRROR[name])
    broken = last is not None and (last.state in _UNFINISHED or last.complete is False)
    failed = last is not None and last.state in _UNFINISHED
    return TableStatus(
        empresa=empresa,
        table=name,
        title=texts.BANK_STATEMENT_TITLE if name == STATEMENT else MIRROR[name].title,
        state="disabled" if not wanted else "error" if broken else "active",
        last_read_at=ended,
        last_run_at=last.started_at if last is not None else None,
        last_run_state=last.state if last is not None else "",
        last_run_trigger=last.trigger if last is not None else "",
        rows=_rows(engine, empresa, name),
        days_unproved=unproved if wanted and ended is not None else 0,
        complete=last.complete if last is not None else None,
        error_class=(last.error_class or "") if last is not None and failed else "",
        error=(last.error or "") if last is not None and failed else "",
        fix=(last.fix or "") if last is not None and failed else "",
    )


def _rows(engine: sa.Engine, empresa: str, name: str) -> int:
    if name != STATEMENT:
        return rows_here(engine, MIRROR[name], empresa, None)
    query = sa.select(sa.func.count()).where(extrato_linhas.c.empresa == empresa)
    with warehouse_errors(), engine.connect() as connection:
        return connection.execute(query).scalar_one()


def _last_readings(engine: sa.Engine, empresa: str) -> dict[str, sa.Row[tuple[object, ...]]]:
    query = (
        sa.select(import_run)
        .where(import_run.c.empresa == empresa)
        .ext(distinct_on(import_run.c.table_name))
        .order_by(import_run.c.table_name, import_run.c.started_at.desc())
    )
    with warehouse_errors(), engine.connect() as connection:
        return {row.table_name: row for row in connection.execute(query)}


def _last_ended(engine: sa.Engine, empresa: str) -> dict[str, datetime]:
    c = import_run.c
    query = (
        sa.select(c.table_name, sa.func.max(c.started_at))
        .where(c.empresa == empresa, c.state == "done")
        .group_by(c.table_name)
    )
    with warehouse_errors(), engine.connect() as connection:
        return {row[0]: row[1] for row in connection.execute(query)}


def _proofs(engine: sa.Engine, empresa: str) -> dict[str, dict[str, datetime]]:
    """By table and partition: until when what was proved of it, and changes since, are here."""
    part, cursor = import_partition.c, import_cursor.c
    same = sa.and_(cursor.empresa == part.empresa, cursor.table_name == part.table_name)
    query = (
        sa.select(
            part.table_name, part.partition, sa.func.greatest(part.read_at, cursor.read_until)
        )
        .select_from(import_partition.join(import_cursor, same, isouter=True))
        .where(part.empresa == empresa)
    )
    found: dict[str, dict[str, datetime]] = {}
    with warehouse_errors(), engine.connect() as connection:
        for row in connection.execute(query):
            found.setdefault(row[0], {})[row[1]] = row[2]
    return found


def _unproved(
    name: str, proved: dict[str, datetime], filters: MirrorFilter, start: date, now: datetime
) -> int:
    if name == STATEMENT or MIRROR[name].grain == "register":
        return 0
    yesterday = now.astimezone(BRASILIA).date() - timedelta(days=1)
    first = max(start, filters.since or start)
    last = min(yesterday, filters.until or yesterday)
    days = (first + timedelta(days=n) for n in range((last - first).days + 1))
    return sum(not _is_proved(day, proved) for day in days)


def _is_proved(day: date, proved: dict[str, datetime]) -> bool:
    """A proof of a day that was still going on says nothing of its rest."""
    read = proved.get(day.isoformat())
    ended = datetime.combine(day + timedelta(days=1), time(), BRASILIA)
    return read is not None and read >= ended


# Stopped readings that may go on: a block is over, or their process died.

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
    table: str
    mode: str
    run_id: str
    since: datetime
    first: date | None
    last: date | None


def stopped_readings(engine: sa.Engine, now: datetime) -> list[StoppedReading]:
    """Readings whose stop is over, oldest first.

    The latest row of (empresa, tabela, modo) counts, for ``full`` that of each range: stopped by
    a block that ended, by our own budget of errors or because Omie was unreachable, or left
    ``running`` by a process that is gone. Empresas whose key is blocked are left out.
    """
    r = import_run.c
    columns = (
        r.empresa, r.table_name, r.mode, r.run_id, r.state, r.error_class, r.started_at,
        r.finished_at, r.window_from, r.window_to,
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
            window = (row.window_from, row.window_to) if row.mode == "full" else None
            history[row.empresa, row.table_name, row.mode, window].append(row)
    running = [rows[0] for rows in history.values() if rows[0].state == "running"]
    alive = lanes_held(engine, [reading_lane(row.empresa, row.table_name) for row in running])
    found = [
        _resumption(rows)
        for rows in history.values()
        if rows[0].empresa not in blocked and _may_go_on(rows[0], now, alive)
    ]
    return sorted(found, key=lambda one: (one.since, one.empresa, one.table))


def _may_go_on(row: Any, now: datetime, alive: frozenset[str]) -> bool:
    if row.state == "running":
        return reading_lane(row.empresa, row.table_name) not in alive
    if row.state != "stopped":
        return False
    if row.error_class == "BudgetSpent":
        return bool(row.finished_at + _BUDGET <= now)
    if row.error_class in ("Paused", "Unreachable"):
        return bool(row.finished_at + _RECONNECT <= now)
    return bool(row.error_class == "Blocked")


def _resumption(rows: Sequence[Any]) -> StoppedReading:
    last = rows[0]
    window = (last.window_from, last.window_to)
    since = last.started_at
    for row in rows:
        # Attempts at the same range, back to the first: all that any of them proved stands.
        if row.state == "done" or (row.window_from, row.window_to) != window:
            break
        since = row.started_at
    return StoppedReading(last.empresa, last.table_name, last.mode, last.run_id, since, *window)
