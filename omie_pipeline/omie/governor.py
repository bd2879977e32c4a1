"""When a call may leave: pacing, redundancy, error budget and the memory of a block.

The governor that counts is shared by all processes through PostgreSQL
(``omie_pipeline.warehouse.quota``); ``LocalGovernor`` serves one process that has no database.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Protocol

REDUNDANT_SECONDS = 60.0
"""An identical request inside this time is refused, and asking restarts it (OFF, REAL)."""

FAULT_WINDOW_SECONDS = 1800.0
"""Errors of one method older than this no longer count towards a block (OFF: 10 -> 30 minutes)."""


@dataclass(frozen=True, slots=True)
class Limits:
    """How fast a deployment may go; below Omie's 240 and 960 by a margin.

    Attributes:
        method_per_minute: calls of one key and method (OFF: 240).
        ip_per_minute: calls of the whole deployment (OFF: 960).
        error_budget: errors of one method within 30 minutes before we stop by ourselves (OFF: 10).
    """

    method_per_minute: float = 235.0
    ip_per_minute: float = 940.0
    error_budget: int = 8


@dataclass(frozen=True, slots=True)
class Admission:
    """The answer to "may this call leave?".

    Attributes:
        wait_seconds: the slot is reserved and begins after this wait.
        redundant_seconds: an identical request left less than 60 s ago; no slot was taken.
        blocked_until: the key is closed; no slot was taken.
        budget_until: the method's error budget is spent until then; no slot was taken.
    """

    wait_seconds: float = 0.0
    redundant_seconds: float = 0.0
    blocked_until: datetime | None = None
    budget_until: datetime | None = None


class Governor(Protocol):
    """Shared memory of what was asked of one app key. Methods are Omie's ``call`` names."""

    def admit(self, method: str, fingerprint: str, now: datetime) -> Admission:
        """Reserve the next slot for a call, or say why it may not leave."""

    def record_fault(self, method: str, now: datetime) -> None:
        """Count an error answer of ``method``."""

    def record_block(self, until: datetime, reason: str, now: datetime) -> None:
        """Remember that Omie closed the key."""


class LocalGovernor:
    """A governor for one process and no database (``omie-pipeline check``, tests)."""

    def __init__(self, limits: Limits | None = None) -> None:
        self._limits = limits or Limits()
        self._next: dict[str, datetime] = {}
        self._seen: dict[str, datetime] = {}
        self._faults: dict[str, list[datetime]] = {}
        self._blocked_until: datetime | None = None

    def admit(self, method: str, fingerprint: str, now: datetime) -> Admission:
        """Reserve the next slot in this process."""
        if self._blocked_until is not None and self._blocked_until > now:
            return Admission(blocked_until=self._blocked_until)
        faults = [at for at in self._faults.get(method, []) if _age(at, now) < FAULT_WINDOW_SECONDS]
        if len(faults) >= self._limits.error_budget:
            return Admission(budget_until=faults[0] + timedelta(seconds=FAULT_WINDOW_SECONDS))
        seen = self._seen.get(fingerprint)
        if seen is not None and _age(seen, now) < REDUNDANT_SECONDS:
            return Admission(redundant_seconds=REDUNDANT_SECONDS - _age(seen, now))
        slot = max(now, self._next.get(method, now))
        self._next[method] = slot + timedelta(seconds=60.0 / self._limits.method_per_minute)
        self._seen[fingerprint] = slot
        return Admission(wait_seconds=_age(now, slot))

    def record_fault(self, method: str, now: datetime) -> None:
        """Count an error answer in this process."""
        self._faults.setdefault(method, []).append(now)

    def record_block(self, until: datetime, reason: str, now: datetime) -> None:  # noqa: ARG002
        """Remember the block in this process."""
        self._blocked_until = until


def _age(then: datetime, now: datetime) -> float:
    return (now - then).total_seconds()
