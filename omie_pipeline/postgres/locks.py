"""One at a time, across processes: an advisory lock, and a fence for a run that lost it.

The lock is held by a connection of its own and ends with it: with the process, but also with a cut
connection, a failover or a pooler. So the lock only keeps others waiting; what a run may do is
decided by the row of its lane in ``omie_sync.fence``, which names the holder. Each holder puts its
own name there in the statement that gets the lock. A run that is not named any more cannot commit
through :attr:`Lane.engine` and gets :class:`TakenOver` from :meth:`Lane.check`, which precedes
every call that writes.
"""

from __future__ import annotations

import uuid
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager, suppress

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import insert

from omie_pipeline.catalog import REGISTRY
from omie_pipeline.clock import Clock
from omie_pipeline.errors import TakenOver
from omie_pipeline.postgres.engine import warehouse_errors
from omie_pipeline.postgres.schemas import schemas_of
from omie_pipeline.postgres.tables import fence
from omie_pipeline.texts import postgres as texts

_POLL_SECONDS = 0.5
_CHANGED_SINCE = "40001"
"""SQLSTATE of a transaction whose snapshot is older than the holder."""


class Lane:
    """A lane, while this process is its holder.

    Attributes:
        name: of the lane.
        engine: the warehouse for all that is done in the lane: each of its transactions proves
            just before it commits that the lane is still ours, and nobody takes the lane between
            the proof and the commit. What only reads proves nothing.
    """

    def __init__(self, engine: sa.Engine, name: str) -> None:
        self.name = name
        self.engine = engine.execution_options()
        self._autocommit = engine.execution_options(isolation_level="AUTOCOMMIT")
        self._holder = uuid.uuid4().hex
        self._key = sa.func.hashtextextended(schemas_of(engine).lock(name), 0)
        self._connection = self._autocommit.connect()
        self._locked = False
        sa.event.listen(self.engine, "commit", self._prove)

    def take(self) -> bool:
        """Get the lock and become the holder in one statement; false while another has the lock.

        Waits for a commit of the former holder that has proved its right already.
        """
        row = sa.select(
            sa.literal(self.name),
            sa.literal(1),
            sa.literal(self._holder),
            sa.func.pg_backend_pid(),
            sa.func.clock_timestamp(),
        ).where(sa.func.pg_try_advisory_lock(self._key))
        statement = insert(fence).from_select(
            ["lane", "token", "holder", "backend_pid", "taken_at"], row
        )
        new = statement.excluded
        taking = statement.on_conflict_do_update(
            index_elements=[fence.c.lane],
            set_={
                "token": fence.c.token + 1,
                "holder": new.holder,
                "backend_pid": new.backend_pid,
                "taken_at": new.taken_at,
            },
        ).returning(fence.c.token)
        self._locked = self._connection.execute(taking).first() is not None
        return self._locked

    def check(self) -> None:
        """Return if the lane is ours; a lock whose connection broke is taken again.

        The thread that works in the lane calls this before every call that writes; its own
        statement keeps the lock's connection from being idle.

        Raises:
            TakenOver: another run is the holder.
            WarehouseError: the database is gone.
        """
        with warehouse_errors():
            try:
                mine = self._is_mine(self._connection)
            except sa.exc.DBAPIError:
                mine = self._take_again()
        if not mine:
            raise TakenOver(texts.TAKEN_OVER)

    def release(self) -> None:
        """Let go of the lock, whatever state its connection is in."""
        if self._locked and not self._connection.invalidated:
            # In words: of a connection that closes the server learns a moment later only.
            with suppress(sa.exc.SQLAlchemyError):
                self._connection.execute(sa.select(sa.func.pg_advisory_unlock(self._key)))
        self._locked = False
        # A dead connection has let go by itself; it must not return to the pool holding a lock.
        self._connection.invalidate()
        self._connection.close()

    def _take_again(self) -> bool:
        """Lock again over a new connection if no other run holds it; return whether we do.

        Where the server has not noticed yet that the old connection is dead, the old lock stands
        and keeps others out just as well.
        """
        self.release()
        self._connection = self._autocommit.connect()
        again = (
            sa.update(fence)
            .where(self._mine(), sa.func.pg_try_advisory_lock(self._key))
            .values(backend_pid=sa.func.pg_backend_pid())
            .returning(fence.c.token)
        )
        self._locked = self._connection.execute(again).first() is not None
        if self._locked:
            return True
        return self._is_mine(self._connection)

    def _mine(self) -> sa.ColumnElement[bool]:
        return sa.and_(fence.c.lane == self.name, fence.c.holder == self._holder)

    def _is_mine(self, connection: sa.Connection) -> bool:
        return connection.execute(sa.select(fence.c.token).where(self._mine())).first() is not None

    def _prove(self, connection: sa.Connection) -> None:
        """The last statement of a transaction: its row lock keeps a new holder waiting."""
        proof = sa.select(fence.c.token).where(self._mine()).with_for_update(read=True)
        try:
            mine = connection.execute(proof).first() is not None
        except sa.exc.OperationalError as error:
            if getattr(error.orig, "sqlstate", None) != _CHANGED_SINCE:
                raise
            mine = False
        if not mine:
            raise TakenOver(texts.TAKEN_OVER)


