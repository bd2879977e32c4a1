"""When a call may leave: pacing, redundancy, error budget, the memory of a block, waits of a line.

:class:`SharedRateLimiter` counts for all processes through PostgreSQL (ADR 0005);
:class:`LocalRateLimiter` serves one process that has no database. Both answer alike.
"""

from __future__ import annotations

import hashlib
import logging
import threading
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from email.utils import parsedate_to_datetime
from typing import Protocol

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import insert

from omie_pipeline.catalog.limits import (
    BURST,
    CALLS_PER_MINUTE,
    CALLS_PER_MINUTE_IP,
    ERROR_BUDGET,
    FAULT_WINDOW_SECONDS,
    PROBE_SECONDS,
    REDUNDANT_SECONDS,
    Admission,
)
from omie_pipeline.errors import Busy, OmieFault, Passing, RetryLater, TurnedAway, Unreachable
from omie_pipeline.omie.wire import HOPELESS
from omie_pipeline.postgres.clock import DatabaseClock
from omie_pipeline.postgres.engine import warehouse_errors
from omie_pipeline.postgres.tables import block, line_wait, quota_fault, quota_request
from omie_pipeline.texts import omie as texts


@dataclass(frozen=True, slots=True)
class Limits:
    """How fast a deployment may go; below Omie's 240 and 960 by a margin.

    Attributes:
        method_per_minute: calls of one key and method (official: 240).
        ip_per_minute: calls of the whole deployment (official: 960).
        error_budget: errors of one method within 30 minutes before we stop by ourselves; Omie stops
            us at ten (omie-api.md#blocks).
    """

    method_per_minute: float = CALLS_PER_MINUTE
    ip_per_minute: float = CALLS_PER_MINUTE_IP
    error_budget: int = ERROR_BUDGET


