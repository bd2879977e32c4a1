"""Arrow batches into a temporary PostgreSQL table by COPY, whole values only."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

import psycopg
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv
import sqlalchemy as sa
from psycopg import sql

from omie_pipeline.clinic.failures import ClinicSourceError
from omie_pipeline.clinic.raw_tables import POSTGRES_TYPES, RawColumn, psycopg_connection
from omie_pipeline.clinic.sql_types import SUBSTITUTE
from omie_pipeline.texts import clinic as texts

STAGE = "_omie_pipeline_stage"
NUL = "\x00"

_WITHOUT_HEADER = pa.csv.WriteOptions(include_header=False)
_ANALYZE_FROM_ROWS = 5_000


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


def load_stage(
    connection: sa.Connection,
    table_name: str,
    batches: Iterator[pa.RecordBatch],
    *,
    name: str = STAGE,
) -> Stage:
    """Fills a temporary table, which disappears with the transaction.

    Args:
        connection: a connection to the warehouse; the caller ends the transaction.
        table_name: name of the clinic's table.
        batches: rows of the source.
        name: the name of the temporary table.

    Raises:
        ClinicSourceError: PostgreSQL refuses a value.
    """
    first = next(batches)
    columns = raw_columns(first.schema)
    stage = sa.Table(
        name,
        sa.MetaData(),
        *(sa.Column(column.name, POSTGRES_TYPES[column.postgres]) for column in columns),
        prefixes=["TEMPORARY"],
        postgresql_on_commit="DROP",
    )
    connection.execute(sa.schema.CreateTable(stage))
    return add_to_stage(connection, table_name, Stage(stage, columns, 0, 0), _chain(first, batches))


def add_to_stage(
    connection: sa.Connection, table_name: str, stage: Stage, batches: Iterator[pa.RecordBatch]
) -> Stage:
    """Further rows into a stage, of the columns it has.

    Args:
        connection: a connection to the warehouse; the caller ends the transaction.
        table_name: name of the clinic's table.
        stage: the temporary table with the rows just read.
        batches: further rows.

    Raises:
        ClinicSourceError: PostgreSQL refuses a value.
    """
    name = stage.table.name
    copy = sql.SQL("COPY {} ({}) FROM STDIN (FORMAT csv)").format(
        sql.Identifier(name), sql.SQL(", ").join(sql.Identifier(one.name) for one in stage.columns)
    )
    try:
        rows, marked = _copy(connection, copy, batches)
    except psycopg.DataError as error:
        where = (error.diag.context or "").partition(", column ")[2].partition(":")[0]
        raise ClinicSourceError(
            texts.value_refused(
                table=table_name,
                column=texts.of_column(where) if where else "",
                cause=type(error).__name__,
            )
        ) from None
    if rows >= _ANALYZE_FROM_ROWS:
        psycopg_connection(connection).execute(sql.SQL("ANALYZE {}").format(sql.Identifier(name)))
    return replace(stage, rows=stage.rows + rows, nul_marked=stage.nul_marked + marked)


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
