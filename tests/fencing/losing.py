"""How a run loses its lane, and how another takes it."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from typing import Any

import sqlalchemy as sa

from omie_pipeline.omie import CallRecord
from omie_pipeline.postgres.locks import lanes_held
from omie_pipeline.push.report import PushReport
from tests.push.world import World

PATIENCE_SECONDS = 60.0
_LOOK_AGAIN_SECONDS = 0.005


def until(reached: Callable[[], object], what: str) -> None:
    """Wait for a condition of another process."""
    give_up_at = time.monotonic() + PATIENCE_SECONDS
    pause = threading.Event()
    while not reached():
        assert time.monotonic() < give_up_at, f"never reached: {what}"
        pause.wait(_LOOK_AGAIN_SECONDS)


def end_lock(engine: sa.Engine, lane: str) -> None:
    """End the session that holds the lock of ``lane``, as a cut line or a failover does."""
    with engine.connect() as connection:
        connection.execute(
            sa.text(
                "SELECT pg_terminate_backend(backend_pid) FROM omie_sync.fence WHERE lane = :lane"
            ),
            {"lane": lane},
        )
    until(lambda: not lanes_held(engine, [lane]), "the lock is free")


def sent(world: World) -> list[str]:
    """Methods of the calls that changed something, or were to."""
    return [call.method for call in world.control.calls() if not call.is_read]


def push_lane(endpoint: str) -> str:
    """Name of the lane of an endpoint's pushes."""
    from omie_pipeline.catalog import REGISTRY

    return f"push:principal:{REGISTRY[endpoint].deletes or endpoint}"


class Interruption:
    """Something that happens while a run is at its ``number``-th step."""

    def __init__(
        self, world: World, endpoint: str, number: int, happens: Callable[[], None]
    ) -> None:
        self._world = world
        self._endpoint = endpoint
        self._left = number
        self._happens = happens
        self._busy = False

    @property
    def happened(self) -> bool:
        """Whether it has come to that."""
        return self._left < 1

    def step(self, *_: object) -> None:
        """One step of the run."""
        if self.happened:
            return
        self._left -= 1
        if self.happened:
            self._happens()

    def at_write(self, record: CallRecord) -> None:
        """A step, if the call was a write."""
        if not record.method.startswith(("Consultar", "Listar", "Pesquisar", "Status")):
            self.step()

    def at_begin(self, _connection: sa.Connection) -> None:
        """A step before a transaction, once the run holds the lane."""
        if self._busy or self.happened:
            return
        self._busy = True
        try:
            if lanes_held(self._world.engine, [push_lane(self._endpoint)]):
                self.step()
        finally:
            self._busy = False


class Successor(Interruption):
    """Another run, which takes the lane while the first is at its ``number``-th step.

    The first run's time stands still meanwhile, as that of a stopped virtual machine does.

    Attributes:
        report: of the other run; ``None`` while it has not been made.
        writes: write calls that Omie had seen when the other run had ended.
    """

    def __init__(
        self, world: World, endpoint: str, number: int, pause_seconds: float = 62, **options: Any
    ) -> None:
        super().__init__(world, endpoint, number, self._take)
        self._pause_seconds = pause_seconds
        self._options = options
        self.report: PushReport | None = None
        self.writes = 0

    def _take(self) -> None:
        end_lock(self._world.engine, push_lane(self._endpoint))
        self._world.clock.sleep(self._pause_seconds)
        self.report = self._world.elsewhere().push(self._endpoint, **self._options)
        self.writes = len(sent(self._world))
