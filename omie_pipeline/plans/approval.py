"""The policy that asks a person before a large plan is sent."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

import sqlalchemy as sa

from omie_pipeline.clock import Clock
from omie_pipeline.errors import ApprovalNeeded
from omie_pipeline.plans import store
from omie_pipeline.plans.model import StoredPlan
from omie_pipeline.plans.recording import record
from omie_pipeline.postgres.engine import warehouse_errors
from omie_pipeline.postgres.tables import plan
from omie_pipeline.push.gate import JudgedPlan
from omie_pipeline.push.policy import Approval
from omie_pipeline.push.report import plan_value_sum
from omie_pipeline.texts import plans as texts

POLICY: Final = "policy"
"""Origin of the plans that are stored here."""


@dataclass(frozen=True, slots=True)
class AskingGate:
    """The gate of a push whose policy asks for approval from some size on.

    Such a plan is stored, once however often the push comes back with the very same rows, and the
    push ends with :class:`~omie_pipeline.errors.ApprovalNeeded`: its rows are held. They leave with
    that plan only: a push of some of them, by key or of fewer days, leaves them alone.

    Attributes:
        by: who asked for the push, as it is told.
    """

    clock: Clock
    by: str

    def judged(self, found: JudgedPlan) -> Sequence[int]:
        """The rows that wait for an answer within another plan; refused where there are no
        others."""
        waiting = _waiting(found)
        left_out = [number for numbers in waiting.values() for number in numbers]
        if left_out and len(left_out) == _counts(found)[0]:
            first = store.read_plan(found.engine, next(iter(waiting)))
            raise ApprovalNeeded(first.plan_id, _told(first, len(left_out)))
        return left_out

    def guarded(self, found: JudgedPlan, stops: tuple[str, ...]) -> bool:
        """Ask a person where the policy says so; who let the guardrails pass has not approved."""
        reasons = asked_for(found, found.policy.approval)
        if not reasons:
            return False
        raise self._stored(found, reasons, stops)

    def _stored(
        self, found: JudgedPlan, reasons: Sequence[str], stops: Sequence[str]
    ) -> ApprovalNeeded:
        engine, endpoint = found.engine, found.model.endpoint.name
        now = self.clock.now()
        plan_id = store.begin_plan(
            engine,
            subject=texts.policy_subject(endpoint=endpoint, reasons="; ".join(reasons)),
            origin=POLICY,
            empresas=[found.selection.empresa],
            endpoints=[endpoint],
            by=self.by,
            now=now,
        )
        record(found, plan_id, stops)
        made = store.finish_plan(engine, plan_id)
        if known := store.same_open_plan(engine, made):
            store.remove_plan(engine, plan_id)
            made = store.read_plan(engine, known)
        else:
            store.supersede(engine, made, now)
        why = "; ".join(reasons)
        if made.state == "approved":
            text = texts.approved_and_waiting(
                plan_id=made.plan_id, by=made.approved_by, reasons=why
            )
        else:
            text = texts.approval_needed(plan_id=made.plan_id, reasons=why)
        return ApprovalNeeded(made.plan_id, text)


class WouldAsk:
    """The gate of a dry run: says why a person would be asked, and stores nothing.

    Attributes:
        reasons: in Portuguese, once the plan was looked at.
    """

    def __init__(self) -> None:
        self.reasons: tuple[str, ...] = ()

    def judged(self, found: JudgedPlan) -> Sequence[int]:
        """The rows that wait for an answer within another plan."""
        waiting = _waiting(found)
        self.reasons = tuple(
            _told(store.read_plan(found.engine, plan_id), len(numbers))
            for plan_id, numbers in waiting.items()
        )
        return [number for numbers in waiting.values() for number in numbers]

    def guarded(self, found: JudgedPlan, stops: tuple[str, ...]) -> bool:  # noqa: ARG002 - as every gate
        """Remember why a person would be asked."""
        self.reasons += asked_for(found, found.policy.approval)
        return False


def _waiting(found: JudgedPlan) -> Mapping[str, Sequence[int]]:
    """Plan of the policy -> rows of this run's that it has, where the run is about others too, or
    about some of them only."""
    endpoint = found.model.endpoint.name
    return store.rows_that_wait(found.engine, found.run_id, found.selection, endpoint, POLICY)


def _told(waiting: StoredPlan, rows: int) -> str:
    if waiting.state == "approved":
        return texts.rows_of_an_approved_plan(
            rows=rows, plan_id=waiting.plan_id, by=waiting.approved_by
        )
    return texts.rows_of_a_waiting_plan(rows=rows, plan_id=waiting.plan_id)


def asked_for(found: JudgedPlan, approval: Approval) -> tuple[str, ...]:
    """Why a plan needs approval, in Portuguese; empty if it does not."""
    if not approval.asked:
        return ()
    endpoint = found.model.endpoint
    rows, deletes = _counts(found)
    if not rows:
        return ()
    reasons = []
    if approval.above_rows is not None and rows > approval.above_rows:
        reasons.append(texts.above_rows(rows=rows, most=approval.above_rows))
    if approval.above_value is not None and endpoint.value_field:
        total = plan_value_sum(found.engine, found.run_id, endpoint.value_field)
        if total > approval.above_value:
            reasons.append(texts.above_value(total=total, most=approval.above_value))
    if approval.deletes and deletes:
        reasons.append(texts.deletes_asked(deletes))
    return tuple(reasons)


def _counts(found: JudgedPlan) -> tuple[int, int]:
    """Rows that are about to leave, and those of them that delete something."""
    deleting = sa.literal(True) if found.model.endpoint.deletes else plan.c.action == "delete"
    query = sa.select(sa.func.count(), sa.func.count().filter(deleting)).where(
        plan.c.run_id == found.run_id, plan.c.state == "ready"
    )
    with warehouse_errors(), found.engine.connect() as connection:
        row = connection.execute(query).one()
    return int(row[0]), int(row[1])
