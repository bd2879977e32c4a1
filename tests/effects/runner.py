"""A push in a process of its own: ``-m tests.effects.runner URL URL ENDPOINT [TIME]``."""

from __future__ import annotations

import sys
from collections.abc import Callable
from datetime import datetime
from urllib.parse import urljoin

import httpx
from pydantic import SecretStr

from omie_pipeline import validation
from omie_pipeline.catalog import REGISTRY
from omie_pipeline.clock import Clock, SystemClock
from omie_pipeline.errors import TakenOver
from omie_pipeline.omie import CallRecord, Credentials, OmieClient
from omie_pipeline.omie.rate_limiter import SharedRateLimiter, scope_of
from omie_pipeline.payload import Selection
from omie_pipeline.postgres.engine import open_engine
from omie_pipeline.push.policy import EndpointPolicy
from omie_pipeline.push.run import Push
from omie_pipeline.validation.model import ClinicRules
from tests.local_http import NO_TLS
from tests.push.accept_all import AcceptAll
from tests.push.runner import KEY, SECRET


class SimulatorsTime:
    """The simulator's clock, for every process that talks to it: sleeping moves it on at once."""

    def __init__(self, base_url: str) -> None:
        self._address = urljoin(base_url, "/_control/clock")
        self._client = httpx.Client(verify=NO_TLS)

    def now(self) -> datetime:
        """The simulated moment."""
        return self._clock({})

    def sleep(self, wait_seconds: float) -> None:
        """Move the clock on, for all."""
        if wait_seconds > 0:
            self._clock({"advance": wait_seconds})

    def _clock(self, change: dict[str, float]) -> datetime:
        answer = self._client.post(self._address, json=change).raise_for_status()
        return datetime.fromisoformat(answer.json()["now"])


def main(database_url: str, base_url: str, endpoint: str, time: str = "real") -> None:
    """Push and print ``<delivered> <unchanged> <held> <closes>``, or ``TakenOver``.

    Args:
        time: ``simulated`` where the simulator's does not pass by itself.
    """
    vars(validation)["Validator"] = AcceptAll
    engine = open_engine(database_url)
    clock: Clock = SystemClock() if time == "real" else SimulatorsTime(base_url)

    def make_client(_empresa: str, on_call: Callable[[CallRecord], None]) -> OmieClient:
        rate_limiter = SharedRateLimiter(
            engine,
            scope_of(KEY),
            method_per_minute=6000,
            ip_per_minute=6000,
            error_budget=8,
        )
        keys = Credentials(SecretStr(KEY), SecretStr(SECRET))
        return OmieClient(keys, base_url, rate_limiter, clock, on_call=on_call)

    push = Push(engine, make_client, clock, ClinicRules())
    try:
        report = push.run(REGISTRY[endpoint], Selection("principal"), EndpointPolicy())
    except TakenOver:
        sys.stdout.write("TakenOver\n")
        return
    counts = report.total
    sys.stdout.write(f"{counts.delivered} {counts.unchanged} {counts.held} {report.closes}\n")


if __name__ == "__main__":
    main(*sys.argv[1:])
