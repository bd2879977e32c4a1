"""Pacing and the memory of a block, shared by all processes through PostgreSQL."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import insert

from omie_pipeline.catalog.limits import (
    BURST,
    FAULT_WINDOW_SECONDS,
    REDUNDANT_SECONDS,
    Admission,
)
from omie_pipeline.postgres.clock import DatabaseClock
from omie_pipeline.postgres.engine import warehouse_errors
from omie_pipeline.postgres.tables import block, line_wait, quota_fault, quota_request

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
    """A governor whose memory is the schema ``omie_sync``; one per app key.

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

    def admit(
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
        scope: digest of the key, see :func:`omie_pipeline.omie.shared_pacing.scope_of`.
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
        what: the method, or else what waits; :data:`omie_pipeline.omie.shared_pacing.ROAD` where
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
