"""Output: results to stdout, everything else to stderr; tables, JSON Lines and CSV."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any, TextIO

from omie_pipeline.errors import ConfigurationError
from omie_pipeline.private_files import private_opener
from omie_pipeline.texts.cli import usage as texts
from omie_pipeline.written import (
    count,
    day,
    moment_in,
    money,
    plain,
    printable,
    write_rows,
)

if TYPE_CHECKING:
    from rich.console import Console

_PLAIN_WIDTH = 200
LIST_WIDTH = 100
"""Of lists that are read if no terminal says its width: a log, an e-mail."""

Record = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Column:
    """A column of a table on the screen."""

    title: str
    right: bool = False


__all__ = [
    "Column",
    "Record",
    "console",
    "count",
    "day",
    "emit",
    "moment",
    "money",
    "printable",
    "say",
    "show",
    "show_entry",
    "show_table",
    "write_csv",
]


def say(text: str) -> None:
    """A line for the person, on stderr."""
    print(printable(text), file=sys.stderr, flush=True)  # noqa: T201 - a terminal's purpose


def show(text: str) -> None:
    """A line of the result, on stdout."""
    print(printable(text), flush=True)  # noqa: T201 - a terminal's purpose


def emit(record: Record) -> None:
    """One JSON object on a line of stdout."""
    show(json.dumps(record, ensure_ascii=False, default=plain))


def show_table(
    columns: Sequence[Column], rows: Sequence[Sequence[str]], *, plain_width: int = _PLAIN_WIDTH
) -> None:
    """A table on stdout; ``rows`` are shown as they are, never read as markup.

    Args:
        plain_width: how wide it may be if there is no terminal; wider where a word needs it.
    """
    from rich.box import SIMPLE_HEAD
    from rich.table import Table
    from rich.text import Text

    table = Table(box=SIMPLE_HEAD, padding=(0, 1))
    heads = [column.title for column in columns]
    # A terminal has no more room than it has; what is read elsewhere breaks no word.
    widths = [] if sys.stdout.isatty() else _widths([heads, *rows], plain_width)
    for number, column in enumerate(columns):
        # Folded, never cut: a code is there to be copied.
        table.add_column(
            column.title,
            justify="right" if column.right else "left",
            overflow="fold",
            width=widths[number] if widths else None,
        )
    for row in rows:
        table.add_row(*(Text(printable(cell)) for cell in row))
    needed = sum(widths) + _frame(len(columns))
    console(sys.stdout, max(plain_width, needed)).print(table)


def _widths(lines: Sequence[Sequence[str]], room: int) -> list[int]:
    """How wide each column is: its longest word at least, and its share of the room."""
    from rich.cells import cell_len

    least, whole = [], []
    for cells in zip(*lines, strict=True):
        told = [printable(cell) for cell in cells]
        words = (word for text in told for word in text.split())
        parts = (line for text in told for line in text.splitlines())
        least.append(max(map(cell_len, words), default=1))
        whole.append(max(map(cell_len, parts), default=1))
    spare = max(0, room - _frame(len(least)) - sum(least))
    widths = list(least)
    # Those that want least first: a date is not wrapped for the sake of a long sentence.
    by_wish = sorted(range(len(least)), key=lambda number: whole[number] - least[number])
    for place, number in enumerate(by_wish):
        given = min(whole[number] - least[number], spare // (len(by_wish) - place))
        widths[number] += given
        spare -= given
    return widths


def _frame(columns: int) -> int:
    """What stands beside the words: a space on both sides of each column, and lines."""
    return 3 * columns + 1


def show_entry(head: str, reasons: Sequence[tuple[str, str]]) -> None:
    """One row that needs a person, on stdout: ``head``, then each reason with its fix."""
    show(head)
    for text, fix in reasons:
        show(f"    {text}")
        if fix:
            show(f"    → {fix}")


def console(stream: TextIO, plain_width: int = _PLAIN_WIDTH) -> Console:
    """A rich console on ``stream``: as wide as the terminal, wider if there is none."""
    from rich.console import Console

    return Console(file=stream, width=None if stream.isatty() else plain_width, highlight=False)


def write_csv(
    target: str,
    fields: Sequence[str],
    records: Sequence[Record],
    *,
    delimiter: str = ",",
) -> None:
    """Write ``records`` as CSV to a file, or to stdout if ``target`` is ``-``.

    A file begins with a byte-order mark, without which Excel misreads accents.

    Args:
        target: path, ``-`` for stdout.
        fields: names of the columns, in order.
        records: one mapping for each line.
        delimiter: between values.

    Raises:
        ConfigurationError: the file cannot be written.
    """
    with _opened(target) as stream:
        write_rows(stream, fields, records, delimiter)
    if target != "-":
        say(texts.lines_written(records=len(records), target=target))


def moment(at: datetime | None) -> str:
    """A time as it is at the clinic; ``None`` is a dash."""
    from omie_pipeline.config.settings import clinic_zone

    return moment_in(clinic_zone(), at)


@contextmanager
def _opened(target: str) -> Iterator[TextIO]:
    try:
        with (
            nullcontext(sys.stdout)
            if target == "-"
            else open(
                target, "w", encoding="utf-8-sig", newline="", opener=private_opener
            ) as stream
        ):
            yield stream
    except OSError as error:
        raise ConfigurationError(
            texts.not_written(file=target, cause=error.strerror or type(error).__name__)
        ) from None
