"""Changes brought to a target in their order, and where it stands in the warehouse.

A target takes a batch and says up to which number everything arrived. Its row in ``outbox_target``
is locked meanwhile, so two processes never deliver to the same target at once; the position is
committed after the delivery. Killed between the two, the same batch goes once more: a target takes
a change twice without effect, by its number or its key.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any, Final, Literal, Protocol

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import insert

from omie_pipeline.clock import Clock
from omie_pipeline.errors import OmiePipelineError
from omie_pipeline.outbox.read import Change, read_changes, waiting
from omie_pipeline.postgres.engine import warehouse_errors
from omie_pipeline.postgres.tables import change, outbox_last, outbox_target
from omie_pipeline.signed_post import TIMEOUT_SECONDS
from omie_pipeline.texts import outbox as texts

TargetName = Literal["table", "callback"]

LONGEST_PAUSE: Final = timedelta(hours=1)
"""Between two tries of a target that fails: it may be down for days, and is asked every hour."""

SLOWEST_BATCH: Final = timedelta(seconds=TIMEOUT_SECONDS)
"""What a batch may take: one answer of a receiver, or of the clinic's database."""

_FIRST_PAUSE: Final = timedelta(minutes=1)


class TargetError(OmiePipelineError):
    """A target did not take a batch; the text is Portuguese and holds no value of a row."""


class Target(Protocol):
    """Where changes go.

    Attributes:
        name: of the target.
        batch: changes that it takes at once.
    """

    name: TargetName
    batch: int

    def check(self) -> None:
        """What can be seen without delivering anything.

        Raises:
            TargetError: it would take nothing.
        """

    def highest(self, empresa: str) -> int | None:
        """The highest number of the empresa that the target shows; ``None`` where it cannot be
        asked.

        Raises:
            TargetError: it does not answer.
        """

    def deliver(self, changes: Sequence[Change]) -> int:
        """Bring these changes, in their order.

        Returns:
            The number up to which everything arrived: that of one of ``changes``.

        Raises:
            TargetError: nothing of them is known to have arrived.
        """


@dataclass(frozen=True, slots=True)
class TargetState:
    """Where a target stands.

    Attributes:
        number: everything up to it arrived.
        behind: changes after it.
        behind_since: when the oldest of them was written.
        failing_since: when the first of the tries failed that have failed since; ``None``: the
            last one was well.
        failures: how many of them, in a row.
        next_at: it is not tried by itself before.
        error: why the last one failed, in Portuguese.
    """

    empresa: str
    target: TargetName
    number: int
    behind: int
    behind_since: datetime | None
    delivered_at: datetime | None
    failing_since: datetime | None
    failures: int
    next_at: datetime | None
    error: str | None


@dataclass(frozen=True, slots=True)
class Delivery:
    """What came of bringing changes to one target.

    Attributes:
        sent: changes that arrived now.
        number: everything up to it has arrived.
        state: ``done``: nothing is left; ``failed``; ``waiting``: it failed a little while ago and
            is not tried yet; ``busy``: another process is at it; ``unfinished``: time is up.
        error: why it failed.
    """

    target: TargetName
    state: Literal["done", "failed", "waiting", "busy", "unfinished"]
    sent: int = 0
    number: int = 0
    error: str | None = None
    next_at: datetime | None = None


def deliver(
    engine: sa.Engine,
    empresa: str,
    target: Target,
    clock: Clock,
    *,
    at_once: bool = False,
    until: datetime | None = None,
) -> Delivery:
    """Bring to a target what it has not got yet.

    Args:
        engine: the warehouse.
        empresa: the empresa whose changes are meant.
        target: where they go.
        clock: the deployment's.
        at_once: a person asks: a target that failed a little while ago is tried all the same.
        until: no batch is begun after this moment.

    Raises:
        WarehouseError: the warehouse is gone; what arrived goes once more, without effect.
    """
    done = Delivery(target.name, "unfinished")
    _ensure(engine, empresa, target.name)
    while done.state == "unfinished":
        if until is not None and clock.now() >= until:
            return done
        done = _deliver_batch(engine, empresa, target, clock, done, at_once=at_once)
    return done


def _ensure(engine: sa.Engine, empresa: str, name: TargetName) -> None:
    row = insert(outbox_target).values(empresa=empresa, target=name, number=0)
    with warehouse_errors(), engine.begin() as connection:
        connection.execute(row.on_conflict_do_nothing())


