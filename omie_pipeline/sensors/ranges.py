"""Business dates as few partition ranges: one run for each."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, timedelta

from omie_pipeline.resources.dagster_internals import (
    RANGE_END_TAG,
    RANGE_START_TAG,
)

_MAX_RANGES = 4
_JOINED_GAP = timedelta(days=7)

DateRange = tuple[date, date]


def date_ranges(dates: Iterable[date]) -> list[DateRange]:
    """Dates as inclusive ranges; gaps of a week are bridged, and many ranges become one."""
    ranges: list[DateRange] = []
    for day in sorted(set(dates)):
        if ranges and day - ranges[-1][1] <= _JOINED_GAP:
            ranges[-1] = (ranges[-1][0], day)
        else:
            ranges.append((day, day))
    if len(ranges) > _MAX_RANGES:
        return [(ranges[0][0], ranges[-1][1])]
    return ranges


def range_tags(first: date, last: date, empresa: str) -> dict[str, str]:
    """Tags of a run over a range of date × empresa partitions."""
    return {
        RANGE_START_TAG: f"{first.isoformat()}|{empresa}",
        RANGE_END_TAG: f"{last.isoformat()}|{empresa}",
    }
