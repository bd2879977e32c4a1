"""What every declaration must be, by the service files it stands on."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from omie_pipeline.catalog import REGISTRY, WRITABLE, ComplexType, Endpoint

ENDPOINTS = pytest.mark.parametrize("endpoint", REGISTRY.values(), ids=lambda e: e.name)
WRITTEN = pytest.mark.parametrize("endpoint", WRITABLE, ids=lambda e: e.name)


def request_of(endpoint: Endpoint, method: str) -> ComplexType:
    return endpoint.service.methods[method].request


@ENDPOINTS
def test_methods_exist(endpoint: Endpoint) -> None:
    names = (
        endpoint.upsert, endpoint.insert, endpoint.update, endpoint.delete, endpoint.read,
        endpoint.list, endpoint.link, endpoint.lot,
    )  # fmt: skip
    assert [name for name in names if name and name not in endpoint.service.methods] == []
    assert REGISTRY[endpoint.name] is endpoint
    assert endpoint.service.path.endswith("/")


@ENDPOINTS
def test_every_type_is_known(endpoint: Endpoint) -> None:
    for kind in endpoint.service.types.values():
        names = [field.name for field in kind.fields]
        assert len(names) == len(set(names))
        for field in kind.fields:
            assert (field.kind in ("object", "array")) == bool(field.type_name), field.name
            if field.type_name:
                assert endpoint.service.type_of(field).fields


@ENDPOINTS
def test_keys_stand_where_the_methods_want_them(endpoint: Endpoint) -> None:
    if endpoint.upsert:
        answer = endpoint.service.methods[endpoint.upsert].response
        assert answer.field(endpoint.omie_key)
        assert answer.field(endpoint.integration_key)
        assert endpoint.payload.field(endpoint.integration_key)
    if endpoint.delete:
        request = request_of(endpoint, endpoint.delete)
        assert request.field(endpoint.delete_omie_key)
        assert request.field(endpoint.integration_key)
    if endpoint.read:
        assert request_of(endpoint, endpoint.read).field(endpoint.read_omie_key)
    if endpoint.writable:
        assert endpoint.read, "an unknown outcome must be readable"
        assert request_of(endpoint, endpoint.read).field(endpoint.integration_key)
        assert endpoint.record.field(endpoint.integration_key)
    if endpoint.link:
        request = request_of(endpoint, endpoint.link)
        assert request.field(endpoint.link_omie_key)
        assert request.field(endpoint.integration_key)
        assert endpoint.update


@ENDPOINTS
def test_what_a_declaration_names_exists(endpoint: Endpoint) -> None:
    payload = endpoint.payload
    for name in (endpoint.value_field, endpoint.document_field):
        assert not name or payload.field(name)
    for group in endpoint.either:
        assert len(group) > 1
        assert all(payload.field(name) for name in group)
    for name, target in endpoint.references:
        assert payload.field(name)
        assert REGISTRY[target].integration_key
        assert list(REGISTRY).index(target) < list(REGISTRY).index(endpoint.name)
    if endpoint.lot:
        array = request_of(endpoint, endpoint.lot).field(endpoint.lot_array)
        assert array is not None
        assert array.kind == "array"
    if endpoint.deletes:
        assert REGISTRY[endpoint.deletes].delete == endpoint.delete


@ENDPOINTS
def test_lists_can_be_paged(endpoint: Endpoint) -> None:
    if not endpoint.list:
        assert endpoint.deletes
        return
    method = endpoint.service.methods[endpoint.list]
    array = method.response.field(endpoint.list_array)
    assert array is not None
    assert array.kind == "array"
    for name in ("pagina", "registros_por_pagina"):
        assert method.request.field(name)
    assert method.response.field("total_de_paginas")


@WRITTEN
def test_a_key_of_our_own_is_limited_to_what_omie_takes(endpoint: Endpoint) -> None:
    field = endpoint.payload.field(endpoint.integration_key)
    assert field is not None
    assert (field.kind, field.max_length) == ("string", 60)
    assert endpoint.model == f"omie_{endpoint.name}"


PROMISED = json.loads((Path(__file__).parent / "promised_fields.json").read_text(encoding="utf-8"))


@pytest.mark.parametrize("name", ["clientes", "contas_pagar", "contas_receber"])
def test_every_promised_field_exists(name: str) -> None:
    payload = REGISTRY[name].payload
    assert len(PROMISED[name]) > 45
    assert [field for field in PROMISED[name] if payload.field(field) is None] == []
