"""Plans that a person approves while everything goes on: sent as they stand, or not at all."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa

from omie_pipeline.errors import PlanRefused
from omie_pipeline.payload import Selection
from omie_pipeline.plans import store
from omie_pipeline.plans.comparison import AppliedPlan
from omie_pipeline.plans.model import LEAVING
from omie_pipeline.plans.recording import PlanRecorder
from omie_pipeline.push.policy import EndpointPolicy
from omie_pipeline.push.report import PushReport
from tests.histories.company import Company
from tests.push.world import EMPRESA


@dataclass(frozen=True)
class Approved:
    """A plan of one endpoint that a person approved."""

    plan_id: str
    endpoint: str


def approve(company: Company, endpoint: str, policy: EndpointPolicy) -> Approved:
    """Plan what the models show, and approve it; nothing is written in Omie."""
    company.transform(endpoint)
    company.start_process()
    now = company.time.now()
    who: dict[str, Any] = {"empresas": [EMPRESA], "endpoints": [endpoint], "by": "ANA", "now": now}
    plan_id = store.begin_plan(company.engine, subject="histories", origin="person", **who)
    before = len(company.writes())
    company.push(endpoint, policy=policy, dry_run=True, gate=PlanRecorder(plan_id))
    assert len(company.writes()) == before, "a plan wrote something"
    store.finish_plan(company.engine, plan_id)
    store.approve(company.engine, plan_id, "BIA", now, over_guardrails=True)
    company.figures.plans += 1
    return Approved(plan_id, endpoint)


def apply(company: Company, plan: Approved, policy: EndpointPolicy) -> PushReport | None:
    """Apply a plan; ``None`` if something had changed. Whatever left is a row of the plan."""
    company.transform(plan.endpoint)
    company.start_process()
    stored = store.read_plan(company.engine, plan.plan_id)
    began = _runs(company)
    selection = Selection(EMPRESA, approved=True)
    try:
        report = company.push(
            plan.endpoint, policy=policy, selection=selection, gate=AppliedPlan(stored)
        )
    except PlanRefused:
        company.figures.plans_refused += 1
        (run_id,) = _runs(company) - began
        assert not _left(company, run_id), "a refused plan sent something"
        return None
    finally:
        for run_id in _runs(company) - began:
            beside = _left(company, run_id) - _rows(company, plan)
            assert not beside, f"not of the plan: {beside}"
    assert report.closes, (plan.endpoint, report.partitions, report.truth)
    company.figures.plans_applied += 1
    return report


def _runs(company: Company) -> set[str]:
    return {row[0] for row in company.rows("SELECT run_id FROM omie_sync.run")}


def _left(company: Company, run_id: str) -> set[tuple[str, str]]:
    """Code and payload of what a run meant to send."""
    query = "SELECT codigo_integracao, payload_hash FROM omie_sync.intent WHERE run_id = :run_id"
    with company.engine.connect() as connection:
        found = connection.execute(sa.text(query), {"run_id": run_id}).all()
    return {(row[0], row[1]) for row in found}


def _rows(company: Company, plan: Approved) -> set[tuple[str, str]]:
    return {
        (row.codigo_integracao, row.payload_hash)
        for row in store.plan_rows(company.engine, plan.plan_id)
        if row.state in LEAVING
    }
