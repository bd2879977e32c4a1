"""Long works under way, told to the process's own screen and to everybody through the database.

A first load goes on for hours: a person who looks from another terminal or machine finds in
``omie_sync.work`` how far it is. A row is written every few seconds, never for a row of the clinic,
and not at all by what is done in a moment; it goes when the work ends. One whose process was killed
stays and says when it gave its last sign of life, until a work of its name took its place: a load
that was killed on a Friday is there on Monday.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final, Literal, get_args

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import insert

from omie_pipeline.clock import Clock
from omie_pipeline.errors import OmiePipelineError
from omie_pipeline.postgres.engine import warehouse_errors
from omie_pipeline.postgres.tables import work
from omie_pipeline.progress import UNKNOWN_PACE, Headway, Meter, Pace, Wait

Kind = Literal["push", "import", "extract", "notes"]
"""What a work does."""

WhoseWork = tuple[str, Kind, str]
"""Empresa, what is done, and the endpoint or the table."""

Listener = Callable[[Headway], None]
"""Told the figures whenever they changed, at most every second or so."""

SILENT_AFTER: Final = timedelta(minutes=2)
"""A work that gave no sign of life for longer has stopped: its process gives one every 30 s."""

_WRITTEN_EVERY: Final = timedelta(seconds=5)
_SIGN_SECONDS: Final = 30.0
_TOLD_EVERY: Final = timedelta(seconds=1)
_LOG = logging.getLogger("omie_pipeline.work")


class Work:
    """One long work, as its process tells of it; any thread may.

    Args:
        listener: this process's screen.
    """

    def __init__(
        self,
        engine: sa.Engine,
        clock: Clock,
        whose: WhoseWork,
        listener: Listener | None = None,
    ) -> None:
        self._engine = engine.execution_options(isolation_level="AUTOCOMMIT")
        self._clock = clock
        self._whose = whose
        self._listener = listener
        self._lock = threading.Lock()
        self._started_at = clock.now()
        self._meter = Meter(self._started_at)
        self._written_at = self._told_at = self._started_at
        self._over = threading.Event()
        self._signs: threading.Thread | None = None

    def plan(self, total: int | None, pace: Pace = UNKNOWN_PACE) -> None:
        """It is known how many rows there are; they are measured from now on.

        Args:
            total: rows; ``None``: nobody knows.
            pace: what is expected of them.
        """
        with self._lock:
            now = self._clock.now()
            self._meter.plan(total, now, pace)
            self._tell(now, at_once=True)

    def add(self, rows: int) -> None:
        """So many rows more are done."""
        with self._lock:
            now = self._clock.now()
            self._meter.add(rows, now)
            self._tell(now)

    def reach(self, done: int, total: int | None) -> None:
        """So many rows are done in all, of so many."""
        with self._lock:
            now = self._clock.now()
            self._meter.reach(done, total, now)
            self._tell(now)

    def wait(self, reason: str, until: datetime | None = None) -> None:
        """It waits, and says for what."""
        with self._lock:
            now = self._clock.now()
            self._meter.wait(reason, until, now)
            self._tell(now, at_once=True)
            self._write(now)

    def wait_for_another(self, reason: str) -> None:
        """Another process does the same work: the row is that one's, ours has not begun."""
        with self._lock:
            now = self._clock.now()
            self._meter.wait(reason, None, now)
            self._told_at = now
            if self._listener is not None:
                self._listener(self._meter.headway(now))

    def end(self, *, repeats: bool = False) -> None:
        """It is over, well or not.

        Args:
            repeats: it did, though in a moment, what a killed one of its name had to do.
        """
        self._over.set()
        empresa, kind, name = self._whose
        mine = sa.and_(work.c.empresa == empresa, work.c.kind == kind, work.c.name == name)
        if self._signs is not None:
            self._signs.join()
            self._execute(sa.delete(work).where(mine))
        elif repeats:
            dead = work.c.told_at < self._clock.now() - SILENT_AFTER
            self._execute(sa.delete(work).where(mine, dead))

    def _tell(self, now: datetime, *, at_once: bool = False) -> None:
        if self._listener is not None and (at_once or now - self._told_at >= _TOLD_EVERY):
            self._told_at = now
            self._listener(self._meter.headway(now))
        if now - self._written_at >= _WRITTEN_EVERY:
            self._write(now)

    def _write(self, now: datetime) -> None:
        self._written_at = now
        if self._signs is None:
            self._signs = threading.Thread(target=self._give_signs, daemon=True, name="omie-work")
            self._signs.start()
        headway = self._meter.headway(now)
        empresa, kind, name = self._whose
        values = {
            "started_at": self._started_at,
            "told_at": now,
            "done": headway.done,
            "total": headway.total,
            "per_minute": headway.per_minute,
            "most_per_minute": headway.most_per_minute,
            "wait_reason": headway.wait.reason if headway.wait else None,
            "wait_until": headway.wait.until if headway.wait else None,
        }
        statement = insert(work).values(empresa=empresa, kind=kind, name=name, **values)
        self._execute(
            statement.on_conflict_do_update(index_elements=list(work.primary_key), set_=values)
        )

    def _give_signs(self) -> None:
        """That it lives shows also while a single step of it takes long, or it waits."""
        while not self._over.wait(_SIGN_SECONDS):
            with self._lock, suppress(OmiePipelineError):
                self._write(self._clock.now())

    def _execute(self, statement: sa.Executable) -> None:
        """Figures for a screen stop no work: whatever matters meets the same database itself."""
        try:
            with self._engine.connect() as connection:
                connection.execute(statement)
        except sa.exc.SQLAlchemyError as error:
            _LOG.debug("%s", type(error).__name__)


@contextmanager
def under_way(
    engine: sa.Engine,
    clock: Clock,
    whose: WhoseWork,
    listener: Listener | None = None,
    *,
    partial: bool = False,
) -> Iterator[Work]:
    """A work for the length of a ``with`` block.

    Args:
        engine: the warehouse.
        clock: the deployment's.
        whose: empresa, kind, and endpoint or table.
        listener: this process's screen.
        partial: of one record, say: it does not stand for a killed work of its name.
    """
    one, well = Work(engine, clock, whose, listener), False
    try:
        yield one
        well = True
    finally:
        one.end(repeats=well and not partial)


@dataclass(frozen=True, slots=True)
class WorkUnderWay:
    """A work as everybody sees it.

    Attributes:
        silent: no sign of life for too long: its process was ended, or its machine is gone.
    """

    empresa: str
    kind: Kind
    name: str
    started_at: datetime
    headway: Headway
    silent: bool


def works_under_way(
    engine: sa.Engine, empresas: Sequence[str], now: datetime
) -> tuple[WorkUnderWay, ...]:
    """Works of these empresas that were begun and have not ended.

    Raises:
        WarehouseError: the database is gone.
    """
    c = work.c
    query = sa.select(work).where(c.empresa.in_(empresas)).order_by(c.empresa, c.started_at, c.name)
    with warehouse_errors(), engine.connect() as connection:
        rows = connection.execute(query).all()
    return tuple(_under_way(row, now) for row in rows if row.kind in get_args(Kind))


def _under_way(row: sa.Row[tuple[object, ...]], now: datetime) -> WorkUnderWay:
    wait = Wait(row.wait_reason, row.wait_until) if row.wait_reason else None
    headway = Headway(row.done, row.total, row.told_at, row.per_minute, wait, row.most_per_minute)
    silent = now - row.told_at > SILENT_AFTER
    return WorkUnderWay(row.empresa, row.kind, row.name, row.started_at, headway, silent)
