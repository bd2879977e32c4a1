"""Time as an argument: every rule of the simulator asks a clock, none asks the system."""

from __future__ import annotations

import time
from abc import ABC, abstractmethod
from datetime import datetime, timedelta, timezone

BRASILIA = timezone(timedelta(hours=-3))
"""Omie writes Brasília time without naming it (omie-api.md#dates)."""


class Clock(ABC):
    """Simulated time, as seconds since the epoch."""

    @abstractmethod
    def seconds(self) -> float:
        """Simulated seconds since the epoch."""

    @abstractmethod
    def advance(self, seconds: float) -> None:
        """Jump ``seconds`` ahead."""

    def now(self) -> datetime:
        """Simulated moment in Brasília time."""
        return datetime.fromtimestamp(self.seconds(), BRASILIA)

    def set_to(self, moment: datetime) -> None:
        """Jump to ``moment`` (a naive one is read as Brasília time)."""
        aware = moment if moment.tzinfo else moment.replace(tzinfo=BRASILIA)
        self.advance(aware.timestamp() - self.seconds())


class SystemClock(Clock):
    """Real time, ``speed`` times as fast: at 20, a simulated minute passes in 3 seconds."""

    def __init__(self, speed: float = 1.0) -> None:
        self._speed = speed
        self._origin = time.time()
        self._started = time.monotonic()
        self._jumped = 0.0

    def seconds(self) -> float:
        return self._origin + self._jumped + (time.monotonic() - self._started) * self._speed

    def advance(self, seconds: float) -> None:
        self._jumped += seconds


class ManualClock(Clock):
    """Time that stands still until a test moves it."""

    def __init__(self, start: datetime | None = None) -> None:
        self._seconds = (start or datetime(2026, 1, 5, 9, 0, tzinfo=BRASILIA)).timestamp()

    def seconds(self) -> float:
        return self._seconds

    def advance(self, seconds: float) -> None:
        self._seconds += seconds
