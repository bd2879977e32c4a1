"""Which rows belong to which business dates, in SQL and in Arrow, by one rule.

The business date of a row is the day *as written*: of a date or a timestamp without zone its date,
of a text the day it begins with, written year, month, day or day, month, year. The mapping may read
a row differently: a timestamp *with* zone is another day in another zone, 5/2/2026 may be the 2 May
of a system that writes the month first, and what cannot be read, or cannot be the date of money,
is refused on the start date. So a window takes every row that any of these readings puts there, and
every row that has no plausible day at all. Reading a few rows more is harmless because the copy is
merged by key; a row that no window reads would be lost without a word.
"""

from __future__ import annotations

import re
from calendar import isleap
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Any, Final

import pyarrow as pa
import sqlalchemy as sa

from omie_pipeline.catalog.money_years import FIRST_MONEY_YEAR, LAST_MONEY_YEAR

_WIDEST_ZONE = timedelta(hours=14)
_ISO_LENGTH = 10
_ISO_LIKE = "____-__-__"
_ZONED_LIKES: Final = ("____-__-__%Z", "____-__-__%+%", "____-__-__%:%-%")
_ISO_SHAPE: Final = re.compile(r".{4}-.{2}-.{2}", re.DOTALL)
_SLASHED_SHAPE: Final = re.compile(r"..([-/.])..\1.{4}", re.DOTALL)
_ZONED: Final = re.compile(r".{4}-.{2}-.{2}.*(?:Z\Z|\+|:.*-)", re.DOTALL)
_FIRST_PLAUSIBLE: Final = date(FIRST_MONEY_YEAR, 1, 1)
_LAST_PLAUSIBLE: Final = date(LAST_MONEY_YEAR, 12, 31)
"""Other dates go to the start date, as ``data_particao`` of dbt_mapping has it."""
_NO_DAYS: Final = ("02-30", "02-31", "04-31", "06-31", "09-31", "11-31")
_LEAP_DAY: Final = "02-29"
_LEAP_YEARS: Final = tuple(
    str(year) for year in range(FIRST_MONEY_YEAR, LAST_MONEY_YEAR + 1) if isleap(year)
)

_YEAR_FIRST: Final = re.compile(r"\s*([0-9]{4})([-/.])([0-9]{1,2})\2([0-9]{1,2})(?![0-9])")
_YEAR_LAST: Final = re.compile(r"\s*([0-9]{1,2})([-/.])([0-9]{1,2})\2([0-9]{4})(?![0-9])")
_COMPACT: Final = re.compile(r"\s*((?:19|20)[0-9]{2})([0-9]{2})([0-9]{2})(?![0-9])")


@dataclass(frozen=True, slots=True)
class DateWindow:
    """Business dates from ``first`` to ``last``, both included; ``None`` is an open end."""

    first: date | None = None
    last: date | None = None

    def __bool__(self) -> bool:
        return self.first is not None or self.last is not None


def written_days(text: str | None) -> tuple[date, ...]:
    """The days that a text may mean, the likeliest first; none if there is no plausible one."""
    if not text:
        return ()
    if found := _YEAR_FIRST.match(text):
        parts = [(found[1], found[3], found[4])]
    elif found := _YEAR_LAST.match(text):
        parts = [(found[4], found[3], found[1]), (found[4], found[1], found[3])]
    elif found := _COMPACT.match(text):
        parts = [(found[1], found[2], found[3])]
    else:
        return ()
    days = []
    for year, month, day in parts:
        try:
            one = date(int(year), int(month), int(day))
        except ValueError:
            continue
        if _FIRST_PLAUSIBLE <= one <= _LAST_PLAUSIBLE and one not in days:
            days.append(one)
    return tuple(days)


def written_day(text: str | None) -> date | None:
    """The day a text begins with; ``None`` if none can be read."""
    return next(iter(written_days(text)), None)


def text_in_window(text: str | None, window: DateWindow) -> bool:
    """Whether a window takes a row by the text of its business date: :func:`_written` in Python.

    The two must not differ: a row that only the SQL puts into a window would be missed in the
    reading and taken out of the copy.
    """
    if text is None:
        return True

    def within(iso: str, margin: timedelta = timedelta(0)) -> bool:
        return (window.first is None or iso >= (window.first - margin).isoformat()) and (
            window.last is None or iso < (window.last + timedelta(days=1) + margin).isoformat()
        )

    is_iso, slashed = bool(_ISO_SHAPE.match(text)), bool(_SLASHED_SHAPE.match(text))
    day_first, month_first = (
        f"{text[6:10]}-{text[3:5]}-{text[0:2]}",
        f"{text[6:10]}-{text[0:2]}-{text[3:5]}",
    )
    days = text[:_ISO_LENGTH] if is_iso else day_first
    if not (is_iso or slashed) or _implausible(days):
        return True
    margin = timedelta(days=1) if _ZONED.match(text) else timedelta(0)
    return (is_iso and within(days, margin)) or (
        slashed and (within(day_first) or within(month_first))
    )


def _implausible(iso: str) -> bool:
    return (
        not _FIRST_PLAUSIBLE.isoformat() <= iso <= _LAST_PLAUSIBLE.isoformat()
        or not "01" <= iso[5:7] <= "12"
        or not "01" <= iso[8:10] <= "31"
        or iso[5:10] in _NO_DAYS
        or (iso[5:10] == _LEAP_DAY and iso[:4] not in _LEAP_YEARS)
    )