@contextmanager
def lane(
    engine: sa.Engine, name: str, clock: Clock, on_wait: Callable[[], None] | None = None
) -> Iterator[Lane]:
    """Hold the lane ``name`` (an endpoint of an empresa, say); the lock ends with the process.

    Args:
        engine: the warehouse.
        name: name of the lock.
        clock: the clock of the deployment.
        on_wait: called once if another run holds the lane.

    Raises:
        WarehouseError: the database is gone.
    """
    with warehouse_errors():
        held = Lane(engine, name)
        try:
            told = False
            while not held.take():
                if on_wait is not None and not told:
                    told = True
                    on_wait()
                clock.sleep(_POLL_SECONDS)
            yield held
        finally:
            held.release()


@contextmanager
def lane_if_free(engine: sa.Engine, name: str) -> Iterator[Lane | None]:
    """Hold the lane ``name`` if nobody does; ``None`` while another holds it: nobody waits.

    Raises:
        WarehouseError: the database is gone.
    """
    with warehouse_errors():
        held = Lane(engine, name)
        try:
            yield held if held.take() else None
        finally:
            held.release()


# Whose lanes are taken right now: read from PostgreSQL's locks, without touching any of them.

_HELD = sa.text(
    "SELECT name FROM unnest(CAST(:names AS text[])) AS name WHERE EXISTS ("
    " SELECT 1 FROM pg_locks AS l"
    " WHERE l.locktype = 'advisory' AND l.granted AND l.objsubid = 1"
    " AND l.database = (SELECT oid FROM pg_database WHERE datname = current_database())"
    " AND ((CAST(l.classid AS bigint) << 32) | CAST(l.objid AS bigint))"
    " = hashtextextended(name, 0))"
)


def lanes_held(engine: sa.Engine, names: Iterable[str]) -> frozenset[str]:
    """Those of the lanes (:func:`omie_pipeline.postgres.locks.lane`) that a process holds."""
    wanted = sorted(set(names))
    if not wanted:
        return frozenset()
    with warehouse_errors(), engine.connect() as connection:
        locks = {schemas_of(engine).lock(name): name for name in wanted}
        held: sa.ScalarResult[str] = connection.execute(_HELD, {"names": list(locks)}).scalars()
        return frozenset(locks[lock] for lock in held)


def cancelling_lane(empresa: str) -> str:
    """Name of the lane in which notes of an empresa are cancelled."""
    return f"cancel:{empresa}"


def reading_lane(empresa: str, table: str) -> str:
    """Name of the lane that a reading of a table holds."""
    return f"import:{empresa}:{table}"


def sharing_lane(endpoint: str) -> tuple[str, ...]:
    """Names of the endpoints of which one run at a time is pushed: this one, and what deletes it
    or is deleted by it."""
    name = sending_lane("", endpoint)
    return tuple(other for other in REGISTRY if sending_lane("", other) == name)


def sending_lane(empresa: str, endpoint: str) -> str:
    """Name of the lane that a push of an endpoint holds."""
    return f"push:{empresa}:{REGISTRY[endpoint].deletes or endpoint}"
