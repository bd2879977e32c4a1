"""The copies in schema ``clinic_raw``: how a table is made and widened, and how far it was read.

A copy has the source's columns under the source's names, plus ``_empresa`` and ``_extracted_at``
(when this version of the row arrived). Columns new at the source are added. A column gone from the
source would keep its last values for ever, so it stops its table until a person says what to do.
A column of another type, or another key, makes the table anew: the old one steps aside under
another name, because models of dbt hang on it until they are built again.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import psycopg
import sqlalchemy as sa
from psycopg import sql
from sqlalchemy.dialects import postgresql as pg

from omie_pipeline.clinic.sources import RAW_SCHEMA
from omie_pipeline.clinic.sql_types import POINT_MARK
from omie_pipeline.errors import ConfigurationError
from omie_pipeline.postgres.schemas import schemas_of
from omie_pipeline.texts import clinic as texts

EMPRESA = "_empresa"
EXTRACTED_AT = "_extracted_at"
_OWN = (EMPRESA, EXTRACTED_AT)
_IDENTIFIER_BYTES = 63  # PostgreSQL cuts longer names without a word

POSTGRES_TYPES: Mapping[str, sa.types.TypeEngine[Any]] = {
    "text": sa.Text(),
    "bigint": sa.BigInteger(),
    "boolean": sa.Boolean(),
    "double precision": sa.Double(),
    "numeric": sa.Numeric(),
    "date": sa.Date(),
    "timestamp": sa.DateTime(timezone=False),
    "timestamptz": sa.DateTime(timezone=True),
    "bytea": sa.LargeBinary(),
}

WATERMARK = sa.Table(
    "_watermark",
    sa.MetaData(),
    sa.Column("empresa", sa.Text, primary_key=True),
    sa.Column("table_name", sa.Text, primary_key=True),
    sa.Column("source", sa.Text, nullable=False),
    sa.Column("updated_at_max", sa.DateTime(timezone=True)),
    sa.Column("extracted_at", sa.DateTime(timezone=True), nullable=False),
    sa.Column("rows", sa.BigInteger, nullable=False),
    sa.Column("full_at", sa.DateTime(timezone=True)),
    schema=RAW_SCHEMA,
)


@dataclass(frozen=True, slots=True)
class RawColumn:
    """A column to copy, with its PostgreSQL type by name and its comment in the copy."""

    name: str
    postgres: str
    comment: str = ""


def lock_table(connection: sa.Connection, name: str) -> None:
    """Makes other extracts of the table wait until this transaction ends."""
    lock = schemas_of(connection).lock(f"clinic_raw:{name}")
    connection.execute(sa.select(sa.func.pg_advisory_xact_lock(sa.func.hashtextextended(lock, 0))))


def lock_reading(
    connection: sa.Connection,
    empresa: str,
    name: str,
    on_wait: Callable[[], None] | None = None,
) -> None:
    """Makes other readings of an empresa's table wait until this transaction ends.

    Taken before the source is asked: a reading that began before another one and is written after
    it would put older values in the place of newer ones.

    Args:
        connection: a connection to the warehouse; the caller ends the transaction.
        empresa: the empresa whose rows are read.
        name: the name of the table.
        on_wait: called once if another reading holds it.
    """
    lock = schemas_of(connection).lock(f"clinic_reading:{empresa}:{name}")
    key = sa.func.hashtextextended(lock, 0)
    if connection.scalar(sa.select(sa.func.pg_try_advisory_xact_lock(key))):
        return
    if on_wait is not None:
        on_wait()
    connection.execute(sa.select(sa.func.pg_advisory_xact_lock(key)))


def ensure_raw_table(
    connection: sa.Connection, name: str, columns: Sequence[RawColumn], key: Sequence[str]
) -> sa.Table:
    """The copy's table, made or widened as needed; the caller holds :func:`lock_table`.

    Args:
        connection: a connection to the warehouse; the caller ends the transaction.
        name: the name of the table.
        columns: the columns of the source.
        key: names of the key columns.

    Returns:
        The table as it is in the database, with columns that the source no longer has.

    Raises:
        ConfigurationError: a column name is ours or too long.
    """
    _refuse_reserved(name, columns)
    inspector = sa.inspect(connection)
    # The catalog is asked by the name that the schema has there.
    schema = raw_schema(connection)
    if not inspector.has_table(name, schema=schema):
        return create_raw_table(connection, name, columns, key)
    refuse_foreign(connection, name)
    found = inspector.get_columns(name, schema=schema)
    existing = {one["name"]: one["type"] for one in found}
    made_with = tuple(inspector.get_pk_constraint(name, schema=schema)["constrained_columns"])
    added = [column for column in columns if column.name not in existing]
    for column in added:
        _add_column(connection, name, column)
    said = {one["name"]: one.get("comment") or "" for one in found}
    ours = {one.name: one.comment for one in columns if one.comment != said.get(one.name, "")}
    _comment(
        connection,
        name,
        {column: text for column, text in ours.items() if text or said[column] == POINT_MARK},
    )
    types = {**existing, **{one.name: POSTGRES_TYPES[one.postgres] for one in added}}
    return sa.Table(
        name,
        sa.MetaData(),
        *(
            sa.Column(column, type_, primary_key=column in made_with)
            for column, type_ in types.items()
        ),
        schema=RAW_SCHEMA,
    )


def _refuse_reserved(name: str, columns: Sequence[RawColumn]) -> None:
    for column in columns:
        if column.name in _OWN or len(column.name.encode()) > _IDENTIFIER_BYTES:
            raise ConfigurationError(
                texts.column_name_reserved(
                    table=name, column=column.name, most_bytes=_IDENTIFIER_BYTES
                )
            )


def create_raw_table(
    connection: sa.Connection,
    name: str,
    columns: Sequence[RawColumn],
    key: Sequence[str],
    *,
    filled_for: str | None = None,
) -> sa.Table:
    """Makes the copy's table, which does not exist yet.

    Args:
        connection: a connection to the warehouse; the caller ends the transaction.
        name: the name of the table.
        columns: the columns of the source.
        key: names of the key columns.
        filled_for: the empresa whose rows are about to be written into it; the table takes its name
            for theirs, and has no key, until ``first_copy`` is done.

    Raises:
        ConfigurationError: a column name is ours or too long.
    """
    _refuse_reserved(name, columns)
    keyed = filled_for is None
    ours = [
        sa.Column(EMPRESA, sa.Text, primary_key=keyed, server_default=filled_for),
        *(
            sa.Column(
                column.name,
                POSTGRES_TYPES[column.postgres],
                primary_key=keyed and column.name in key,
                autoincrement=False,
            )
            for column in columns
        ),
        sa.Column(
            EXTRACTED_AT,
            sa.DateTime(timezone=True),
            nullable=False,
            server_default=None if keyed else sa.func.now(),
        ),
    ]
    table = sa.Table(name, sa.MetaData(), *ours, schema=RAW_SCHEMA)
    connection.execute(sa.schema.CreateTable(table))
    connection.execute(sa.select(sa.func.omie_sync.marcar(_quoted(connection, name))))
    _comment(connection, name, {one.name: one.comment for one in columns if one.comment})
    return table


def raw_schema(connection: sa.Connection) -> str:
    """The name that schema ``clinic_raw`` has in this installation's database."""
    return schemas_of(connection).name(RAW_SCHEMA)


