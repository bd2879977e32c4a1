"""Numbers, sums, days and times as Brazilians write them, and sheets, for every door."""

from __future__ import annotations

import csv
import json
from collections.abc import Mapping, Sequence
from datetime import date, datetime, tzinfo
from decimal import Decimal
from typing import Any, Final, TextIO

# A spreadsheet takes text that begins like this for a formula.
_FORMULA_STARTS: Final = ("=", "+", "-", "@", "\t", "\r", "＝", "＋", "－", "＠")


def count(number: float | None) -> str:
    """A number as Brazilians write it; ``None`` is a dash."""
    if number is None:
        return "–"
    text = f"{number:,.1f}" if isinstance(number, float) else f"{number:,}"
    return text.translate(str.maketrans(",.", ".,"))


def money(value: Decimal | None) -> str:
    """R$ with two places, as Brazilians write it; ``None`` is a dash."""
    return "–" if value is None else f"{value:,.2f}".translate(str.maketrans(",.", ".,"))


def day(one: date | None) -> str:
    """A calendar date; ``None`` is a dash."""
    return "–" if one is None else one.strftime("%d/%m/%Y")


def moment_in(zone: tzinfo, at: datetime | None) -> str:
    """A time as the clocks of ``zone`` show it; ``None`` is a dash."""
    return "–" if at is None else at.astimezone(zone).strftime("%d/%m/%Y %H:%M")


def printable(text: str) -> str:
    """``text`` without characters that would steer the terminal."""
    return "".join(c if c.isprintable() or c == "\n" else "\N{REPLACEMENT CHARACTER}" for c in text)


def write_rows(
    stream: TextIO, fields: Sequence[str], records: Sequence[Mapping[str, Any]], delimiter: str
) -> None:
    """Write records as CSV that no spreadsheet takes for formulas.

    Args:
        stream: where they are written to.
        fields: names of the columns, in order; the first line.
        records: one mapping for each line.
        delimiter: between values.
    """
    writer = csv.writer(stream, delimiter=delimiter, lineterminator="\n")
    writer.writerow(fields)
    writer.writerows([_cell(record.get(name)) for name in fields] for record in records)


def _cell(value: Any) -> str:
    if value is None:
        return ""
    if not isinstance(value, str):
        return json.dumps(value, default=plain).strip('"')
    text = printable(value)
    return f"'{text}" if text.startswith(_FORMULA_STARTS) else text


def plain(value: Any) -> str:
    """What JSON has no kind for, as text: a time as ISO 8601 writes it."""
    return value.isoformat() if hasattr(value, "isoformat") else str(value)
