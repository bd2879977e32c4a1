"""Rows of a payload model as they would leave."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import sqlalchemy as sa

from omie_pipeline.payload.payload import PayloadModel
from omie_pipeline.payload.selection import Selection, model_key, model_where
from omie_pipeline.postgres.engine import warehouse_errors
from omie_pipeline.push.planning import payload_of


@dataclass(frozen=True, slots=True)
class PayloadRow:
    """One row: its integration code, and what would be sent of it (unmasked: patients' data)."""

    code: str | None
    payload: Mapping[str, Any] = field(repr=False)


def payload_rows(
    engine: sa.Engine, model: PayloadModel, selection: Selection, limit: int
) -> tuple[PayloadRow, ...]:
    """The first ``limit`` rows of the selection by their code: columns that are NULL left out, as
    the plan leaves them out.

    Args:
        engine: the warehouse.
        model: the payload model.
        selection: empresa, dates and codes of the run.
        limit: the most rows that are answered.

    Raises:
        WarehouseError: the database refused.
    """
    p = model.table()
    key = model_key(model, p).label("code")
    query = (
        sa.select(key, payload_of(model, p).label("payload"))
        .where(*model_where(model, p, selection))
        .order_by(key)
        .limit(limit)
    )
    with warehouse_errors(), engine.connect() as connection:
        return tuple(PayloadRow(row.code, row.payload) for row in connection.execute(query))
