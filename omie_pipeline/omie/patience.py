"""How long calls wait: as long as Omie asks, no multiple of it, and never without an end.

A wait belongs to the line (an app key and a method), so rows share it. Numbers of Omie's are from
omie-api.md#limits.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Mapping
from datetime import datetime, timedelta
from email.utils import parsedate_to_datetime

from omie_pipeline.errors import Busy, OmieFault, Passing, RetryLater, TurnedAway, Unreachable
from omie_pipeline.omie.reach import HOPELESS

LONGEST_SLEPT_SECONDS = 120.0
"""A method is waited for so long in all, between two good answers; beyond, its rows are held."""

BUSY_WAITS_SECONDS = (10.0, 61.0)
"""After "busy" (1880): these worked live, and no third question falls inside a minute (seen)."""

UNNAMED_WAIT_SECONDS = 15.0
"""After a 429 that names no time."""

UNREACHABLE_SECONDS = 45.0
"""How long a line is tried while Omie cannot be reached."""

GONE_BELIEVED_SECONDS = 180.0
"""How long after a process gave a line up the others of its key try only once; each try without an
answer prolongs it."""

_RECONNECT_SECONDS = 5.0
_MOST_TURNED_AWAY = 20
_MOST_OTHERS = 5
_LONGEST_BELIEVED_SECONDS = 86_400.0
_LOG = logging.getLogger("omie_pipeline.line")


class Patience:
    """What one client has waited for; shared by its threads."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._gone_since: datetime | None = None
        self._waits: dict[str, list[float]] = {}

    def answered(self, method: str, fault: OmieFault | None) -> None:
        """Omie answered; a method that did not turn us away starts anew."""
        with self._lock:
            self._gone_since = None
            if not isinstance(fault, TurnedAway):
                self._waits.pop(method, None)

    def wait_seconds(
        self, method: str, fault: RetryLater | Unreachable, tries: int, now: datetime
    ) -> float:
        """How long to wait before the same question of ``method`` is asked again.

        Args:
            method: method of Omie.
            fault: what Omie answered, or that it did not.
            tries: how often it was asked.
            now: time of the answer.

        Returns:
            A negative number if it is not to be asked again.
        """
        if isinstance(fault, Busy):
            return BUSY_WAITS_SECONDS[tries - 1] if tries <= len(BUSY_WAITS_SECONDS) else -1.0
        if not isinstance(fault, (TurnedAway, Unreachable)):
            short = fault.wait_seconds <= LONGEST_SLEPT_SECONDS
            most = 1 if isinstance(fault, Passing) else _MOST_OTHERS
            return fault.wait_seconds if short and tries <= most else -1.0
        with self._lock:
            if isinstance(fault, Unreachable):
                return self._reconnect_seconds(fault, now)
            waited = self._waits.setdefault(method, [])
            total_seconds = sum(waited) + fault.wait_seconds
            if len(waited) >= _MOST_TURNED_AWAY or total_seconds > LONGEST_SLEPT_SECONDS:
                return -1.0
            waited.append(fault.wait_seconds)
            return fault.wait_seconds

    def _reconnect_seconds(self, fault: Unreachable, now: datetime) -> float:
        first = self._gone_since is None
        self._gone_since = self._gone_since or now
        ends = self._gone_since + timedelta(seconds=UNREACHABLE_SECONDS)
        if fault.kind in HOPELESS or now + timedelta(seconds=_RECONNECT_SECONDS) > ends:
            return -1.0
        if first:
            _LOG.warning(
                "%s. Tento de novo por até %.0f segundos. O que fazer: %s",
                fault.detail.text,
                UNREACHABLE_SECONDS,
                fault.detail.fix,
            )
        return _RECONNECT_SECONDS


def told_wait_seconds(headers: Mapping[str, str], now: datetime) -> float | None:
    """The wait that ``Retry-After`` asks for, ``None`` if it says nothing usable.

    A date counts from the answer's own ``Date``, so that no other clock matters.
    """
    value = headers.get("Retry-After", "").strip()
    if value.isascii() and value.isdecimal():
        return min(float(value), _LONGEST_BELIEVED_SECONDS) or None
    at = _date(value)
    if at is None:
        return None
    seconds = (at - (_date(headers.get("Date", "")) or now)).total_seconds()
    return min(seconds, _LONGEST_BELIEVED_SECONDS) if seconds > 0 else None


def _date(text: str) -> datetime | None:
    try:
        found = parsedate_to_datetime(text)
    except (ValueError, TypeError, IndexError, OverflowError):
        return None
    return found if found.tzinfo is not None else None
