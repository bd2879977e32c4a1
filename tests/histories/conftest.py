"""One simulator and one database for all histories of a module."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
import sqlalchemy as sa

from omie_pipeline import validation
from omie_pipeline.simulator.clock import ManualClock
from omie_pipeline.simulator.server import running_simulator
from tests.histories.company import Company
from tests.histories.machine import START
from tests.sync.accept_all import AcceptAll


@pytest.fixture
def company(engine: sa.Engine, monkeypatch: pytest.MonkeyPatch) -> Iterator[Company]:
    """A deployment without Great Expectations, to be lent to one history after the other."""
    monkeypatch.setitem(vars(validation), "Validator", AcceptAll)
    clock = ManualClock(START)
    with running_simulator(clock=clock) as simulator:
        yield Company(engine, simulator, clock)
