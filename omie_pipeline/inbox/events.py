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

State = Literal["pendente", "feito", "ignorado", "sem_registro"]

INSERT_EVENTS = """
INSERT INTO omie_inbox.events (empresa, message_id, topic, recebido_em, autor, raw, registros,
    tabelas, faltam, estado, proxima_em, feito_em, erro)
SELECT empresa, message_id, topic, recebido_em, autor, raw::jsonb, registros::jsonb,
    tabelas::text[], tabelas::text[], estado,
    CASE WHEN estado = 'pendente' THEN recebido_em END,
    CASE WHEN estado <> 'pendente' THEN recebido_em END, erro
FROM unnest(%s::text[], %s::text[], %s::text[], %s::timestamptz[], %s::text[], %s::text[],
    %s::text[], %s::text[], %s::text[], %s::text[])
    AS new (empresa, message_id, topic, recebido_em, autor, raw, registros, tabelas, estado, erro)
ON CONFLICT (empresa, message_id) DO NOTHING
"""
"""One statement for any number of events, for psycopg; the arrays come from :func:`as_arrays`."""


@dataclass(frozen=True, slots=True)
class NewEvent:
    """One event as it came, ready to be stored.

    Attributes:
        autor: number of Omie's user, ``""`` for none.
        raw: JSON text without keys.
        registros: JSON text, ids named by list.
        body: the bytes that came, for a database that cannot take ``raw``.
        erro: why it is ignored, ``""`` when it is not.
    """

    empresa: str
    message_id: str
    topic: str
    recebido_em: datetime
    autor: str
    raw: str
    registros: str
    tabelas: tuple[str, ...]
    estado: State
    erro: str
    body: bytes


@dataclass(frozen=True, slots=True)
class WaitingEvent:
    """An event that waits for its lists to be read again.

    Attributes:
        registros: ids named, by list.
        faltam: lists still to be read.
        proxima_em: a reading counts when it was asked at or after this.
    """

    message_id: str
    topic: str
    recebido_em: datetime
    registros: Mapping[str, Sequence[str]]
    faltam: tuple[str, ...]
    tentativas: int
    proxima_em: datetime


@dataclass(frozen=True, slots=True)
class DueTables:
    """Lists of one empresa that events want read again.

    Attributes:
        newest: latest ``proxima_em`` of those events.
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
        faltam: lists still to be read.
        proxima_em: when to look again, for ``pendente``.
    """

    message_id: str
    estado: State
    faltam: tuple[str, ...]
    tentativas: int
    proxima_em: datetime | None
    erro: str = ""


def as_arrays(new: Sequence[NewEvent]) -> tuple[list[Any], ...]:
    """Parameters of :data:`INSERT_EVENTS`."""
    return (
        [event.empresa for event in new],
        [event.message_id for event in new],
        [event.topic for event in new],
        [event.recebido_em for event in new],
        [event.autor or None for event in new],
        [event.raw for event in new],
        [event.registros for event in new],
        # Names of ours: letters and underscores.
        ["{" + ",".join(event.tabelas) + "}" for event in new],
        [event.estado for event in new],
        [event.erro or None for event in new],
    )


def due_tables(engine: sa.Engine, now: datetime) -> list[DueTables]:
    """What may be read again now, by empresa."""
    table = sa.func.unnest(events.c.faltam).table_valued("name", name="faltam")
    name = table.c.name
    query = (
        sa.select(
            events.c.empresa,
            sa.func.array_agg(sa.distinct(name)),
            sa.func.count(sa.distinct(events.c.message_id)),
            sa.func.max(events.c.proxima_em),
        )
        .select_from(events.join(table, sa.true()))
        .where(events.c.estado == "pendente", events.c.proxima_em <= now)
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
        events.c.estado == "pendente",
        events.c.proxima_em <= now,
        events.c.faltam.overlap(sa.cast(list(tables), events.c.faltam.type)),
    )
    query = (
        sa.select(
            events.c.message_id,
            events.c.topic,
            events.c.recebido_em,
            events.c.registros,
            events.c.faltam,
            events.c.tentativas,
            events.c.proxima_em,
        )
        .where(*due)
        .order_by(events.c.proxima_em, events.c.message_id)
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
            .values(proxima_em=until, run_id=run_id)
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
        key = (one.estado, one.faltam, one.tentativas, one.proxima_em, one.erro)
        alike.setdefault(key, []).append(one.message_id)
    with warehouse_errors(), engine.begin() as connection:
        for (estado, faltam, tentativas, proxima_em, erro), ids in alike.items():
            connection.execute(
                sa.update(events)
                .where(
                    events.c.empresa == empresa,
                    events.c.message_id == sa.any_(sa.cast(ids, sa.ARRAY(sa.Text))),
                )
                .values(
                    estado=estado,
                    faltam=list(faltam),
                    tentativas=tentativas,
                    proxima_em=proxima_em,
                    feito_em=None if estado == "pendente" else now,
                    run_id=run_id,
                    erro=erro or None,
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
    statement = sa.delete(events).where(events.c.feito_em < now - timedelta(days=keep_days))
    with warehouse_errors(), engine.begin() as connection:
        return connection.execute(statement).rowcount
