"""What happens between the approval of a plan and its end: nothing leaves that nobody read."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import pytest
import sqlalchemy as sa

from omie_pipeline.app.conflicts import resolve_conflicts
from omie_pipeline.app.deployment import Deployment, Progress
from omie_pipeline.app.plans import (
    PlanApplied,
    PlanRequest,
    apply_plan,
    approve_plan,
    make_plan,
    reject_plan,
)
from omie_pipeline.app.push_all import PushListener
from omie_pipeline.app.switches import pause, resume
from omie_pipeline.catalog import REGISTRY, Endpoint
from omie_pipeline.errors import EmpresaPaused, PlanRefused
from omie_pipeline.payload import Selection
from omie_pipeline.plans.model import StoredPlan
from omie_pipeline.plans.store import plan_rows, read_plan
from omie_pipeline.push.both_sides.decide import WantedConflicts
from omie_pipeline.push.report import PushOptions
from tests.app.conftest import Deployed
from tests.push.accept_all import INVALID
from tests.push.world import World, cliente, titulo

pytestmark = [pytest.mark.usefixtures("unvalidated"), pytest.mark.slow]


def person(number: int, **changes: Any) -> dict[str, Any]:
    return cliente(number, empresa="sul", **changes)


def planned(deployment: Deployment, *endpoints: str) -> StoredPlan:
    chosen = tuple(REGISTRY[name] for name in endpoints)
    return make_plan(deployment, PlanRequest(("sul",), chosen, "ANA"))


def approved(deployment: Deployment, *endpoints: str) -> str:
    return approve_plan(deployment, planned(deployment, *endpoints).plan_id, "BIA").plan_id


def switch(deployment: Deployment, endpoint: str, state: str) -> None:
    deployment.switches.decide("sul", endpoint, "state", state, "BIA", deployment.clock.now())


def when_sending(endpoint: str, act: Callable[[], object]) -> PushListener:
    """Acts right before the rows of an endpoint are sent: each is held against the plan first."""
    seen: list[str] = []

    @contextmanager
    def sending(_: str, now: Endpoint) -> Iterator[Progress]:
        seen.append(now.name)
        if now.name == endpoint and seen.count(endpoint) == 2:
            act()
        yield Progress()

    return PushListener(sending=sending)


def after_a_batch(act: Callable[[], object]) -> PushListener:
    """Acts once the first fifty rows have left."""
    done: list[int] = []

    def on_rows(rows: int) -> None:
        if not done:
            act()
        done.append(rows)

    @contextmanager
    def sending(*_: object) -> Iterator[Progress]:
        yield Progress(on_rows=on_rows)

    return PushListener(sending=sending)


@pytest.mark.parametrize("what", ["switched off", "said no"])
def test_a_no_right_before_the_first_call_leaves_nothing_applied(
    world: World, deployed: Deployed, what: str
) -> None:
    deployment = deployed()
    world.model("clientes", [person(1)])
    plan_id = approved(deployment, "clientes")

    def no() -> None:
        if what == "said no":
            reject_plan(deployment, plan_id, "CLARA", "valor errado")
        else:
            switch(deployment, "clientes", "off")

    with pytest.raises(PlanRefused, match="desligado" if what == "switched off" else "CLARA"):
        apply_plan(deployment, plan_id, "BIA", when_sending("clientes", no))
    assert world.writes() == []
    assert read_plan(deployment.engine, plan_id).state == "refused"


def test_what_was_sent_before_a_no_is_told(world: World, deployed: Deployed) -> None:
    deployment = deployed()
    for name in ("categorias", "contas_correntes"):
        deployment.import_table(name, "sul", mode="full")
    world.model("clientes", [person(1)])
    world.model("contas_receber", [titulo(1, empresa="sul")])
    plan_id = approved(deployment, "clientes", "contas_receber")
    says_no = when_sending(
        "contas_receber", lambda: reject_plan(deployment, plan_id, "CLARA", "valor errado")
    )
    done = apply_plan(deployment, plan_id, "BIA", says_no)
    assert done.refused is not None
    assert "CLARA: valor errado" in str(done.refused)
    assert done.plan.ended_why == "recusado por CLARA: valor errado"
    (result,) = done.results
    assert result.report is not None
    assert (result.endpoint.name, result.report.total.created) == ("clientes", 1)
    assert world.held_by_omie("contas_receber") == {}


@pytest.mark.parametrize("what", ["paused", "switched off"])
def test_an_application_that_is_stopped_on_its_way_goes_on_afterwards(
    world: World, deployed: Deployed, what: str
) -> None:
    deployment = deployed()
    rows = [person(number) for number in range(1, 61)]
    world.model("clientes", rows)
    plan_id = approved(deployment, "clientes")

    def stop() -> None:
        if what == "paused":
            pause(deployment, "sul", "troca de sistema", "CLARA")
        else:
            switch(deployment, "clientes", "off")

    first = apply_plan(deployment, plan_id, "BIA", after_a_batch(stop))
    (report,) = [one.report for one in first.results]
    assert report is not None
    assert (report.total.created, report.total.held, report.closes) == (50, 10, True)
    assert first.plan.state == "approved"
    if what == "paused":
        with pytest.raises(EmpresaPaused):
            apply_plan(deployment, plan_id, "BIA")
        assert read_plan(deployment.engine, plan_id).state == "approved"
        resume(deployment, "sul", "CLARA")
    else:
        switch(deployment, "clientes", "on")
    world.clock.sleep(120)
    second = apply_plan(deployment, plan_id, "DORA")
    assert (second.plan.state, second.before) == ("applied", 50)
    assert len(world.held_by_omie()) == len(world.writes()) == 60


def test_a_row_corrected_since_waits_for_the_next_plan(world: World, deployed: Deployed) -> None:
    deployment = deployed()
    world.model("clientes", [person(1), person(2, razao_social=INVALID)])
    plan_id = approved(deployment, "clientes")
    world.model("clientes", [person(1), person(2)])
    assert apply_plan(deployment, plan_id, "BIA").plan.state == "applied"
    assert set(world.held_by_omie()) == {"PAC-1"}


def test_a_conflict_decided_since_waits_for_the_next_plan(world: World, deployed: Deployed) -> None:
    deployment = deployed("endpoints: {clientes: {wins: pessoa}}")
    world.model("clientes", [person(1), person(2)])
    deployment.push("clientes", Selection("sul"), PushOptions())
    world.clock.sleep(300)
    deployment.import_table("clientes", "sul", mode="full")
    world.clock.sleep(300)
    world.control.edit("clientes", "PAC-1", {"email": "pessoa@omie.com.br"})
    world.clock.sleep(900)
    world.model("clientes", [person(1, email="novo@clinica.com.br"), person(2, bairro="Sé")])
    # A push finds the conflict; the plan shows that the row does not leave.
    deployment.push("clientes", Selection("sul", key="PAC-1"), PushOptions())
    made = planned(deployment, "clientes")
    states = {
        row.codigo_integracao: row.state for row in plan_rows(deployment.engine, made.plan_id)
    }
    assert states == {"PAC-1": "quarantined", "PAC-2": "ready"}
    approve_plan(deployment, made.plan_id, "BIA")
    wanted = WantedConflicts(("sul",), "clientes", "PAC-1")
    assert resolve_conflicts(deployment, wanted, "clinica", "CLARA").decided
    world.control.clear_calls()
    assert apply_plan(deployment, made.plan_id, "BIA").plan.state == "applied"
    held = world.held_by_omie()
    assert (held["PAC-1"]["email"], held["PAC-2"]["bairro"]) == ("pessoa@omie.com.br", "Sé")
    (after,) = planned(deployment, "clientes").parts
    assert after.figures.updated == 1


MAPPED = (
    "INSERT INTO omie_sync.mapping VALUES "
    "('*', 'category', 'Aluguel', 'category', '2.02.02', 'person', 'ANA', now())"
)
ACCOUNT = "INSERT INTO omie_sync.payment_account VALUES ('sul', 'PIX', 9100000001)"


@pytest.mark.parametrize(
    ("statement", "told"),
    [(MAPPED, "o de-para mudou"), (ACCOUNT, "os padrões de categorias e contas mudaram")],
    ids=["mapping", "account"],
)
def test_a_decision_about_values_ends_a_plan(
    world: World, deployed: Deployed, statement: str, told: str
) -> None:
    deployment = deployed()
    world.model("clientes", [person(1)])
    plan_id = approved(deployment, "clientes")
    with deployment.engine.begin() as connection:
        connection.execute(sa.text(statement))
    with pytest.raises(PlanRefused, match=told):
        apply_plan(deployment, plan_id, "BIA")
    assert world.writes() == []


def test_another_run_over_a_record_ends_a_plan_of_it(world: World, deployed: Deployed) -> None:
    """Also where the clinic has gone back to what the plan shows."""
    deployment = deployed()
    world.model("clientes", [person(1)])
    world.push(selection=Selection("sul"))
    world.clock.sleep(120)
    wanted = [person(1, bairro="Sé")]
    world.model("clientes", wanted)
    plan_id = approved(deployment, "clientes")
    world.model("clientes", [person(1, bairro="Moema")])
    world.push(selection=Selection("sul"))
    world.clock.sleep(120)
    world.model("clientes", wanted)
    world.control.clear_calls()
    with pytest.raises(PlanRefused) as refused:
        apply_plan(deployment, plan_id, "BIA")
    assert refused.value.differences == ("PAC-1: o livro-razão mudou: outra execução mexeu nela",)
    assert world.writes() == []


def test_a_guardrail_that_the_plan_did_not_show_stops_it_beside_one_that_it_did(
    world: World, deployed: Deployed
) -> None:
    limits = "max_quarantined_share: 0.1, max_value_sum: 200"
    deployment = deployed(f"endpoints: {{contas_receber: {{guardrails: {{{limits}}}}}}}")
    for name in ("categorias", "contas_correntes"):
        deployment.import_table(name, "sul", mode="full")
    world.model("clientes", [person(1)])
    world.push(selection=Selection("sul"))
    good = [titulo(number, empresa="sul") for number in (1, 2)]
    world.model("contas_receber", good)

    def plan() -> str:
        made = planned(deployment, "contas_receber")
        (stop,) = made.stops
        assert "max_value_sum" in stop
        approve_plan(deployment, made.plan_id, "BIA", over_guardrails=True)
        return made.plan_id

    plan_id = plan()
    bad = [titulo(3, empresa="sul", codigo_lancamento_integracao=None) for _ in range(6)]
    world.model("contas_receber", [*good, *bad])
    with pytest.raises(PlanRefused, match="max_quarantined_share") as refused:
        apply_plan(deployment, plan_id, "BIA")
    assert len(refused.value.differences) == 1
    assert world.held_by_omie("contas_receber") == {}
    # The one that was shown stays passed when its figures are others.
    world.model("contas_receber", good)
    plan_id = plan()
    world.push("contas_receber", selection=Selection("sul", key="REC-1"))
    world.model("contas_receber", [*good, titulo(9, empresa="sul")])
    assert apply_plan(deployment, plan_id, "BIA").plan.state == "applied"
    assert set(world.held_by_omie("contas_receber")) == {"REC-1", "REC-2"}


def at_once(*acts: Callable[[], object]) -> list[object]:
    """What each came to, all of them begun together; the error that one raised in its place."""
    together = threading.Barrier(len(acts))
    results: dict[int, object] = {}

    def run(number: int, act: Callable[[], object]) -> None:
        together.wait()
        try:
            results[number] = act()
        except PlanRefused as refused:
            results[number] = refused

    threads = [threading.Thread(target=run, args=item) for item in enumerate(acts)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return [results[number] for number in range(len(acts))]


def test_of_two_who_approve_at_once_one_has_approved(world: World, deployed: Deployed) -> None:
    deployment = deployed()
    world.model("clientes", [person(1)])
    plan_id = planned(deployment, "clientes").plan_id
    people = {name: deployed() for name in ("ANA", "BIA", "CLARA")}
    ends = at_once(
        *(
            lambda name=name, own=own: approve_plan(own, plan_id, name).approved_by  # type: ignore[misc]
            for name, own in people.items()
        )
    )
    told = [one for one in ends if isinstance(one, str)]
    assert told == [read_plan(deployment.engine, plan_id).approved_by]
    assert all(f"já foi aprovado por {told[0]}" in str(one) for one in ends if one not in told)


def test_of_two_who_apply_at_once_each_row_leaves_once(world: World, deployed: Deployed) -> None:
    deployment = deployed()
    world.model("clientes", [person(number) for number in range(1, 6)])
    plan_id = approved(deployment, "clientes")
    people = {name: deployed() for name in ("BIA", "DORA")}
    ends = at_once(
        *(
            lambda name=name, own=own: apply_plan(own, plan_id, name)  # type: ignore[misc]
            for name, own in people.items()
        )
    )
    assert all(isinstance(one, PlanApplied) for one in ends), ends
    assert read_plan(deployment.engine, plan_id).state == "applied"
    assert len(world.writes()) == len(world.held_by_omie()) == 5
