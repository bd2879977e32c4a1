"""Mappings as a CSV file: what ``export`` writes and ``import`` reads."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Final

from omie_pipeline.errors import ConfigurationError
from omie_pipeline.list_mapping.model import MappedCode, SourceKey
from omie_pipeline.list_mapping.wanted import Checker, Wanted
from omie_pipeline.texts import list_mapping as texts

COLUMNS: Final = ("empresa", "kind", "source", "target", "code")
_TOLD: Final = 10


def read_file(file: Path, checker: Checker) -> list[tuple[SourceKey, str]]:
    """Every mapping of a file, all of them checked.

    Raises:
        ConfigurationError: it cannot be read, or lines of it are wrong; each is named.
    """
    found: dict[SourceKey, str] = {}
    problems = []
    for line, wanted in _lines(file):
        try:
            key, code = checker.checked(wanted)
        except ConfigurationError as error:
            problems.append(texts.refused_line(line=line, cause=error))
            continue
        if key in found:
            problems.append(texts.line_again(line=line, source=key.source))
        found[key] = code
    if problems:
        more = len(problems) - _TOLD
        told = [*problems[:_TOLD], *([texts.more_lines(more)] if more > 0 else [])]
        raise ConfigurationError(texts.refused_file(file) + "\n  ".join(told))
    return list(found.items())


def written(mappings: Sequence[MappedCode]) -> str:
    """The text of a file that :func:`read_file` reads."""
    stream = io.StringIO()
    writer = csv.writer(stream, lineterminator="\n")
    writer.writerow(COLUMNS)
    writer.writerows(
        (one.key.empresa, one.key.kind, one.key.source, one.key.target, one.code)
        for one in mappings
    )
    return stream.getvalue()


def _lines(file: Path) -> Iterable[tuple[int, Wanted]]:
    try:
        text = file.read_text("utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        cause = texts.NOT_UTF8 if isinstance(error, UnicodeDecodeError) else error.strerror
        raise ConfigurationError(texts.unreadable_file(file=file, cause=cause)) from None
    head = text.partition("\n")[0]
    # A Brazilian spreadsheet writes semicolons.
    delimiter = ";" if head.count(";") > head.count(",") else ","
    reader = csv.DictReader(io.StringIO(text), delimiter=delimiter, restkey="", restval="")
    columns = [name.strip() for name in reader.fieldnames or ()]
    if not {*COLUMNS} - {"target"} <= set(columns) <= set(COLUMNS):
        raise ConfigurationError(
            texts.columns_expected(
                file=file, expected=",".join(COLUMNS), found=",".join(columns) or texts.NOTHING
            )
        )
    reader.fieldnames = columns
    for row in reader:
        if row.get(""):
            raise ConfigurationError(texts.wide_line(file=file, line=reader.line_num))
        filled = {name: (value or "").strip() for name, value in row.items()}
        if any(filled.values()):
            yield reader.line_num, Wanted(**filled)
