"""The inbox of webhooks: events that wait, and their outcomes (``omie_inbox.events``)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any, Literal

import sqlalchemy as sa

from omie_pipeline.catalog.lists import MIRROR
from omie_pipeline.catalog.topics import NamedRows
from omie_pipeline.postgres.engine import warehouse_errors
from omie_pipeline.postgres.omie_tables import child_table, mirror_table
from omie_pipeline.postgres.tables import block, events

State = Literal["pending", "done", "ignored", "no_record"]

INSERT_EVENTS = """
INSERT INTO omie_inbox.events (empresa, message_id, topic, received_at, author, raw, records,
    tables, missing, state, next_at, done_at, error)
SELECT empresa, message_id, topic, received_at, author, raw::jsonb, records::jsonb,
    tables::text[], tables::text[], state,
    CASE WHEN state = 'pending' THEN received_at END,
    CASE WHEN state <> 'pending' THEN received_at END, error
FROM unnest(%s::text[], %s::text[], %s::text[], %s::timestamptz[], %s::text[], %s::text[],
    %s::text[], %s::text[], %s::text[], %s::text[])
    AS new (empresa, message_id, topic, received_at, author, raw, records, tables, state, error)
ON CONFLICT (empresa, message_id) DO NOTHING
"""
"""One statement for any number of events, for psycopg; the arrays come from :func:`as_arrays`."""


@dataclass(frozen=True, slots=True)
class NewEvent:
    """One event as it came, ready to be stored.

    Attributes:
        author: number of Omie's user, ``""`` for none.
        raw: JSON text without keys.
        records: JSON text, ids named by list.
        body: the bytes that came, for a database that cannot take ``raw``.
        error: why it is ignored, ``""`` when it is not.
    """

    empresa: str
    message_id: str
    topic: str
    received_at: datetime
    author: str
    raw: str
    records: str
    tables: tuple[str, ...]
    state: State
    error: str
    body: bytes


@dataclass(frozen=True, slots=True)
class WaitingEvent:
    """An event that waits for its lists to be read again.

    Attributes:
        records: ids named, by list.
        missing: lists still to be read.
        next_at: a reading counts when it was asked at or after this.
    """

    message_id: str
    topic: str
    received_at: datetime
    records: Mapping[str, Sequence[str]]
    missing: tuple[str, ...]
    attempts: int
    next_at: datetime


@dataclass(frozen=True, slots=True)
class DueTables:
    """Lists of one empresa that events want read again.

    Attributes:
        newest: latest ``next_at`` of those events.
    """

    empresa: str
    tables: tuple[str, ...]
    events: int
    newest: datetime


@dataclass(frozen=True, slots=True)
class KnownRow:
    """What the mirror holds under one id.

    Attributes:
        data_particao: its day, ``None`` for registers.
    """

    lido_em: datetime
    excluido_em: datetime | None
    data_particao: date | None


@dataclass(frozen=True, slots=True)
class Verdict:
    """What a round of readings did for one event.

    Attributes:
        missing: lists still to be read.
        next_at: when to look again, for ``pending``.
    """

    message_id: str
    state: State
    missing: tuple[str, ...]
    attempts: int
    next_at: datetime | None
    error: str = ""


def as_arrays(new: Sequence[NewEvent]) -> tuple[list[Any], ...]:
    """Parameters of :data:`INSERT_EVENTS`."""
    return (
        [event.empresa for event in new],
        [event.message_id for event in new],
        [event.topic for event in new],
        [event.received_at for event in new],
        [event.author or None for event in new],
        [event.raw for event in new],
        [event.records for event in new],
        # Names of ours: letters and underscores.
        ["{" + ",".join(event.tables) + "}" for event in new],
        [event.state for event in new],
        [event.error or None for event in new],
    )


def due_tables(engine: sa.Engine, now: datetime) -> list[DueTables]:
    """What may be read again now, by empresa."""
    table = sa.func.unnest(events.c.missing).table_valued("name", name="missing")
    name = table.c.name
    query = (
        sa.select(
            events.c.empresa,
            sa.func.array_agg(sa.distinct(name)),
            sa.func.count(sa.distinct(events.c.message_id)),
            sa.func.max(events.c.next_at),
        )
        .select_from(events.join(table, sa.true()))
        .where(events.c.state == "pending", events.c.next_at <= now)
        .group_by(events.c.empresa)
        .order_by(events.c.empresa)
    )
    with warehouse_errors(), engine.connect() as connection:
        return [
            DueTables(row[0], tuple(n for n in MIRROR if n in row[1]), row[2], row[3])
            for row in connection.execute(query)
        ]


def claim(
    engine: sa.Engine,
    empresa: str,
    tables: Sequence[str],
    now: datetime,
    *,
    until: datetime,
    run_id: str,
) -> list[WaitingEvent]:
    """Take the events that wait for these lists; to others they are not due before ``until``.

    The events come as they were before: if a process dies, the next one takes them.

    Args:
        engine: the warehouse.
        empresa: the empresa whose rows are meant.
        tables: lists that are going to be read.
        now: time of the change.
        until: others do not take the events before.
        run_id: id of the run.
    """
    due = (
        events.c.empresa == empresa,
        events.c.state == "pending",
        events.c.next_at <= now,
        events.c.missing.overlap(sa.cast(list(tables), events.c.missing.type)),
    )
    query = (
        sa.select(
            events.c.message_id,
            events.c.topic,
            events.c.received_at,
            events.c.records,
            events.c.missing,
            events.c.attempts,
            events.c.next_at,
        )
        .where(*due)
        .order_by(events.c.next_at, events.c.message_id)
        .with_for_update(skip_locked=True)
    )
    with warehouse_errors(), engine.begin() as connection:
        found = [
            WaitingEvent(row[0], row[1], row[2], row[3], tuple(row[4]), row[5], row[6])
            for row in connection.execute(query)
        ]
        taken = sa.cast([event.message_id for event in found], sa.ARRAY(sa.Text))
        connection.execute(
            sa.update(events)
            .where(events.c.empresa == empresa, events.c.message_id == sa.any_(taken))
            .values(next_at=until, run_id=run_id)
        )
    return found


def settle(
    engine: sa.Engine, empresa: str, verdicts: Iterable[Verdict], now: datetime, run_id: str
) -> None:
    """Write down the outcome of events: one statement for each different verdict.

    Args:
        engine: the warehouse.
        empresa: the empresa whose rows are meant.
        verdicts: the outcome of each event.
        now: time of the change.
        run_id: id of the run.
    """
    alike: dict[tuple[Any, ...], list[str]] = {}
    for one in verdicts:
        key = (one.state, one.missing, one.attempts, one.next_at, one.error)
        alike.setdefault(key, []).append(one.message_id)
    with warehouse_errors(), engine.begin() as connection:
        for (state, missing, attempts, next_at, error), ids in alike.items():
            connection.execute(
                sa.update(events)
                .where(
                    events.c.empresa == empresa,
                    events.c.message_id == sa.any_(sa.cast(ids, sa.ARRAY(sa.Text))),
                )
                .values(
                    state=state,
                    missing=list(missing),
                    attempts=attempts,
                    next_at=next_at,
                    done_at=None if state == "pending" else now,
                    run_id=run_id,
                    error=error or None,
                )
            )


def known_rows(
    engine: sa.Engine, empresa: str, named: NamedRows, ids: Iterable[str]
) -> dict[str, list[KnownRow]]:
    """Rows of the mirror under these ids; ids that the mirror lacks are left out.

    Args:
        engine: the warehouse.
        empresa: the empresa whose rows are meant.
        named: which rows an event names.
        ids: values of the event.
    """
    mirror = MIRROR[named.table]
    parent, child = mirror_table(mirror), child_table(mirror)
    if child is not None and mirror.child is not None and child.name == named.rows:
        rows = child
        link = mirror.child.parent
        source: sa.FromClause = child.join(
            parent,
            sa.and_(parent.c.empresa == child.c.empresa, parent.c[link] == child.c[link]),
            isouter=True,
        )
    else:
        rows, source = parent, parent
    column = rows.c[named.column]
    wanted = _as_kind(column, ids)
    query = (
        sa.select(column, rows.c.lido_em, rows.c.excluido_em, parent.c.data_particao)
        .select_from(source)
        .where(
            rows.c.empresa == empresa,
            column == sa.any_(sa.cast(wanted, sa.ARRAY(column.type))),
            *(rows.c[name] == value for name, value in mirror.constants),
        )
    )
    found: dict[str, list[KnownRow]] = {}
    with warehouse_errors(), engine.connect() as connection:
        for row in connection.execute(query):
            found.setdefault(str(row[0]), []).append(KnownRow(row[1], row[2], row[3]))
    return found


def _as_kind(column: sa.Column[Any], ids: Iterable[str]) -> list[Any]:
    distinct = list(dict.fromkeys(ids))
    if not isinstance(column.type, sa.BigInteger):
        return distinct
    return [int(one) for one in distinct if one.isascii() and one.isdecimal() and len(one) < 19]


def blocked_until(engine: sa.Engine, scope: str, now: datetime) -> datetime | None:
    """End of Omie's block of a key (``omie_sync.block``), ``None`` when there is none."""
    query = sa.select(block.c.until).where(block.c.scope == scope, block.c.until > now)
    with warehouse_errors(), engine.connect() as connection:
        return connection.execute(query).scalar()


def purge(engine: sa.Engine, now: datetime, keep_days: int) -> int:
    """Delete events that were done with more than ``keep_days`` days ago; returns how many."""
    statement = sa.delete(events).where(events.c.done_at < now - timedelta(days=keep_days))
    with warehouse_errors(), engine.begin() as connection:
        return connection.execute(statement).rowcount
