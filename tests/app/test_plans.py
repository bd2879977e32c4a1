"""Plans without a door: made, approved, applied exactly, or refused before the first call."""

from __future__ import annotations

from contextlib import AbstractContextManager, nullcontext
from datetime import date
from decimal import Decimal
from typing import Any

import pytest
import sqlalchemy as sa

from omie_pipeline.app.deployment import Deployment, Progress
from omie_pipeline.app.plans import (
    PlanApplied,
    PlanRequest,
    apply_plan,
    approve_plan,
    make_plan,
    plan_deletions,
)
from omie_pipeline.app.push_all import EndpointResult, PushListener, PushRequest, push_all
from omie_pipeline.app.switches import SwitchRequest, decide_switches
from omie_pipeline.catalog import REGISTRY
from omie_pipeline.errors import ApprovalNeeded, PlanRefused
from omie_pipeline.payload import Selection
from omie_pipeline.plans.deletions import Deletion
from omie_pipeline.plans.model import StoredPlan, StoredRow
from omie_pipeline.plans.store import list_plans, plan_rows, read_plan
from omie_pipeline.push.ledger import Ledger
from omie_pipeline.push.report import PushOptions
from omie_pipeline.push.send import Sender
from omie_pipeline.simulator.engine.planned_faults import PlannedFault
from tests.app.conftest import Deployed
from tests.push.accept_all import INVALID
from tests.push.world import World, cliente, titulo

pytestmark = pytest.mark.usefixtures("unvalidated")


def person(number: int, **changes: Any) -> dict[str, Any]:
    return cliente(number, empresa="sul", **changes)


def planned(deployment: Deployment, *endpoints: str, **changes: Any) -> StoredPlan:
    """A plan of these endpoints, as ANA wants it."""
    chosen = tuple(REGISTRY[name] for name in endpoints)
    return make_plan(deployment, PlanRequest(("sul",), chosen, "ANA", **changes))


def approved(deployment: Deployment, *endpoints: str) -> StoredPlan:
    return approve_plan(deployment, planned(deployment, *endpoints).plan_id, "BIA")


def rows(deployment: Deployment, plan: StoredPlan) -> dict[str, StoredRow]:
    return {row.codigo_integracao: row for row in plan_rows(deployment.engine, plan.plan_id)}


def test_a_plan_is_read_approved_and_sent_once(world: World, deployed: Deployed) -> None:
    deployment = deployed()
    world.model("clientes", [person(1), person(2), person(3, razao_social=INVALID)])
    made = planned(deployment, "clientes")
    assert (made.state, made.made_by, made.leaving) == ("made", "ANA", 2)
    (part,) = made.parts
    assert (part.figures.created, part.figures.quarantined, part.stops) == (2, 1, ())
    found = rows(deployment, made)
    assert found["PAC-1"].changes["razao_social"] == [None, "Paciente Numero 1"]
    assert (found["PAC-3"].state, found["PAC-3"].changes) == ("quarantined", {})
    assert found["PAC-3"].reasons
    assert world.writes() == []
    assert world.ledger() == {}

    with pytest.raises(PlanRefused, match="ainda não foi aprovado"):
        apply_plan(deployment, made.plan_id, "BIA")
    approve_plan(deployment, made.plan_id, "BIA")
    with pytest.raises(PlanRefused, match="já foi aprovado por BIA"):
        approve_plan(deployment, made.plan_id, "CLARA")
    world.model("clientes", [person(1), person(2), person(3), person(4)])
    done = apply_plan(deployment, made.plan_id, "CLARA")
    assert (done.plan.state, done.plan.applied_by) == ("applied", "CLARA")
    assert [one.report.total.created for one in done.results if one.report] == [2]
    assert set(world.held_by_omie()) == {"PAC-1", "PAC-2"}, "what it does not show stays"

    calls = len(world.control.calls())
    again = apply_plan(deployment, made.plan_id, "DORA")
    assert again.ended_before
    assert again.plan.applied_by == "CLARA"
    assert len(world.control.calls()) == calls


