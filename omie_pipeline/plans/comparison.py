"""A run's plan against the one that a person approved, row by row, before the first call."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

import sqlalchemy as sa

from omie_pipeline.catalog import Endpoint
from omie_pipeline.errors import PlanRefused
from omie_pipeline.payload import SETTLED, Selection
from omie_pipeline.plans import store
from omie_pipeline.plans.basis import basis_of
from omie_pipeline.plans.model import LEAVING, PlanPart, StoredPlan
from omie_pipeline.plans.recording import action_of, planned_rows, ready_chunks, state_of
from omie_pipeline.postgres.engine import warehouse_errors
from omie_pipeline.postgres.tables import intent, ledger, stored_plan_row
from omie_pipeline.push.gate import JudgedPlan
from omie_pipeline.texts import plans as texts

_TOLD: Final = 20
_FIGURES: Final = re.compile(r"\([^()]*→[^()]*\)|[0-9][0-9.,]*")


@dataclass(frozen=True, slots=True)
class Comparison:
    """A run's plan beside a stored one.

    Attributes:
        done: rows of the stored plan that Omie has confirmed since as the plan has them.
        left: rows that are still to be sent.
        answered: those of them that Omie rejected to a run of this plan, or that wait for a record.
        beside: numbers of the run's rows that the stored plan does not send.
        differences: in Portuguese, one for each row that differs, the first of them.
        differing: how many differ.
        unread: code and Omie's id of the records that are to be touched and that the copy of Omie
            has never had.
    """

    done: int
    left: int
    answered: int
    beside: tuple[int, ...]
    differences: tuple[str, ...]
    differing: int
    unread: tuple[tuple[str, int], ...] = ()


class AppliedPlan:
    """The gate of a run that applies a stored plan: its rows, as they were approved, or none.

    Args:
        plan: the stored plan.

    Attributes:
        compared: what was found, once the run's plan was looked at.
    """

    def __init__(self, plan: StoredPlan) -> None:
        self._plan = plan
        self.compared: Comparison | None = None

    def judged(self, found: JudgedPlan) -> Sequence[int]:
        """Refuse a plan whose rows are not those that were approved, or that a person said no to
        meanwhile; leave out those beside it."""
        part = self._part(found)
        if why := store.refused_since(found.engine, self._plan.plan_id):
            raise PlanRefused(
                self._plan.plan_id, texts.ended_meanwhile(plan_id=self._plan.plan_id, why=why)
            )
        differing = _changed_basis(part.basis, basis_of(found.engine, part.empresa, found.policy))
        if differing:
            raise self._refused(found, tuple(differing), len(differing))
        self.compared = compared = compare(found, self._plan)
        if compared.differing:
            raise self._refused(found, compared.differences, compared.differing)
        return compared.beside

    def guarded(self, found: JudgedPlan, stops: tuple[str, ...]) -> bool:
        """Whether whom approved the plan has seen what guardrails say of it."""
        part = self._part(found)
        shown = {_without_figures(stop) for stop in part.stops if self._plan.over_guardrails}
        new = [stop for stop in stops if _without_figures(stop) not in shown]
        if not new or (self.compared is not None and not self.compared.left):
            return True
        told = tuple(texts.new_stop(stop) for stop in new)
        raise self._refused(found, told, len(told))

    def _part(self, found: JudgedPlan) -> PlanPart:
        empresa, endpoint = found.selection.empresa, found.model.endpoint.name
        for part in self._plan.parts:
            if (part.empresa, part.endpoint) == (empresa, endpoint) and not part.error:
                return part
        raise PlanRefused(
            self._plan.plan_id,
            texts.not_of_this_plan(plan_id=self._plan.plan_id, endpoint=endpoint, empresa=empresa),
        )

    def _refused(self, found: JudgedPlan, told: tuple[str, ...], count: int) -> PlanRefused:
        text = texts.plan_changed(
            plan_id=self._plan.plan_id,
            endpoint=found.model.endpoint.name,
            empresa=found.selection.empresa,
            count=count,
            first="; ".join(told[:3]),
        )
        return PlanRefused(self._plan.plan_id, text, told)


def _without_figures(stop: str) -> str:
    """What a guardrail says, whatever its numbers and examples are by now."""
    return _FIGURES.sub("#", stop)


def _changed_basis(then: Mapping[str, str], now: Mapping[str, str]) -> list[str]:
    return [
        texts.BASIS_CHANGED.get(name, texts.basis_changed(name))
        for name in sorted({*then, *now})
        if then.get(name) != now.get(name)
    ]


def compare(found: JudgedPlan, stored: StoredPlan) -> Comparison:
    """Hold the plan of a run against the rows that a stored plan sends.

    Only within the dates that the run covers: a run of one day applies what the plan has of it.

    Args:
        found: the plan of the run.
        stored: the plan that was approved.
    """
    rows = _side_by_side(found, stored)
    done = left = answered = differing = 0
    runs = {run_id for part in stored.parts for run_id in part.run_ids}
    beside: list[int] = []
    unread: list[tuple[str, int]] = []
    told: list[str] = []
    with warehouse_errors(), found.engine.connect() as connection:
        for row in connection.execution_options(yield_per=2000).execute(rows):
            verdict = _verdict(row, found.model.endpoint, stored.made_at)
            if verdict == _DONE:
                done += 1
            elif verdict == _SAME:
                left += 1
                if row.under_way:
                    continue
                refused = row.own_state == "rejected" and row.own_run in runs
                answered += refused or row.state_now != "ready"
                if row.omie_id_then is not None and row.omie_then is None and not row.changed_at:
                    unread.append((row.code, row.omie_id_then))
            elif verdict == _BESIDE:
                beside.append(row.number)
            elif verdict:
                differing += 1
                if len(told) < _TOLD:
                    told.append(texts.row_differs(code=row.code or "?", why=verdict))
    if found.policy.wins is not None and not differing:
        others = _with_other_fields(found, stored)
        differing = len(others)
        told = [texts.row_differs(code=code, why=texts.FIELDS_CHANGED) for code in others[:_TOLD]]
    return Comparison(done, left, answered, tuple(beside), tuple(told), differing, tuple(unread))


def _with_other_fields(found: JudgedPlan, stored: StoredPlan) -> list[str]:
    """Codes of rows of which other fields would leave than the stored plan shows."""
    r, differing = stored_plan_row.c, []
    where = (
        r.plan_id == stored.plan_id,
        r.empresa == found.selection.empresa,
        r.endpoint == found.model.endpoint.name,
        r.state == "ready",
    )
    for rows in ready_chunks(found):
        mine = {row.code: row for row in rows}
        sent = found.as_sent(rows)
        query = sa.select(r.codigo_integracao, r.left_out).where(
            *where, r.codigo_integracao.in_(mine)
        )
        with warehouse_errors(), found.engine.connect() as connection:
            then = connection.execute(query).all()
        for one in then:
            row = mine[one.codigo_integracao]
            now = sent.get(row.number, row).left_out
            if sorted(now) != sorted(one.left_out or ()):
                differing.append(row.code)
    return sorted(differing)


_DONE, _SAME, _BESIDE, _NOTHING = "done", "same", "beside", ""


def _side_by_side(found: JudgedPlan, stored: StoredPlan) -> sa.Select[Any]:
    endpoint, empresa = found.model.endpoint, found.selection.empresa
    r = stored_plan_row.c
    approved = (
        sa.select(stored_plan_row)
        .where(
            r.plan_id == stored.plan_id,
            r.empresa == empresa,
            r.endpoint == endpoint.name,
            r.state.in_(LEAVING),
            *_covered(found.selection, endpoint.grain),
        )
        .subquery("approved")
    )
    now = planned_rows(found)
    own = ledger.alias("own")
    under_way = sa.exists().where(
        intent.c.empresa == empresa,
        intent.c.endpoint == endpoint.name,
        intent.c.codigo_integracao == approved.c.codigo_integracao,
        intent.c.payload_hash == approved.c.payload_hash,
        intent.c.closed_at.is_(None),
    )
    return (
        sa.select(
            sa.func.coalesce(approved.c.codigo_integracao, now.c.codigo_integracao).label("code"),
            approved.c.plan_id.is_not(None).label("in_plan"),
            approved.c.action,
            approved.c.state.label("state_then"),
            approved.c.payload_hash.label("hash_then"),
            approved.c.ledger_mark.label("ledger_then"),
            approved.c.omie_mark.label("omie_then"),
            approved.c.omie_id.label("omie_id_then"),
            now.c.number,
            now.c.action.label("action_now"),
            now.c.omie_id.label("omie_id_now"),
            now.c.state.label("state_now"),
            now.c.reasons,
            now.c.payload_hash.label("hash_now"),
            now.c.ledger_mark.label("ledger_now"),
            now.c.omie_mark.label("omie_now"),
            now.c.changed_at,
            own.c.state.label("own_state"),
            own.c.payload_hash.label("own_hash"),
            own.c.run_id.label("own_run"),
            under_way.label("under_way"),
        )
        .select_from(
            approved.join(
                now, approved.c.codigo_integracao == now.c.codigo_integracao, full=True
            ).outerjoin(
                own,
                sa.and_(
                    own.c.empresa == empresa,
                    own.c.endpoint == endpoint.name,
                    own.c.codigo_integracao == approved.c.codigo_integracao,
                ),
            )
        )
        .order_by(sa.text("1"))
    )


def _covered(selection: Selection, grain: str) -> list[sa.ColumnElement[bool]]:
    r, conditions = stored_plan_row.c, []
    if grain == "fact" and selection.date_from is not None:
        conditions.append(r.partition >= selection.date_from.isoformat())
    if grain == "fact" and selection.date_to is not None:
        conditions.append(r.partition <= selection.date_to.isoformat())
    if selection.key is not None:
        conditions.append(r.codigo_integracao == selection.key)
    return conditions


def _verdict(row: sa.Row[Any], endpoint: Endpoint, made_at: datetime) -> str:
    """What one row comes to; a sentence where it differs."""
    if not row.in_plan:
        return _BESIDE if row.state_now == "ready" else _NOTHING
    if row.number is None:
        return _DONE if _confirmed(row) else texts.ROW_GONE
    if row.state_now in SETTLED:
        same = row.hash_now == row.hash_then
        return _DONE if same else texts.PAYLOAD_CHANGED
    if row.hash_now != row.hash_then:
        return texts.PAYLOAD_CHANGED
    if row.under_way:
        # It may have left with an interrupted run, and what differs be its own doing. The recovery
        # that the run begins with says so, before the row is looked at once more.
        return _SAME
    if row.ledger_now != row.ledger_then:
        return texts.LEDGER_CHANGED
    if _other_record(row, endpoint):
        return texts.ACTION_CHANGED
    if _changed_in_omie(row, made_at):
        return texts.OMIE_CHANGED
    state = state_of(row.state_now, row.reasons)
    if state == "ready" or (state == "waiting" and row.state_then == "waiting"):
        return _SAME
    why = "; ".join(str(one.get("reason") or "") for one in row.reasons or ())
    return texts.does_not_leave(why)


def _other_record(row: sa.Row[Any], endpoint: Endpoint) -> bool:
    """Whether the row means another record than it did, or does something else with it: an adopted
    título may be gone, or one may have been typed since."""
    if row.state_now != "ready":
        return False
    action = action_of(row.action_now, row.omie_id_now, endpoint)
    if action != row.action:
        return True
    return action == "update" and row.omie_id_now != row.omie_id_then


def _confirmed(row: sa.Row[Any]) -> bool:
    """Whether Omie confirmed since what the plan says of the row."""
    if row.action == "delete" and row.hash_then == "":
        return bool(row.own_state == "deleted")
    return bool(row.own_state == "confirmed" and row.own_hash == row.hash_then)


def _changed_in_omie(row: sa.Row[Any], made_at: datetime) -> bool:
    """Whether the record is another version than the one that the plan was made with; of one that
    had not been read by then, whether it was changed since."""
    if row.omie_then is not None:
        return bool(row.omie_now != row.omie_then)
    return row.changed_at is not None and row.changed_at > made_at
