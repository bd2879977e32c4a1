"""One simulator for the whole folder, as new for every test; time stands still until moved."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict

import httpx
import pytest

from omie_pipeline.simulator.clock import ManualClock
from omie_pipeline.simulator.engine.limits import Limits
from omie_pipeline.simulator.engine.server import Simulator, running_simulator
from omie_pipeline.simulator.rules import Behaviour
from tests.local_http import NO_TLS
from tests.simulator.omie_caller import START, Api


@pytest.fixture(scope="session")
def _one_simulator() -> Iterator[Simulator]:
    with running_simulator(clock=ManualClock(START)) as simulator:
        yield simulator


@pytest.fixture(scope="session")
def _one_client(_one_simulator: Simulator) -> Iterator[httpx.Client]:
    with httpx.Client(verify=NO_TLS, base_url=_one_simulator.base_url) as client:
        yield client


@pytest.fixture
def sim(_one_simulator: Simulator) -> Simulator:
    """A fresh simulator without limits at 09:00 on 5 January 2026."""
    control = _one_simulator.control
    control.set_time(START)
    control.set_limits(Limits.off())
    control.set_behaviour(**asdict(Behaviour()))
    control.reset()
    return _one_simulator


@pytest.fixture
def api(sim: Simulator, _one_client: httpx.Client) -> Api:
    """A caller of the fresh simulator."""
    return Api(_one_client)