def test_what_changed_since_ends_a_plan_before_its_first_call(
    world: World, deployed: Deployed
) -> None:
    deployment = deployed()
    world.model("clientes", [person(1), person(2)])
    plan = approved(deployment, "clientes")
    world.model("clientes", [person(1), person(2, cidade="CAMPINAS (SP)")])
    with pytest.raises(PlanRefused) as refused:
        apply_plan(deployment, plan.plan_id, "BIA")
    assert refused.value.differences == ("PAC-2: a linha mudou na clínica ou no mapeamento",)
    assert world.writes() == []
    assert world.ledger() == {}, "nothing is held for it"
    assert read_plan(deployment.engine, plan.plan_id).state == "refused"
    with pytest.raises(PlanRefused, match="encerrado"):
        apply_plan(deployment, plan.plan_id, "BIA")


def test_a_change_in_omie_ends_a_plan_that_touches_the_record(
    world: World, deployed: Deployed
) -> None:
    deployment = deployed()
    world.model("clientes", [person(1), person(2)])
    world.push(selection=Selection("sul"))
    world.clock.sleep(120)
    deployment.import_table("clientes", "sul", mode="full")
    world.model("clientes", [person(1, email="novo@exemplo.com.br"), person(2)])
    plan = approved(deployment, "clientes")
    (row,) = rows(deployment, plan).values()
    assert row.action == "update"
    assert row.changes == {"email": ["p1@exemplo.com.br", "novo@exemplo.com.br"]}
    world.clock.sleep(120)
    world.control.edit("clientes", "PAC-1", {"email": "pessoa@exemplo.com.br"})
    world.clock.sleep(120)
    with pytest.raises(PlanRefused, match="alterado ou excluído no Omie"):
        apply_plan(deployment, plan.plan_id, "BIA")
    assert world.held_by_omie()["PAC-1"]["email"] == "pessoa@exemplo.com.br"


@pytest.mark.slow
@pytest.mark.parametrize("gone", [False, True], ids=["changed", "deleted"])
def test_a_record_whose_list_was_never_read_is_read_by_itself(
    world: World, deployed: Deployed, gone: bool
) -> None:
    deployment = deployed()
    world.model("clientes", [person(1)])
    world.push(selection=Selection("sul"))
    world.model("clientes", [person(1, email="novo@exemplo.com.br")])
    world.clock.sleep(120)
    plan = approved(deployment, "clientes")
    assert not rows(deployment, plan)["PAC-1"].read
    world.clock.sleep(120)
    if gone:
        world.control.delete("clientes", "PAC-1")
    else:
        world.control.edit("clientes", "PAC-1", {"email": "pessoa@exemplo.com.br"})
    world.control.clear_calls()
    with pytest.raises(PlanRefused, match="alterado ou excluído no Omie"):
        apply_plan(deployment, plan.plan_id, "BIA")
    assert [call.method for call in world.control.calls()] == ["ConsultarCliente"]


def test_a_half_applied_plan_goes_on_with_the_rest(world: World, deployed: Deployed) -> None:
    deployment = deployed()
    world.model("clientes", [person(number) for number in range(1, 5)])
    plan = approved(deployment, "clientes")
    world.control.next_faults(PlannedFault("blocked_425", integration_code="PAC-3", seconds=60))
    first = apply_plan(deployment, plan.plan_id, "BIA")
    assert first.plan.state == "approved"
    assert len(world.held_by_omie()) == 2
    world.clock.sleep(3600)
    second = apply_plan(deployment, plan.plan_id, "CLARA")
    assert (second.before, second.plan.state) == (2, "applied")
    assert len(world.writes("PAC-1")) == 1
    assert len(world.held_by_omie()) == 4


