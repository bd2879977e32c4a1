"""The pools that keep one step at a time on each Omie method, on dbt and on the copies.

Reads and writes are different methods of Omie: a table is read while another run writes to it.
Dagster makes a pool's limit on its first use, and two runs that use it first at the same moment
collide; so the limits are made before anything is queued.
"""

from __future__ import annotations

import dagster as dg

from omie_pipeline.catalog import WRITABLE, Endpoint
from omie_pipeline.catalog.lists import MIRROR, STATEMENT

EXTRACT_POOL, DBT_POOL = "extract", "dbt"


def push_pool(endpoint: Endpoint) -> str:
    """An endpoint and its explicit delete share one."""
    return f"omie_{endpoint.deletes or endpoint.name}"


def reading_pool(name: str) -> str:
    """Pool of the readings of one of Omie's tables."""
    return f"leitura_{name}"


POOLS = tuple(
    dict.fromkeys(
        [
            EXTRACT_POOL,
            DBT_POOL,
            *(push_pool(endpoint) for endpoint in WRITABLE),
            *(reading_pool(name) for name in (*MIRROR, STATEMENT)),
        ]
    )
)


def ensure_pools(instance: dg.DagsterInstance) -> None:
    """Make every pool's limit (one slot) that is not there yet."""
    storage = instance.event_log_storage
    known = storage.get_concurrency_keys()
    for pool in POOLS:
        if pool not in known:
            storage.set_concurrency_slots(pool, 1)
