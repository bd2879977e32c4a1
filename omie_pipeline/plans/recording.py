"""A run's plan, as it stands before the first call, written down for people."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import timedelta
from decimal import Decimal
from typing import Any

import sqlalchemy as sa

from omie_pipeline.catalog import REGISTRY, Endpoint
from omie_pipeline.payload import SETTLED, PlanRow, plan_row
from omie_pipeline.plans.basis import basis_of
from omie_pipeline.plans.changes import changes_of, value_in
from omie_pipeline.plans.model import RowAction, RowState
from omie_pipeline.plans.omie_records import copied
from omie_pipeline.plans.store import write_part, write_rows
from omie_pipeline.postgres.engine import warehouse_errors
from omie_pipeline.postgres.tables import ledger, plan
from omie_pipeline.push.dependents import KnownRecords
from omie_pipeline.push.effects.record import targets_in
from omie_pipeline.push.gate import JudgedPlan
from omie_pipeline.push.send import STALE_SECONDS

_CHUNK = 2000
_WAITS_FOR_A_RECORD = "reference"


class PlanRecorder:
    """The gate of a dry run: writes its plan down, part by part, and lets nothing through."""

    def __init__(self, plan_id: str) -> None:
        self.plan_id = plan_id

    def judged(self, found: JudgedPlan) -> Sequence[int]:  # noqa: ARG002 - as every gate
        """Every row stays."""
        return ()

    def guarded(self, found: JudgedPlan, stops: tuple[str, ...]) -> bool:
        """Write the part with what guardrails say."""
        record(found, self.plan_id, stops)
        return False


def record(found: JudgedPlan, plan_id: str, stops: Sequence[str]) -> None:
    """Write the plan of a run as one part of a stored plan.

    Args:
        found: the plan of the run.
        plan_id: id of the stored plan.
        stops: what guardrails say.
    """
    selection = found.selection
    write_part(
        found.engine,
        plan_id,
        selection,
        found.model.endpoint.name,
        selected=sum(part.selected for part in found.partitions),
        unchanged=sum(part.unchanged for part in found.partitions),
        stops=stops,
        basis=basis_of(found.engine, selection.empresa, found.policy),
        given=bool(found.model.only),
    )
    if any(part.planned for part in found.partitions):
        for rows in _chunks(found):
            write_rows(found.engine, _stored(found, plan_id, rows))


def ledger_mark(known: sa.FromClause) -> sa.ColumnElement[str]:
    """What the ledger knows of a record, as one text: nothing where it has no row, or one that is
    only held."""
    c = known.c
    return sa.func.concat_ws(
        "|",
        sa.func.coalesce(c.payload_hash, ""),
        sa.func.coalesce(sa.cast(c.omie_id, sa.Text), ""),
        sa.func.coalesce(c.omie_code, ""),
        sa.case((c.state == "deleted", "deleted"), else_=""),
    )


def planned_rows(found: JudgedPlan) -> sa.Subquery:
    """The plan of a run, with the marks of ledger and copy of Omie beside each row: the columns of
    ``plan``, ``ledger_mark``, ``omie_mark``, ``raw`` and ``changed_at``."""
    endpoint, empresa = found.model.endpoint, found.selection.empresa
    known, records = ledger.alias("l"), copied(endpoint)
    joined: sa.FromClause = plan.outerjoin(
        known,
        sa.and_(
            known.c.empresa == empresa,
            known.c.endpoint == (endpoint.deletes or endpoint.name),
            known.c.codigo_integracao == plan.c.codigo_integracao,
        ),
    )
    beside: list[sa.ColumnElement[Any]] = [
        sa.null().label("omie_mark"),
        sa.null().label("raw"),
        sa.null().label("changed_at"),
    ]
    if records is not None:
        same = sa.and_(
            records.c.empresa == empresa,
            records.c.omie_id == sa.func.coalesce(plan.c.omie_id, known.c.omie_id),
        )
        joined = joined.outerjoin(records, same)
        # For a minute a reading may show what stood there before our own last change.
        settled = known.c.confirmed_at + timedelta(seconds=STALE_SECONDS)
        fresh = sa.or_(known.c.confirmed_at.is_(None), records.c.read_at >= settled)
        beside = [
            sa.case((fresh, records.c.mark)).label("omie_mark"),
            sa.case((fresh, records.c.raw)).label("raw"),
            records.c.changed_at,
        ]
    return (
        sa.select(*plan.c, ledger_mark(known).label("ledger_mark"), *beside)
        .select_from(joined)
        .where(plan.c.run_id == found.run_id)
        .subquery("planned")
    )


def action_of(action: str, omie_id: int | None, endpoint: Endpoint) -> RowAction:
    """What a planned row does to its record, from what the plan says of both."""
    if action == "delete" or endpoint.deletes:
        return "delete"
    return "update" if omie_id is not None else "create"


def state_of(state: str, reasons: Sequence[Mapping[str, Any]] | None) -> RowState:
    """How a planned row stands: ``waiting`` if only a record that it names is missing."""
    if state == "held" and any(one.get("rule") == _WAITS_FOR_A_RECORD for one in reasons or ()):
        return "waiting"
    if state == "ready":
        return "ready"
    return "quarantined" if state == "quarantined" else "held"


def _chunks(found: JudgedPlan) -> Iterator[Sequence[sa.Row[Any]]]:
    rows, last = planned_rows(found), 0
    while True:
        query = sa.select(rows).where(rows.c.number > last).order_by(rows.c.number).limit(_CHUNK)
        with warehouse_errors(), found.engine.connect() as connection:
            chunk = connection.execute(query).all()
        if not chunk:
            return
        last = chunk[-1].number
        yield chunk


def ready_chunks(found: JudgedPlan) -> Iterator[list[PlanRow]]:
    """The rows of a run's plan that are to leave, in chunks."""
    last = 0
    while True:
        query = (
            sa.select(plan)
            .where(plan.c.run_id == found.run_id, plan.c.state == "ready", plan.c.number > last)
            .order_by(plan.c.number)
            .limit(_CHUNK)
        )
        with warehouse_errors(), found.engine.connect() as connection:
            rows = [plan_row(row) for row in connection.execute(query)]
        if not rows:
            return
        last = rows[-1].number
        yield rows


