"""The engine's tests run against the simulator over HTTP and a real PostgreSQL."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime

import pytest
import sqlalchemy as sa

from omie_pipeline import validation
from omie_pipeline.simulator.clock import ManualClock
from omie_pipeline.simulator.engine.server import running_simulator
from tests.beginnings import Beginnings, Untouched
from tests.push.accept_all import AcceptAll
from tests.push.world import World


@pytest.fixture
def world(engine: sa.Engine, beginnings: Beginnings) -> Iterator[World]:
    clock = ManualClock(datetime(2026, 1, 5, 12, 0, tzinfo=UTC))
    with running_simulator(clock=clock) as simulator:
        world = World(engine, simulator, clock)
        world.beginnings, world.untouched = beginnings, Untouched(world)
        yield world


@pytest.fixture
def unvalidated(monkeypatch: pytest.MonkeyPatch) -> None:
    """Leave Great Expectations out: tests/validation and a few tests here have it in."""
    monkeypatch.setitem(vars(validation), "Validator", AcceptAll)
