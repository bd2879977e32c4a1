"""Endpoint after endpoint without a door: order, lists that come first, and what a stop leaves."""

from __future__ import annotations

import pytest

from omie_pipeline.app.push_all import (
    EndpointResult,
    PushListener,
    PushRequest,
    endpoints_before,
    push_all,
)
from omie_pipeline.catalog import REGISTRY
from omie_pipeline.errors import AuthFailed, ConfigurationError, GuardrailStopped
from omie_pipeline.push.policy import EndpointPolicy
from omie_pipeline.push.report import PushOptions
from tests.app.conftest import Deployed
from tests.effects.rows import baixa, model
from tests.push.world import World, cliente, titulo

pytestmark = pytest.mark.usefixtures("unvalidated")

CEILING = "endpoints: {contas_receber: {guardrails: {max_value_sum: 100}}}"


def _request(*endpoints: str, empresas: tuple[str, ...] = ("sul",)) -> PushRequest:
    return PushRequest(empresas, tuple(REGISTRY[name] for name in endpoints), PushOptions())


def _told(result: EndpointResult) -> tuple[str, str, int | None]:
    created = result.report.total.created if result.report else None
    return result.empresa, result.endpoint.name, created


@pytest.mark.slow
def test_a_stopped_endpoint_leaves_out_what_depends_on_it_and_nothing_else(
    world: World, deployed: Deployed
) -> None:
    world.model("clientes", [cliente(1, empresa="sul")])
    world.model("contas_receber", [titulo(1, empresa="sul")])
    model(world, "baixas_receber", baixa(1, empresa="sul"))
    world.model("contas_pagar", [titulo(2, empresa="sul", codigo_categoria="2.01.01")])
    read: list[str] = []
    results = list(
        push_all(
            deployed(CEILING),
            _request("clientes", "contas_receber", "baixas_receber", "contas_pagar"),
            PushListener(on_list=lambda name, _: read.append(name)),
        )
    )
    assert [_told(result) for result in results] == [
        ("sul", "clientes", 1),
        ("sul", "contas_receber", None),
        ("sul", "baixas_receber", None),
        ("sul", "contas_pagar", 1),
    ]
    _, stopped, behind, _ = results
    assert isinstance(stopped.error, GuardrailStopped)
    assert (behind.error, behind.behind) == (None, ("contas_receber",))
    # Each list that was never read is read once, before the first endpoint that needs it.
    assert read == ["categorias", "contas_correntes"]
    assert world.control.records("contas_receber") == ()


def test_an_empresa_whose_key_is_refused_stops_no_other(world: World, deployed: Deployed) -> None:
    world.model("clientes", [cliente(1, empresa="norte"), cliente(2, empresa="sul")])
    world.model("contas_receber", [titulo(1, 2, empresa="sul")])
    request = _request("clientes", "contas_receber", empresas=("norte", "sul"))
    results = list(push_all(deployed(), request))
    assert [_told(result) for result in results] == [
        ("norte", "clientes", None),
        ("sul", "clientes", 1),
        ("sul", "contas_receber", 1),
    ]
    assert isinstance(results[0].error, AuthFailed)


def test_a_missing_key_of_the_last_empresa_is_found_before_the_first_call(
    world: World, deployed: Deployed
) -> None:
    world.model("clientes", [cliente(2, empresa="sul")])
    request = _request("clientes", empresas=("sul", "norte"))
    with pytest.raises(ConfigurationError, match="NORTE_SECRET"):
        next(push_all(deployed(NORTE_SECRET=""), request))
    assert world.control.calls() == ()


def test_reversals_come_before_titulos_only_where_settlements_are_undone() -> None:
    titles = REGISTRY["contas_receber"]
    assert "estornar_baixas_receber" not in endpoints_before(titles, EndpointPolicy())
    undoing = EndpointPolicy(on_settled="undo")
    assert "estornar_baixas_receber" in endpoints_before(titles, undoing)
