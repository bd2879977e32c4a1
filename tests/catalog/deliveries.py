"""Delivering any endpoint's rows, and what Omie then holds of them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from omie_pipeline.catalog import REGISTRY, Endpoint
from omie_pipeline.omie import wire
from omie_pipeline.push.effects.record import resolved
from omie_pipeline.push.policy import EndpointPolicy, Guardrails
from omie_pipeline.push.report import PushReport
from tests.beginnings import beginning
from tests.catalog.payloads import CODE, CONFIRMED, columns_of, minimal, row_of
from tests.push.world import World

FREE = EndpointPolicy(guardrails=Guardrails(max_delete_share=1))
UNKNOWN_CLIENTE = 9_809_218_643
"""Omie's id of a cliente that a person made, without a code of ours."""


def push(world: World, endpoint: Endpoint, *payloads: Mapping[str, Any]) -> PushReport:
    """Make the endpoint's model of these payloads and run it."""
    names = {name: None for payload in payloads for name in payload}
    rows = [row_of(endpoint, payload) for payload in payloads]
    world.model(endpoint.name, rows, columns_of(endpoint, names))
    report = world.push(endpoint.name, policy=FREE)
    assert report.closes
    return report


def prepare(world: World, endpoint: Endpoint) -> None:
    """Deliver what a row of ``endpoint`` points at, and forget the calls."""
    if endpoint.name == "associar_clientes":
        person = {"codigo_cliente_omie": UNKNOWN_CLIENTE, "razao_social": "Feito por pessoa"}
        world.control.seed("clientes", [person])
    if _targets(endpoint):
        _deliver_targets(world, endpoint.name)
    world.clock.sleep(120)
    world.control.clear_calls()


def _targets(endpoint: Endpoint) -> list[str]:
    targets = {target for _, target in endpoint.references} - {"clientes"}
    if endpoint.deletes:
        targets.add(endpoint.deletes)
    return sorted(targets, key=list(REGISTRY).index)


@beginning
def _deliver_targets(world: World, of: str) -> None:
    for name in _targets(REGISTRY[of]):
        target = REGISTRY[name]
        if _targets(target):
            _deliver_targets(world, name)
        assert push(world, target, minimal(target)).total.delivered == 1, name


def sent(world: World, endpoint: Endpoint, payload: Mapping[str, Any]) -> wire.Json:
    """A payload as a request of *upsert*, else *insert*: ids for markers, wire dates."""
    fields = {name: value for name, value in payload.items() if endpoint.payload.field(name)}
    ids = {
        ("clientes", code): int(record["codigo_cliente_omie"])
        for code, record in world.held_by_omie().items()
    }
    return wire.to_wire(resolved(fields, ids), endpoint.payload, endpoint.service)


def write_method(endpoint: Endpoint) -> str:
    """The call that a new row becomes."""
    if endpoint.by_value[0]:
        wanted = minimal(endpoint)[endpoint.by_value[0]]
        return dict(endpoint.by_value[1])[wanted]
    return endpoint.upsert or endpoint.insert


def standing(world: World, endpoint: Endpoint) -> int:
    """How many times the effect of ``minimal(endpoint)`` stands in Omie: the simulator's truth."""
    control, payload = world.control, minimal(endpoint)
    if endpoint.effect == "settlement":
        title = REGISTRY[endpoint.name].references[0][1]
        return len(control.settlements(CODE, title))
    if endpoint.effect == "billing":
        return len(control.notes(CODE))
    if endpoint.effect == "situation":
        (contract,) = control.twins("contratos", CODE)
        name = endpoint.by_value[0]
        return int(contract["cabecalho"][name] == payload[name])
    if endpoint.naming is not None:
        field = endpoint.naming.name
        return sum(one[field] == payload[field] for one in control.records(endpoint.name))
    if endpoint.effect == "document":
        document = payload[endpoint.document_field]
        bare = ("".join(filter(str.isdigit, r["cnpj_cpf"])) for r in control.records("clientes"))
        return sum(found == document for found in bare)
    name = "clientes" if endpoint.name == "associar_clientes" else endpoint.name
    return len(control.twins(name, CODE))


__all__ = ["CODE", "CONFIRMED", "FREE", "prepare", "push", "sent", "standing", "write_method"]
