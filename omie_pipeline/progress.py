"""How far a long work is, how fast it goes, when it will end and what it waits for.

Arithmetic alone: every moment is an argument.
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass
from datetime import datetime, timedelta, tzinfo

from omie_pipeline.texts import progress as texts

OVER = timedelta(minutes=5)
"""The rate is that of so many last minutes: a night's standstill says nothing about now."""

_KNOWN = timedelta(seconds=5)
"""No rate is told of less: it would be that of the first few rows, and means nothing."""

_ENOUGH = timedelta(seconds=20)
"""So much has to be measured before the time left is told by nothing else."""

_SILENCE = timedelta(minutes=1)
"""A work that says nothing for longer, and did not say that it waits, has become slower."""

_SAMPLE_EVERY = timedelta(seconds=1)
_TOLD_APART = timedelta(seconds=30)
_TOLD_AGAIN = timedelta(minutes=10)


@dataclass(frozen=True, slots=True)
class Wait:
    """Why nothing moves, in words for the screen; ``until`` when, if anybody knows."""

    reason: str
    until: datetime | None = None


@dataclass(frozen=True, slots=True)
class Pace:
    """What is expected of a work before it is measured, in rows a minute.

    Attributes:
        per_minute: as fast as it will go, as far as anybody knows.
        most_per_minute: what a limit allows at most.
    """

    per_minute: float | None = None
    most_per_minute: float | None = None

    def seconds_for(self, rows: int) -> float | None:
        """How long so many rows take."""
        return rows / self.per_minute * 60 if self.per_minute else None


UNKNOWN_PACE = Pace()


def pace_of(*, calls_per_minute: float, seconds_per_row: float, calls_per_row: float) -> Pace:
    """The pace of rows that are sent one after the other under a limit of calls.

    Args:
        calls_per_minute: the limit of each method.
        seconds_per_row: how long the answers of a row's calls take; 0: nobody knows.
        calls_per_row: of the method that is called most; below 1 where a call takes several rows.
    """
    most = calls_per_minute / calls_per_row
    by_answers = 60 / seconds_per_row if seconds_per_row > 0 else most
    return Pace(min(most, by_answers), most)


_AT_LIMIT = 0.9


@dataclass(frozen=True, slots=True)
class Headway:
    """How far a work is at a moment.

    Attributes:
        done: rows that need nothing more in this work.
        total: rows it began with; ``None``: nobody knows.
        at: the moment.
        per_minute: rows a minute over the last minutes, announced waits left out; ``None`` until
            some rows and seconds have passed.
        wait: what it waits for now.
        most_per_minute: what a limit allows at most.
        expected_per_minute: how fast the rest is expected to go while too little is measured.
    """

    done: int
    total: int | None
    at: datetime
    per_minute: float | None = None
    wait: Wait | None = None
    most_per_minute: float | None = None
    expected_per_minute: float | None = None

    def seconds_left(self, now: datetime | None = None) -> float | None:
        """Time to the end, seen from ``now`` (default: the moment of these figures); ``None`` if it
        cannot be told."""
        rate = self.expected_per_minute or self.per_minute
        if self.total is None or not rate:
            return None
        left = max(0, self.total - self.done) / rate * 60
        if self.wait is not None and self.wait.until is not None:
            left += max(0.0, (self.wait.until - self.at).total_seconds())
        passed = (now - self.at).total_seconds() if now is not None else 0.0
        return max(0.0, left - passed)

    @property
    def at_limit(self) -> bool:
        """Whether the limit is what makes it last."""
        if not self.per_minute or not self.most_per_minute:
            return False
        return self.per_minute >= _AT_LIMIT * self.most_per_minute

    @property
    def share(self) -> float | None:
        """How much of it is done, from 0 to 1."""
        return None if not self.total else min(1.0, self.done / self.total)


_MINUTE_SECONDS = 60
_HOUR_MINUTES = 60
_COARSE_MINUTES = 5


def about(seconds: float) -> str:
    """A stretch of time as a person says it: nobody plans by the seconds of an estimate."""
    if seconds < _MINUTE_SECONDS:
        return texts.UNDER_A_MINUTE
    minutes = round(seconds / _MINUTE_SECONDS)
    if minutes < _HOUR_MINUTES:
        return texts.minutes(minutes)
    hours, rest = divmod(round(minutes / _COARSE_MINUTES) * _COARSE_MINUTES, _HOUR_MINUTES)
    return texts.hours_and_minutes(hours=hours, minutes=rest) if rest else texts.hours(hours)


def number(value: float) -> str:
    """A whole number as Brazilians write it."""
    return f"{value:,.0f}".replace(",", ".")


def rows_told(headway: Headway) -> str:
    """How many rows, of how many."""
    if headway.total is None:
        return texts.rows(number(headway.done))
    return texts.rows_of(done=number(headway.done), total=number(headway.total))


