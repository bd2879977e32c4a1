"""Whose is a record whose making was never confirmed? Ours is deleted by ``mirror``, no other."""

from __future__ import annotations

import json
from typing import Any

import pytest

from omie_pipeline.catalog import REGISTRY
from omie_pipeline.push.policy import EndpointPolicy, Guardrails
from omie_pipeline.simulator.engine.planned_faults import PlannedFault
from tests.push.world import EMPRESA, World, cliente

pytestmark = pytest.mark.usefixtures("unvalidated")

MIRROR = EndpointPolicy(mode="mirror", guardrails=Guardrails(max_delete_share=1))
INSERT = EndpointPolicy(mode="insert")
TOLD_TWICE = {
    "REDUNDANT": ("ERROR: Consumo redundante detectado. Aguarde 60 segundos (REDUNDANT).", "6"),
    "wait": ("Aguarde 57 segundos para efetuar a requisição.", "6"),
    "8020": ("ERROR: Esta requisição já foi processada às 12:00:00. (1)", "8020"),
    "1100": ("Palavras novas", "1100"),
    "code in use": ("O código de integração [PAC-1] já foi cadastrado anteriormente.", "101"),
    "code known": ("ERROR: Cliente já cadastrado para o Código de Integração [PAC-1] !", "102"),
}


def told(name: str, status: int = 500) -> PlannedFault:
    """The call takes effect, and Omie answers as if it had come before."""
    text, code = TOLD_TWICE[name]
    body = json.dumps({"faultstring": text, "faultcode": f"SOAP-ENV:Client-{code}"})
    return PlannedFault("custom_after_commit", method="UpsertCliente", body=body, status=status)


def sent() -> dict[str, Any]:
    """What a push sends of the first cliente."""
    return {k: v for k, v in cliente(1).items() if REGISTRY["clientes"].payload.field(k)}


def created_here(world: World) -> list[bool]:
    rows = world.rows("SELECT created_here FROM omie_sync.ledger ORDER BY codigo_integracao")
    return [bool(row[0]) for row in rows]


@pytest.mark.parametrize("status", [500, 200])
@pytest.mark.parametrize("name", TOLD_TWICE)
def test_a_write_that_was_carried_out_is_read_back_and_ours(
    world: World, name: str, status: int
) -> None:
    world.control.next_faults(told(name, status))
    world.model("clientes", [cliente(1), cliente(2)])
    report = world.push()
    assert (report.total.created, report.total.delivered) == (2, 2)
    assert report.closes
    assert len(world.writes("PAC-1")) == 1, "not sent again"
    assert created_here(world) == [True, True]
    world.clock.sleep(120)
    world.model("clientes", [cliente(2)])
    assert world.push(policy=MIRROR).total.deleted == 1
    assert set(world.held_by_omie()) == {"PAC-2"}


@pytest.mark.parametrize("name", ["code in use", "8020"])
def test_a_record_made_under_mode_insert_is_ours_too(world: World, name: str) -> None:
    plan = told(name)
    world.control.next_faults(
        PlannedFault("custom_after_commit", method="IncluirCliente", body=plan.body, status=500)
    )
    world.model("clientes", [cliente(1)])
    report = world.push(policy=INSERT)
    assert (report.total.created, len(world.writes("PAC-1"))) == (1, 1)
    assert created_here(world) == [True]


@pytest.mark.parametrize("name", TOLD_TWICE)
def test_a_record_that_another_integration_made_is_not_ours(world: World, name: str) -> None:
    """The same in every field, untouched, by API: only its age tells."""
    endpoint = REGISTRY["clientes"]
    with world.client(EMPRESA) as client:
        client.write(endpoint.service, "UpsertCliente", sent())
    world.clock.sleep(3600)
    body = told(name).body
    plan = PlannedFault("custom", method="UpsertCliente", body=body, status=500)
    world.control.next_faults(plan)
    world.model("clientes", [cliente(1)])
    report = world.push()
    assert report.total.created == 0
    assert report.total.delivered == 1
    assert created_here(world) == [False]
    world.clock.sleep(120)
    world.model("clientes", [])
    assert world.push(policy=MIRROR).total.deleted == 0
    assert "PAC-1" in world.held_by_omie()


@pytest.mark.parametrize("kind", ["html_502", "empty_200", "timeout"])
def test_nor_is_it_after_an_answer_that_was_lost(world: World, kind: str) -> None:
    endpoint = REGISTRY["clientes"]
    world.timeout_seconds = 0.3
    with world.client(EMPRESA) as client:
        client.write(endpoint.service, "UpsertCliente", sent())
    world.clock.sleep(3600)
    world.control.next_faults(PlannedFault(kind, method="UpsertCliente"))  # type: ignore[arg-type]
    world.model("clientes", [cliente(1)])
    assert world.push().total.delivered == 1
    assert created_here(world) == [False]


def test_what_a_person_typed_a_moment_ago_is_not_ours(world: World) -> None:
    world.control.seed("clientes", [sent()])
    world.control.next_faults(PlannedFault("empty_200", method="UpsertCliente"))
    world.model("clientes", [cliente(1)])
    assert world.push().total.delivered == 1
    assert created_here(world) == [False]
