"""A folder of CSV files as a clinic: every column text, empty is null.

The separator is a comma, semicolon, tab or bar, whichever the header has most of, or the one that
a first line ``sep=;`` names. A file is always read from end to end, so ``updated_at`` narrows
nothing: each read is a full comparison. Its records are counted twice, by Arrow that reads them
and by ``csv_count``; a file on which the two do not agree is refused, and so is one whose rows
have not the header's columns. Single rows of another width are left out and reported.
"""

from __future__ import annotations

import codecs
import csv
import io
import re
from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from datetime import UTC, date, datetime
from itertools import pairwise
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv

from omie_pipeline.clinic.csv_layout import (
    BLOCK_BYTES,
    Layout,
    count_records,
    csv_layout,
    not_decodable,
)
from omie_pipeline.clinic.failures import ClinicSourceError
from omie_pipeline.clinic.keyset import KeyDigest, SourceSummary
from omie_pipeline.clinic.raw_tables import RawColumn
from omie_pipeline.clinic.set_aside import Key, UnreadLine, is_total
from omie_pipeline.clinic.sources import SourceTable
from omie_pipeline.clinic.staging import TextRows
from omie_pipeline.clinic.windows import DateWindow, iso_dates, rows_in_window
from omie_pipeline.clock import DEFAULT_TIME_ZONE
from omie_pipeline.errors import ConfigurationError
from omie_pipeline.texts import clinic as texts

BATCH_ROWS = 50_000
_WHOLE_TEXT = r"\s*[-+(]?\s*(?:[Rr]\$)?\s*[-+]?\s*[0-9]+(?:[. ][0-9]{3})*"
_WHOLE = re.compile(_WHOLE_TEXT)
_CENTS = re.compile(r"[0-9]{1,2}\s*[-)]?\s*")
_TWO = re.compile(r"[0-9]{2}")
_UNREAD_SHARE = 10  # one row in so many may have another width; more than that is another file


