"""A clinic's tables behind one interface, whatever ``CLINIC_URL`` names."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from datetime import date, datetime
from pathlib import Path
from typing import Protocol
from zoneinfo import ZoneInfo

import pyarrow as pa
import sqlalchemy as sa

from omie_pipeline.clinic.csv_reader import CsvReader
from omie_pipeline.clinic.keyset import KeyDigest, SourceSummary
from omie_pipeline.clinic.raw_tables import RawColumn
from omie_pipeline.clinic.set_aside import Key, UnreadLine
from omie_pipeline.clinic.sources import SourceTable
from omie_pipeline.clinic.sql_reader import SqlReader, open_sql_source
from omie_pipeline.clinic.staging import TextRows
from omie_pipeline.clinic.windows import DateWindow
from omie_pipeline.clock import DEFAULT_TIME_ZONE
from omie_pipeline.errors import ConfigurationError
from omie_pipeline.postgres.schemas import as_named, schemas_of
from omie_pipeline.texts import clinic as texts

_CSV = "csv://"
_WAREHOUSE = "warehouse://"


class ClinicReader(Protocol):
    """Reads a clinic's tables in Arrow record batches; memory is flat in the number of rows."""

    @property
    def in_place(self) -> bool:
        """The tables are in the warehouse already: there is nothing to copy."""

    @property
    def fingerprint(self) -> str:
        """What distinguishes this source from others; it holds no secret."""

    @property
    def zone(self) -> ZoneInfo:
        """The clinic's time zone: whose day an instant belongs to, and when a day begins."""

    def missing_tables(self, tables: Iterable[SourceTable]) -> tuple[str, ...]:
        """Names of the tables that the source does not have."""

    def columns(self, table: SourceTable) -> tuple[str, ...]:
        """The source's columns, in its order and case.

        Raises:
            ConfigurationError: the source lacks the table or a column that its ``meta`` names.
        """

    def raw_columns(self, table: SourceTable) -> tuple[RawColumn, ...]:
        """The same columns with the types that their copies have.

        Raises:
            ConfigurationError: as :meth:`columns`.
        """

    def reads_since(self, table: SourceTable) -> bool:
        """Whether ``since`` narrows a read of this table."""

    def newest_change(
        self, table: SourceTable, empresa: str | None = None, *, until: datetime
    ) -> datetime | None:
        """The latest ``updated_at`` that is not after ``until``, in UTC; ``None`` without such a
        row or without the column."""

    def batches(
        self,
        table: SourceTable,
        *,
        columns: tuple[str, ...] | None = None,
        since: datetime | None = None,
        date_from: date | None = None,
        date_to: date | None = None,
        empresa: str | None = None,
        keys: Sequence[Key] | None = None,
    ) -> Iterator[pa.RecordBatch]:
        """The table's rows; at least one batch, of no rows if there are none.

        A field's metadata ``postgres_type`` names its type in the warehouse.

        Args:
            table: what to read.
            columns: only these; default all.
            since: only rows whose ``updated_at`` is this or later, or empty.
            date_from: only rows of this business date or later.
            date_to: only rows of this business date or earlier.
            empresa: only its rows, if the table has an empresa column.
            keys: only rows with these keys.

        Raises:
            ClinicSourceError: the source broke, a file's records cannot be told for sure, or it
                holds a value that does not fit its own type.
        """

    def text_rows(
        self,
        table: SourceTable,
        empresa: str,
        window: DateWindow,
        *,
        since: datetime | None = None,
        columns: tuple[str, ...] | None = None,
    ) -> TextRows | None:
        """The same rows as :meth:`batches` gives, as a PostgreSQL writes them for another; ``None``
        where the source is none, or a value has to be looked at on its way.

        Args:
            table: what to read.
            empresa: only its rows, if the table has an empresa column.
            window: only rows of these business dates.
            since: only rows whose ``updated_at`` is this or later, or empty.
            columns: only these; default all.
        """

    def count_rows(self, table: SourceTable, empresa: str, window: DateWindow) -> int | None:
        """How many rows :meth:`batches` would read; ``None`` where that costs reading them."""

    def unread(self, table: SourceTable) -> tuple[UnreadLine, ...]:
        """Lines that the last :meth:`batches` of this table could not read as a row."""

    def lines_of(self, table: SourceTable, keys: Collection[Key]) -> Mapping[Key, tuple[int, ...]]:
        """The lines of rows with these keys, if the source is a file; else nothing."""

    def file_of(self, table: SourceTable) -> str:
        """Name of the table's file; ``""`` if the source is none."""

    def key_digest(self, table: SourceTable, empresa: str | None = None) -> KeyDigest | None:
        """Count and digest of all keys, computed by the source; ``None`` if it cannot."""

    def summary(
        self, table: SourceTable, empresa: str, *, since: datetime, until: datetime
    ) -> SourceSummary:
        """What :meth:`newest_change` and :meth:`key_digest` say, and how many rows :meth:`batches`
        would read ``since``, in one look at the table; for a table that ``reads_since``.

        Args:
            table: what is asked about.
            empresa: only its rows, if the table has an empresa column.
            since: only rows whose ``updated_at`` is this or later, or empty, count as changed.
            until: the newest is not after this.
        """

    def changed_dates(
        self, table: SourceTable, since: datetime, empresa: str | None = None
    ) -> list[date]:
        """Business dates that have rows with ``updated_at`` after ``since``, sorted.

        A table whose changes cannot be found gives every date it has. A row that moves from one
        date to another shows under its new date only.
        """

    def empresas(self, table: SourceTable) -> Mapping[str, int]:
        """Rows by what the empresa column says, as it is written; empty ones under ``""``.

        Nothing if the table has no such column.
        """

    def rows_of_nobody(self, table: SourceTable) -> int:
        """Rows that have a key and no empresa, so they may belong to any empresa.

        0 if the table has no column for the empresa.
        """

    def undated_rows(self, table: SourceTable, empresa: str | None = None) -> int:
        """Rows with no readable business date: no date partition ever holds them."""

    def close(self) -> None:
        """Gives back connections."""


def open_clinic(
    url: str, warehouse: sa.Engine | None = None, *, time_zone: str = DEFAULT_TIME_ZONE
) -> ClinicReader:
    """The reader for ``CLINIC_URL``.

    Args:
        url: a SQLAlchemy URL, a folder of CSV files (a path or ``csv:///abs/path``), or
            ``warehouse://schema`` for tables that are in the warehouse already.
        warehouse: the warehouse; needed for ``warehouse://`` only.
        time_zone: whose day an instant belongs to, and when the clinic's day begins.

    Raises:
        ConfigurationError: the URL is none of these, its folder is absent or its driver is not
            installed. No message holds the URL's password.
    """
    if url.startswith(_WAREHOUSE):
        schema = url.removeprefix(_WAREHOUSE).strip("/")
        if warehouse is None or not schema:
            raise ConfigurationError(texts.IN_PLACE_NEEDS_SCHEMA)
        schemas_of(warehouse).refuse_as_source(schema)
        return SqlReader(as_named(warehouse), schema=schema, in_place=True, time_zone=time_zone)
    if url.startswith(_CSV) or "://" not in url:
        folder = Path(url.removeprefix(_CSV)).expanduser()
        if not url or not folder.is_dir():
            raise ConfigurationError(texts.folder_missing(folder))
        return CsvReader(folder.absolute(), time_zone=time_zone)
    return SqlReader(open_sql_source(url), time_zone=time_zone)
