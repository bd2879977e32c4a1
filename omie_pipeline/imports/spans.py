"""Ranges of days as the months they are read in: small enough to resume, large enough to be few."""

from __future__ import annotations

from datetime import date, timedelta


def by_month(first: date, last: date) -> list[tuple[date, date]]:
    """``first`` to ``last``, both included, cut at the ends of months."""
    spans = []
    while first <= last:
        end = min(month_end(first), last)
        spans.append((first, end))
        first = end + timedelta(days=1)
    return spans


def month_end(day: date) -> date:
    """Last day of the month of ``day``."""
    return (day.replace(day=1) + timedelta(days=32)).replace(day=1) - timedelta(days=1)


def spanned(days: tuple[date, date] | None) -> tuple[date | None, date | None]:
    """A range as two optional ends."""
    return days or (None, None)
