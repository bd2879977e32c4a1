"""When a call may leave: pacing, redundancy, error budget, the memory of a block, waits of a line.

The limiter that counts is shared by all processes through PostgreSQL
(``omie_pipeline.omie.shared_pacing``); ``LocalRateLimiter`` serves one process that has no
database. Both answer alike.

"""

from __future__ import annotations

import logging
import threading
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from email.utils import parsedate_to_datetime
from typing import Protocol

from omie_pipeline.catalog.limits import (
    BURST,
    FAULT_WINDOW_SECONDS,
    PROBE_SECONDS,
    REDUNDANT_SECONDS,
    Admission,
)
from omie_pipeline.errors import Busy, OmieFault, Passing, RetryLater, TurnedAway, Unreachable
from omie_pipeline.omie.transport import HOPELESS


@dataclass(frozen=True, slots=True)
class Limits:
    """How fast a deployment may go; below Omie's 240 and 960 by a margin.

    Attributes:
        method_per_minute: calls of one key and method (official: 240).
        ip_per_minute: calls of the whole deployment (official: 960).
        error_budget: errors of one method within 30 minutes before we stop by ourselves; Omie stops
            us at ten (omie-api.md#blocks).
    """

    method_per_minute: float = 235.0
    ip_per_minute: float = 940.0
    error_budget: int = 8


class RateLimiter(Protocol):
    """Shared memory of what was asked of one app key. Methods are Omie's ``call`` names."""

    def admit(
        self, method: str, fingerprint: str, now: datetime, *, durable: bool = False
    ) -> Admission:
        """Reserve the next slot for a call, or say why it may not leave.

        Args:
            method: method of Omie.
            fingerprint: digest of the request.
            now: time of the call.
            durable: the slot must outlast a crash of the memory itself, as a write's must.
        """

    def forget(self, fingerprint: str) -> None:
        """Omie did not take this request in: the same one may leave again at once."""

    def record_fault(self, method: str, now: datetime) -> None:
        """Count an error answer of ``method``."""

    def record_block(self, until: datetime, reason: str, now: datetime) -> None:
        """Remember that Omie closed the key; a later end is never replaced by an earlier one."""

    def record_wait(
        self, method: str, until: datetime, reason: str, now: datetime, *, closes: bool
    ) -> None:
        """Remember what ``method`` waits for, which anybody may ask; the latest word stands.

        Args:
            method: method of Omie.
            until: end of the wait.
            reason: in words for the screen.
            now: time of the record.
            closes: nothing of the method may leave before ``until``.
        """

    def end_probe(self, now: datetime, *, is_open: bool) -> None:
        """The outcome of an admitted probe: the key is open, or the call never reached Omie."""

    def record_nobody_there(self, until: datetime, reason: str, now: datetime) -> None:
        """Remember that Omie could not be reached for so long that the line was given up."""

    def nobody_there(self, now: datetime) -> bool:
        """Whether a process gave up a little while ago, so that one try is enough."""

    def somebody_there(self) -> None:
        """Forget what was given up: there was an answer."""


