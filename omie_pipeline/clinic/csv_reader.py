"""A folder of CSV files as a clinic: every column text, empty is null, UTF-8.

The separator is ``,`` or ``;``, whichever the header has more of. A file is always read from end to
end, so ``updated_at`` narrows nothing: each read is a full comparison.
"""

from __future__ import annotations

import csv
from collections.abc import Iterable, Iterator
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv

from omie_pipeline.clinic.failures import ClinicSourceError
from omie_pipeline.clinic.sources import SourceTable
from omie_pipeline.clinic.windows import DateWindow, iso_dates, rows_in_window
from omie_pipeline.errors import ConfigurationError

BLOCK_BYTES = 2 * 1024 * 1024
"""Bytes parsed at a time, and the longest row that is safe. Arrow reads some 32 blocks ahead."""

BATCH_ROWS = 50_000


class CsvReader:
    """Reads ``<folder>/<in_file>``; see :class:`omie_pipeline.clinic.reader.ClinicReader`."""

    in_place = False

    def __init__(self, folder: Path, block_bytes: int = BLOCK_BYTES) -> None:
        self._folder = folder
        self._block_bytes = block_bytes
        self.fingerprint = f"csv:{folder}"

    def _path(self, table: SourceTable) -> Path:
        path = self._folder / (table.in_file or f"{table.name}.csv")
        if not path.is_file():
            raise ConfigurationError(f"Tabela '{table.name}': não há o arquivo '{path}'")
        return path

    def missing_tables(self, tables: Iterable[SourceTable]) -> tuple[str, ...]:
        return tuple(
            table.name
            for table in tables
            if not (self._folder / (table.in_file or f"{table.name}.csv")).is_file()
        )

    def columns(self, table: SourceTable) -> tuple[str, ...]:
        return self._header(table)[0]

    def _header(self, table: SourceTable) -> tuple[tuple[str, ...], str]:
        """Column names and separator."""
        path = self._path(table)
        try:
            with path.open(encoding="utf-8-sig", newline="") as lines:
                first = lines.readline()
        except UnicodeDecodeError:
            raise _not_utf8(table) from None
        separator = ";" if first.count(";") > first.count(",") else ","
        names = tuple(next(csv.reader([first], delimiter=separator), []))
        repeated = {name for name in names if names.count(name) > 1}
        if not names or "" in names or repeated:
            raise ConfigurationError(
                f"Tabela '{table.name}': o cabeçalho de '{path}' está vazio, "
                "tem coluna sem nome ou coluna repetida"
            )
        _require(table, names)
        return names, separator

    def reads_since(self, table: SourceTable) -> bool:  # noqa: ARG002 (the protocol's form)
        return False

    def newest_change(
        self,
        table: SourceTable,  # noqa: ARG002 (the protocol's form)
        empresa: str | None = None,  # noqa: ARG002
    ) -> datetime | None:
        return None

    def batches(
        self,
        table: SourceTable,
        *,
        columns: tuple[str, ...] | None = None,
        since: datetime | None = None,  # noqa: ARG002 (a file is read whole)
        date_from: date | None = None,
        date_to: date | None = None,
        empresa: str | None = None,
    ) -> Iterator[pa.RecordBatch]:
        names, separator = self._header(table)
        window = DateWindow(date_from, date_to)
        schema = pa.schema([_text_field(name) for name in columns or names])
        yielded = False
        for batch in self._read(table, names, separator):
            kept = _filtered(batch, table, window, empresa).select(schema.names).cast(schema)
            for start in range(0, kept.num_rows, BATCH_ROWS):
                yielded = True
                yield kept.slice(start, BATCH_ROWS)
        if not yielded:
            yield pa.RecordBatch.from_pylist([], schema=schema)

    def _read(
        self, table: SourceTable, names: tuple[str, ...], separator: str
    ) -> Iterator[pa.RecordBatch]:
        options = pa.csv.ConvertOptions(
            column_types={name: pa.string() for name in names},
            null_values=[""],
            strings_can_be_null=True,
            quoted_strings_can_be_null=True,
        )
        try:
            with pa.csv.open_csv(
                self._path(table),
                read_options=pa.csv.ReadOptions(use_threads=False, block_size=self._block_bytes),
                parse_options=pa.csv.ParseOptions(delimiter=separator, newlines_in_values=True),
                convert_options=options,
            ) as reader:
                yield from reader
        except pa.ArrowInvalid as error:
            told = str(error)
            if "UTF8" in told or "UTF-8" in told:
                raise _not_utf8(table) from None
            if "straddling" in told:
                raise ClinicSourceError(
                    f"Tabela '{table.name}': há uma linha com mais de "
                    f"{self._block_bytes} bytes no arquivo CSV"
                ) from None
            raise ClinicSourceError(
                f"Tabela '{table.name}': o arquivo CSV tem uma linha com número errado de colunas "
                "ou aspas abertas"
            ) from None

    def changed_dates(
        self,
        table: SourceTable,
        since: datetime,
        empresa: str | None = None,
    ) -> list[date]:
        found: set[str] = set()
        for dates, changes in self._dates(table, empresa):
            recent = dates
            if changes is not None:
                recent = dates.filter(pa.array([_after(text, since) for text in changes]))
            found.update(pc.unique(recent.drop_null()).to_pylist())
        return sorted(day for text in found if (day := _day(text)) is not None)

    def undated_rows(self, table: SourceTable, empresa: str | None = None) -> int:
        return sum(
            sum(_day(text) is None for text in dates.to_pylist())
            for dates, _ in self._dates(table, empresa)
        )

    def _dates(
        self, table: SourceTable, empresa: str | None
    ) -> Iterator[tuple[Any, list[str | None] | None]]:
        """Per batch: business dates (Arrow texts) and, where there is one, ``updated_at``."""
        if table.business_date is None:
            return
        for batch in self.batches(table, empresa=empresa):
            changes = table.updated_at and batch.column(table.updated_at).to_pylist()
            yield iso_dates(batch.column(table.business_date)), changes or None

    def close(self) -> None:
        """Files are closed as each read ends."""


def _text_field(name: str) -> pa.Field:
    return pa.field(name, pa.string(), metadata={"postgres_type": "text"})


def _filtered(
    batch: pa.RecordBatch, table: SourceTable, window: DateWindow, empresa: str | None
) -> pa.RecordBatch:
    if empresa is not None and table.empresa_column is not None:
        batch = batch.filter(pc.equal(batch.column(table.empresa_column), empresa))
    if window and table.business_date is not None:
        batch = batch.filter(rows_in_window(batch.column(table.business_date), window))
    return batch


def _require(table: SourceTable, names: tuple[str, ...]) -> None:
    wanted = (*table.key, table.business_date, table.updated_at, table.empresa_column)
    absent = sorted({name for name in wanted if name is not None and name not in names})
    if absent:
        raise ConfigurationError(f"Tabela '{table.name}': faltam as colunas {', '.join(absent)}")


def _after(text: str | None, since: datetime) -> bool:
    """Whether a written timestamp is after ``since``; one that cannot be read counts as new."""
    try:
        written = datetime.fromisoformat(text or "")
    except ValueError:
        return True
    return (written if written.tzinfo else written.replace(tzinfo=UTC)) > since


def _day(text: str | None) -> date | None:
    try:
        return date.fromisoformat(text) if text else None
    except ValueError:
        return None


def _not_utf8(table: SourceTable) -> ClinicSourceError:
    return ClinicSourceError(
        f"Tabela '{table.name}': o arquivo CSV não está em UTF-8; salve de novo nessa codificação"
    )
