"""An import in its own process, to be killed: ``-m tests.imports.runner URL URL NOW TABLE``."""

from __future__ import annotations

import sys
from datetime import date, datetime

from pydantic import SecretStr

from omie_pipeline.catalog.lists import MIRROR
from omie_pipeline.clock import Clock, ManualClock, SystemClock
from omie_pipeline.imports.report import ImportRequest
from omie_pipeline.imports.run import Importer
from omie_pipeline.omie import Credentials, OmieClient
from omie_pipeline.omie.rate_limiter import SharedRateLimiter, scope_of
from omie_pipeline.postgres.engine import open_engine
from tests.push.runner import KEY, SECRET


def main(database_url: str, base_url: str, now: str, name: str) -> None:
    """Import ``name`` from January 2026 on; ``now`` is the simulator's time, or ``real``."""
    engine = open_engine(database_url)
    clock: Clock = SystemClock() if now == "real" else ManualClock(datetime.fromisoformat(now))

    def make_client(_empresa: str) -> OmieClient:
        rate_limiter = SharedRateLimiter(
            engine, scope_of(KEY), method_per_minute=6000, ip_per_minute=6000, error_budget=8
        )
        keys = Credentials(SecretStr(KEY), SecretStr(SECRET))
        return OmieClient(keys, base_url, rate_limiter, clock)

    start = date(2026, 1, 1) if now != "real" else clock.now().date().replace(day=1)
    request = ImportRequest("principal", "full", start)
    report = Importer(engine, make_client, clock).run(MIRROR[name], request)
    sys.stdout.write(f"{report.read} {report.inserted} {report.complete} {report.reused}\n")


if __name__ == "__main__":
    main(*sys.argv[1:])
