"""What a row would look like on the wire, fit for a screen: no call, no secret, no patient."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import sqlalchemy as sa

from omie_pipeline.catalog.model import Target
from omie_pipeline.omie.masking import mask
from omie_pipeline.omie.wire import to_wire
from omie_pipeline.payload import PayloadModel, Selection, model_key, model_where, payload_of
from omie_pipeline.postgres.engine import warehouse_errors
from omie_pipeline.push.dependents import KnownRecords
from omie_pipeline.push.effects.record import resolved, targets_in

# Rows of a payload model as they would leave.


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


def model_rows(engine: sa.Engine, model: PayloadModel, empresas: Sequence[str]) -> tuple[int, ...]:
    """Rows that a model has of each empresa, whatever of them is in Omie already.

    Raises:
        WarehouseError: the database refused.
    """
    p = model.table()
    queries = [
        sa.select(sa.func.count()).select_from(p).where(*model_where(model, p, Selection(one)))
        for one in empresas
    ]
    with warehouse_errors(), engine.connect() as connection:
        return tuple(connection.execute(query).scalar_one() for query in queries)


@dataclass(frozen=True, slots=True)
class Preview:
    """One row, masked as the attempt log masks it.

    Attributes:
        payload: JSON as it would leave: dates dd/mm/aaaa, money as decimals, Omie's ids in place
            of the markers, ``(aguarda <endpoint> <code>)`` if there is none yet.
        waits_for: records that must be in Omie first, as ``endpoint code``.
    """

    empresa: str
    code: str | None
    payload: Mapping[str, Any]
    waits_for: tuple[str, ...]


def preview(
    engine: sa.Engine, model: PayloadModel, selection: Selection, limit: int
) -> tuple[Preview, ...]:
    """The first ``limit`` rows of a payload model as they would leave.

    Args:
        engine: the warehouse.
        model: the payload model.
        selection: empresa, dates and codes of the run.
        limit: the most rows that are answered.

    Raises:
        WarehouseError: the database refused.
    """
    rows = payload_rows(engine, model, selection, limit)
    wanted = {target for row in rows for target in targets_in(row.payload)}
    known = KnownRecords(engine, selection.empresa).omie_ids(wanted)
    waiting = {target: f"(aguarda {' '.join(target)})" for target in wanted - known.keys()}
    shown: dict[Target, Any] = {**known, **waiting}
    endpoint = model.endpoint
    previews = []
    for row in rows:
        payload = resolved(row.payload, shown)
        sent = mask(to_wire(payload, endpoint.payload, endpoint.service))
        waits = dict.fromkeys(t for t in targets_in(row.payload) if t in waiting)
        told = tuple(" ".join(target) for target in waits)
        previews.append(Preview(selection.empresa, row.code, sent, told))
    return tuple(previews)
