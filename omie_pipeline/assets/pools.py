"""The pools that keep one step at a time on each Omie method, on dbt and on the copies.

Dagster makes a pool's limit on its first use, and two runs that use it first at the same moment
collide; so the limits are made before anything is queued.
"""

from __future__ import annotations

import dagster as dg

from omie_pipeline.catalog import WRITABLE, Endpoint
from omie_pipeline.resources.deployment import REFERENCES

EXTRACT_POOL, DBT_POOL = "extract", "dbt"


def push_pool(endpoint: Endpoint) -> str:
    """An endpoint and its explicit delete share one."""
    return f"omie_{endpoint.deletes or endpoint.name}"


def reference_pool(name: str) -> str:
    """Pool of one of Omie's lists."""
    return f"omie_{name}"


POOLS = tuple(
    dict.fromkeys(
        [
            EXTRACT_POOL,
            DBT_POOL,
            *(push_pool(endpoint) for endpoint in WRITABLE),
            *(reference_pool(name) for name in REFERENCES),
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
