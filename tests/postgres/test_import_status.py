"""A day counts as proved when it was over, and not before."""

from __future__ import annotations

from datetime import UTC, date, datetime

import pytest
import sqlalchemy as sa

from omie_pipeline.imports.filter import MirrorFilter
from omie_pipeline.imports.status import import_status
from omie_pipeline.postgres.omie_tables import import_cursor, import_partition, import_run

TABLE = "contas_receber"
# 6 January in São Paulo: the fifth is the only whole day since the start.
NOW = datetime(2026, 1, 6, 12, tzinfo=UTC)
MIDNIGHT = datetime(2026, 1, 6, 3, tzinfo=UTC)
EVENING = datetime(2026, 1, 6, 2, 59, 59, tzinfo=UTC)
MORNING = datetime(2026, 1, 5, 12, tzinfo=UTC)


def unproved(engine: sa.Engine, proved_at: datetime | None, read_until: datetime | None) -> int:
    key = {"empresa": "principal", "table_name": TABLE}
    with engine.begin() as connection:
        connection.execute(
            sa.insert(import_run).values(
                **key, run_id="r", mode="full", trigger="cli", state="done", started_at=MORNING
            )
        )
        if proved_at is not None:
            connection.execute(
                sa.insert(import_partition).values(
                    **key, partition="2026-01-05", total_omie=0, filtered=0, read_at=proved_at,
                    run_id="r",
                )
            )  # fmt: skip
        if read_until is not None:
            connection.execute(sa.insert(import_cursor).values(**key, read_until=read_until))
    status = import_status(engine, "principal", MirrorFilter(), date(2026, 1, 5), NOW)
    return next(one.days_unproved for one in status if one.table == TABLE)


@pytest.mark.parametrize(
    ("proved_at", "read_until", "expected"),
    [
        (MORNING, None, 1),
        (EVENING, EVENING, 1),
        (MIDNIGHT, None, 0),
        (MORNING, MIDNIGHT, 0),
        (None, MIDNIGHT, 1),
        (None, None, 1),
    ],
)
def test_a_day_that_was_still_going_on_is_not_proved(
    engine: sa.Engine, proved_at: datetime | None, read_until: datetime | None, expected: int
) -> None:
    assert unproved(engine, proved_at, read_until) == expected
