"""What a person typed into Omie between our look at a record and our own change of it: replaced
unseen, and told by the event that Omie sent of it.

An event says when it arrived, not when somebody typed. Within the window it tells of a change that
is gone. One that arrives later does so if nobody changed the record since, as the next look at it
shows, and if it is not the event of our own change.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import insert

from omie_pipeline.catalog import REGISTRY, Endpoint
from omie_pipeline.catalog.model import BY_API
from omie_pipeline.catalog.topics import AUTHOR_API
from omie_pipeline.clock import CLOCKS_APART
from omie_pipeline.postgres.engine import warehouse_errors
from omie_pipeline.postgres.omie_tables import mirror_table
from omie_pipeline.postgres.tables import base, conflict, events, ledger, look
from omie_pipeline.push.both_sides.memory import SETTLES, good_until, mirror_of, note_seen

ANY_FIELD = "*"
"""``field`` of a change of which only is known that there was one."""

LOOKS_LAST = timedelta(days=7)
"""How long a window is kept: Omie repeats an event for five days (omie-api.md#webhook-delivery)."""


def note_overwritten(
    engine: sa.Engine, empresa: str, endpoint: Endpoint, run_id: str, now: datetime
) -> int:
    """Tell of records that somebody else changed between our look at them and our own change, which
    replaced what they had typed; how many are new.

    What was typed is not known any more, nor which field it was.

    Args:
        engine: the warehouse.
        empresa: the empresa whose rows are meant.
        endpoint: its declaration.
        run_id: id of the run, or of the reading.
        now: time of the look.
    """
    c = look.c
    mine = sa.and_(c.empresa == empresa, c.endpoint == endpoint.name)
    with warehouse_errors(), engine.begin() as connection:
        connection.execute(sa.delete(look).where(mine, c.confirmed_at < now - LOOKS_LAST))
        if not connection.execute(sa.select(sa.exists().where(mine))).scalar():
            return 0
        own = _own_authors(connection, empresa)
        found = _overwritten(empresa, endpoint, own, run_id, now)
        names = ["empresa", "endpoint", "codigo_integracao", "field", "policy", "omie_changed_at",
                 "omie_changed_by", "state", "seen_at", "run_id"]  # fmt: skip
        statement = insert(conflict).from_select(names, found).on_conflict_do_nothing()
        return connection.execute(statement).rowcount


def _own_authors(connection: sa.Connection, empresa: str) -> Sequence[str]:
    """Whom Omie's events are known to name as the author of what we change: of the events of
    records that we made, and whom it names everywhere, as far as is known."""
    e = events.c
    lists = sa.func.jsonb_each(e.records).table_valued("key", "value").alias("list")
    named = (
        sa.select(
            e.author,
            lists.c.key.label("endpoint"),
            sa.func.jsonb_array_elements_text(lists.c.value).label("id"),
        )
        .select_from(events.join(lists, sa.true()))
        .where(e.empresa == empresa, e.author.is_not(None), e.topic.ilike("%.inclu%"))
        .subquery("named")
        .c
    )
    query = (
        sa.select(named.author)
        .distinct()
        .where(
            ledger.c.empresa == empresa,
            ledger.c.endpoint == named.endpoint,
            sa.cast(ledger.c.omie_id, sa.Text) == named.id,
            ledger.c.created_here,
        )
    )
    everywhere = sa.select(e.author).where(e.empresa == empresa, e.author == AUTHOR_API).limit(1)
    return [*connection.execute(query).scalars(), *connection.execute(everywhere).scalars()]


def _overwritten(
    empresa: str, endpoint: Endpoint, own: Sequence[str], run_id: str, now: datetime
) -> sa.Select[Any]:
    c, e = look.c, events.c

    def following(column: sa.Column[Any]) -> sa.ColumnElement[Any]:
        return sa.func.lead(column).over(partition_by=c.codigo_integracao, order_by=c.compared_at)

    w = (
        sa.select(
            c.codigo_integracao,
            c.compared_at,
            c.confirmed_at,
            following(c.compared_at).label("next_at"),
            following(c.changed_by).label("next_changed_by"),
            following(c.changed_at).label("next_changed_at"),
        )
        .where(c.empresa == empresa, c.endpoint == endpoint.name)
        .subquery("w")
        .c
    )
    source = (
        sa.select(sa.literal(1))
        .select_from(w.codigo_integracao.table)
        .join(
            ledger,
            sa.and_(
                ledger.c.empresa == empresa,
                ledger.c.endpoint == endpoint.name,
                ledger.c.codigo_integracao == w.codigo_integracao,
            ),
        )
        .join(
            events,
            sa.and_(
                e.empresa == empresa,
                e.records[endpoint.name].has_key(sa.cast(ledger.c.omie_id, sa.Text)),
                e.received_at > w.compared_at,
                sa.or_(w.next_at.is_(None), e.received_at <= w.next_at),
            ),
        )
    )
    # What the next look at the record showed: another one before a change, or the list.
    shown = [_ours(w.next_changed_by, w.next_changed_at, w.confirmed_at, w.next_at.is_not(None))]
    mirror = mirror_of(endpoint)
    if mirror is not None:
        t = mirror_table(mirror)
        key = t.c[mirror.key[0]]
        source = source.outerjoin(t, sa.and_(t.c.empresa == empresa, key == ledger.c.omie_id))
        until = good_until(mirror, empresa)
        read = sa.and_(w.next_at.is_(None), until >= e.received_at + SETTLES)
        shown.append(_ours(t.c.alterado_por, t.c.alterado_em, w.confirmed_at, read))
    late = sa.and_(sa.true() if own else sa.false(), e.author.is_not(None), sa.or_(*shown))
    return source.with_only_columns(
        sa.literal(empresa),
        sa.literal(endpoint.name),
        w.codigo_integracao,
        sa.literal(ANY_FIELD),
        sa.literal("clinica"),
        e.received_at,
        e.author,
        sa.literal("overwritten"),
        sa.literal(now, sa.DateTime(timezone=True)),
        sa.literal(run_id),
    ).where(
        sa.or_(e.author.is_(None), e.author.not_in({*own, AUTHOR_API})),
        sa.or_(e.received_at <= w.confirmed_at, late),
    )


def _ours(
    by: sa.ColumnElement[Any],
    at: sa.ColumnElement[Any],
    confirmed_at: sa.ColumnElement[Any],
    there: sa.ColumnElement[bool],
) -> sa.ColumnElement[bool]:
    """Whether our own change was a record's last one when it was looked at.

    Args:
        by: who changed it last, as Omie says.
        at: when that was.
        confirmed_at: when Omie confirmed our change.
        there: whether there was such a look.
    """
    return sa.and_(there, by == BY_API, sa.or_(at.is_(None), at <= confirmed_at + CLOCKS_APART))


def after_reading(engine: sa.Engine, empresa: str, table: str, run_id: str, now: datetime) -> None:
    """What a reading of one of Omie's lists shows of both sides.

    Args:
        engine: the warehouse.
        empresa: the empresa whose rows are meant.
        table: name of the list.
        run_id: id of the reading.
        now: time of the reading.
    """
    endpoint = REGISTRY.get(table)
    if endpoint is None:
        return
    kept = sa.exists().where(base.c.empresa == empresa, base.c.endpoint == endpoint.name)
    with warehouse_errors(), engine.connect() as connection:
        if not connection.execute(sa.select(kept)).scalar():
            return
    note_overwritten(engine, empresa, endpoint, run_id, now)
    note_seen(engine, empresa, endpoint)