def date_part(column: sa.ColumnElement[Any]) -> sa.ColumnElement[str]:
    """The part of a text that its date stands in, for :func:`written_day`."""
    return sa.func.substring(column, 1, _ISO_LENGTH, type_=sa.String())


def in_window(column: sa.ColumnElement[Any], window: DateWindow) -> sa.ColumnElement[bool]:
    """SQL condition: ``window`` takes the row by its business date in ``column``.

    The form of the comparison follows ``column.type``; on dates and timestamps it leaves the bare
    column on the left, so that an index on it serves.
    """
    if isinstance(column.type, sa.DateTime):
        zone = UTC if column.type.timezone else None
        margin = _WIDEST_ZONE if column.type.timezone else timedelta(0)

        def begin(day: date) -> Any:
            return datetime.combine(day, time(), zone)

        return _typed(column, window, begin, margin)
    if isinstance(column.type, sa.Date):
        return _typed(column, window, lambda day: day, timedelta(0))
    return _written(column, window)


def _typed(
    column: sa.ColumnElement[Any],
    window: DateWindow,
    begin: Callable[[date], Any],
    margin: timedelta,
) -> sa.ColumnElement[bool]:
    conditions: list[sa.ColumnElement[bool]] = []
    if window.first is not None:
        conditions.append(column >= begin(window.first) - margin)
    if window.last is not None:
        conditions.append(column < begin(window.last + timedelta(days=1)) + margin)
    return sa.or_(
        sa.and_(sa.true(), *conditions),
        column < begin(_FIRST_PLAUSIBLE),
        column >= begin(_LAST_PLAUSIBLE + timedelta(days=1)),
        column.is_(None),
    )


def _written(column: sa.ColumnElement[Any], window: DateWindow) -> sa.ColumnElement[bool]:
    """The same over texts, by what every SQL dialect has; what it cannot tell is taken."""

    def part(start: int, length: int) -> sa.ColumnElement[str]:
        return sa.func.substring(column, start, length, type_=sa.String())

    def within(iso: sa.ColumnElement[str], margin: timedelta) -> sa.ColumnElement[bool]:
        conditions: list[sa.ColumnElement[bool]] = []
        if window.first is not None:
            conditions.append(iso >= (window.first - margin).isoformat())
        if window.last is not None:
            conditions.append(iso < (window.last + timedelta(days=1) + margin).isoformat())
        return sa.and_(sa.true(), *conditions)

    dash = sa.literal("-")
    iso = part(1, _ISO_LENGTH)
    day_first = part(7, 4) + dash + part(4, 2) + dash + part(1, 2)
    month_first = part(7, 4) + dash + part(1, 2) + dash + part(4, 2)
    is_iso = column.like(f"{_ISO_LIKE}%")
    slashed = sa.or_(*(column.like(f"__{sign}__{sign}____%") for sign in "/.-"))
    zoned = sa.and_(is_iso, sa.or_(*(column.like(shape) for shape in _ZONED_LIKES)))
    days = sa.case((is_iso, iso), else_=day_first)
    month = sa.func.substring(days, 6, 2, type_=sa.String())
    implausible = sa.or_(
        days < _FIRST_PLAUSIBLE.isoformat(),
        days > _LAST_PLAUSIBLE.isoformat(),
        month > "12",
        month < "01",
        sa.func.substring(days, 9, 2, type_=sa.String()) > "31",
        sa.func.substring(days, 9, 2, type_=sa.String()) < "01",
        sa.func.substring(days, 6, 5, type_=sa.String()).in_(_NO_DAYS),
        sa.and_(
            sa.func.substring(days, 6, 5, type_=sa.String()) == _LEAP_DAY,
            sa.func.substring(days, 1, 4, type_=sa.String()).not_in(_LEAP_YEARS),
        ),
    )
    return sa.or_(
        sa.and_(is_iso, within(iso, timedelta(0))),
        sa.and_(zoned, within(iso, timedelta(days=1))),
        sa.and_(
            slashed, sa.or_(within(day_first, timedelta(0)), within(month_first, timedelta(0)))
        ),
        sa.and_(sa.or_(is_iso, slashed), implausible),
        sa.not_(sa.or_(is_iso, slashed)),
        column.is_(None),
    )


def iso_dates(texts: Any) -> Any:
    """Arrow text array to ``yyyy-mm-dd`` texts; null if no date can be read."""

    def iso(text: str | None) -> str | None:
        day = written_day(text)
        return None if day is None else day.isoformat()

    return _of_each(texts, iso, pa.string())


def rows_in_window(texts: Any, window: DateWindow) -> Any:
    """Arrow mask: a window takes the row by the date in a text array."""
    return _of_each(texts, lambda text: text_in_window(text, window), pa.bool_())


def _of_each(texts: Any, answer: Callable[[str | None], Any], kind: Any) -> Any:
    """``answer`` of every text, asked once for each that differs."""
    known = {text: answer(text) for text in texts.unique().to_pylist()}
    return pa.array([known[text] for text in texts.to_pylist()], type=kind)
