"""A push in a process of its own: ``-m tests.effects.runner URL URL ENDPOINT [NOW]``."""

from __future__ import annotations

import sys
from collections.abc import Callable
from datetime import datetime

from pydantic import SecretStr

from omie_pipeline import validation
from omie_pipeline.catalog import REGISTRY
from omie_pipeline.clock import Clock, ManualClock, SystemClock
from omie_pipeline.errors import TakenOver
from omie_pipeline.omie import CallRecord, Credentials, OmieClient
from omie_pipeline.sync.policy import EndpointPolicy
from omie_pipeline.sync.push import Push
from omie_pipeline.validation.model import ClinicRules
from omie_pipeline.warehouse.engine import open_engine
from omie_pipeline.warehouse.planning import Selection
from omie_pipeline.warehouse.quota import SharedGovernor, scope_of
from tests.sync.accept_all import AcceptAll
from tests.sync.runner import KEY, SECRET


def main(database_url: str, base_url: str, endpoint: str, now: str = "real") -> None:
    """Push and print ``<delivered> <unchanged> <held> <closes>``, or ``TakenOver``.

    Args:
        now: the simulator's time, where that does not pass by itself.
    """
    vars(validation)["Validator"] = AcceptAll
    engine = open_engine(database_url)
    clock: Clock = SystemClock() if now == "real" else ManualClock(datetime.fromisoformat(now))

    def make_client(_empresa: str, on_call: Callable[[CallRecord], None]) -> OmieClient:
        governor = SharedGovernor(
            engine,
            scope_of(KEY),
            method_per_minute=6000,
            ip_per_minute=6000,
            error_budget=8,
        )
        keys = Credentials(SecretStr(KEY), SecretStr(SECRET))
        return OmieClient(keys, base_url, governor, clock, on_call=on_call)

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