def is_ours(connection: sa.Connection, name: str) -> bool:
    """Whether the table of that name in schema ``clinic_raw`` was made by this program."""
    ours = sa.select(
        sa.func.omie_sync.e_nosso(sa.cast(_quoted(connection, name), pg.REGCLASS), type_=sa.Boolean)
    )
    return bool(connection.scalar(ours))


def refuse_foreign(connection: sa.Connection, name: str) -> None:
    """Stops where the table that has the copy's name was not made by this program.

    Raises:
        ConfigurationError: nothing was changed.
    """
    if not is_ours(connection, name):
        raise ConfigurationError(texts.table_not_ours(table=name, schema=raw_schema(connection)))


def _quoted(connection: sa.Connection, name: str) -> sa.ColumnElement[str]:
    """The copy's full name, as PostgreSQL reads it in a text."""
    return sa.func.format("%I.%I", raw_schema(connection), name, type_=sa.Text)


def _add_column(connection: sa.Connection, name: str, column: RawColumn) -> None:
    type_name = POSTGRES_TYPES[column.postgres].compile(dialect=connection.dialect)
    statement = sql.SQL("ALTER TABLE {} ADD COLUMN {} {}").format(
        sql.Identifier(raw_schema(connection), name),
        sql.Identifier(column.name),
        sql.SQL(type_name),
    )
    psycopg_connection(connection).execute(statement)


