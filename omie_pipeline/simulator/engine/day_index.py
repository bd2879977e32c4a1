"""Keys by day, so that a window of days costs what it holds and not what the company holds."""

from __future__ import annotations

from bisect import bisect_left, insort
from collections.abc import Iterator
from datetime import date
from functools import lru_cache
from typing import Any

from omie_pipeline.simulator.engine.fields import parse_date


@lru_cache(maxsize=100_000)
def day_of(text: str) -> date | None:
    """A dd/mm/aaaa day; every record of a company repeats the same few thousand."""
    return parse_date(text)


class DayIndex:
    """Sorted keys of each day."""

    def __init__(self) -> None:
        self._keys: dict[date, list[Any]] = {}

    def add(self, day: date | None, key: Any) -> None:
        """File ``key`` under ``day``; a record without a day is in no window."""
        if day is not None:
            insort(self._keys.setdefault(day, []), key)

    def discard(self, day: date | None, key: Any) -> None:
        """Take ``key`` out of ``day``."""
        keys = self._keys.get(day) if day is not None else None
        if keys is None or day is None:
            return
        place = bisect_left(keys, key)
        if place < len(keys) and keys[place] == key:
            del keys[place]
        if not keys:
            del self._keys[day]

    def between(self, first: date | None, last: date | None) -> list[Any]:
        """Ascending keys of the days from ``first`` to ``last``, both included."""
        low, high = first or date.min, last or date.max
        found: list[Any] = []
        for day in sorted(self._days(low, high)):
            found += self._keys[day]
        found.sort()  # runs that already rise: Timsort merges them
        return found

    def _days(self, low: date, high: date) -> Iterator[date]:
        return (day for day in self._keys if low <= day <= high)
