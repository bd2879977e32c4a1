"""Delete what is no longer needed: old readings, and errors that no longer count."""

from __future__ import annotations

from datetime import datetime, timedelta

import sqlalchemy as sa

from omie_pipeline.postgres.engine import warehouse_errors
from omie_pipeline.postgres.mirror_tables import import_run
from omie_pipeline.postgres.tables import quota_fault

READINGS_KEPT = timedelta(days=90)
FAULTS_KEPT = timedelta(days=1)


def delete_old_rows(engine: sa.Engine, now: datetime) -> int:
    """Delete readings of over 90 days and errors of over a day; how many rows went.

    Of each (empresa, tabela, modo) the newest reading stays, and the newest of each state: what
    stands of a table that is read by hand alone is still known. Two processes that do it at once
    do not wait for each other.

    Raises:
        WarehouseError: the database is gone.
    """
    newer = import_run.alias("mais_nova")
    followed = sa.exists().where(
        *(newer.c[name] == import_run.c[name] for name in ("empresa", "tabela", "modo", "state")),
        newer.c.started_at > import_run.c.started_at,
    )
    old_readings = (
        sa.select(import_run.c.run_id)
        .where(import_run.c.started_at < now - READINGS_KEPT, followed)
        .with_for_update(skip_locked=True, of=import_run)
    )
    old_faults = (
        sa.select(quota_fault.c.fault_id)
        .where(quota_fault.c.at < now - FAULTS_KEPT)
        .with_for_update(skip_locked=True)
    )
    gone = 0
    for table, key, old in (
        (import_run, import_run.c.run_id, old_readings),
        (quota_fault, quota_fault.c.fault_id, old_faults),
    ):
        with warehouse_errors(), engine.begin() as connection:
            gone += connection.execute(sa.delete(table).where(key.in_(old))).rowcount
    return gone
