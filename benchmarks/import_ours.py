"""The importer under measure."""

from __future__ import annotations

import json
import resource
from datetime import date
from time import process_time

from benchmarks.deployment import EMPRESA, client
from benchmarks.measure import seconds_of
from omie_pipeline.catalog.lists import MIRROR
from omie_pipeline.clock import SystemClock
from omie_pipeline.imports.report import ImportReport, ImportRequest
from omie_pipeline.imports.run import Importer
from omie_pipeline.omie import OmieClient
from omie_pipeline.postgres.engine import open_engine


def run(url: str, base_url: str, days: tuple[date, date]) -> str:
    """Seconds of one whole reading, its rows, and this process's peak memory, as JSON."""
    engine, clock = open_engine(url), SystemClock()

    def make_client(_empresa: str) -> OmieClient:
        return client(engine, base_url, clock)

    request = ImportRequest(EMPRESA, "full", days[0], date_from=days[0], date_to=days[1])
    reports: list[ImportReport] = []
    importer = Importer(engine, make_client, clock)
    started = process_time()
    seconds = seconds_of(lambda: reports.append(importer.run(MIRROR["contas_receber"], request)))
    cpu_seconds = process_time() - started
    peak_mb = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    engine.dispose()
    return json.dumps(
        {
            "seconds": seconds,
            "cpu_seconds": cpu_seconds,
            "rows": reports[0].read,
            "complete": reports[0].complete,
            "peak_mb": peak_mb,
        }
    )