@pytest.mark.slow
def test_titulos_wait_for_their_cliente_within_one_plan(world: World, deployed: Deployed) -> None:
    deployment = deployed()
    for name in ("categorias", "contas_correntes"):
        deployment.import_table(name, "sul", mode="full")
    world.model("clientes", [person(1)])
    world.model("contas_receber", [titulo(1, empresa="sul"), titulo(2, 9, empresa="sul")])
    plan = planned(deployment, "clientes", "contas_receber")
    titles = plan.parts[1].figures
    assert (titles.created, titles.waiting, titles.value_before) == (2, 2, Decimal(0))
    assert titles.value_after == Decimal("300.20")
    assert plan.sides == {"receivable": (0, Decimal("300.20"))}
    approve_plan(deployment, plan.plan_id, "BIA")
    done = apply_plan(deployment, plan.plan_id, "BIA")
    assert done.plan.state == "applied"
    assert set(world.held_by_omie("contas_receber")) == {"REC-1"}
    assert world.ledger("contas_receber") == {"REC-1": "confirmed", "REC-2": "held"}


def test_settings_that_decide_rows_end_a_plan(world: World, deployed: Deployed) -> None:
    deployment = deployed()
    world.model("clientes", [person(1)])
    plan = approved(deployment, "clientes")
    with deployment.engine.begin() as connection:
        connection.execute(
            sa.text("INSERT INTO omie_sync.empresa_default (empresa, lc116) VALUES ('*', '4.01')")
        )
    with pytest.raises(PlanRefused, match="padrões de categorias"):
        apply_plan(deployment, plan.plan_id, "BIA")
    assert world.writes() == []


def test_guardrails_are_passed_by_name_only(world: World, deployed: Deployed) -> None:
    deployment = deployed("endpoints: {clientes: {guardrails: {max_quarantined_share: 0.1}}}")
    bad = [person(number, razao_social=INVALID) for number in range(1, 6)]
    world.model("clientes", [*bad, person(7)])
    plan = planned(deployment, "clientes")
    (stop,) = plan.stops
    with pytest.raises(PlanRefused, match="over-guardrails"):
        approve_plan(deployment, plan.plan_id, "BIA")
    approve_plan(deployment, plan.plan_id, "BIA", over_guardrails=True)
    assert apply_plan(deployment, plan.plan_id, "BIA").plan.state == "applied"
    assert set(world.held_by_omie()) == {"PAC-7"}
    assert stop


ASKING = "endpoints: {clientes: {approval: {above_rows: 2}}}"


def pushed(deployment: Deployment, *keys: str) -> list[EndpointResult]:
    clientes = (REGISTRY["clientes"],)
    options = PushOptions(trigger="schedule")
    return [
        result
        for key in keys or (None,)
        for result in push_all(deployment, PushRequest(("sul",), clientes, options, key=key))
    ]


def test_a_policy_asks_once_and_holds_what_waits(world: World, deployed: Deployed) -> None:
    deployment = deployed(ASKING)
    world.model("clientes", [person(number) for number in range(1, 4)])
    for _ in range(2):
        (result,) = pushed(deployment)
        assert isinstance(result.error, ApprovalNeeded)
        assert result.reach == "dependents"
    assert world.control.calls() == ()
    assert set(world.ledger().values()) == {"held"}
    (waiting,) = list_plans(deployment.engine, ["sul"], 10, open_only=True)
    assert waiting.plan_id == result.error.plan_id
    assert (waiting.origin, waiting.made_by, waiting.leaving) == ("policy", "schedule", 3)
    retried = PushRequest(("sul",), (REGISTRY["clientes"],), PushOptions(), held_only=True)
    (report,) = [one.report for one in push_all(deployment, retried)]
    assert report is not None
    assert report.total.selected == 0, "nothing resumes it by itself"

    world.model("clientes", [person(number) for number in range(1, 5)])
    (result,) = pushed(deployment)
    assert isinstance(result.error, ApprovalNeeded)
    assert read_plan(deployment.engine, waiting.plan_id).state == "superseded"
    approve_plan(deployment, result.error.plan_id, "BIA")
    (again,) = pushed(deployment)
    assert "aprovado por BIA" in str(again.error)
    assert apply_plan(deployment, result.error.plan_id, "BIA").plan.state == "applied"
    assert set(world.ledger().values()) == {"confirmed"}
    (after,) = pushed(deployment)
    assert after.report is not None


