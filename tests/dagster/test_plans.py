"""A policy that asks before a push, and the tag that applies the approved plan, in Dagster."""

from __future__ import annotations

from pathlib import Path

import pytest

from omie_pipeline.app.deployment import Deployment
from omie_pipeline.app.plans import approve_plan
from omie_pipeline.assets.run_tags import person_of
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
    named = early | {"omie_pipeline/by": "CLARA", "dagster/schedule_name": "sincronizacao"}
    assert pushes.run("clientes", partition_key="norte", tags=named).success
    applied = read_plan(deployment.engine, plan.plan_id)
    assert (applied.state, applied.applied_by) == ("applied", "CLARA")
    assert set(pushes.world.held_by_omie()) == {"PAC-1", "PAC-2"}
    assert pushes.shown("clientes", "plano") == {"norte": "SUCCEEDED"}


def test_without_a_name_the_run_is_told_and_not_what_triggered_it() -> None:
    tags = {"dagster/schedule_name": "sincronizacao", "omie_pipeline/by": " "}
    assert person_of(tags, "0123456789ab") == "alguém no Dagster (execução 01234567)"