def _comment(connection: sa.Connection, name: str, comments: Mapping[str, str]) -> None:
    """Says of columns what the mapping must know to read them; an empty text takes it back."""
    for column, text in comments.items():
        statement = sql.SQL("COMMENT ON COLUMN {} IS {}").format(
            sql.Identifier(raw_schema(connection), name, column), sql.Literal(text or None)
        )
        psycopg_connection(connection).execute(statement)


def psycopg_connection(connection: sa.Connection) -> psycopg.Connection[Any]:
    """The psycopg connection under a SQLAlchemy one, in the same transaction.

    Raises:
        TypeError: the engine was made with another driver.
    """
    driver = connection.connection.driver_connection
    if not isinstance(driver, psycopg.Connection):
        raise TypeError("the warehouse engine must use the psycopg 3 driver")
    return driver


def ensure_raw_schema(engine: sa.Engine) -> None:
    """The tables of schema ``clinic_raw`` that are its own, with the columns that came later."""
    with engine.begin() as connection:
        lock_table(connection, WATERMARK.name)
        for table in WATERMARK.metadata.sorted_tables:
            connection.execute(sa.schema.CreateTable(table, if_not_exists=True))
        schema = raw_schema(connection)
        there = sa.inspect(connection).get_columns(WATERMARK.name, schema=schema)
        if "full_at" not in {one["name"] for one in there}:
            _add_column(connection, WATERMARK.name, RawColumn("full_at", "timestamptz"))


@dataclass(frozen=True, slots=True)
class Progress:
    """How far the copy of one table of one empresa is.

    Attributes:
        mark: up to which ``updated_at`` it is complete.
        full_at: when the table was last read whole.
    """

    mark: datetime | None = None
    full_at: datetime | None = None


def read_progress(
    connection: sa.Connection, empresa: str, table_name: str, source: str
) -> Progress:
    """What earlier reads reached; nothing if there were none.

    A mark left by another source counts as none, since its times say nothing about this one.

    Args:
        connection: a connection to the warehouse; the caller ends the transaction.
        empresa: the empresa whose rows are meant.
        table_name: name of the clinic's table.
        source: where the rows come from.
    """
    row = connection.execute(
        sa.select(WATERMARK.c.updated_at_max, WATERMARK.c.full_at).where(
            WATERMARK.c.empresa == empresa,
            WATERMARK.c.table_name == table_name,
            WATERMARK.c.source == source,
        )
    ).one_or_none()
    return Progress() if row is None else Progress(row.updated_at_max, row.full_at)


def save_progress(
    connection: sa.Connection,
    *,
    empresa: str,
    table_name: str,
    source: str,
    updated_at_max: datetime | None,
    rows: int,
    full: bool,
) -> None:
    """Sets the mark, in the transaction that holds the rows.

    Args:
        connection: a connection to the warehouse; the caller ends the transaction.
        empresa: the empresa whose rows are meant.
        table_name: name of the clinic's table.
        source: where the rows come from.
        updated_at_max: newest stamp that was read.
        rows: the rows in the copy now.
        full: whether everything was read.
    """
    values = {
        "source": source,
        "updated_at_max": updated_at_max,
        "extracted_at": sa.func.now(),
        "rows": rows,
    }
    if full:
        values["full_at"] = sa.func.now()
    insert = pg.insert(WATERMARK).values(empresa=empresa, table_name=table_name, **values)
    connection.execute(
        insert.on_conflict_do_update(
            index_elements=[WATERMARK.c.empresa, WATERMARK.c.table_name],
            set_=values,
        )
    )