def test_a_dry_run_says_that_a_person_would_be_asked(world: World, deployed: Deployed) -> None:
    deployment = deployed(ASKING)
    world.model("clientes", [person(number) for number in range(1, 4)])
    dry = PushRequest(("sul",), (REGISTRY["clientes"],), PushOptions(dry_run=True))
    ((report,),) = [[one.report for one in push_all(deployment, dry)]]
    assert report is not None
    (stop,) = report.would_stop
    assert "pediria a aprovação" in stop
    assert list_plans(deployment.engine, ["sul"], 10) == []


def test_a_small_plan_needs_nobody(world: World, deployed: Deployed) -> None:
    deployment = deployed(ASKING)
    world.model("clientes", [person(1), person(2)])
    (result,) = pushed(deployment)
    assert result.report is not None
    assert result.report.total.created == 2
    assert list_plans(deployment.engine, ["sul"], 10) == []


@pytest.mark.slow
def test_chosen_titulos_are_deleted_and_no_others(world: World, deployed: Deployed) -> None:
    deployment = deployed()
    for name in ("categorias", "contas_correntes"):
        deployment.import_table(name, "sul", mode="full")
    world.model("clientes", [person(1)])
    world.model("contas_receber", [titulo(number, empresa="sul") for number in (1, 2)])
    for name in ("clientes", "contas_receber"):
        world.push(name, selection=Selection("sul"))
    theirs = {
        "codigo_cliente_fornecedor": world.held_by_omie()["PAC-1"]["codigo_cliente_omie"],
        "data_vencimento": "07/02/2026",
        "valor_documento": Decimal(80),
        "codigo_categoria": "1.01.01",
        "id_conta_corrente": 9100000001,
    }
    world.control.seed("contas_receber", [theirs])
    (other,) = [
        record
        for record in world.control.records("contas_receber")
        if record["valor_documento"] == Decimal(80)
    ]
    world.clock.sleep(120)
    deployment.import_table("contas_receber", "sul", mode="full")
    day = date(2026, 1, 5)
    chosen = [
        Deletion("contas_receber", day, code="REC-1"),
        Deletion("contas_receber", day, omie_id=other["codigo_lancamento_omie"]),
    ]
    plan = plan_deletions(deployment, "sul", chosen, "ANA", subject="Repetidos")
    (part,) = plan.parts
    assert (part.figures.deleted, part.figures.value_before) == (2, Decimal("230.10"))
    assert part.figures.value_after == 0
    # The same one again, by another person: two plans do not stand in each other's way.
    assert plan_deletions(deployment, "sul", chosen, "EVA", subject="Repetidos").leaving == 2
    approve_plan(deployment, plan.plan_id, "BIA")
    assert apply_plan(deployment, plan.plan_id, "BIA").plan.state == "applied"
    left = [one["codigo_lancamento_integracao"] for one in world.control.records("contas_receber")]
    assert left == ["REC-2"]
    assert world.ledger("contas_receber") == {"REC-1": "deleted", "REC-2": "confirmed"}


class Crash(BaseException):
    """Stands for a process that ends."""


@pytest.mark.slow
@pytest.mark.parametrize("answered", [True, False], ids=["answer lost with it", "never left"])
def test_a_killed_application_goes_on_and_sends_nothing_twice(
    world: World, deployed: Deployed, monkeypatch: pytest.MonkeyPatch, answered: bool
) -> None:
    deployment = deployed()
    world.model("clientes", [person(number) for number in range(1, 4)])
    plan = approved(deployment, "clientes")

    def crash(*_: object, **__: object) -> None:
        raise Crash

    place = (Ledger, "write_outcomes") if answered else (Sender, "send")
    with monkeypatch.context() as patched:
        patched.setattr(*place, crash)
        with pytest.raises(Crash):
            apply_plan(deployment, plan.plan_id, "BIA")
    assert len(world.held_by_omie()) == (3 if answered else 0)
    assert world.open_intents() == 3
    assert read_plan(deployment.engine, plan.plan_id).state == "approved"
    world.clock.sleep(600)
    done = apply_plan(deployment, plan.plan_id, "CLARA")
    assert done.plan.state == "applied"
    assert len(world.held_by_omie()) == 3
    assert [len(world.writes(f"PAC-{number}")) for number in (1, 2, 3)] == [1, 1, 1]
    assert set(world.ledger().values()) == {"confirmed"}