class LocalRateLimiter:
    """A governor for one key, one process and no database (``omie-pipeline check``, tests)."""

    def __init__(self, limits: Limits | None = None) -> None:
        self._limits = limits or Limits()
        self._lock = threading.Lock()
        self._next: dict[str, datetime] = {}
        self._seen: dict[str, datetime] = {}
        self._faults: dict[str, list[datetime]] = {}
        self._blocked_until: datetime | None = None
        self._probe_at: datetime | None = None
        self._pauses: dict[str, tuple[datetime, str]] = {}
        self._gone_until: datetime | None = None

    def admit(
        self,
        method: str,
        fingerprint: str,
        now: datetime,
        *,
        durable: bool = False,  # noqa: ARG002 - it has no disk
    ) -> Admission:
        """Reserve the next slot in this process.

        Args:
            method: method of Omie.
            fingerprint: digest of the request.
            now: time of the call.
            durable: whether the slot must survive a crash, as a write's must.
        """
        with self._lock:
            closed = self._closed_until()
            if closed is not None and closed > now:
                return Admission(blocked_until=closed)
            faults = [
                at for at in self._faults.get(method, []) if _age(at, now) < FAULT_WINDOW_SECONDS
            ]
            if len(faults) >= self._limits.error_budget:
                return Admission(budget_until=faults[0] + timedelta(seconds=FAULT_WINDOW_SECONDS))
            until, reason = self._pauses.get(method, (now, ""))
            if until > now:
                return Admission(
                    paused_seconds=_age(now, until), paused_until=until, paused_reason=reason
                )
            seen = self._seen.get(fingerprint)
            if seen is not None and _age(seen, now) < REDUNDANT_SECONDS:
                return Admission(redundant_seconds=REDUNDANT_SECONDS - _age(seen, now))
            slot = self._take_slot(method, now)
            self._seen[fingerprint] = slot
            if closed is not None:
                self._probe_at = slot
            return Admission(wait_seconds=_age(now, slot), probe=closed is not None)

    def _closed_until(self) -> datetime | None:
        """A block stays until a good answer; after its end one call at a time probes."""
        if self._blocked_until is None or self._probe_at is None:
            return self._blocked_until
        return max(self._blocked_until, self._probe_at + timedelta(seconds=PROBE_SECONDS))

    def _take_slot(self, method: str, now: datetime) -> datetime:
        """The method's and the address's theoretical arrival times (GCRA) move together."""
        steps = {
            f"method:{method}": timedelta(seconds=60.0 / self._limits.method_per_minute),
            "ip": timedelta(seconds=60.0 / self._limits.ip_per_minute),
        }
        nexts = {lane: self._next.get(lane, now) for lane in steps}
        slot = max([now, *(nexts[lane] - step * (BURST - 1) for lane, step in steps.items())])
        for lane, step in steps.items():
            self._next[lane] = max(nexts[lane], slot) + step
        return slot

    def forget(self, fingerprint: str) -> None:
        """Let the same request leave again."""
        with self._lock:
            self._seen.pop(fingerprint, None)

    def record_fault(self, method: str, now: datetime) -> None:
        """Count an error answer in this process."""
        with self._lock:
            self._faults.setdefault(method, []).append(now)

    def record_block(self, until: datetime, reason: str, now: datetime) -> None:  # noqa: ARG002
        """Remember the block in this process."""
        with self._lock:
            self._blocked_until = max(until, self._blocked_until or until)
            self._probe_at = None

    def record_wait(
        self,
        method: str,
        until: datetime,
        reason: str,
        now: datetime,  # noqa: ARG002
        *,
        closes: bool,
    ) -> None:
        """Remember a wait of this process.

        Args:
            method: method of Omie.
            until: end of the wait.
            reason: in words for the screen.
            now: time of the record.
            closes: whether the method takes no call meanwhile; otherwise one caller merely waits.
        """
        with self._lock:
            if closes:
                self._pauses[method] = (until, reason)

    def end_probe(self, now: datetime, *, is_open: bool) -> None:
        """Forget the block, or let the next call of this process probe."""
        with self._lock:
            if self._blocked_until is None or self._blocked_until > now:
                return
            self._probe_at = None
            if is_open:
                self._blocked_until = None

    def record_nobody_there(self, until: datetime, reason: str, now: datetime) -> None:  # noqa: ARG002
        """Remember it in this process."""
        with self._lock:
            self._gone_until = until

    def nobody_there(self, now: datetime) -> bool:
        """Whether this process gave up a little while ago."""
        with self._lock:
            return self._gone_until is not None and self._gone_until > now

    def somebody_there(self) -> None:
        """Forget it in this process."""
        with self._lock:
            self._gone_until = None


def _age(then: datetime, now: datetime) -> float:
    return (now - then).total_seconds()


# How long calls wait: as long as Omie asks, no multiple of it, and never without an end.
#
# A wait belongs to the line (an app key and a method), so rows share it. Numbers of Omie's are from
# omie-api.md#limits.

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