class CsvReader:
    """Reads ``<folder>/<in_file>``; see :class:`omie_pipeline.clinic.reader.ClinicReader`."""

    in_place = False

    def __init__(
        self,
        folder: Path,
        block_bytes: int = BLOCK_BYTES,
        time_zone: str = DEFAULT_TIME_ZONE,
    ) -> None:
        self.zone = ZoneInfo(time_zone)
        self._folder = folder
        self._block_bytes = block_bytes
        self._unread: dict[str, tuple[UnreadLine, ...]] = {}
        self.fingerprint = f"csv:{folder}"

    def _path(self, table: SourceTable) -> Path:
        path = self._folder / (table.in_file or f"{table.name}.csv")
        if not path.is_file():
            raise ConfigurationError(texts.file_missing(table=table.name, file=path))
        return path

    def missing_tables(self, tables: Iterable[SourceTable]) -> tuple[str, ...]:
        return tuple(
            table.name
            for table in tables
            if not (self._folder / (table.in_file or f"{table.name}.csv")).is_file()
        )

    def columns(self, table: SourceTable) -> tuple[str, ...]:
        return self._layout(table).names

    def raw_columns(self, table: SourceTable) -> tuple[RawColumn, ...]:
        return tuple(RawColumn(name, "text") for name in self.columns(table))

    def _layout(self, table: SourceTable) -> Layout:
        return csv_layout(self._path(table), table)

    def file_of(self, table: SourceTable) -> str:
        return self._path(table).name

    def unread(self, table: SourceTable) -> tuple[UnreadLine, ...]:
        return self._unread.get(table.name, ())

    def lines_of(self, table: SourceTable, keys: Collection[Key]) -> Mapping[Key, tuple[int, ...]]:
        layout = self._layout(table)
        at = [layout.names.index(name) for name in table.key]
        found: dict[Key, list[int]] = {}
        for line, record in layout.records():
            if len(record) < len(layout.names) or not any(record):
                continue
            parts: Key = tuple(record[place] for place in at)
            key = () if not all(parts) else parts if parts in keys else parts[:1]
            if not all(parts) and is_total(next(text for text in record if text)):
                key = (parts[0],)
            if key in keys:
                found.setdefault(key, []).append(line)
        return {key: tuple(lines) for key, lines in found.items()}

    def key_digest(
        self,
        table: SourceTable,  # noqa: ARG002 (the protocol's form)
        empresa: str | None = None,  # noqa: ARG002
    ) -> KeyDigest | None:
        return None

    def summary(
        self,
        table: SourceTable,  # noqa: ARG002 (the protocol's form)
        empresa: str,  # noqa: ARG002
        *,
        since: datetime,  # noqa: ARG002
        until: datetime,  # noqa: ARG002
    ) -> SourceSummary:
        return SourceSummary(None, 1, None)

    def reads_since(self, table: SourceTable) -> bool:  # noqa: ARG002 (the protocol's form)
        return False

    def newest_change(
        self,
        table: SourceTable,  # noqa: ARG002 (the protocol's form)
        empresa: str | None = None,  # noqa: ARG002
        *,
        until: datetime,  # noqa: ARG002
    ) -> datetime | None:
        return None

    def text_rows(
        self,
        table: SourceTable,  # noqa: ARG002 (the protocol's form)
        empresa: str,  # noqa: ARG002
        window: DateWindow,  # noqa: ARG002
        *,
        since: datetime | None = None,  # noqa: ARG002
        columns: tuple[str, ...] | None = None,  # noqa: ARG002
    ) -> TextRows | None:
        return None

    def count_rows(
        self,
        table: SourceTable,  # noqa: ARG002 (the protocol's form)
        empresa: str,  # noqa: ARG002
        window: DateWindow,  # noqa: ARG002
    ) -> int | None:
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
        keys: Sequence[Key] | None = None,
    ) -> Iterator[pa.RecordBatch]:
        layout = self._layout(table)
        window = DateWindow(date_from, date_to)
        schema = pa.schema([_text_field(name) for name in columns or layout.names])
        yielded = False
        for batch in self._read(table, layout):
            kept = _filtered(batch, table, window, empresa, keys).select(schema.names).cast(schema)
            for start in range(0, kept.num_rows, BATCH_ROWS):
                yielded = True
                yield kept.slice(start, BATCH_ROWS)
        if not yielded:
            yield pa.RecordBatch.from_pylist([], schema=schema)

    def _read(self, table: SourceTable, layout: Layout) -> Iterator[pa.RecordBatch]:
        """All rows; refuses the file if it cannot be sure of them, at its end at the latest."""
        counted = count_records(layout, table, self._block_bytes)
        unnamed = [f"\x00{number}" for number in range(layout.nameless)]
        names = [*layout.names, *unnamed]
        odd: list[list[str]] = []

        def other_width(row: Any) -> str:
            odd.append(next(csv.reader([row.text], delimiter=layout.separator), []))
            return "skip"

        read = 0
        try:
            with (
                _Blocks(layout) as blocks,
                pa.csv.open_csv(
                    pa.PythonFile(blocks, mode="r"),
                    read_options=pa.csv.ReadOptions(
                        use_threads=False,
                        block_size=self._block_bytes,
                        column_names=names,
                        skip_rows=layout.header_lines,
                    ),
                    parse_options=pa.csv.ParseOptions(
                        delimiter=layout.separator,
                        newlines_in_values=True,
                        invalid_row_handler=other_width,
                    ),
                    convert_options=pa.csv.ConvertOptions(
                        column_types={name: pa.string() for name in names},
                        null_values=[""],
                        strings_can_be_null=True,
                        quoted_strings_can_be_null=True,
                    ),
                ) as reader,
            ):
                for batch in reader:
                    read += batch.num_rows
                    if any(batch.column(name).null_count < batch.num_rows for name in unnamed):
                        raise self._nameless_value(table, layout)
                    if layout.rows_go_on and layout.separator == "," and _cents_apart(batch):
                        raise self._cents_apart(table, layout)
                    yield batch.select(list(layout.names))
        except pa.ArrowInvalid as error:
            told = str(error)
            if "UTF8" in told or "UTF-8" in told:
                raise not_decodable(table, layout.path, layout.encoding) from None
            if "straddling" in told:
                raise ClinicSourceError(
                    texts.file_line_too_long(table=table.name, most_bytes=self._block_bytes)
                ) from None
            if "Empty CSV file" not in told:
                raise ClinicSourceError(texts.file_unreadable(table.name)) from None
        except UnicodeDecodeError:
            raise not_decodable(table, layout.path, layout.encoding) from None
        whole = self._judge_odd(table, layout, odd, counted)
        if whole:
            yield _as_batch(layout.names, whole)
        if read + len(odd) != counted:
            raise ClinicSourceError(
                texts.counts_differ(
                    table=table.name, file=layout.path.name, counted=counted, read=read + len(odd)
                )
            )

    def _judge_odd(
        self, table: SourceTable, layout: Layout, odd: Sequence[list[str]], counted: int
    ) -> list[list[str]]:
        """Rows of another width that lack nothing; the others are left for :meth:`unread`."""
        width = len(layout.names)
        whole = [row[:width] for row in odd if _complete(row, width, layout.separator)]
        self._unread[table.name] = ()
        bad = sum(not _complete(row, width, layout.separator) and any(row) for row in odd)
        if not bad:
            return whole
        unread = tuple(
            UnreadLine(line, len(record), is_total(next(text for text in record if text)))
            for line, record in layout.records()
            if len(record) != width + layout.nameless
            and any(record)
            and not _complete(record, width, layout.separator)
        )
        first = unread[0]
        if bad == counted or bad > max(1, counted // _UNREAD_SHARE):
            raise ClinicSourceError(
                texts.other_column_count(
                    table=table.name,
                    file=layout.path.name,
                    line=first.line,
                    columns=first.columns,
                    width=width,
                    lines=bad,
                    counted=counted,
                )
            )
        self._unread[table.name] = unread
        return whole

    def _cents_apart(self, table: SourceTable, layout: Layout) -> ClinicSourceError:
        apart = (
            line
            for line, record in layout.records()
            if any(_WHOLE.fullmatch(a) and _TWO.fullmatch(b) for a, b in pairwise(record))
        )
        return ClinicSourceError(
            texts.comma_without_quotes(table=table.name, file=layout.path.name, line=next(apart, 0))
        )

    def _nameless_value(self, table: SourceTable, layout: Layout) -> ClinicSourceError:
        width = len(layout.names)
        line = next((line for line, record in layout.records() if any(record[width:])), 0)
        return ClinicSourceError(
            texts.value_without_column(
                table=table.name, file=layout.path.name, line=line, column=width + 1
            )
        )

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

    def empresas(self, table: SourceTable) -> Mapping[str, int]:
        found: Counter[str] = Counter()
        if table.empresa_column is not None:
            for batch in self.batches(table, columns=(table.empresa_column,)):
                for one in pc.value_counts(batch.column(0)).to_pylist():
                    text = one["values"] or ""
                    found[text if text.strip() else ""] += one["counts"]
        return found

    def rows_of_nobody(self, table: SourceTable) -> int:
        if table.empresa_column is None:
            return 0
        rows = 0
        for batch in self.batches(table, columns=(table.empresa_column, *table.key)):
            blank = pc.equal(pc.utf8_trim_whitespace(batch.column(0).fill_null("")), "")
            for place in range(1, len(table.key) + 1):
                blank = pc.and_(blank, batch.column(place).is_valid())
            rows += pc.sum(blank).as_py() or 0
        return rows

    def undated_rows(self, table: SourceTable, empresa: str | None = None) -> int:
        return sum(
            sum(_day(text) is None for text in dates.to_pylist())
            for dates, _ in self._dates(table, empresa)
        )

    def _dates(
        self, table: SourceTable, empresa: str | None
    ) -> Iterator[tuple[Any, list[str | None] | None]]:
        """Per batch: business dates (Arrow texts) and, if there is one, ``updated_at``."""
        if table.business_date is None:
            return
        for batch in self.batches(table, empresa=empresa):
            changes = table.updated_at and batch.column(table.updated_at).to_pylist()
            yield iso_dates(batch.column(table.business_date)), changes or None

    def close(self) -> None:
        """Files are closed as each read ends."""


class _Blocks(io.RawIOBase):
    """A file's bytes in UTF-8, never parted between CR and LF.

    Arrow takes the LF at the beginning of a block for the rest of a line end, also inside quotes,
    where it is part of a value.
    """

    def __init__(self, layout: Layout) -> None:
        self._file = layout.path.open("rb")
        self._decoder = (
            None
            if layout.encoding == "utf-8"
            else codecs.getincrementaldecoder(layout.encoding)("strict")
        )
        self._kept = b""

    def read(self, size: int = -1) -> bytes:
        """At most ``size`` bytes; fewer where the last of them would be a CR."""
        # One byte more than is asked for tells whether the file goes on after a CR.
        while len(self._kept) <= max(size, 1):
            raw = self._file.read(size if size > 0 else BLOCK_BYTES)
            if self._decoder is not None:
                text = self._decoder.decode(raw, final=not raw)
                self._kept += text.encode()
            else:
                self._kept += raw
            if not raw:
                break
        given = self._kept[:size] if size >= 0 else self._kept
        if len(given) > 1 and given.endswith(b"\r") and len(given) < len(self._kept):
            given = given[:-1]
        self._kept = self._kept[len(given) :]
        return given

    def readable(self) -> bool:
        return True

    def close(self) -> None:
        self._file.close()
        super().close()


def _text_field(name: str) -> pa.Field:
    return pa.field(name, pa.string(), metadata={"postgres_type": "text"})


def _filtered(
    batch: pa.RecordBatch,
    table: SourceTable,
    window: DateWindow,
    empresa: str | None,
    keys: Sequence[Key] | None,
) -> pa.RecordBatch:
    if empresa is not None and table.empresa_column is not None:
        batch = batch.filter(pc.equal(batch.column(table.empresa_column), empresa))
    if window and table.business_date is not None:
        batch = batch.filter(rows_in_window(batch.column(table.business_date), window))
    if keys is not None:
        batch = batch.filter(_has_key(batch, table, keys))
    return batch


def _has_key(batch: pa.RecordBatch, table: SourceTable, keys: Sequence[Key]) -> pa.Array:
    """Whether a row has one of ``keys``; a row without a key has none of them."""
    found = pa.array([False] * batch.num_rows)
    for key in keys:
        same = pa.array([True] * batch.num_rows)
        for name, part in zip(table.key, key, strict=True):
            same = pc.and_(same, pc.equal(batch.column(name), part).fill_null(False))
        found = pc.or_(found, same)
    return found


def _cents_apart(batch: pa.RecordBatch) -> bool:
    """Whether two neighbours of some row look like the reais and the cents of one amount."""
    whole = [pc.match_substring_regex(column, f"^(?:{_WHOLE_TEXT})$") for column in batch.columns]
    cents = [pc.match_substring_regex(column, "^[0-9]{2}$") for column in batch.columns]
    return any(
        pc.any(pc.and_(left, right)).as_py() for left, right in zip(whole, cents[1:], strict=False)
    )


def _complete(row: Sequence[str], width: int, separator: str) -> bool:
    """Whether a row has every column, and beyond them nothing but separators.

    A row such as ``7,1280,50,`` may as well be an amount with a comma and an empty last column.
    """
    if len(row) < width or any(row[width:]) or not any(row):
        return False
    return separator != "," or not any(
        _WHOLE.fullmatch(left) and _CENTS.fullmatch(right) for left, right in pairwise(row)
    )


def _as_batch(names: Sequence[str], rows: Sequence[Sequence[str]]) -> pa.RecordBatch:
    columns = zip(*rows, strict=True)
    return pa.RecordBatch.from_arrays(
        [pa.array([text or None for text in column], pa.string()) for column in columns],
        names=list(names),
    )


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
