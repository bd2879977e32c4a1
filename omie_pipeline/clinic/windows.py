"""Which rows belong to which business dates, in SQL and in Arrow, by one rule.

The business date of a row is the day *as written*: of a date or a timestamp without zone its date,
of a text the leading ``yyyy-mm-dd`` (or ``dd/mm/yyyy``). A timestamp *with* zone has a different
date in each zone, and only the mapping knows which one the clinic means; so a window over such a
column is widened by 14 hours at both ends, which holds every zone's reading of it. Reading a few
rows more is harmless because the copy is merged by key.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
import sqlalchemy as sa

_WIDEST_ZONE = timedelta(hours=14)
_ISO_LENGTH = 10
_ISO_SHAPE = r"^.{4}-.{2}-.{2}"
_ISO_LIKE = "____-__-__"
_BRAZILIAN_DATE = r"(?s)^(..)/(..)/(.{4}).*$"


@dataclass(frozen=True, slots=True)
class DateWindow:
    """Business dates from ``first`` to ``last``, both included; ``None`` is an open end."""

    first: date | None = None
    last: date | None = None

    def __bool__(self) -> bool:
        return self.first is not None or self.last is not None


def iso_text(column: sa.ColumnElement[Any]) -> sa.ColumnElement[str]:
    """The date a text begins with, as ``yyyy-mm-dd``; works on every SQLAlchemy dialect."""

    def part(start: int, length: int) -> sa.ColumnElement[str]:
        return sa.func.substring(column, start, length, type_=sa.String())

    brazilian = part(7, 4) + sa.literal("-") + part(4, 2) + sa.literal("-") + part(1, 2)
    slashes = sa.and_(part(3, 1) == "/", part(6, 1) == "/")
    return sa.case((slashes, brazilian), else_=part(1, _ISO_LENGTH))


def in_window(column: sa.ColumnElement[Any], window: DateWindow) -> sa.ColumnElement[bool]:
    """SQL condition: the business date in ``column`` lies in ``window``.

    The form of the comparison follows ``column.type``; on dates and timestamps it leaves the bare
    column on the left, so that an index on it serves.
    """
    low: Any
    after: Any  # first value past the window
    next_day = None if window.last is None else window.last + timedelta(days=1)
    compared: sa.ColumnElement[Any] = column
    conditions: list[sa.ColumnElement[bool]] = []
    if isinstance(column.type, sa.DateTime):
        zone = UTC if column.type.timezone else None
        margin = _WIDEST_ZONE if column.type.timezone else timedelta(0)
        low = window.first and datetime.combine(window.first, time(), zone) - margin
        after = next_day and datetime.combine(next_day, time(), zone) + margin
    elif isinstance(column.type, sa.Date):
        low, after = window.first, next_day
    else:
        compared = iso_text(column)
        low = window.first and window.first.isoformat()
        after = next_day and next_day.isoformat()
        conditions.append(compared.like(_ISO_LIKE))
    if low is not None:
        conditions.append(compared >= low)
    if after is not None:
        conditions.append(compared < after)
    return sa.and_(sa.true(), *conditions)


def iso_dates(texts: Any) -> Any:
    """Arrow text array to ``yyyy-mm-dd`` texts; null where no date can be read."""
    iso = pc.replace_substring_regex(texts, _BRAZILIAN_DATE, r"\3-\2-\1")
    return pc.if_else(
        pc.match_substring_regex(iso, _ISO_SHAPE),
        pc.utf8_slice_codeunits(iso, 0, _ISO_LENGTH),
        pa.scalar(None, pa.string()),
    )


def rows_in_window(texts: Any, window: DateWindow) -> Any:
    """Arrow mask: the date in a text array lies in ``window``; unreadable dates do not."""
    dates = iso_dates(texts)
    mask = pc.is_valid(dates)
    if window.first is not None:
        mask = pc.and_(mask, pc.greater_equal(dates, window.first.isoformat()))
    if window.last is not None:
        mask = pc.and_(mask, pc.less_equal(dates, window.last.isoformat()))
    return pc.fill_null(mask, False)
