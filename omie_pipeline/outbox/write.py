"""What changed since it was told last, written into the outbox with the next numbers.

Who writes holds the row of its empresa in ``outbox_last`` until its transaction commits. So numbers
are given and become visible in their order, and none is lost by a transaction that fails: a reader
that has seen number 7 has seen all before it, and will never find another one there.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any, Final

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import insert

from omie_pipeline.outbox.records import TOLD, Kind, current, origin_by_code, origins_in_models
from omie_pipeline.postgres.engine import warehouse_errors
from omie_pipeline.postgres.omie_tables import import_run
from omie_pipeline.postgres.tables import change, nfse, outbox_last, outbox_record, run


def write_changes(
    engine: sa.Engine,
    empresa: str,
    kinds: Sequence[Kind],
    now: datetime,
    *,
    wait: bool = True,
) -> int:
    """Compare every record with what was told of it, and write a change where they differ.

    Args:
        engine: the warehouse.
        empresa: the empresa whose records are compared.
        kinds: the kinds that are told; nothing is written of others.
        now: time of the comparison.
        wait: for another process that writes; without it nothing is written then, and the next
            round compares.

    Returns:
        Changes written.

    Raises:
        WarehouseError: the database is gone; nothing was written.
    """
    with warehouse_errors(), engine.begin() as connection:
        last = _take_turn(connection, empresa, wait=wait)
        if last is None:
            return 0
        connection.execute(_tell(empresa, kinds, last, now))
        mine = sa.and_(change.c.empresa == empresa, change.c.number > last)
        written = connection.scalar(sa.select(sa.func.count()).select_from(change).where(mine)) or 0
        if written:
            _name_origins(connection, empresa, kinds, mine)
        connection.execute(
            sa.update(outbox_last)
            .where(outbox_last.c.empresa == empresa)
            .values(number=last + written, looked_at=now)
        )
    return written


def renumber(engine: sa.Engine, empresa: str, after: int) -> int:
    """Go on after a number that others have seen, and tell every record anew.

    For a warehouse that was restored from an old copy: who reads the outbox is ahead of it, and
    what gets numbers that they know already would count as read.

    Args:
        engine: the warehouse.
        empresa: the empresa whose outbox it is.
        after: the highest number that anybody has seen.

    Returns:
        The newest number now; a lower one than it was is never taken.

    Raises:
        WarehouseError: the database is gone.
    """
    with warehouse_errors(), engine.begin() as connection:
        newest = max(_take_turn(connection, empresa) or 0, after)
        mine = outbox_record.c.empresa == empresa
        # No digest is empty: each record differs from it.
        connection.execute(sa.update(outbox_record).where(mine).values(digest=""))
        connection.execute(
            sa.update(outbox_last)
            .where(outbox_last.c.empresa == empresa)
            .values(number=newest, looked_at=None)
        )
    return newest


def may_have_news(engine: sa.Engine, empresa: str) -> bool:
    """Whether anything was read, delivered or learned of a note since the last comparison.

    Three small questions instead of a comparison of everything. What ended shortly before the
    comparison began counts as news once more: its transaction may have been seen or not.

    Raises:
        WarehouseError: the database is gone.
    """
    times = [
        sa.select(sa.func.max(column)).where(table.c.empresa == empresa).scalar_subquery()
        for table, column in (
            (run, run.c.finished_at),
            (import_run, import_run.c.finished_at),
            (nfse, nfse.c.changed_at),
        )
    ]
    looked = sa.select(outbox_last.c.looked_at).where(outbox_last.c.empresa == empresa)
    query = sa.select(sa.func.greatest(*times), looked.scalar_subquery())
    newest: datetime | None
    looked_at: datetime | None
    with warehouse_errors(), engine.connect() as connection:
        newest, looked_at = connection.execute(query).tuples().one()
    if looked_at is None:
        return True
    return newest is not None and newest >= looked_at - _OVERLAP


_OVERLAP: Final = timedelta(minutes=2)


def _take_turn(connection: sa.Connection, empresa: str, *, wait: bool = True) -> int | None:
    """Wait until nobody else writes; the newest number, ``None`` where it is not waited."""
    connection.execute(
        insert(outbox_last).values(empresa=empresa, number=0).on_conflict_do_nothing()
    )
    query = sa.select(outbox_last.c.number).where(outbox_last.c.empresa == empresa)
    number: int | None = connection.scalar(query.with_for_update(skip_locked=not wait))
    return number


def _digest(row: sa.FromClause) -> sa.ColumnElement[str]:
    """Of what is told. A date or a sum is the same text in every session of ours."""
    text = sa.cast(sa.func.jsonb_build_array(*(row.c[name] for name in TOLD)), sa.Text)
    return sa.func.encode(sa.func.sha256(sa.func.convert_to(text, "UTF8")), "hex", type_=sa.Text)


def _tell(empresa: str, kinds: Sequence[Kind], last: int, now_at: datetime) -> Any:
    """Write the changes and remember them as told, in one statement.

    One statement sees one state of the lists: what went away between two would be written and not
    remembered, and told once more.

    Args:
        empresa: whose records are compared.
        kinds: the kinds that are told.
        last: the newest number that was given.
        now_at: time of the comparison.
    """
    news = _news(empresa, kinds, last)
    code = sa.func.coalesce(news.c.integration_code, news.c.order_code)
    clinic_table, clinic_id = origin_by_code(news.c.kind, code)
    name = sa.func.concat(
        sa.cast(empresa, sa.Text), "/", news.c.kind, "/", news.c.omie_id, "/", news.c.number
    )
    values: dict[str, Any] = {
        "empresa": sa.literal(empresa, sa.Text),
        "key": name,
        "clinic_table": clinic_table,
        "clinic_id": clinic_id,
        **{
            name: news.c[name]
            for name in ("number", "kind", "omie_id", "version", *TOLD, "happened_at")
        },
        "written_at": sa.literal(now_at, sa.DateTime(timezone=True)),
    }
    written = sa.insert(change).from_select(
        list(values), sa.select(*(value.label(name) for name, value in values.items()))
    )
    told = sa.select(
        sa.literal(empresa, sa.Text), *(news.c[name] for name in ("kind", "omie_id", *_REMEMBERED))
    )
    remembered = insert(outbox_record).from_select(
        ["empresa", "kind", "omie_id", *_REMEMBERED], told
    )
    return remembered.on_conflict_do_update(
        index_elements=list(outbox_record.primary_key),
        set_={name: remembered.excluded[name] for name in _REMEMBERED},
    ).add_cte(written.cte("written"))


_REMEMBERED: Final = ("version", "number", "digest", "whole")
"""Of each record, what later comparisons begin with."""


def _news(empresa: str, kinds: Sequence[Kind], last: int) -> sa.CTE:
    """The records that differ from what was told of them, with the numbers that they get."""
    now, told = current(empresa, kinds), outbox_record.c
    digest = _digest(now)
    # What a list told once stays told while that list is not there (cleared, or read again):
    # "unknown" is no news of a record.
    says_more = sa.or_(now.c.whole, sa.not_(sa.func.coalesce(told.whole, sa.false())))
    order = (now.c.happened_at.asc().nulls_last(), now.c.kind, now.c.omie_id)
    return (
        sa.select(
            now,
            digest.label("digest"),
            (sa.func.coalesce(told.version, 0) + 1).label("version"),
            (last + sa.func.row_number().over(order_by=order)).label("number"),
        )
        .select_from(
            now.outerjoin(
                outbox_record,
                sa.and_(
                    told.empresa == empresa, told.kind == now.c.kind, told.omie_id == now.c.omie_id
                ),
            )
        )
        .where(told.digest.is_distinct_from(digest), says_more)
        .cte("news")
    )


def _name_origins(
    connection: sa.Connection, empresa: str, kinds: Sequence[Kind], mine: sa.ColumnElement[bool]
) -> None:
    """Where the payload models know a record, they say which row of the clinic it is."""
    origins = origins_in_models(connection, empresa, kinds)
    if origins is None:
        return
    connection.execute(
        sa.update(change)
        .where(
            mine,
            change.c.kind == origins.c.kind,
            change.c.integration_code == origins.c.code,
        )
        .values(clinic_table=origins.c.clinic_table, clinic_id=origins.c.clinic_id)
    )
