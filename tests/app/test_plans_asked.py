"""A policy that asks a person is not got round by smaller runs over the rows that wait."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest

from omie_pipeline.app.deployment import Deployment
from omie_pipeline.app.plans import apply_plan, approve_plan, reject_plan
from omie_pipeline.app.push_all import EndpointResult, PushRequest, push_all
from omie_pipeline.catalog import REGISTRY
from omie_pipeline.errors import ApprovalNeeded, ConfigurationError
from omie_pipeline.payload import Selection
from omie_pipeline.plans.store import list_plans
from omie_pipeline.push.report import PushOptions
from tests.app.conftest import Deployed
from tests.push.world import World, cliente, titulo

pytestmark = pytest.mark.usefixtures("unvalidated")

ASKING = "endpoints: {clientes: {approval: {above_rows: 2}}}"
RETRY: dict[str, Any] = {"unfinished_only": True, "options": PushOptions(approve=True)}


def pushed(
    deployment: Deployment,
    name: str = "clientes",
    *,
    options: PushOptions | None = None,
    **which: Any,
) -> EndpointResult:
    request = PushRequest(("sul",), (REGISTRY[name],), options or PushOptions(), **which)
    (result,) = push_all(deployment, request)
    return result


def asked(result: EndpointResult) -> str:
    assert isinstance(result.error, ApprovalNeeded), result
    return result.error.plan_id


def people(*numbers: int, **changes: Any) -> list[dict[str, Any]]:
    return [cliente(number, empresa="sul", **changes) for number in numbers]


@pytest.mark.parametrize(
    "which",
    [{"key": "PAC-1"}, {"codes": ("PAC-1", "PAC-2")}, RETRY, {**RETRY, "key": "PAC-3"}],
    ids=["key", "codes", "retry", "retry of one"],
)
def test_rows_that_wait_leave_with_their_plan_only(
    world: World, deployed: Deployed, which: dict[str, Any]
) -> None:
    deployment = deployed(ASKING)
    world.model("clientes", people(1, 2, 3))
    plan_id = asked(pushed(deployment))
    said = pushed(deployment, **which)
    assert asked(said) == plan_id
    assert f"só saem com ele: omie-pipeline plan show {plan_id}" in str(said.error)
    approve_plan(deployment, plan_id, "BIA")
    said = pushed(deployment, **which)
    assert f"omie-pipeline apply {plan_id}" in str(said.error)
    assert world.writes() == []
    assert len(list_plans(deployment.engine, ["sul"], 5)) == 1
    assert apply_plan(deployment, plan_id, "BIA").plan.state == "applied"
    assert len(world.held_by_omie()) == 3


def test_others_leave_beside_them(world: World, deployed: Deployed) -> None:
    """And what the clinic changes is another row than the one that was asked about."""
    deployment = deployed(ASKING)
    world.model("clientes", people(1, 2, 3))
    plan_id = asked(pushed(deployment))
    world.model("clientes", [*people(1, 2, 4), *people(3, bairro="Novo")])
    codes = ("PAC-1", "PAC-3", "PAC-4")
    dry = pushed(deployment, codes=codes, options=PushOptions(dry_run=True)).report
    assert dry is not None
    assert dry.would_send == 2
    assert f"1 linha(s) esperam pela aprovação do plano {plan_id}" in dry.would_stop[0]
    report = pushed(deployment, codes=codes).report
    assert report is not None
    assert (report.total.selected, report.total.created, report.closes) == (2, 2, True)
    assert set(world.held_by_omie()) == {"PAC-3", "PAC-4"}
    assert world.ledger()["PAC-1"] == "held"
    reject_plan(deployment, plan_id, "BIA", "")
    assert pushed(deployment, key="PAC-1").report is not None


@pytest.mark.slow
def test_days_of_a_plan_that_waits_are_not_sent_one_by_one(
    world: World, deployed: Deployed
) -> None:
    """As partitions of Dagster's are."""
    deployment = deployed("endpoints: {contas_receber: {approval: {above_value: 200}}}")
    for name in ("categorias", "contas_correntes"):
        deployment.import_table(name, "sul", mode="full")
    world.model("clientes", people(1))
    world.push(selection=Selection("sul"))
    days = [date(2026, 1, day) for day in (5, 6)]
    rows = [
        titulo(number, empresa="sul", data_particao=day) for number, day in enumerate(days, start=1)
    ]
    world.model("contas_receber", rows)
    plan_id = asked(pushed(deployment, "contas_receber", date_from=days[0], date_to=days[1]))
    for day in days:
        said = pushed(deployment, "contas_receber", date_from=day, date_to=day)
        assert asked(said) == plan_id
    assert world.held_by_omie("contas_receber") == {}


@pytest.mark.parametrize("endpoint", ["clientes", "excluir_contas_pagar"])
def test_a_sum_is_asked_about_only_where_there_is_one(deployed: Deployed, endpoint: str) -> None:
    """A policy that would never ask is refused."""
    with pytest.raises(ConfigurationError, match=f"{endpoint}: approval.above_value só vale em"):
        deployed(f"endpoints: {{{endpoint}: {{approval: {{above_value: 100}}}}}}").config  # noqa: B018


@pytest.mark.parametrize("name", ["", "  "])
def test_nobody_decides_without_a_name(world: World, deployed: Deployed, name: str) -> None:
    deployment = deployed(ASKING)
    world.model("clientes", people(1, 2, 3))
    plan_id = asked(pushed(deployment))
    for act in (
        lambda: approve_plan(deployment, plan_id, name),
        lambda: reject_plan(deployment, plan_id, name, ""),
    ):
        with pytest.raises(ConfigurationError, match="Falta o nome"):
            act()
    approve_plan(deployment, plan_id, " BIA ")
    with pytest.raises(ConfigurationError, match="Falta o nome"):
        apply_plan(deployment, plan_id, name)
    (plan,) = list_plans(deployment.engine, ["sul"], 5)
    assert (plan.state, plan.approved_by, plan.applied_by) == ("approved", "BIA", "")
