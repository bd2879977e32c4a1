"""The first copy of a table: straight into it, without a temporary table in between.

The table is made without a key and given one when it is full, which is the proof that every row has
a key of its own. Where it is not so the rows move to a temporary table, and everything goes on as
for any other reading: what cannot be copied is set aside there.
"""

from __future__ import annotations

import psycopg
import sqlalchemy as sa
from psycopg import sql

from omie_pipeline.clinic.raw_tables import (
    EMPRESA,
    EXTRACTED_AT,
    RawColumn,
    create_raw_table,
    psycopg_connection,
    raw_schema,
)
from omie_pipeline.clinic.set_aside import any_total
from omie_pipeline.clinic.sources import RAW_SCHEMA, SourceTable
from omie_pipeline.clinic.staging import (
    STAGE,
    Rows,
    Stage,
    columns_of,
    copy_rows,
    temporary_table,
)


def first_copy(
    connection: sa.Connection, table: SourceTable, rows: Rows, empresa: str, *, file: bool
) -> tuple[Stage, bool]:
    """Makes the copy's table and fills it; the caller holds the table's lock.

    Args:
        connection: a connection to the warehouse; the caller ends the transaction.
        table: declaration of the clinic's table.
        rows: rows of the source.
        empresa: whose rows they are.
        file: the source is a file, which may end in a line of totals.

    Returns:
        The rows, and whether they are in the copy. If not, they are in a temporary table and the
        copy is empty.

    Raises:
        ConfigurationError: a column name is ours or too long.
        ClinicSourceError: PostgreSQL refuses a value.
    """
    columns, rows = columns_of(rows)
    raw = create_raw_table(connection, table.name, columns, table.key, filled_for=empresa)
    read, marked = copy_rows(connection, table.name, raw, columns, rows)
    copied = Stage(_without_ours(table.name, columns), columns, read, marked)
    odd = file and any_total(connection, copied, table)
    name = sql.Identifier(raw_schema(connection), table.name)
    fits = not odd and _set_key(connection, name, columns, table)
    if not fits:
        copied = _moved(connection, copied)
        psycopg_connection(connection).execute(sql.SQL("TRUNCATE {}").format(name))
        _set_key(connection, name, columns, table)
    plain = sql.SQL(", ").join(
        sql.SQL("ALTER COLUMN {} DROP DEFAULT").format(sql.Identifier(column))
        for column in (EMPRESA, EXTRACTED_AT)
    )
    psycopg_connection(connection).execute(sql.SQL("ALTER TABLE {} {}").format(name, plain))
    psycopg_connection(connection).execute(sql.SQL("ANALYZE {}").format(name))
    return copied, fits


def _without_ours(name: str, columns: tuple[RawColumn, ...]) -> sa.Table:
    """The copy's table with the source's columns alone."""
    found = temporary_table(name, columns).columns
    return sa.Table(
        name, sa.MetaData(), *(sa.Column(one.name, one.type) for one in found), schema=RAW_SCHEMA
    )


def _set_key(
    connection: sa.Connection,
    name: sql.Identifier,
    columns: tuple[RawColumn, ...],
    table: SourceTable,
) -> bool:
    """Gives the table its key, as ``create_raw_table`` does; false if its rows do not fit."""
    parts = [EMPRESA, *(column.name for column in columns if column.name in table.key)]
    statement = sql.SQL("ALTER TABLE {} ADD PRIMARY KEY ({})").format(
        name, sql.SQL(", ").join(map(sql.Identifier, parts))
    )
    driver = psycopg_connection(connection)
    try:
        with driver.transaction():
            driver.execute(statement)
    except psycopg.IntegrityError:
        return False
    return True


def _moved(connection: sa.Connection, copied: Stage) -> Stage:
    """The rows in a temporary table instead."""
    stage = temporary_table(STAGE, copied.columns)
    connection.execute(sa.schema.CreateTable(stage))
    names = [column.name for column in copied.columns]
    rows = sa.select(*(copied.table.columns[name] for name in names))
    connection.execute(sa.insert(stage).from_select(names, rows))
    return Stage(stage, copied.columns, copied.rows, copied.nul_marked)
