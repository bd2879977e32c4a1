"""The last run of each endpoint, added up over its partitions."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import distinct_on

from omie_pipeline.catalog import WRITABLE
from omie_pipeline.postgres.engine import warehouse_errors
from omie_pipeline.postgres.tables import run


@dataclass(frozen=True, slots=True)
class LastRun:
    """How the newest run of an endpoint ended."""

    run_id: str
    endpoint: str
    state: str
    started_at: datetime
    counts: Sequence[Mapping[str, Any]]

    def total(self, key: str) -> float | int:
        """Sum of one of the ``--json`` keys over all partitions."""
        values = [part[key] for part in self.counts]
        return float(sum(values)) if key == "seconds" else int(sum(values))


def last_runs(engine: sa.Engine, empresa: str) -> list[LastRun]:
    """The newest run of each endpoint that ever ran, in catalog order."""
    query = (
        sa.select(run)
        .where(run.c.empresa == empresa)
        .ext(distinct_on(run.c.endpoint))
        .order_by(run.c.endpoint, run.c.started_at.desc())
    )
    with warehouse_errors(), engine.connect() as connection:
        found = {
            row.endpoint: LastRun(
                row.run_id, row.endpoint, row.state, row.started_at, row.counts or []
            )
            for row in connection.execute(query)
        }
    return [found[e.name] for e in WRITABLE if e.name in found]
