"""The layout of a CSV file: separator, columns, where the rows begin."""

from __future__ import annotations

import codecs
import csv
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TextIO

from omie_pipeline.clinic.failures import ClinicSourceError
from omie_pipeline.clinic.sources import SourceTable
from omie_pipeline.errors import ConfigurationError

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
        raise ClinicSourceError(
            f"Tabela '{table.name}': '{path.name}' está em UTF-16; salve como CSV UTF-8"
        )
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
        f"Tabela '{table.name}': '{path.name}', linha {number}: o arquivo não está em {named}; "
        "salve de novo nessa codificação, ou declare a que ele tem em _sources.yml "
        "(meta: {encoding: cp1252}, a do Windows)"
    )


def _encoding(table: SourceTable) -> str:
    try:
        name = codecs.lookup(table.encoding).name
        serves = _ASCII.encode(name) == _ASCII.encode("ascii")
    except (LookupError, UnicodeError):
        serves = False
    if not serves:
        raise ConfigurationError(
            f"Tabela '{table.name}': 'meta.encoding' deve ser utf-8, cp1252, iso-8859-1 ou cp850"
        )
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
    where = f"Tabela '{table.name}': '{path.name}', linha {line}"
    if not names:
        raise ConfigurationError(f"{where}: o cabeçalho está vazio")
    nameless = next((place for place, name in enumerate(names, 1) if not name.strip()), None)
    if nameless is not None:
        raise ConfigurationError(f"{where}, coluna {nameless}: o cabeçalho tem uma coluna sem nome")
    repeated = next((name for name in names if names.count(name) > 1), None)
    if repeated is not None:
        raise ConfigurationError(f"{where}: o cabeçalho repete a coluna '{repeated}'")
    wanted = (*table.key, table.business_date, table.updated_at, table.empresa_column)
    absent = sorted({name for name in wanted if name is not None and name not in names})
    if absent:
        raise ConfigurationError(f"{where}: faltam as colunas {', '.join(absent)}")
