"""Whose lanes are taken right now: read from PostgreSQL's locks, without touching any of them."""

from __future__ import annotations

from collections.abc import Iterable

import sqlalchemy as sa

from omie_pipeline.catalog import REGISTRY
from omie_pipeline.postgres.engine import warehouse_errors
from omie_pipeline.postgres.schemas import schemas_of

_HELD = sa.text(
    "SELECT name FROM unnest(CAST(:names AS text[])) AS name WHERE EXISTS ("
    " SELECT 1 FROM pg_locks AS l"
    " WHERE l.locktype = 'advisory' AND l.granted AND l.objsubid = 1"
    " AND l.database = (SELECT oid FROM pg_database WHERE datname = current_database())"
    " AND ((CAST(l.classid AS bigint) << 32) | CAST(l.objid AS bigint))"
    " = hashtextextended(name, 0))"
)


def lanes_held(engine: sa.Engine, names: Iterable[str]) -> frozenset[str]:
    """Those of the lanes (:func:`omie_pipeline.postgres.lanes.lane`) that a process holds."""
    wanted = sorted(set(names))
    if not wanted:
        return frozenset()
    with warehouse_errors(), engine.connect() as connection:
        locks = {schemas_of(engine).lock(name): name for name in wanted}
        held: sa.ScalarResult[str] = connection.execute(_HELD, {"names": list(locks)}).scalars()
        return frozenset(locks[lock] for lock in held)


def cancelling_lane(empresa: str) -> str:
    """Name of the lane in which notes of an empresa are cancelled."""
    return f"cancel:{empresa}"


def reading_lane(empresa: str, tabela: str) -> str:
    """Name of the lane that a reading of a table holds."""
    return f"import:{empresa}:{tabela}"


def sharing_lane(endpoint: str) -> tuple[str, ...]:
    """Names of the endpoints of which one run at a time is pushed: this one, and what deletes it
    or is deleted by it."""
    name = sending_lane("", endpoint)
    return tuple(other for other in REGISTRY if sending_lane("", other) == name)


def sending_lane(empresa: str, endpoint: str) -> str:
    """Name of the lane that a push of an endpoint holds."""
    return f"push:{empresa}:{REGISTRY[endpoint].deletes or endpoint}"
