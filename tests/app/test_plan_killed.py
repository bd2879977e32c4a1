"""``kill -9`` of an application in its own process: it goes on, nothing twice, nothing lost."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from omie_pipeline.app.deployment import Deployment
from omie_pipeline.app.plans import PlanRequest, apply_plan, approve_plan, make_plan
from omie_pipeline.catalog import REGISTRY
from omie_pipeline.payload import Selection
from omie_pipeline.plans.store import read_plan
from omie_pipeline.push.report import PushOptions
from omie_pipeline.simulator.engine.planned_faults import PlannedFault
from tests.app.conftest import Deployed
from tests.push.test_crashes import ROOT, kill_when, locked, waiting_for_a_lock
from tests.push.world import World, cliente

pytestmark = [pytest.mark.usefixtures("unvalidated"), pytest.mark.slow]


def begun(world: World, deployment: Deployment, *, imported: bool) -> str:
    """An approved plan of two changes, two new records and one that goes."""
    old = [cliente(number, empresa="sul") for number in (1, 2, 9)]
    world.model("clientes", old)
    world.push(selection=Selection("sul"))
    world.clock.sleep(120)
    if imported:
        deployment.import_table("clientes", "sul", mode="full")
    new = [cliente(number, empresa="sul", bairro="Novo") for number in range(1, 5)]
    world.model("clientes", new)
    request = PlanRequest(("sul",), (REGISTRY["clientes"],), "ANA")
    plan = make_plan(deployment, request)
    (part,) = plan.parts
    assert (part.figures.created, part.figures.updated, part.figures.deleted) == (2, 2, 1)
    world.clock.sleep(120)
    world.control.clear_calls()
    return approve_plan(deployment, plan.plan_id, "BIA").plan_id


def applying(world: World, home: Path, plan_id: str) -> subprocess.Popen[bytes]:
    url = world.engine.url.render_as_string(hide_password=False)
    now = world.clock.now().isoformat()
    command = [sys.executable, "-m", "tests.app.applier", url, world.base_url, now, str(home)]
    return subprocess.Popen([*command, plan_id], cwd=ROOT, stdout=subprocess.PIPE)


MIRROR = "endpoints: {clientes: {mode: mirror, guardrails: {max_delete_share: 1}}}"


@pytest.mark.parametrize("imported", [True, False], ids=["list read", "list never read"])
@pytest.mark.parametrize("place", ["lost", "arrived", "before the outcome", "deleting"])
def test_a_killed_application_goes_on(
    world: World, deployed: Deployed, tmp_path: Path, place: str, imported: bool
) -> None:
    deployment = deployed(MIRROR)
    plan_id = begun(world, deployment, imported=imported)

    def in_a_call() -> bool:
        return any(call.http_status == 0 for call in world.control.calls())

    if place == "before the outcome":
        with locked(world.engine, "SELECT 1 FROM omie_sync.ledger FOR UPDATE"):
            process = applying(world, tmp_path, plan_id)
            kill_when(process, lambda: len(world.writes()) == 5 and waiting_for_a_lock(world))
    else:
        kind = "timeout" if place == "lost" else "timeout_after_commit"
        world.control.next_faults(
            PlannedFault(kind, method="ExcluirCliente")  # type: ignore[arg-type]
            if place == "deleting"
            else PlannedFault(kind, method="UpsertCliente", integration_code="PAC-2")  # type: ignore[arg-type]
        )
        kill_when(applying(world, tmp_path, plan_id), in_a_call)
    assert world.open_intents() == 5
    assert read_plan(deployment.engine, plan_id).state == "approved"
    world.clock.sleep(600)
    done = apply_plan(deployment, plan_id, "CLARA")
    assert done.plan.state == "applied", done.plan.ended_why
    held = world.held_by_omie()
    assert set(held) == {f"PAC-{number}" for number in range(1, 5)}
    assert {record["bairro"] for record in held.values()} == {"Novo"}
    assert world.ledger() == {**dict.fromkeys(held, "confirmed"), "PAC-9": "deleted"}
    assert world.open_intents() == 0
    arrived = [call.method for call in world.writes() if call.committed]
    assert sorted(arrived) == ["ExcluirCliente", *["UpsertCliente"] * 4]


@pytest.mark.parametrize("kind", ["timeout", "timeout_after_commit"])
def test_killed_where_omies_value_of_a_field_stands(
    world: World, deployed: Deployed, tmp_path: Path, kind: str
) -> None:
    """The field stays left out, and what the killed process changed is no change of a person's."""
    deployment = deployed("endpoints: {clientes: {wins: {fields: {email: omie}}}}")
    world.model("clientes", [cliente(1, empresa="sul")])
    deployment.push("clientes", Selection("sul"), PushOptions())
    world.clock.sleep(300)
    deployment.import_table("clientes", "sul", mode="full")
    world.clock.sleep(300)
    world.control.edit("clientes", "PAC-1", {"email": "certo@omie.com.br"})
    world.clock.sleep(300)
    changed = cliente(1, empresa="sul", email="novo@clinica.com.br", bairro="Novo")
    world.model("clientes", [changed])
    request = PlanRequest(("sul",), (REGISTRY["clientes"],), "ANA")
    plan_id = approve_plan(deployment, make_plan(deployment, request).plan_id, "BIA").plan_id
    world.control.clear_calls()
    world.control.next_faults(PlannedFault(kind, method="AlterarCliente"))  # type: ignore[arg-type]
    kill_when(
        applying(world, tmp_path, plan_id),
        lambda: any(call.http_status == 0 for call in world.control.calls()),
    )
    assert world.open_intents() == 1
    world.clock.sleep(600)
    done = apply_plan(deployment, plan_id, "CLARA")
    assert done.plan.state == "applied", done.plan.ended_why
    record = world.held_by_omie()["PAC-1"]
    assert (record["email"], record["bairro"]) == ("certo@omie.com.br", "Novo")
    assert len([call for call in world.writes() if call.committed]) == 1
