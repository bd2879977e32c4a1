"""The layout of a CSV file: separator, columns, where the rows begin."""

from __future__ import annotations

import codecs
import csv
import re
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TextIO

import numpy as np
import numpy.typing as npt

from omie_pipeline.clinic.failures import ClinicSourceError
from omie_pipeline.clinic.sources import SourceTable
from omie_pipeline.errors import ConfigurationError
from omie_pipeline.texts import clinic as texts

SEPARATORS = ",;\t|"
_UTF_16 = (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)
_HINT = "sep="  # a first line that tells spreadsheets the separator
_ASCII = ',;"\n\r\t|A0'


@dataclass(frozen=True, slots=True)
class Layout:
    """How to read one file.

    Attributes:
        path: the file.
        encoding: Python's name of its encoding.
        separator: one character.
        names: the columns, without nameless ones at the end.
        nameless: columns after these that have no name and must be empty.
        header_lines: lines before the first row.
        rows_go_on: the rows have these nameless columns, and the header has not.
    """

    path: Path
    encoding: str
    separator: str
    names: tuple[str, ...]
    nameless: int
    header_lines: int
    rows_go_on: bool = False

    @contextmanager
    def opened(self) -> Iterator[TextIO]:
        """The file as text, with its line ends as they are."""
        encoding = "utf-8-sig" if self.encoding == "utf-8" else self.encoding
        with self.path.open(encoding=encoding, errors="replace", newline="") as lines:
            yield lines

    def records(self) -> Iterator[tuple[int, list[str]]]:
        """Each row of the file with its first line's number; slow, for explaining a refusal."""
        with self.opened() as lines:
            reader = csv.reader(lines, delimiter=self.separator)
            before = 0
            for number, record in enumerate(reader):
                first, before = before + 1, reader.line_num
                if number >= self.header_lines and record:
                    yield first, record


def csv_layout(path: Path, table: SourceTable) -> Layout:
    """Reads the head of a file.

    Raises:
        ConfigurationError: the header is empty, has a column without a name among the others or the
            same name twice, or the declared encoding does not serve.
        ClinicSourceError: the file is not in its encoding.
    """
    encoding = _encoding(table)
    with path.open("rb") as file:
        start = file.read(2)
    if start in _UTF_16:
        raise ClinicSourceError(texts.file_is_utf16(table=table.name, file=path.name))
    try:
        opened = "utf-8-sig" if encoding == "utf-8" else encoding
        with path.open(encoding=opened, newline="") as lines:
            first = lines.readline()
            header_lines = 1
            separator = ""
            if first.lower().startswith(_HINT):
                separator = first[len(_HINT) :].strip("\r\n") or "\t"
                first, header_lines = lines.readline(), 2
            separator = separator or _separator(first)
            header = next(csv.reader([first], delimiter=separator), [])
            row = next(csv.reader(lines, delimiter=separator), [])
    except UnicodeDecodeError:
        raise not_decodable(table, path, encoding) from None
    names = _names(header)
    _check(table, path, header_lines, names)
    surplus = row[len(names) :]
    nameless = len(surplus) if surplus and not any(surplus) else 0
    goes_on = nameless > 0 and len(header) == len(names)
    return Layout(path, encoding, separator, names, nameless, header_lines, goes_on)


def not_decodable(table: SourceTable, path: Path, encoding: str) -> ClinicSourceError:
    """The refusal of a file that is not in its encoding, with the first line that is not."""
    number = 0
    with path.open("rb") as lines:
        for number, line in enumerate(lines, 1):  # noqa: B007 (used below)
            try:
                line.decode(encoding)
            except UnicodeDecodeError:
                break
    named = "UTF-8" if encoding == "utf-8" else encoding
    return ClinicSourceError(
        texts.other_encoding(
            table=table.name, file=path.name, line=number, encoding=named, set_name=table.set_name
        )
    )


def _encoding(table: SourceTable) -> str:
    try:
        name = codecs.lookup(table.encoding).name
        serves = _ASCII.encode(name) == _ASCII.encode("ascii")
    except (LookupError, UnicodeError):
        serves = False
    if not serves:
        raise ConfigurationError(texts.unknown_encoding(table.name))
    return name