def _deliver_batch(
    engine: sa.Engine,
    empresa: str,
    target: Target,
    clock: Clock,
    before: Delivery,
    *,
    at_once: bool,
) -> Delivery:
    """One batch in one transaction, which holds the target's row."""
    c = outbox_target.c
    mine = sa.and_(c.empresa == empresa, c.target == target.name)
    locked = sa.select(c.number, c.next_at, c.failures, c.failing_since, c.error).where(mine)
    with warehouse_errors(), engine.begin() as connection:
        row = connection.execute(locked.with_for_update(skip_locked=True)).one_or_none()
        if row is None:
            return replace(before, state="busy")
        reached = replace(before, number=row.number)
        if row.next_at is not None and row.next_at > clock.now() and not at_once:
            return replace(reached, state="waiting", error=row.error, next_at=row.next_at)
        changes = read_changes(connection, empresa, row.number, target.batch)
        if not changes:
            return replace(reached, state="done")
        update = sa.update(outbox_target).where(mine)
        try:
            if not before.sent:
                highest = _shown(connection, empresa, target)
                if highest is not None and highest < row.number:
                    # What arrived is there no longer: another table, or an old copy of it.
                    changes = read_changes(connection, empresa, highest, target.batch)
            number = target.deliver(changes)
        except TargetError as error:
            failed = _failure(row, error, clock.now())
            connection.execute(update.values(**failed))
            return replace(reached, state="failed", error=str(error), next_at=failed["next_at"])
        connection.execute(update.values(number=number, delivered_at=clock.now(), **_WELL))
    sent = before.sent + sum(one.number <= number for one in changes)
    return Delivery(target.name, "unfinished", sent, number)


def _shown(connection: sa.Connection, empresa: str, target: Target) -> int | None:
    """The highest number that a target shows.

    One that shows numbers which were never given here was filled by a warehouse that was lost
    since: what gets these numbers now would not go over what it shows.

    Raises:
        TargetError: it is ahead.
    """
    newest = connection.scalar(
        sa.select(outbox_last.c.number).where(outbox_last.c.empresa == empresa)
    )
    highest = target.highest(empresa)
    if highest is not None and highest > (newest or 0):
        raise TargetError(texts.target_ahead(empresa=empresa, highest=highest, newest=newest or 0))
    return highest


_WELL: Final[dict[str, Any]] = {
    "failing_since": None,
    "failures": 0,
    "next_at": None,
    "error_class": None,
    "error": None,
}


def _failure(row: Any, error: OmiePipelineError, now: datetime) -> dict[str, Any]:
    failures = row.failures + 1
    # 1, 2, 4, ... minutes, and every hour in the end.
    pause = min(_FIRST_PAUSE * 2 ** min(row.failures, 10), LONGEST_PAUSE)
    return {
        "failing_since": row.failing_since or now,
        "failed_at": now,
        "failures": failures,
        "next_at": now + pause,
        "error_class": type(error).__name__,
        "error": str(error),
    }


def remember_failure(
    engine: sa.Engine, empresa: str, name: TargetName, error: OmiePipelineError, now: datetime
) -> Delivery:
    """A target could not even be opened: that is kept as any other failure of it.

    Args:
        engine: the warehouse.
        empresa: whose target.
        name: which target.
        error: why it could not be opened.
        now: when that was.

    Raises:
        WarehouseError: the database is gone.
    """
    _ensure(engine, empresa, name)
    c = outbox_target.c
    mine = sa.and_(c.empresa == empresa, c.target == name)
    query = sa.select(c.number, c.failures, c.failing_since).where(mine).with_for_update()
    with warehouse_errors(), engine.begin() as connection:
        row = connection.execute(query).one()
        failed = _failure(row, error, now)
        connection.execute(sa.update(outbox_target).where(mine).values(**failed))
    return Delivery(name, "failed", 0, row.number, str(error), failed["next_at"])


def rewind(engine: sa.Engine, empresa: str, name: TargetName, number: int) -> None:
    """Let a target get everything after ``number`` once more: its table was lost, say.

    Args:
        engine: the warehouse.
        empresa: whose target.
        name: which target.
        number: the last change that it has.

    Raises:
        WarehouseError: the database is gone.
    """
    _ensure(engine, empresa, name)
    c = outbox_target.c
    with warehouse_errors(), engine.begin() as connection:
        connection.execute(
            sa.update(outbox_target)
            .where(c.empresa == empresa, c.target == name, c.number > number)
            .values(number=number, next_at=None)
        )


def target_states(engine: sa.Engine, empresas: Collection[str]) -> tuple[TargetState, ...]:
    """Every target of these empresas that was ever delivered to.

    Raises:
        WarehouseError: the database is gone.
    """
    c = outbox_target.c
    oldest = (
        sa.select(change.c.written_at)
        .where(change.c.empresa == c.empresa, change.c.number > c.number)
        .order_by(change.c.number)
        .limit(1)
        .scalar_subquery()
    )
    query = (
        sa.select(
            c.empresa,
            c.target,
            c.number,
            waiting(c.empresa, c.number),
            oldest,
            *(c.delivered_at, c.failing_since, c.failures, c.next_at, c.error),
        )
        .where(c.empresa.in_(empresas))
        .order_by(c.empresa, c.target)
    )
    with warehouse_errors(), engine.connect() as connection:
        rows: Sequence[Any] = connection.execute(query).all()
    return tuple(TargetState(*row) for row in rows)
