"""Compare one page of a change check with the copy of Omie: which rows are new?"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

import sqlalchemy as sa

from omie_pipeline.catalog.lists import MirrorTable
from omie_pipeline.clock import BRASILIA
from omie_pipeline.imports.mirror_filter import MirrorFilter, admitted
from omie_pipeline.imports.mirror_records import ASKED_AT, BODY, EMPRESA, record_select
from omie_pipeline.imports.mirror_statement import key_text
from omie_pipeline.postgres.engine import warehouse_errors
from omie_pipeline.postgres.mirror_tables import mirror_table

_TIMEZONE = str(BRASILIA)


@dataclass(frozen=True, slots=True)
class PageNews:
    """What one page says that the mirror does not know.

    Attributes:
        rows: records that are missing here or stand here in an older version.
        days: partitions they belong to; empty for registers.
        digest: over the ids and the moments of change of all records of the page.
    """

    rows: int
    days: tuple[date, ...]
    digest: str


def page_news(
    engine: sa.Engine,
    mirror: MirrorTable,
    empresa: str,
    filters: MirrorFilter,
    body: str,
    asked_at: datetime,
) -> PageNews:
    """Compare a page, given as JSON text, with ``omie.<table>``; writes nothing.

    Args:
        engine: the warehouse.
        mirror: declaration of the list.
        empresa: the empresa whose rows are meant.
        filters: the filters of the empresa: rows that it does not want.
        body: the page as JSON text.
        asked_at: time of the question.

    Raises:
        WarehouseError: the database is gone.
    """
    table = mirror_table(mirror)
    here = table.alias("aqui")
    page = record_select(mirror).cte("pagina").prefix_with("MATERIALIZED")
    same = sa.and_(*(here.c[c.name] == page.c[c.name] for c in table.primary_key.columns))
    never = sa.cast("-infinity", sa.DateTime(timezone=True))
    theirs, ours = (sa.func.coalesce(side.c.alterado_em, never) for side in (page, here))
    unknown = sa.or_(
        here.c.empresa.is_(None),
        here.c.excluido_em.is_not(None),
        theirs > ours,
        sa.and_(theirs == ours, page.c.raw.is_distinct_from(here.c.raw)),
    )
    news = (
        sa.select(page.c.data_particao)
        .select_from(page.outerjoin(here, same))
        .where(unknown, admitted(mirror, filters, page, table))
        .cte("novidades")
    )
    key = key_text(mirror, page)
    version = key.concat("@").concat(sa.func.coalesce(sa.cast(page.c.alterado_em, sa.Text), ""))
    listed = sa.func.array_to_string(sa.func.array_agg(version), ",", type_=sa.Text)
    query = sa.select(
        _one(sa.select(sa.func.count()).select_from(news)),
        _one(sa.select(sa.func.array_agg(sa.distinct(news.c.data_particao)))),
        _one(sa.select(sa.func.md5(sa.func.coalesce(listed, ""))).select_from(page)),
    )
    values = {BODY: body, EMPRESA: empresa, ASKED_AT: asked_at}
    with warehouse_errors(), engine.begin() as connection:
        connection.exec_driver_sql("SET LOCAL datestyle TO 'ISO, DMY'")
        row = connection.execute(query, values).one()
    return PageNews(row[0], tuple(sorted(day for day in row[1] or () if day is not None)), row[2])


def rows_changed_here(
    engine: sa.Engine, mirror: MirrorTable, empresa: str, days: tuple[date, date]
) -> int:
    """Rows that Omie still has and that were included or changed on these days.

    Args:
        engine: the warehouse.
        mirror: declaration of the list.
        empresa: the empresa whose rows are meant.
        days: first and last day, both included; ``None`` for the whole list.
    """
    table = mirror_table(mirror)
    touched = [
        sa.cast(sa.func.timezone(_TIMEZONE, table.c[name]), sa.Date).between(*days)
        for name in ("incluido_em", "alterado_em")
    ]
    query = (
        sa.select(sa.func.count())
        .select_from(table)
        .where(
            table.c.empresa == empresa,
            table.c.excluido_em.is_(None),
            sa.or_(*touched),
            *(table.c[name] == value for name, value in mirror.constants),
        )
    )
    with warehouse_errors(), engine.connect() as connection:
        return connection.execute(query).scalar_one()


def _one(query: sa.Select[Any]) -> sa.ScalarSelect[Any]:
    return query.scalar_subquery()