def _separator(header: str) -> str:
    counts = {one: header.count(one) for one in SEPARATORS}
    return max(SEPARATORS, key=lambda one: counts[one])


def _names(header: Sequence[str]) -> tuple[str, ...]:
    """The header without nameless columns at its end, which a trailing separator makes."""
    names = list(header)
    while names and not names[-1].strip():
        names.pop()
    return tuple(names)


def _check(table: SourceTable, path: Path, line: int, names: tuple[str, ...]) -> None:
    where = texts.file_line(table=table.name, file=path.name, line=line)
    if not names:
        raise ConfigurationError(texts.header_empty(where))
    nameless = next((place for place, name in enumerate(names, 1) if not name.strip()), None)
    if nameless is not None:
        raise ConfigurationError(texts.column_without_name(where=where, column=nameless))
    repeated = next((name for name in names if names.count(name) > 1), None)
    if repeated is not None:
        raise ConfigurationError(texts.column_twice(where=where, column=repeated))
    wanted = (*table.key, table.business_date, table.updated_at, table.empresa_column)
    absent = sorted({name for name in wanted if name is not None and name not in names})
    if absent:
        raise ConfigurationError(texts.columns_missing(where=where, columns=", ".join(absent)))


# The number of records in a CSV file, counted without the parser that reads it.
#
# One quote that is never closed makes a parser take every following row for a piece of text, and
# the file reads without an error. So records are counted here by lines and quotes alone. A line
# whose quotes come in pairs, each at the edge of a field, is a record of its own; the few others
# are read one by one, strictly, and a piece of text that looks like records is refused.

BLOCK_BYTES = 2 * 1024 * 1024
_LF, _CR, _QUOTE = 10, 13, 34
_INSIDE_QUOTES = "unexpected end of data"

csv.field_size_limit(64 * BLOCK_BYTES)


@dataclass(frozen=True, slots=True)
class _Lines:
    """A block of whole lines: where each ends, and the number of the first."""

    data: bytes
    ends: npt.NDArray[np.int64]
    first: int

    def of(self, index: int) -> bytes:
        start = 0 if index == 0 else int(self.ends[index - 1]) + 1
        return self.data[start : int(self.ends[index]) + 1]


def count_records(layout: Layout, table: SourceTable, block_bytes: int = BLOCK_BYTES) -> int:
    """Rows in the file, the header not among them.

    Raises:
        ClinicSourceError: a quote is not closed, stands where none may, or encloses lines that
            look like rows; the line is named.
    """
    counter = _Counter(layout, table, block_bytes)
    return counter.run() - layout.header_lines


