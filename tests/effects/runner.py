"""A push of one endpoint in a process of its own: ``-m tests.effects.runner URL URL ENDPOINT``."""

from __future__ import annotations

import sys
from collections.abc import Callable

from pydantic import SecretStr

from omie_pipeline import validation
from omie_pipeline.catalog import REGISTRY
from omie_pipeline.clock import SystemClock
from omie_pipeline.omie import CallRecord, Credentials, OmieClient
from omie_pipeline.sync.policy import EndpointPolicy
from omie_pipeline.sync.push import Push
from omie_pipeline.validation.model import ClinicRules
from omie_pipeline.warehouse.engine import open_engine
from omie_pipeline.warehouse.planning import Selection
from omie_pipeline.warehouse.quota import SharedGovernor, scope_of
from tests.sync.accept_all import AcceptAll
from tests.sync.runner import KEY, SECRET


def main(database_url: str, base_url: str, endpoint: str) -> None:
    """Push and print ``<delivered> <unchanged> <held> <closes>``."""
    vars(validation)["Validator"] = AcceptAll
    engine, clock = open_engine(database_url), SystemClock()

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

    report = Push(engine, make_client, clock, ClinicRules()).run(
        REGISTRY[endpoint], Selection("principal"), EndpointPolicy()
    )
    counts = report.total
    sys.stdout.write(f"{counts.delivered} {counts.unchanged} {counts.held} {report.closes}\n")


if __name__ == "__main__":
    main(*sys.argv[1:])