def _stored(found: JudgedPlan, plan_id: str, rows: Sequence[sa.Row[Any]]) -> list[dict[str, Any]]:
    endpoint, selection = found.model.endpoint, found.selection
    planned = [plan_row(row) for row in rows]
    wanted = {target for row in planned for target in targets_in(row.payload)}
    states = {row.number: row.state for row in rows}
    ids = KnownRecords(found.engine, selection.empresa).omie_ids(wanted)
    sent = found.as_sent([one for one in planned if states[one.number] == "ready"])
    stored = []
    for row, one in zip(rows, planned, strict=True):
        if row.state in SETTLED:
            # It stands as the clinic has it: nothing of it would leave.
            continue
        state, action = (
            state_of(row.state, row.reasons),
            action_of(one.action, one.omie_id, endpoint),
        )
        leaves = state in ("ready", "waiting")
        before, after = _values(endpoint, one, action, row.raw)
        leaving = sent.get(one.number, one)
        changes = changes_of(leaving, endpoint, found.policy, row.raw, ids) if leaves else {}
        stored.append(
            {
                "plan_id": plan_id,
                "empresa": selection.empresa,
                "endpoint": endpoint.name,
                "number": row.number,
                "partition": row.partition,
                "codigo_integracao": row.codigo_integracao,
                "action": action,
                "state": state,
                "payload_hash": row.payload_hash,
                "omie_id": row.omie_id,
                "ledger_mark": row.ledger_mark,
                "omie_mark": row.omie_mark,
                "changes": changes,
                "left_out": sorted(leaving.left_out) or None,
                "value_before": before,
                "value_after": after,
                "reasons": row.reasons,
            }
        )
    return stored


def _values(
    endpoint: Endpoint, row: PlanRow, action: RowAction, record: Mapping[str, Any] | None
) -> tuple[Decimal | None, Decimal | None]:
    """R$ of a record before and afterwards; ``None`` where it has none, or it was not read."""
    field = endpoint.value_field or (
        REGISTRY[endpoint.deletes].value_field if endpoint.deletes else ""
    )
    if not field:
        return None, None
    before = Decimal(0) if action == "create" else value_in(record, field)
    after = Decimal(0) if action == "delete" else value_in(row.payload, field)
    return before, after