class _Counter:
    def __init__(self, layout: Layout, table: SourceTable, block_bytes: int) -> None:
        self._layout = layout
        self._table = table
        self._block_bytes = block_bytes
        self._key = [layout.names.index(name) for name in table.key]
        self._edges = np.array([ord(layout.separator), _LF, _CR, _QUOTE], dtype=np.uint8)

    def run(self) -> int:
        records, first, carry = 0, 1, b""
        with self._layout.path.open("rb") as file:
            old_line_ends = _only_carriage_returns(file.read(self._block_bytes))
            file.seek(0)
            while True:
                block = file.read(self._block_bytes)
                if old_line_ends:
                    block = block.replace(b"\r", b"\n")
                last = not block
                data = carry + block
                if last and data and not data.endswith(b"\n"):
                    data += b"\n"
                cut = data.rfind(b"\n") + 1
                lines = _lines(data[:cut], first)
                counted, used = self._count(lines, last=last)
                records += counted
                first += used
                rest = 0 if used == 0 else int(lines.ends[used - 1]) + 1
                carry = data[rest:]
                if last:
                    return records
                if len(carry) > 2 * self._block_bytes:
                    enormous = texts.line_too_long(self._block_bytes)
                    quoted = b'"' in carry
                    raise self._refused(first, texts.NEVER_CLOSED if quoted else enormous)

    def _count(self, lines: _Lines, *, last: bool) -> tuple[int, int]:
        """Records in these lines, and how many of the lines they take."""
        number = len(lines.ends)
        if number == 0:
            return 0, 0
        own = ~_blank(lines)
        if b'"' not in lines.data:
            return int(own.sum()), number
        records, next_free = 0, 0
        for index in self._doubtful(lines):
            if index < next_free:
                continue
            taken = self._record_at(lines, index, last=last)
            if taken == 0:  # it goes on in the next block
                return records + int(own[:index].sum()), index
            own[index : index + taken] = False
            records += 1
            next_free = index + taken
        return records + int(own.sum()), number

    def _doubtful(self, lines: _Lines) -> Sequence[int]:
        """Lines that may not be records of their own, in their order."""
        data = np.frombuffer(lines.data, dtype=np.uint8)
        quotes = np.flatnonzero(data == _QUOTE)
        of_line = np.searchsorted(lines.ends, quotes)
        odd = np.flatnonzero(np.bincount(of_line, minlength=len(lines.ends)) % 2)
        before = np.where(quotes > 0, data[quotes - 1], _LF)
        after = data[np.minimum(quotes + 1, len(data) - 1)]
        loose = ~(np.isin(before, self._edges) | np.isin(after, self._edges))
        found: list[int] = np.union1d(odd, of_line[loose]).tolist()
        return found

    def _record_at(self, lines: _Lines, index: int, *, last: bool) -> int:
        """How many lines the record that begins here takes; 0: it goes beyond this block."""
        encoding = self._layout.encoding
        decoded = (lines.of(at).decode(encoding, "replace") for at in range(index, len(lines.ends)))
        reader = csv.reader(decoded, delimiter=self._layout.separator, strict=True)
        try:
            record = next(reader)
        except csv.Error as error:
            line = lines.first + index
            if _INSIDE_QUOTES not in str(error):
                raise self._refused(line, texts.QUOTES_INSIDE) from None
            if not last:
                return 0
            raise self._refused(line, texts.NEVER_CLOSED) from None
        taken = reader.line_num
        if taken > 1 and len(record) >= len(self._layout.names):
            self._refuse_swallowed(lines, index, taken, record)
        return taken

    def _refuse_swallowed(
        self, lines: _Lines, index: int, taken: int, record: Sequence[str]
    ) -> None:
        """Refuses a text over several lines if one of them is a row by its look."""
        own = [_look(record[at]) for at in self._key]
        for at in range(index + 1, index + taken):
            text = lines.of(at).decode(self._layout.encoding, "replace").replace("\r", "")
            fields = next(csv.reader([text], delimiter=self._layout.separator), [])
            if len(fields) >= len(self._layout.names) and (
                [_look(fields[key]) for key in self._key] == own
            ):
                raise self._refused(
                    lines.first + index,
                    texts.quotes_take_a_line(lines.first + at),
                )

    def _refused(self, line: int, what: str) -> ClinicSourceError:
        name = self._layout.path.name
        return ClinicSourceError(
            texts.file_unreadable_at(table=self._table.name, file=name, line=line, what=what)
        )


def _only_carriage_returns(start: bytes) -> bool:
    return b"\r" in start and b"\n" not in start


def _lines(data: bytes, first: int) -> _Lines:
    ends = np.flatnonzero(np.frombuffer(data, dtype=np.uint8) == _LF)
    return _Lines(data, ends, first)


def _blank(lines: _Lines) -> npt.NDArray[np.bool_]:
    data = np.frombuffer(lines.data, dtype=np.uint8)
    starts = np.concatenate(([0], lines.ends[:-1] + 1))
    lengths = lines.ends - starts
    only_return = (lengths == 1) & (data[starts] == _CR)
    blank: npt.NDArray[np.bool_] = (lengths == 0) | only_return
    return blank


def _look(value: str) -> str:
    """The shape of a key: ``REC-17`` is ``A-9``."""
    return re.sub(r"[0-9]+", "9", re.sub(r"[^\W\d_]+", "A", value.strip()))
