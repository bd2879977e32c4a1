"""Every kind of call, by way of a plan: shown, approved, applied once, also after a lost answer."""

from __future__ import annotations

from pathlib import Path

import pytest
from pydantic import SecretStr

from omie_pipeline.app.deployment import Deployment
from omie_pipeline.app.plans import PlanRequest, apply_plan, approve_plan, make_plan
from omie_pipeline.catalog import REGISTRY
from omie_pipeline.config.settings import Settings
from omie_pipeline.plans.store import plan_rows
from omie_pipeline.simulator.engine.planned_faults import PlannedFault
from tests.effects.kinds import FULL, LONGER, OTHERS, RECEIPT, RECEIPT_BACK, Kind
from tests.effects.test_unclear_answers import effects, name_of
from tests.push.world import EMPRESA, World

pytestmark = [pytest.mark.usefixtures("unvalidated"), pytest.mark.slow]

_DELETES = ("estornar_baixas_receber", "estornar_baixas_pagar")


@pytest.fixture
def deployment(
    world: World, database_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Deployment:
    """The world's only empresa as the use cases see it."""
    made = Deployment(
        Settings(
            warehouse_url=SecretStr(database_url),
            base_url=world.base_url,
            home=tmp_path,
        ),
        clock=world.clock,
        variables={"OMIE_APP_KEY": world.sim.app_key, "OMIE_APP_SECRET": world.sim.app_secret},
    )
    assert made.empresas == (EMPRESA,)
    return made


def begun(world: World, deployment: Deployment, monkeypatch: pytest.MonkeyPatch, kind: Kind) -> str:
    """An approved plan of what the kind is about."""
    monkeypatch.setattr(deployment, "policy", lambda _: kind.policy)
    kind.prepare(world)
    world.clock.sleep(600)
    world.control.clear_calls()
    request = PlanRequest((EMPRESA,), (REGISTRY[kind.endpoint],), "ANA")
    plan = make_plan(deployment, request)
    assert effects(world, kind) == 0
    (row,) = plan_rows(deployment.engine, plan.plan_id)
    assert (row.codigo_integracao, row.state) == (kind.code, "ready")
    assert (row.action == "delete") == (kind.endpoint in _DELETES)
    approve_plan(deployment, plan.plan_id, "BIA")
    return plan.plan_id


@pytest.mark.parametrize("kind", [*FULL, *OTHERS], ids=name_of)
def test_a_plan_of_any_kind_is_applied_once(
    world: World, deployment: Deployment, monkeypatch: pytest.MonkeyPatch, kind: Kind
) -> None:
    plan_id = begun(world, deployment, monkeypatch, kind)
    assert apply_plan(deployment, plan_id, "BIA").plan.state == "applied"
    assert kind.truth(world) == kind.expected
    assert apply_plan(deployment, plan_id, "EVA").ended_before
    assert effects(world, kind) == 1


@pytest.mark.parametrize("kind", [RECEIPT, RECEIPT_BACK, LONGER], ids=name_of)
def test_an_answer_that_is_lost_leaves_one_effect(
    world: World, deployment: Deployment, monkeypatch: pytest.MonkeyPatch, kind: Kind
) -> None:
    plan_id = begun(world, deployment, monkeypatch, kind)
    world.control.set_behaviour(stale_reads_seconds=60)
    world.control.next_faults(PlannedFault("http_500_after_commit", method=kind.method))
    for _ in range(4):
        if apply_plan(deployment, plan_id, "BIA").plan.state == "applied":
            break
        world.clock.sleep(3600)
    assert world.ledger(kind.endpoint)[kind.code] == "confirmed"
    assert kind.truth(world) == kind.expected
    assert effects(world, kind) == 1
