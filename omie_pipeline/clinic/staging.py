"""Rows into a PostgreSQL table by COPY, whole values only.

They come as Arrow batches, or from another PostgreSQL as the text that it writes.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace

import psycopg
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv
import sqlalchemy as sa
from psycopg import sql

from omie_pipeline.clinic.failures import ClinicSourceError
from omie_pipeline.clinic.raw_tables import (
    POSTGRES_TYPES,
    RawColumn,
    psycopg_connection,
    raw_schema,
)
from omie_pipeline.clinic.sql_types import SUBSTITUTE
from omie_pipeline.texts import clinic as texts

STAGE = "_omie_pipeline_stage"
NUL = "\x00"

_WITHOUT_HEADER = pa.csv.WriteOptions(include_header=False)
_ANALYZE_FROM_ROWS = 5_000


@dataclass(frozen=True, slots=True)
class TextRows:
    """Rows as a PostgreSQL writes them for another, in blocks of whole rows."""

    columns: tuple[RawColumn, ...]
    blocks: Iterator[bytes]


Rows = Iterator[pa.RecordBatch] | TextRows
"""What a reader hands over."""


@dataclass(frozen=True, slots=True)
class Stage:
    """The rows of one read: their table, its columns, how many, and values with a marked NUL."""

    table: sa.Table
    columns: tuple[RawColumn, ...]
    rows: int
    nul_marked: int


def raw_columns(schema: pa.Schema) -> tuple[RawColumn, ...]:
    """The columns of a batch, as a reader describes them."""
    return tuple(
        RawColumn(
            field.name,
            field.metadata[b"postgres_type"].decode(),
            field.metadata.get(b"comment", b"").decode(),
        )
        for field in schema
    )


def watched(rows: Rows, on_rows: Callable[[int], None]) -> Rows:
    """The same rows, counted as they pass."""
    if isinstance(rows, TextRows):
        return replace(rows, blocks=_counted_blocks(rows.blocks, on_rows))
    return _counted_batches(rows, on_rows)


def _counted_blocks(blocks: Iterator[bytes], on_rows: Callable[[int], None]) -> Iterator[bytes]:
    for block in blocks:
        yield block
        on_rows(block.count(b"\n"))  # one inside a value is written in two characters


def _counted_batches(
    batches: Iterator[pa.RecordBatch], on_rows: Callable[[int], None]
) -> Iterator[pa.RecordBatch]:
    for batch in batches:
        yield batch
        on_rows(batch.num_rows)


def columns_of(rows: Rows) -> tuple[tuple[RawColumn, ...], Rows]:
    """The columns of what a reader hands over, and all of its rows."""
    if isinstance(rows, TextRows):
        return rows.columns, rows
    first = next(rows)
    return raw_columns(first.schema), _chain(first, rows)


def load_stage(
    connection: sa.Connection, table_name: str, rows: Rows, *, name: str = STAGE
) -> Stage:
    """Fills a temporary table, which disappears with the transaction.

    Args:
        connection: a connection to the warehouse; the caller ends the transaction.
        table_name: name of the clinic's table.
        rows: rows of the source.
        name: the name of the temporary table.

    Raises:
        ClinicSourceError: PostgreSQL refuses a value.
    """
    columns, rows = columns_of(rows)
    stage = temporary_table(name, columns)
    connection.execute(sa.schema.CreateTable(stage))
    return add_to_stage(connection, table_name, Stage(stage, columns, 0, 0), rows)


def temporary_table(name: str, columns: tuple[RawColumn, ...]) -> sa.Table:
    """A table that disappears with the transaction; it is not made yet."""
    return sa.Table(
        name,
        sa.MetaData(),
        *(sa.Column(column.name, POSTGRES_TYPES[column.postgres]) for column in columns),
        prefixes=["TEMPORARY"],
        postgresql_on_commit="DROP",
    )


def add_to_stage(connection: sa.Connection, table_name: str, stage: Stage, rows: Rows) -> Stage:
    """Further rows into a stage, of the columns it has.

    Args:
        connection: a connection to the warehouse; the caller ends the transaction.
        table_name: name of the clinic's table.
        stage: the temporary table with the rows just read.
        rows: further rows.

    Raises:
        ClinicSourceError: PostgreSQL refuses a value.
    """
    added, marked = copy_rows(connection, table_name, stage.table, stage.columns, rows)
    if added >= _ANALYZE_FROM_ROWS:
        psycopg_connection(connection).execute(
            sql.SQL("ANALYZE {}").format(_identified(connection, stage.table))
        )
    return replace(stage, rows=stage.rows + added, nul_marked=stage.nul_marked + marked)


def copy_rows(
    connection: sa.Connection,
    table_name: str,
    target: sa.Table,
    columns: tuple[RawColumn, ...],
    rows: Rows,
) -> tuple[int, int]:
    """Writes rows into a table; how many, and values with a marked NUL.

    Args:
        connection: a connection to the warehouse; the caller ends the transaction.
        table_name: name of the clinic's table.
        target: the table to write to.
        columns: the columns that ``rows`` have.
        rows: rows of the source.

    Raises:
        ClinicSourceError: PostgreSQL refuses a value.
    """
    form = sql.SQL("") if isinstance(rows, TextRows) else sql.SQL(" (FORMAT csv)")
    copy = sql.SQL("COPY {} ({}) FROM STDIN{}").format(
        _identified(connection, target),
        sql.SQL(", ").join(sql.Identifier(one.name) for one in columns),
        form,
    )
    try:
        if isinstance(rows, TextRows):
            return _copy_text(connection, copy, rows), 0
        return _copy(connection, copy, rows)
    except psycopg.DataError as error:
        where = (error.diag.context or "").partition(", column ")[2].partition(":")[0]
        raise ClinicSourceError(
            texts.value_refused(
                table=table_name,
                column=texts.of_column(where) if where else "",
                cause=type(error).__name__,
            )
        ) from None


def _identified(connection: sa.Connection, table: sa.Table) -> sql.Identifier:
    """A table's name in this installation's database."""
    return sql.Identifier(
        *([raw_schema(connection)] if table.schema is not None else []), table.name
    )


def _copy_text(connection: sa.Connection, statement: sql.Composed, rows: TextRows) -> int:
    with psycopg_connection(connection).cursor() as cursor:
        with cursor.copy(statement) as copy:
            for block in rows.blocks:
                copy.write(block)
        return cursor.rowcount


def _copy(
    connection: sa.Connection,
    statement: sql.Composed,
    batches: Iterator[pa.RecordBatch],
) -> tuple[int, int]:
    rows = marked = 0
    with psycopg_connection(connection).cursor() as cursor, cursor.copy(statement) as copy:
        for batch in batches:
            rows += batch.num_rows
            text = _csv(batch)
            if b"\x00" in text:
                batch, marked_here = mark_nul(batch)  # noqa: PLW2901 (same rows, marked)
                marked += marked_here
                text = _csv(batch)
            copy.write(text)
    return rows, marked


def _chain(first: pa.RecordBatch, rest: Iterator[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
    yield first
    yield from rest


def _csv(batch: pa.RecordBatch) -> bytes:
    sink = pa.BufferOutputStream()
    pa.csv.write_csv(batch, sink, _WITHOUT_HEADER)
    written: bytes = sink.getvalue().to_pybytes()
    return written


def mark_nul(batch: pa.RecordBatch) -> tuple[pa.RecordBatch, int]:
    """The batch with each NUL replaced by SUBSTITUTE, and in how many values."""
    arrays, marked = [], 0
    for array in batch.columns:
        found = 0
        if pa.types.is_string(array.type):
            found = pc.sum(pc.match_substring(array, NUL)).as_py() or 0
        marked += found
        arrays.append(pc.replace_substring(array, NUL, SUBSTITUTE) if found else array)
    return pa.RecordBatch.from_arrays(arrays, schema=batch.schema), marked
