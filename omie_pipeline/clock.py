"""Time as an argument: everything that waits or remembers takes a ``Clock``."""

from __future__ import annotations

import logging
import time
from datetime import UTC, datetime, timedelta
from typing import Protocol
from zoneinfo import ZoneInfo

from omie_pipeline.texts import tools as texts

DEFAULT_TIME_ZONE = "America/Sao_Paulo"
"""Where a clinic is unless it says otherwise."""
BRASILIA = ZoneInfo("America/Sao_Paulo")
"""The time that Omie's own dates and hours are in, wherever the clinic is."""


CLOCKS_APART = timedelta(minutes=10)
"""How far Omie's clock, which stamps what a record was last changed, and ours may differ."""

TOLD_SECONDS = 10.0
"""A wait longer than this is announced before it begins."""

_WAITS = logging.getLogger("omie_pipeline.waits")


class Clock(Protocol):
    """What the package needs of time."""

    def now(self) -> datetime:
        """Current instant, timezone-aware, in UTC."""

    def sleep(self, wait_seconds: float) -> None:
        """Let ``wait_seconds`` of this clock's time pass."""


class SystemClock:
    """The machine's clock, optionally faster: ``speed=20`` lets a minute pass in three seconds.

    A speed other than 1 only makes sense against a simulator that runs at the same speed.
    """

    def __init__(self, speed: float = 1.0) -> None:
        self._speed = speed
        self._origin = datetime.now(UTC)
        self._started = time.monotonic()

    def now(self) -> datetime:
        """Current instant; at ``speed=1`` the machine's own, so that processes agree on it."""
        if self._speed == 1.0:
            return datetime.now(UTC)
        elapsed_seconds = (time.monotonic() - self._started) * self._speed
        return self._origin + timedelta(seconds=elapsed_seconds)

    def sleep(self, wait_seconds: float) -> None:
        """Block this thread."""
        if wait_seconds > 0:
            time.sleep(wait_seconds / self._speed)


class ManualClock:
    """A clock that moves only when a test moves it or code sleeps on it."""

    def __init__(self, start: datetime) -> None:
        self._now = start
        self.slept_seconds = 0.0

    def now(self) -> datetime:
        """The instant set last."""
        return self._now

    def sleep(self, wait_seconds: float) -> None:
        """Move on at once and keep the sum in ``slept_seconds``."""
        self.slept_seconds += max(wait_seconds, 0.0)
        self.advance(max(wait_seconds, 0.0))

    def advance(self, seconds: float) -> None:
        """Move the clock forward."""
        self._now += timedelta(seconds=seconds)


def tell_wait(why: str, until: datetime) -> None:
    """Say why nothing happens until a moment: one line, wherever waits are listened to.

    Args:
        why: in Portuguese; staff read it.
    """
    at = until.astimezone(BRASILIA)
    extra = {"why": why, "until": until}
    _WAITS.info(texts.WAITING_UNTIL, f"{at:%H:%M:%S}", why, extra=extra)
