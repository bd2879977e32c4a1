"""Omie's limits: calls per minute, calls at once, redundancy, and the block for misuse.

Source of every number: omie-api.md#limits (official unless said otherwise).
"""

from __future__ import annotations

import math
from collections import deque
from dataclasses import dataclass, replace
from typing import Any, Literal

from omie_pipeline.simulator.engine import faults

_MINUTE_SECONDS = 60.0


@dataclass(frozen=True, slots=True)
class Limits:
    """The numbers; ``None`` switches a limit off.

    Attributes:
        method_per_minute: calls of one app key and method in any 60 seconds; more get HTTP 429.
        ip_per_minute: calls of one address in any 60 seconds.
        reads_at_once: reads of one app key and method in flight; more are "busy" (1880).
        writes_at_once: the same for writes, whose lane is single.
        redundancy_seconds: an identical call within this time is refused (Client-6).
        redundancy_restarts: asking again inside the window starts it anew (seen).
        block_after_errors: errors of one app key and method that close it (HTTP 425). Every
            fault counts, "no rows", redundant and busy ones too; HTTP 429 and 403 do not.
        block_seconds: how long it stays closed; a call during the block starts it anew (reported).
        block_counting: ``rolling`` counts every fault of the last ``block_seconds`` and forgives
            none, the strict reading; ``consecutive`` starts from zero after a success.
        abandoned_lock_seconds: how long a method stays busy after its caller gave up (seen: up
            to 60).
        busy_by: what an abandoned call keeps busy: its whole ``method``, or the same ``question``
            only, whose third asking within the minute is then redundant. Both were seen
            (omie-api.md#busy-methods).
    """

    method_per_minute: int | None = 240
    ip_per_minute: int | None = 960
    reads_at_once: int | None = 4
    writes_at_once: int | None = 1
    redundancy_seconds: float | None = 60.0
    redundancy_restarts: bool = True
    block_after_errors: int | None = 10
    block_seconds: float = 1800.0
    block_counting: Literal["rolling", "consecutive"] = "rolling"
    abandoned_lock_seconds: float = 0.0
    busy_by: Literal["method", "question"] = "method"

    @classmethod
    def off(cls) -> Limits:
        """No limit at all."""
        return cls(
            method_per_minute=None,
            ip_per_minute=None,
            reads_at_once=None,
            writes_at_once=None,
            redundancy_seconds=None,
            block_after_errors=None,
        )

    def changed(self, **changes: Any) -> Limits:
        """A copy with the named numbers changed, as they come from a caller's words.

        Raises:
            TypeError: no limit has that name.
            ValueError: a number is out of place.
        """
        numbers = {name: _number(name, value) for name, value in changes.items()}
        return replace(self, **numbers)


def _number(name: str, value: Any) -> Any:
    if name == "busy_by":
        if value not in {"method", "question"}:
            raise ValueError(f"busy_by is method or question, not {value!r}")
        return value
    if name == "block_counting":
        if value not in {"rolling", "consecutive"}:
            raise ValueError(f"block_counting is rolling or consecutive, not {value!r}")
        return value
    if value is None or isinstance(value, bool):
        return value
    number = float(value)
    if number < 0:
        raise ValueError(f"{name} must not be negative")
    return number if name.endswith("_seconds") else int(number)


Lane = tuple[str, str]
"""App key and method."""


