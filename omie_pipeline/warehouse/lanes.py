"""One at a time, across processes: PostgreSQL advisory locks held by a connection of their own."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager

import sqlalchemy as sa

from omie_pipeline.clock import Clock
from omie_pipeline.database.schemas import schemas_of
from omie_pipeline.warehouse.engine import warehouse_errors

_POLL_SECONDS = 0.5


@contextmanager
def lane(
    engine: sa.Engine, name: str, clock: Clock, on_wait: Callable[[], None] | None = None
) -> Iterator[None]:
    """Hold the lane ``name`` (an endpoint of an empresa, say); the lock dies with the process.

    Args:
        on_wait: told once, when somebody else holds the lane.

    Raises:
        WarehouseError: the database is gone.
    """
    key = sa.func.hashtextextended(schemas_of(engine).lock(name), 0)
    autocommit = engine.execution_options(isolation_level="AUTOCOMMIT")
    with warehouse_errors(), autocommit.connect() as connection:
        told = False
        while not connection.execute(sa.select(sa.func.pg_try_advisory_lock(key))).scalar():
            if on_wait is not None and not told:
                told = True
                on_wait()
            clock.sleep(_POLL_SECONDS)
        try:
            yield
        finally:
            # A dead connection has let go by itself; invalid or not, it must not return to the pool
            # holding a lock.
            connection.invalidate()
