"""How many rows the copy of a clinic's table has, by business date."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from datetime import date
from zoneinfo import ZoneInfo

import sqlalchemy as sa

from omie_pipeline.clinic.moved import day_text
from omie_pipeline.clinic.raw_tables import EMPRESA, raw_schema
from omie_pipeline.clinic.sources import SourceTable
from omie_pipeline.clinic.windows import DateWindow, in_window, written_day


def copied_rows(
    warehouse: sa.Engine,
    table: SourceTable,
    empresa: str,
    zone: ZoneInfo,
    window: DateWindow | None = None,
) -> Mapping[date | None, int]:
    """Business date -> rows of the copy, in one question; ``None`` for what has no readable one.

    A register has no dates: all its rows are under ``None``. A table never copied has no rows.

    Args:
        warehouse: where the copy is.
        table: declaration of the clinic's table.
        empresa: the empresa whose rows are meant.
        zone: the clinic's time zone.
        window: which business dates are wanted; rows without a readable one are always counted.
    """
    found: Counter[date | None] = Counter()
    with warehouse.connect() as connection:
        schema = raw_schema(connection)
        if not sa.inspect(connection).has_table(table.name, schema=schema):
            return found
        raw = sa.Table(table.name, sa.MetaData(), schema=schema, autoload_with=connection)
        day: sa.ColumnElement[str] = sa.cast(sa.null(), sa.Text)
        wanted = [raw.c[EMPRESA] == empresa]
        if table.business_date is not None:
            column = raw.c[table.business_date]
            day = day_text(column, zone)
            wanted += [in_window(column, window)] if window else []
        query = sa.select(day, sa.func.count()).where(*wanted).group_by(sa.text("1"))
        for text, rows in connection.execute(query):
            found[written_day(text)] += rows
    return found