@pytest.mark.slow
def test_two_apply_at_once_and_each_row_leaves_once(world: World, deployed: Deployed) -> None:
    deployment, other = deployed(), deployed()
    world.model("clientes", [person(1), person(2)])
    plan = approved(deployment, "clientes")
    second: list[PlanApplied] = []

    def between(*_: object) -> AbstractContextManager[Progress]:
        if not second:
            second.append(apply_plan(other, plan.plan_id, "CLARA"))
        return nullcontext(Progress())

    first = apply_plan(deployment, plan.plan_id, "BIA", PushListener(sending=between))
    assert (first.plan.state, second[0].plan.state) == ("applied", "applied")
    assert len(world.writes()) == 2


@pytest.mark.slow
def test_a_field_of_which_omies_value_stands_is_shown_so(world: World, deployed: Deployed) -> None:
    deployment = deployed("endpoints: {clientes: {wins: {fields: {email: omie}}}}")
    world.model("clientes", [person(1)])
    pushed(deployment)
    world.clock.sleep(300)
    deployment.import_table("clientes", "sul", mode="full")
    world.clock.sleep(300)
    world.control.edit("clientes", "PAC-1", {"email": "certo@omie.com.br"})
    world.clock.sleep(300)
    world.model("clientes", [person(1, email="novo@clinica.com.br", bairro="Sé")])
    plan = approved(deployment, "clientes")
    row = rows(deployment, plan)["PAC-1"]
    assert (row.changes, row.left_out) == ({"bairro": ["Centro", "Sé"]}, ("email",))
    assert apply_plan(deployment, plan.plan_id, "BIA").plan.state == "applied"
    record = world.held_by_omie()["PAC-1"]
    assert (record["email"], record["bairro"]) == ("certo@omie.com.br", "Sé")


def test_a_plan_of_what_was_switched_off_or_left_out_since_is_refused(
    world: World, deployed: Deployed
) -> None:
    deployment = deployed()
    world.model("clientes", [person(1)])
    for setting, value, words in (
        ("state", "off", "desligado"),
        ("fields", ["nome_fantasia"], "mudou"),
    ):
        plan = approved(deployment, "clientes")
        now = deployment.clock.now()
        deployment.switches.decide("sul", "clientes", setting, value, "BIA", now)
        with pytest.raises(PlanRefused) as refused:
            apply_plan(deployment, plan.plan_id, "BIA")
        assert words in f"{refused.value} {refused.value.differences}"
        deployment.switches.decide("sul", "clientes", setting, None, "BIA", now)
    assert world.writes() == []


@pytest.mark.slow
def test_what_is_switched_off_is_in_no_plan(world: World, deployed: Deployed) -> None:
    deployment = deployed()
    world.model("clientes", [person(1)])
    world.model("contas_receber", [titulo(1, empresa="sul")])

    def switched(endpoint: str, state: str) -> None:
        request = SwitchRequest(("sul",), (REGISTRY[endpoint],), "ANA", state=state)
        decide_switches(deployment, request)

    switched("contas_receber", "off")
    plan = planned(deployment, "clientes", "contas_receber")
    assert [part.off for part in plan.parts] == [False, True]
    assert plan.parts[1].error
    approve_plan(deployment, plan.plan_id, "BIA")
    switched("contas_receber", "on")
    switched("clientes", "off")
    with pytest.raises(PlanRefused):
        apply_plan(deployment, plan.plan_id, "BIA")
    assert world.writes() == []

    switched("clientes", "on")
    switched("contas_receber", "off")
    again = approve_plan(
        deployment, planned(deployment, "clientes", "contas_receber").plan_id, "BIA"
    )
    switched("contas_receber", "on")
    assert apply_plan(deployment, again.plan_id, "BIA").plan.state == "applied"
    assert world.ledger("contas_receber") == {}
