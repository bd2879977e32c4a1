"""Dates whose rows came or went without a new ``updated_at``, found by the keys."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from datetime import date
from typing import Any
from zoneinfo import ZoneInfo

import sqlalchemy as sa

from omie_pipeline.clinic.keyset import copied_digest
from omie_pipeline.clinic.raw_tables import EMPRESA, ensure_raw_schema, raw_schema
from omie_pipeline.clinic.reader import ClinicReader
from omie_pipeline.clinic.set_aside import set_aside_of
from omie_pipeline.clinic.sources import SourceTable
from omie_pipeline.clinic.staging import load_stage
from omie_pipeline.clinic.windows import DateWindow, date_part, in_window, written_day
from omie_pipeline.errors import ConfigurationError
from omie_pipeline.texts import clinic as texts

_STAGE = "_omie_pipeline_moved"


def moved_dates(
    reader: ClinicReader, table: SourceTable, warehouse: sa.Engine, empresa: str
) -> list[date]:
    """Business dates of rows that only the copy has, and of rows that only the source has.

    A partition of such a date is to be read again: its deleted rows leave, its late ones arrive. A
    table that was never copied has none.

    Args:
        reader: the reader of the clinic.
        table: declaration of the clinic's table.
        warehouse: where the copy is.
        empresa: the empresa whose rows are meant.

    Raises:
        ConfigurationError: the source lacks the table or a column that its ``meta`` names.
        ClinicSourceError: the source broke.
    """
    if table.business_date is None or reader.in_place:
        return []
    ensure_raw_schema(warehouse)
    with warehouse.connect() as connection:
        inspector = sa.inspect(connection)
        schema = raw_schema(connection)
        if not inspector.has_table(table.name, schema=schema):
            return []
        raw = sa.Table(table.name, sa.MetaData(), schema=schema, autoload_with=connection)
        wanted = {*table.key, table.business_date}
        if not wanted <= set(raw.columns.keys()):
            raise ConfigurationError(
                texts.copy_lacks_columns(table=table.name, set_name=table.set_name)
            )
        there = reader.key_digest(table, empresa)
        if there is not None and there == copied_digest(connection, raw, table, empresa, there):
            return []
        columns = tuple(dict.fromkeys((*table.key, table.business_date)))
        batches = reader.batches(table, columns=columns, empresa=empresa)
        present = load_stage(connection, table.name, batches, name=_STAGE).table
        mine = raw.c[EMPRESA] == empresa
        same = sa.and_(
            mine, *(raw.c[name] == sa.cast(present.c[name], raw.c[name].type) for name in table.key)
        )
        shown = sa.func.concat_ws("/", *(sa.cast(present.c[name], sa.Text) for name in table.key))
        known = set_aside_of(connection, empresa, table)
        queries = (
            sa.select(day_text(raw.c[table.business_date], reader.zone)).where(
                mine, ~sa.exists().where(same).correlate(raw)
            ),
            sa.select(day_text(present.c[table.business_date], reader.zone)).where(
                *(present.c[name].is_not(None) for name in table.key),
                shown.not_in(known),
                ~sa.exists().where(same).correlate(present),
            ),
        )
        found = {text for query in queries for text in connection.scalars(query.distinct())}
        connection.rollback()  # the temporary table goes, and nothing else was done
    return sorted(day for text in found if (day := written_day(text)) is not None)


def day_text(column: sa.ColumnElement[Any], zone: ZoneInfo) -> sa.ColumnElement[str]:
    """The day as it is written; of an instant the clinic's."""
    if isinstance(column.type, sa.DateTime) and column.type.timezone:
        column = sa.func.timezone(zone.key, column)
    return date_part(sa.cast(column, sa.Text))


# How many rows the copy of a clinic's table has, by business date.


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