class Gate:
    """Decides, call by call, whether Omie would listen. Times are simulated seconds."""

    def __init__(self, limits: Limits) -> None:
        self.limits = limits
        self.forget()

    def forget(self) -> None:
        """Start as if no call had ever been made."""
        self._by_method: dict[Lane, deque[float]] = {}
        self._by_address: dict[str, deque[float]] = {}
        self._in_flight: dict[Lane, int] = {}
        self._abandoned_until: dict[tuple[Lane, str], float] = {}
        self._entered: dict[Lane, str] = {}
        self._refused_busy: dict[tuple[Lane, str], list[float]] = {}
        self._asked: dict[tuple[str, str], float] = {}
        self._asked_order: deque[tuple[float, tuple[str, str]]] = deque()
        self._errors: dict[Lane, deque[float]] = {}
        self._blocked_until: dict[Lane, float] = {}

    def count(self, address: str, lane: Lane, now: float) -> None:
        """The two rates.

        Raises:
            TooManyRequestsError: one of them is spent; the call is not counted.
        """
        limits = self.limits
        by_address = self._by_address.setdefault(address, deque())
        by_method = self._by_method.setdefault(lane, deque())
        for calls, ceiling in (
            (by_address, limits.ip_per_minute),
            (by_method, limits.method_per_minute),
        ):
            while calls and calls[0] <= now - _MINUTE_SECONDS:
                calls.popleft()
            if ceiling is not None and len(calls) >= ceiling:
                raise faults.TooManyRequestsError
        by_address.append(now)
        by_method.append(now)

    def check_block(self, lane: Lane, now: float) -> None:
        """HTTP 425 while the method is closed; a call meanwhile closes it for the full time
        again."""
        until = self._blocked_until.get(lane)
        if until is None or self.limits.block_after_errors is None:
            return
        if until <= now:
            del self._blocked_until[lane]
            return
        self._blocked_until[lane] = now + self.limits.block_seconds
        raise faults.blocked(math.ceil(until - now))

    def enter(self, lane: Lane, is_read: bool, now: float, question: str = "") -> int:
        """Take a place in the lane; answers how many are in flight, this one included.

        Args:
            lane: app key and method.
            is_read: reads have more places.
            now: simulated seconds.
            question: digest of method and parameters.
        """
        ceiling = self.limits.reads_at_once if is_read else self.limits.writes_at_once
        in_flight = self._in_flight.get(lane, 0)
        if ceiling is not None:
            if in_flight >= ceiling:
                raise faults.busy()
            held = (lane, question if self.limits.busy_by == "question" else "")
            until = self._abandoned_until.get(held, 0.0)
            if until > now:
                raise self._busy(held, until, now)
        self._in_flight[lane] = in_flight + 1
        self._entered[lane] = question
        return in_flight + 1

    def _busy(self, held: tuple[Lane, str], until: float, now: float) -> Exception:
        """The first asking was the abandoned one, so that the second refusal is the third."""
        if self.limits.busy_by == "method":
            return faults.busy()
        before = [at for at in self._refused_busy.get(held, []) if at > now - _MINUTE_SECONDS]
        self._refused_busy[held] = [*before, now]
        return faults.redundant(math.ceil(until - now)) if before else faults.busy()

    def in_flight(self) -> int:
        """Calls that have no answer yet."""
        return sum(self._in_flight.values())

    def leave(self, lane: Lane, now: float, *, abandoned: bool = False) -> None:
        """Give the place back; an abandoned call keeps the method busy for a while."""
        self._in_flight[lane] = max(0, self._in_flight.get(lane, 0) - 1)
        if abandoned and self.limits.abandoned_lock_seconds:
            question = self._entered.get(lane, "") if self.limits.busy_by == "question" else ""
            self._abandoned_until[lane, question] = now + self.limits.abandoned_lock_seconds

    def check_redundancy(self, app_key: str, fingerprint: str, now: float) -> None:
        """Refuse the same call with the same parameters inside the window."""
        window = self.limits.redundancy_seconds
        if window is None:
            return
        while self._asked_order and self._asked_order[0][0] <= now - window:
            at, key = self._asked_order.popleft()
            if self._asked.get(key) == at:
                del self._asked[key]
        key = (app_key, fingerprint)
        asked = self._asked.get(key)
        if asked is not None and asked + window > now:
            if self.limits.redundancy_restarts:
                self._remember(key, now)
                asked = now
            raise faults.redundant(math.ceil(asked + window - now))
        self._remember(key, now)

    def _remember(self, key: tuple[str, str], now: float) -> None:
        self._asked[key] = now
        self._asked_order.append((now, key))

    def note(self, lane: Lane, *, failed: bool, now: float) -> None:
        """Count the outcome towards the block: ten errors close the method."""
        ceiling = self.limits.block_after_errors
        if ceiling is None:
            return
        if not failed:
            if self.limits.block_counting == "consecutive":
                self._errors.pop(lane, None)
            return
        errors = self._errors.setdefault(lane, deque())
        errors.append(now)
        while errors[0] <= now - self.limits.block_seconds:
            errors.popleft()
        if len(errors) >= ceiling:
            self.block(lane, now)

    def block(self, lane: Lane, now: float, seconds: float | None = None) -> None:
        """Close the method now, for ``seconds`` or as long as usual."""
        self._errors.pop(lane, None)
        self._blocked_until[lane] = now + (seconds or self.limits.block_seconds)