def told(headway: Headway, zone: tzinfo, now: datetime | None = None) -> str:
    """The figures as staff read them.

    Args:
        headway: the figures.
        zone: of the hours in them.
        now: the present moment; default: the figures'.
    """
    parts = [rows_told(headway)]
    if headway.per_minute:
        rows = number(headway.per_minute)
        parts.append(texts.at_limit(rows) if headway.at_limit else texts.per_minute(rows))
    seconds = headway.seconds_left(now)
    if seconds is not None and headway.done < (headway.total or 0):
        parts.append(texts.left(about(seconds)))
    wait = headway.wait
    if wait is not None and wait.until is None:
        parts.append(texts.waits(wait.reason))
    elif wait is not None and wait.until is not None:
        until = f"{wait.until.astimezone(zone):%H:%M:%S}"
        parts.append(texts.waits_until(reason=wait.reason, until=until))
    return ", ".join(parts)


def plan_told(rows: int, pace: Pace) -> str:
    """How long so many rows will take; ``""`` where nobody knows or nobody has to."""
    seconds = pace.seconds_for(rows)
    if seconds is None or seconds < _MINUTE_SECONDS:
        return ""
    limited = pace.per_minute == pace.most_per_minute
    text = texts.will_take_at_limit if limited else texts.will_take
    return text(rows=number(rows), about=about(seconds))


class Meter:
    """Counts one work, and measures it.

    Args:
        started_at: when it began.
        total: rows it begins with, if that is known.
        pace: what is expected until it is measured.
    """

    def __init__(
        self, started_at: datetime, total: int | None = None, pace: Pace = UNKNOWN_PACE
    ) -> None:
        self._done = 0
        self._total = total
        self._pace = pace
        self._wait: Wait | None = None
        self._waited_from: datetime | None = None
        self._idle = timedelta(0)
        # (moment, idle time until then, rows until then), the oldest still of the last minutes.
        self._samples: deque[tuple[datetime, timedelta, int]] = deque()
        self._sample(started_at)
        self._began = self._samples[0]

    def plan(self, total: int | None, now: datetime, pace: Pace = UNKNOWN_PACE) -> None:
        """The work itself begins: so many rows, measured from now on."""
        self._end_wait(now)
        self._done, self._total, self._pace = 0, total, pace
        self._samples.clear()
        self._sample(now)
        self._began = self._samples[0]

    def add(self, rows: int, now: datetime) -> None:
        """So many rows more are done."""
        self.reach(self._done + rows, self._total, now)

    def reach(self, done: int, total: int | None, now: datetime) -> None:
        """So many rows are done in all, of so many."""
        self._end_wait(now)
        self._done, self._total = done, total
        if now < self._samples[-1][0]:
            return
        if len(self._samples) > 1 and now - self._samples[-2][0] < _SAMPLE_EVERY:
            self._samples.pop()
        self._sample(now)

    def wait(self, reason: str, until: datetime | None, now: datetime) -> None:
        """It waits; the time until the next row is no part of the rate."""
        if self._waited_from is None:
            self._waited_from = now
        self._wait = Wait(reason, until)

    def headway(self, now: datetime) -> Headway:
        """How far it is."""
        wait = self._wait
        if wait is not None and wait.until is not None and wait.until <= now:
            self._end_wait(wait.until)
            wait = None
        most = self._pace.most_per_minute
        measured, expected = self._rates(now)
        return Headway(self._done, self._total, now, measured, wait, most, expected)

    def _end_wait(self, now: datetime) -> None:
        if self._waited_from is None:
            return
        until = self._wait.until if self._wait is not None else None
        ended = now if until is None else min(now, until)
        self._idle += max(timedelta(0), ended - self._waited_from)
        self._wait = self._waited_from = None

    def _sample(self, now: datetime) -> None:
        self._samples.append((now, self._idle, self._done))
        while len(self._samples) > 2 and self._samples[1][0] <= now - OVER:
            self._samples.popleft()

    def _rates(self, now: datetime) -> tuple[float | None, float | None]:
        """Rows a minute: as measured, and as expected while that says little."""
        (first, idle_before, rows_before), (last, idle, rows) = self._samples[0], self._samples[-1]
        if self._wait is None and now - last > _SILENCE:
            last = now
        at_work = last - first - (idle - idle_before)
        expected = self._pace.per_minute
        if rows <= rows_before or at_work <= timedelta(0):
            return None, expected
        measured = (rows - rows_before) / (at_work.total_seconds() / 60)
        if at_work >= _ENOUGH:
            return measured, None
        if expected is not None:
            share = at_work / _ENOUGH
            expected = share * measured + (1 - share) * expected
        began, idle_then, _ = self._began
        known = last - began - (idle - idle_then) >= _KNOWN
        return (measured if known else None), expected


class Steps:
    """When to say it again where every word is kept: at each tenth, when it begins to wait, and
    after some minutes; never of what is done in a moment."""

    def __init__(self) -> None:
        self._told_at: datetime | None = None
        self._tenth = 0
        self._wait: Wait | None = None

    def is_due(self, headway: Headway) -> bool:
        """Whether these figures are worth a line; then the next ones are compared with them."""
        if self._told_at is None:
            self._told_at = headway.at
        silent = headway.at - self._told_at
        tenth = int((headway.share or 0.0) * 10)
        waits = headway.wait is not None and headway.wait != self._wait
        further = tenth != self._tenth and silent >= _TOLD_APART
        if not (waits or further or silent >= _TOLD_AGAIN):
            return False
        self._told_at, self._tenth, self._wait = headway.at, tenth, headway.wait
        return True
