"""A push in a process of its own, to be killed: ``-m tests.push.runner URL URL NOW MODE [NAME]``.

Títulos leave in lots.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from datetime import datetime

from pydantic import SecretStr

from omie_pipeline import validation
from omie_pipeline.catalog import REGISTRY
from omie_pipeline.catalog.limits import LOT_RECORDS
from omie_pipeline.clock import Clock, ManualClock, SystemClock
from omie_pipeline.omie import CallRecord, Credentials, OmieClient
from omie_pipeline.omie.rate_limiter import SharedRateLimiter, scope_of
from omie_pipeline.payload import Selection
from omie_pipeline.postgres.engine import open_engine
from omie_pipeline.push.policy import EndpointPolicy, Guardrails
from omie_pipeline.push.run import Push
from omie_pipeline.validation.model import ClinicRules
from tests.push.accept_all import AcceptAll

KEY, SECRET = "1234567890", "segredo-do-simulador"


def main(database_url: str, base_url: str, now: str, mode: str, endpoint: str = "clientes") -> None:
    """Push an endpoint in ``mode``; ``now`` is the simulator's time, or ``real``."""
    vars(validation)["Validator"] = AcceptAll
    engine = open_engine(database_url)
    clock: Clock = SystemClock() if now == "real" else ManualClock(datetime.fromisoformat(now))

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

    lote = LOT_RECORDS if REGISTRY[endpoint].lot else 0
    policy = EndpointPolicy.model_validate(
        {"mode": mode, "lote": lote, "guardrails": Guardrails(max_delete_share=1)}
    )
    report = Push(engine, make_client, clock, ClinicRules()).run(
        REGISTRY[endpoint], Selection("principal"), policy
    )
    counts = report.total
    sys.stdout.write(f"{counts.delivered} {counts.unchanged} {counts.held} {report.closes}\n")


if __name__ == "__main__":
    main(*sys.argv[1:])
