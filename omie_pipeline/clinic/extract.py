"""Copies one table of the clinic into ``clinic_raw``, in one transaction.

Three ways to read, and what each may conclude:

- *by business date* (``date_from``/``date_to``): reads those dates whole. Rows of those dates that
  the source no longer has leave the copy. The watermark is neither used nor moved: rows of other
  dates were not seen.
- *incremental* (no dates, the table has a usable ``updated_at`` and a watermark): reads what
  changed since the watermark less an overlap. Deletions stay unseen until the next full read.
- *full* (no dates; no watermark yet, no ``updated_at``, another source than last time, or
  ``full``): reads everything. Rows the source no longer has leave the copy.

A source that has columns which the copy lacks is read in full, or rows would keep them empty until
their next change. An optional table that the source never had is complete with nothing; one that it
had and has no more is an error, as for any other table.

The copy is no ledger: what leaves it is deleted in Omie only where the mapping and the push say so.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta

import psycopg
import sqlalchemy as sa

from omie_pipeline.clinic.merge import check_key, delete_absent, upsert
from omie_pipeline.clinic.raw_tables import (
    EMPRESA,
    ensure_raw_schema,
    ensure_raw_table,
    lock_table,
    move_watermark,
    read_watermark,
)
from omie_pipeline.clinic.reader import ClinicReader
from omie_pipeline.clinic.sources import RAW_SCHEMA, SourceTable
from omie_pipeline.clinic.staging import load_stage
from omie_pipeline.clinic.windows import DateWindow
from omie_pipeline.errors import ConfigurationError, WarehouseError

OVERLAP = timedelta(minutes=5)


@dataclass(frozen=True, slots=True)
class ExtractResult:
    """What one extract did; counts are rows.

    Attributes:
        table: name in ``clinic_raw``.
        read: rows read from the source.
        inserted: rows new to the copy.
        updated: rows of the copy that changed.
        deleted: rows that left the copy because the source no longer has them.
        unchanged: rows read that the copy had already.
        seconds: wall time.
        watermark: up to which ``updated_at`` the copy is complete now; ``None`` where not tracked.
        nul_marked: values in which a NUL was marked with U+001A.
        incremental: the read was narrowed by ``updated_at``.
        in_place: nothing was copied, the source is in the warehouse.
        absent: an optional table, which the source does not have.
    """

    table: str
    read: int
    inserted: int
    updated: int
    deleted: int
    unchanged: int
    seconds: float
    watermark: datetime | None
    nul_marked: int = 0
    incremental: bool = False
    in_place: bool = False
    absent: bool = False


def extract_table(
    reader: ClinicReader,
    table: SourceTable,
    warehouse: sa.Engine,
    *,
    empresa: str,
    date_from: date | None = None,
    date_to: date | None = None,
    full: bool = False,
    overlap: timedelta = OVERLAP,
) -> ExtractResult:
    """Brings ``clinic_raw.<table.name>`` up to date for one empresa.

    Args:
        reader: the clinic.
        table: what to copy. Without an empresa column every row belongs to ``empresa``.
        warehouse: engine with the psycopg 3 driver.
        empresa: whose rows.
        date_from: first business date; facts only.
        date_to: last business date, included; facts only.
        full: compare all rows even where ``updated_at`` could narrow the read.
        overlap: how far before the watermark an incremental read begins, for rows committed late.

    Raises:
        ConfigurationError: the table cannot be copied as declared.
        ClinicSourceError: the source broke, or its rows break the declared key or a type.
        WarehouseError: the warehouse could not be written; nothing of this extract remains.
    """
    started = time.monotonic()
    window = DateWindow(date_from, date_to)
    if window and table.business_date is None:
        raise ConfigurationError(f"Tabela '{table.name}': não tem data de negócio para filtrar")
    if reader.in_place:
        return ExtractResult(table.name, 0, 0, 0, 0, 0, 0.0, None, in_place=True)
    if table.optional and reader.missing_tables([table]) and not _copied(warehouse, table, empresa):
        return ExtractResult(table.name, 0, 0, 0, 0, 0, 0.0, None, absent=True)
    reader.columns(table)  # an absent table or column is told before anything is written
    with _warehouse_errors(table):
        ensure_raw_schema(warehouse)
        with warehouse.begin() as connection:
            return _extract(reader, table, connection, empresa, window, full, overlap, started)


@contextmanager
def _warehouse_errors(table: SourceTable) -> Iterator[None]:
    try:
        yield
    except (sa.exc.DBAPIError, psycopg.Error) as error:
        cause = error.orig if isinstance(error, sa.exc.DBAPIError) else error
        raise WarehouseError(
            f"Tabela '{table.name}': o banco do armazém falhou na extração ({type(cause).__name__})"
        ) from None


def _extract(
    reader: ClinicReader,
    table: SourceTable,
    connection: sa.Connection,
    empresa: str,
    window: DateWindow,
    full: bool,
    overlap: timedelta,
    started: float,
) -> ExtractResult:
    since: datetime | None = None
    newest: datetime | None = None
    if not window:
        mark = read_watermark(connection, empresa, table.name, reader.fingerprint)
        # Asked before the rows are read: what is committed meanwhile lies past the new mark.
        # Never past the present: a row dated in the future must not hide those that follow it.
        newest = reader.newest_change(table, empresa)
        newest = min(newest, datetime.now(UTC)) if newest else mark
        grew = not {*reader.columns(table)} <= _copied_columns(connection, table)
        since = mark - overlap if mark and not full and not grew else None
    batches = reader.batches(
        table, since=since, date_from=window.first, date_to=window.last, empresa=empresa
    )
    stage = load_stage(connection, table.name, batches)
    check_key(connection, stage, table)
    lock_table(connection, table.name)
    raw = ensure_raw_table(connection, table.name, stage.columns, table.key)
    deleted = 0
    if since is None:
        deleted = delete_absent(connection, raw, stage, table, empresa, window)
    inserted, updated = upsert(connection, raw, stage, table, empresa)
    if not window:
        move_watermark(
            connection,
            empresa=empresa,
            table_name=table.name,
            source=reader.fingerprint,
            updated_at_max=newest,
            rows=stage.rows,
        )
    return ExtractResult(
        table=table.name,
        read=stage.rows,
        inserted=inserted,
        updated=updated,
        deleted=deleted,
        unchanged=stage.rows - inserted - updated,
        seconds=time.monotonic() - started,
        watermark=newest,
        nul_marked=stage.nul_marked,
        incremental=since is not None,
    )


def _copied_columns(connection: sa.Connection, table: SourceTable) -> frozenset[str]:
    """Columns of the copy; none where nothing was copied yet."""
    inspector = sa.inspect(connection)
    if not inspector.has_table(table.name, schema=RAW_SCHEMA):
        return frozenset()
    return frozenset(one["name"] for one in inspector.get_columns(table.name, schema=RAW_SCHEMA))


def _copied(warehouse: sa.Engine, table: SourceTable, empresa: str) -> bool:
    """Whether the copy has rows of the empresa."""
    with _warehouse_errors(table), warehouse.connect() as connection:
        if not _copied_columns(connection, table):
            return False
        raw = sa.table(table.name, sa.column(EMPRESA), schema=RAW_SCHEMA)
        rows = sa.select(sa.literal(1)).select_from(raw).where(raw.c[EMPRESA] == empresa)
        return connection.scalar(rows.limit(1)) is not None
