"""One simulator and one database for all histories of a module."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
import sqlalchemy as sa

from omie_pipeline import validation
from omie_pipeline.simulator.engine.server import running_simulator
from tests.histories.clocks import SharedTime
from tests.histories.company import Company
from tests.histories.machine import START
from tests.machine_clock import machine_clock
from tests.push.accept_all import AcceptAll


@pytest.fixture
def company(engine: sa.Engine, monkeypatch: pytest.MonkeyPatch) -> Iterator[Company]:
    """A deployment without Great Expectations, to be lent to one history after the other."""
    monkeypatch.setitem(vars(validation), "Validator", AcceptAll)
    time = SharedTime(START, engine)
    with running_simulator(clock=time) as simulator:
        made = Company(engine, simulator, time)
        with machine_clock(now=made.machine_now):
            yield made
    time.close()