class RateLimiter(Protocol):
    """Shared memory of what was asked of one app key. Methods are Omie's ``call`` names."""

    def acquire(
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
    """A rate limiter for one key, one process and no database (``omie-pipeline check``, tests)."""

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

    def acquire(
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

BROKEN_WAITS_SECONDS = (2.0, 10.0, 60.0, 115.0, 115.0)
"""Before another question is asked in place of one whose answer broke. A passing fault costs
seconds; an outage is outlasted for the five minutes that asking the same again would take."""

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
                texts.TRYING_AGAIN,
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


# Pacing and the memory of a block, shared by all processes through PostgreSQL.

_ADMIT = sa.text(
    "SELECT wait_seconds, redundant_seconds, blocked_until, budget_until, probe, "
    "paused_seconds, paused_until, coalesce(paused_reason, ''), asked_at "
    "FROM omie_sync.admit("
    ":scope, :method, :fingerprint, :now, :method_per_minute, :ip_per_minute, :burst, "
    ":redundant_seconds, :error_budget, :fault_window_seconds)"
)

ROAD = "*"
"""In the place of a method: the road to Omie, which all of them take."""

_COMMIT_TO_DISK = sa.text("SELECT set_config('synchronous_commit', 'on', true)")


def scope_of(app_key: str) -> str:
    """Digest under which an app key is remembered: the key itself stays out of the database."""
    return hashlib.sha256(f"omie:{app_key}".encode()).hexdigest()[:16]


class SharedRateLimiter:
    """A rate limiter whose memory is the schema ``omie_sync``; one per app key.

    Every method raises ``WarehouseError`` when the database is gone: without its memory nothing
    may leave.

    Args:
        method_per_minute, ip_per_minute: ceilings, below Omie's 240 and 960.
        error_budget: errors of one method in 30 minutes after which we stop asking.
        clock: where it is the database's, the database itself reads it in each admission, and the
            ``now`` of the caller, who may have slept since, does not count.
    """

    def __init__(
        self,
        engine: sa.Engine,
        scope: str,
        *,
        method_per_minute: float,
        ip_per_minute: float,
        error_budget: int,
        clock: DatabaseClock | None = None,
    ) -> None:
        self._clock = clock
        self._engine = engine.execution_options(isolation_level="AUTOCOMMIT")
        self._scope = scope
        self._fixed = {
            "scope": scope,
            "method_per_minute": method_per_minute,
            "ip_per_minute": ip_per_minute,
            "burst": BURST,
            "redundant_seconds": REDUNDANT_SECONDS,
            "error_budget": error_budget,
            "fault_window_seconds": FAULT_WINDOW_SECONDS,
        }

    def acquire(
        self, method: str, fingerprint: str, now: datetime, *, durable: bool = False
    ) -> Admission:
        """Reserve the next slot, or say why not.

        A ``durable`` slot is on disk before the call leaves: whether an intent left open was ever
        sent is read from it, also after the server's machine lost its power.

        Args:
            method: method of Omie.
            fingerprint: digest of the request.
            now: time of the call.
            durable: whether the slot must survive a crash, as a write's must.
        """
        asked = now if self._clock is None else None
        values = {**self._fixed, "method": method, "fingerprint": fingerprint, "now": asked}
        level = {"isolation_level": "READ COMMITTED"} if durable else {}
        engine = self._engine.execution_options(**level)
        with warehouse_errors(), engine.begin() as connection:
            row = connection.execute(_ADMIT, values).one()
            if durable:
                connection.execute(_COMMIT_TO_DISK)
        if self._clock is not None:
            self._clock.observe(row[8])
        return Admission(*row[:8])

    def forget(self, fingerprint: str) -> None:
        """Let the same request leave again; to a later run it is as if it had never left."""
        statement = sa.delete(quota_request).where(
            quota_request.c.scope == self._scope, quota_request.c.fingerprint == fingerprint
        )
        with warehouse_errors(), self._engine.connect() as connection:
            connection.execute(statement)

    def record_fault(self, method: str, now: datetime) -> None:
        """Count an error answer."""
        with warehouse_errors(), self._engine.connect() as connection:
            connection.execute(
                sa.insert(quota_fault).values(scope=self._scope, method=method, at=now)
            )

    def record_block(self, until: datetime, reason: str, now: datetime) -> None:
        """Remember a block; a later end replaces an earlier one, never the other way round."""
        statement = insert(block).values(scope=self._scope, until=until, reason=reason, seen_at=now)
        statement = statement.on_conflict_do_update(
            index_elements=[block.c.scope],
            set_={
                "until": sa.func.greatest(block.c.until, statement.excluded.until),
                "reason": statement.excluded.reason,
                "seen_at": statement.excluded.seen_at,
                "probe_at": None,
            },
        )
        with warehouse_errors(), self._engine.connect() as connection:
            connection.execute(statement)

    def record_wait(
        self, method: str, until: datetime, reason: str, now: datetime, *, closes: bool
    ) -> None:
        """Remember a wait where every process, and ``status``, sees it.

        Args:
            method: method of Omie.
            until: end of the wait.
            reason: in words for the screen.
            now: time of the record.
            closes: whether the method takes no call meanwhile; otherwise one caller merely waits.
        """
        statement = insert(line_wait).values(
            scope=self._scope, method=method, until=until, reason=reason, since=now, closes=closes
        )
        statement = statement.on_conflict_do_update(
            index_elements=[line_wait.c.scope, line_wait.c.method],
            set_={
                name: statement.excluded[name] for name in ("until", "reason", "since", "closes")
            },
            # What only tells of a wait never opens a line that Omie has closed.
            where=sa.or_(statement.excluded.closes, ~line_wait.c.closes, line_wait.c.until <= now),
        )
        with warehouse_errors(), self._engine.connect() as connection:
            connection.execute(statement)

    def end_probe(self, now: datetime, *, is_open: bool) -> None:
        """Forget a block that is over, or let the next call probe; a newer block stays."""
        over = sa.and_(block.c.scope == self._scope, block.c.until <= now)
        statement = sa.delete(block).where(over)
        with warehouse_errors(), self._engine.connect() as connection:
            connection.execute(
                statement if is_open else sa.update(block).where(over).values(probe_at=None)
            )

    def record_nobody_there(self, until: datetime, reason: str, now: datetime) -> None:
        """Remember it where the next step of a run, in a process of its own, sees it."""
        self.record_wait(ROAD, until, reason, now, closes=False)

    def nobody_there(self, now: datetime) -> bool:
        """Whether any process gave up a little while ago."""
        query = sa.select(sa.exists().where(self._road(), line_wait.c.until > now))
        with warehouse_errors(), self._engine.connect() as connection:
            return bool(connection.execute(query).scalar_one())

    def somebody_there(self) -> None:
        """Forget it for every process."""
        with warehouse_errors(), self._engine.connect() as connection:
            connection.execute(sa.delete(line_wait).where(self._road()))

    def _road(self) -> sa.ColumnElement[bool]:
        return sa.and_(line_wait.c.scope == self._scope, line_wait.c.method == ROAD)

    def blocked_until(self, now: datetime) -> datetime | None:
        """End of a block that is still on."""
        query = sa.select(block.c.until).where(block.c.scope == self._scope, block.c.until > now)
        with warehouse_errors(), self._engine.connect() as connection:
            until: datetime | None = connection.execute(query).scalar_one_or_none()
        return until


@dataclass(frozen=True, slots=True)
class BlockInForce:
    """Omie closed a key: nothing is asked before ``until``."""

    until: datetime
    reason: str


def block_in_force(engine: sa.Engine, scope: str, now: datetime) -> BlockInForce | None:
    """The block of one app key that is still on.

    Args:
        scope: digest of the key, see :func:`omie_pipeline.omie.rate_limiter.scope_of`.
    """
    query = sa.select(block.c.until, block.c.reason).where(
        block.c.scope == scope, block.c.until > now
    )
    with warehouse_errors(), engine.connect() as connection:
        row = connection.execute(query).one_or_none()
    return BlockInForce(row.until, row.reason) if row else None


@dataclass(frozen=True, slots=True)
class LineWait:
    """What a key, or one method of it, waits for.

    Attributes:
        what: the method, or else what waits; :data:`omie_pipeline.omie.rate_limiter.ROAD` where
            nobody was there.
        closes: Omie asked for it, and nothing of the method leaves before.
    """

    what: str
    until: datetime
    reason: str
    closes: bool
    since: datetime


def line_waits(engine: sa.Engine, scope: str, now: datetime) -> list[LineWait]:
    """What one app key waits for at present, the longest wait first."""
    w = line_wait.c
    query = (
        sa.select(w.method, w.until, w.reason, w.closes, w.since)
        .where(w.scope == scope, w.until > now)
        .order_by(w.until.desc(), w.method)
    )
    with warehouse_errors(), engine.connect() as connection:
        found = connection.execute(query).all()
    return [LineWait(row[0], row[1], row[2], row[3], row[4]) for row in found]
