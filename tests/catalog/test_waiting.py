"""The real suites between the engine and Omie: who waits for whom, and who is refused."""

from __future__ import annotations

from typing import Any

import pytest
import sqlalchemy as sa

from omie_pipeline.catalog import REGISTRY
from omie_pipeline.validation import ClinicRules
from tests.catalog.deliveries import push, standing
from tests.catalog.payloads import CODE, minimal
from tests.push.world import World, cliente
from tests.validation.service_rows import PATIENT

ORDERS = REGISTRY["ordens_servico"]


@pytest.fixture
def clinic(world: World) -> World:
    """A world whose lists were read and whose patient is confirmed."""
    world.rules = ClinicRules(require_conta_corrente=False)
    world.read_references()
    world.model("clientes", [cliente(1)])
    assert world.push().total.created == 1
    world.clock.sleep(120)
    return world


def held_for(world: World) -> list[str]:
    query = sa.text(
        "SELECT last_error FROM omie_sync.ledger WHERE state = 'held' ORDER BY endpoint"
    )
    with world.engine.connect() as connection:
        return list(connection.execute(query).scalars())


def quarantined(world: World) -> list[set[tuple[str, str]]]:
    query = sa.text("SELECT reasons FROM omie_sync.quarantine")
    with world.engine.connect() as connection:
        rows = connection.execute(query).scalars()
        return [{(r["field"], r["rule"]) for r in reasons} for reasons in rows]


@pytest.mark.slow
def test_an_order_waits_for_its_service_and_then_leaves(clinic: World) -> None:
    order: dict[str, Any] = {**minimal(ORDERS), **PATIENT}
    assert push(clinic, ORDERS, order).total.held == 1
    assert held_for(clinic) == [
        f"Aguarda o cadastro {CODE} (servicos): o Omie ainda não o confirmou."
    ]
    service = REGISTRY["servicos"]
    assert push(clinic, service, minimal(service)).total.created == 1
    assert push(clinic, ORDERS, order).total.created == 1
    assert standing(clinic, ORDERS) == 1


@pytest.mark.slow
def test_a_contract_waits_for_the_records_its_markers_name(clinic: World) -> None:
    contracts, sellers = REGISTRY["contratos"], REGISTRY["vendedores"]
    marker = {"$omie_id": ["vendedores", CODE]}
    contract = {**minimal(contracts), "infAdic": {"nCodVend": marker}}
    assert push(clinic, contracts, contract).total.held == 1
    assert "vendedores" in held_for(clinic)[0]
    assert push(clinic, sellers, minimal(sellers)).total.created == 1
    assert push(clinic, contracts, contract).total.created == 1
    (held,) = clinic.control.twins("contratos", CODE)
    (seller,) = clinic.control.twins("vendedores", CODE)
    assert held["infAdic"]["nCodVend"] == seller["codigo"]


@pytest.mark.slow
def test_what_the_suite_refuses_is_quarantined_and_calls_nobody(clinic: World) -> None:
    service = REGISTRY["servicos"]
    bad = minimal(service)
    bad["cabecalho"] = {**bad["cabecalho"], "cCodLC116": None, "cCodServMun": None}
    clinic.control.clear_calls()
    assert push(clinic, service, bad).total.quarantined == 1
    assert push(clinic, ORDERS, minimal(ORDERS)).total.quarantined == 1
    assert clinic.control.calls() == ()
    told = quarantined(clinic)
    assert {
        ("cabecalho.cCodLC116", "lc116_ausente"),
        ("cabecalho.cCodServMun", "servico_municipal_ausente"),
    } in told
    assert any({("_cpf", "documento_ausente"), ("_rg", "rg_ausente")} <= one for one in told)
