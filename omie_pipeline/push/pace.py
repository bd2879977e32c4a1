"""How fast rows can leave: by Omie's limit, and by how long its answers take."""

from __future__ import annotations

import sqlalchemy as sa

from omie_pipeline.catalog import Endpoint
from omie_pipeline.catalog.limits import OMIE_CALLS_PER_MINUTE
from omie_pipeline.postgres.engine import warehouse_errors
from omie_pipeline.postgres.tables import attempt
from omie_pipeline.progress import UNKNOWN_PACE, Pace, pace_of
from omie_pipeline.push.policy import EndpointPolicy

_LAST_CALLS = 200

OF_A_CALL = attempt.c.duration_ms > 0
"""The further records of a lot share the time of its call, and have none of their own."""


def push_pace(
    engine: sa.Engine, endpoint: Endpoint, policy: EndpointPolicy, calls_per_minute: float
) -> Pace:
    """What is to be expected of a push, before anything of it is measured.

    A row is one call, and one read before it where what Omie would do twice is looked for first;
    both have a limit of their own, so the read makes it no slower until answers are slow. In lots
    it is a part of a call: so it is for rows that are new to Omie, as those of a first load are.

    Args:
        engine: the warehouse.
        endpoint: whose rows are sent.
        policy: how they are.
        calls_per_minute: what the deployment allows a method. Where it was raised above Omie's own
            limit nothing is expected: how fast another program answers is only known afterwards.
    """
    if calls_per_minute > OMIE_CALLS_PER_MINUTE:
        return UNKNOWN_PACE
    calls = 1 / policy.lote if policy.lote else 1.0
    seconds = answer_seconds(engine) * (calls + endpoint.find_existing)
    return pace_of(calls_per_minute=calls_per_minute, seconds_per_row=seconds, calls_per_row=calls)


def answer_seconds(engine: sa.Engine) -> float:
    """How long Omie took to answer of late; 0 if it was not asked yet.

    Raises:
        WarehouseError: the database is gone.
    """
    last = sa.select(attempt.c.duration_ms).where(OF_A_CALL)
    recent = last.order_by(attempt.c.attempt_id.desc()).limit(_LAST_CALLS).subquery()
    with warehouse_errors(), engine.connect() as connection:
        milliseconds = connection.scalar(sa.select(sa.func.avg(recent.c.duration_ms)))
    return (milliseconds or 0.0) / 1000
