"""Old changes that everybody has and that say nothing any more are cut off.

A change goes when it is older than the clinic wants, a newer one of its record replaced it, and
every target in use and every reader that ever acknowledged a number is past it. So nobody misses a
number that is still to come to them, and who begins anew gets the newest change of each record.
"""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime, timedelta
from typing import Any, Final

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import insert

from omie_pipeline.postgres.engine import warehouse_errors
from omie_pipeline.postgres.tables import (
    acknowledgement,
    change,
    outbox_cut,
    outbox_last,
    outbox_record,
    outbox_target,
)

EVERY: Final = timedelta(days=1)
"""So often old changes are looked for."""

MOST: Final = 50_000
"""Changes that go at once: the others go the next day."""


def cut_off(
    engine: sa.Engine, empresa: str, targets: Collection[str], keep_days: int, now: datetime
) -> int:
    """Cut off what is old, once a day; how many changes went.

    Args:
        engine: the warehouse.
        empresa: whose changes.
        targets: that the empresa uses; none of theirs goes before they have it.
        keep_days: a change is kept for so long.
        now: time of the look.

    Raises:
        WarehouseError: the database is gone; nothing went.
    """
    with warehouse_errors(), engine.begin() as connection:
        last = sa.select(outbox_last.c.number).where(outbox_last.c.empresa == empresa)
        # Who writes, or cuts, is not waited for.
        if connection.scalar(last.with_for_update(skip_locked=True)) is None:
            return 0
        before = connection.scalar(
            sa.select(outbox_cut.c.cut_at).where(outbox_cut.c.empresa == empresa)
        )
        if before is not None and before > now - EVERY:
            return 0
        gone: list[int] = []
        if (taken := _taken_by_all(connection, empresa, targets)) is not None:
            statement = _delete(empresa, taken, now - timedelta(days=keep_days))
            gone = list(connection.scalars(statement))
        row = insert(outbox_cut).values(empresa=empresa, number=max(gone, default=0), cut_at=now)
        connection.execute(
            row.on_conflict_do_update(
                index_elements=["empresa"],
                set_={
                    "number": sa.func.greatest(outbox_cut.c.number, row.excluded.number),
                    "cut_at": now,
                },
            )
        )
    return len(gone)


def cut_number(engine: sa.Engine, empresa: str) -> int:
    """The number up to which changes may be gone; 0 if none is.

    Raises:
        WarehouseError: the database is gone.
    """
    query = sa.select(outbox_cut.c.number).where(outbox_cut.c.empresa == empresa)
    with warehouse_errors(), engine.connect() as connection:
        return int(connection.scalar(query) or 0)


def _taken_by_all(connection: sa.Connection, empresa: str, targets: Collection[str]) -> int | None:
    """The number that all have; ``None`` where nobody has ever said so."""
    c = outbox_target.c
    found = connection.execute(sa.select(c.target, c.number).where(c.empresa == empresa))
    at: dict[str, int] = {row.target: row.number for row in found}
    reached = [at.get(name, 0) for name in targets]
    reached += connection.scalars(
        sa.select(acknowledgement.c.number).where(acknowledgement.c.empresa == empresa)
    )
    return min(reached, default=None)


def _delete(empresa: str, taken: int, before: datetime) -> Any:
    replaced = sa.exists().where(
        outbox_record.c.empresa == change.c.empresa,
        outbox_record.c.kind == change.c.kind,
        outbox_record.c.omie_id == change.c.omie_id,
        outbox_record.c.number > change.c.number,
    )
    old = (
        sa.select(change.c.number)
        .where(
            change.c.empresa == empresa,
            change.c.number <= taken,
            change.c.written_at < before,
            replaced,
        )
        .order_by(change.c.number)
        .limit(MOST)
    )
    return (
        sa.delete(change)
        .where(change.c.empresa == empresa, change.c.number.in_(old))
        .returning(change.c.number)
    )
