"""A policy that asks before a push, and the tag that applies the approved plan, in Dagster."""

from __future__ import annotations

from pathlib import Path

import pytest

from omie_pipeline.app.deployment import Deployment
from omie_pipeline.app.plans import approve_plan
from omie_pipeline.plans.store import list_plans, read_plan
from tests.dagster.test_verdicts import Pushes, pushes
from tests.push.conftest import unvalidated
from tests.push.world import cliente

__all__ = ["pushes", "unvalidated"]


@pytest.mark.slow
@pytest.mark.usefixtures("unvalidated")
def test_a_run_asks_and_a_tag_applies_what_was_approved(pushes: Pushes, tmp_path: Path) -> None:
    config = tmp_path / "empresas.yaml"
    asking = "endpoints: {clientes: {approval: {above_rows: 1}}}"
    config.write_text(config.read_text("utf-8") + asking, "utf-8")
    pushes.world.model("clientes", [cliente(n, empresa="norte") for n in (1, 2)])
    asked = pushes.run("clientes", partition_key="norte", raise_on_error=False)
    assert not asked.success
    assert pushes.shown("clientes", "plano") == {"norte": "FAILED"}
    assert pushes.world.control.calls() == ()
    deployment = Deployment()
    (plan,) = list_plans(deployment.engine, ["norte"], 5)
    early = {"omie_pipeline/plan": plan.plan_id}
    assert not pushes.run(
        "clientes", partition_key="norte", tags=early, raise_on_error=False
    ).success
    approve_plan(deployment, plan.plan_id, "BIA")
    assert pushes.run("clientes", partition_key="norte", tags=early).success
    assert read_plan(deployment.engine, plan.plan_id).state == "applied"
    assert set(pushes.world.held_by_omie()) == {"PAC-1", "PAC-2"}
    assert pushes.shown("clientes", "plano") == {"norte": "SUCCEEDED"}
