"""What every declaration must be, by the service files it stands on."""

from __future__ import annotations

import pytest

from omie_pipeline.catalog import REGISTRY, WRITABLE, ComplexType, Endpoint, Field, Service
from omie_pipeline.catalog.model import KEY_COLUMN

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


def inside(endpoint: Endpoint, outer: ComplexType, section: str) -> ComplexType:
    """The type in which keys stand: that of ``section``, or ``outer`` itself."""
    field = outer.field(section) if section else None
    return endpoint.service.type_of(field) if field is not None else outer


def anywhere(service: Service, kind: ComplexType, name: str) -> bool:
    """Whether a type has a field ``name`` at any depth."""
    return any(
        field.name == name
        or (bool(field.type_name) and anywhere(service, service.type_of(field), name))
        for field in kind.fields
    )


@WRITTEN
def test_keys_stand_where_the_methods_want_them(endpoint: Endpoint) -> None:
    ours, section = endpoint.integration_key, endpoint.section
    if ours:
        assert inside(endpoint, endpoint.payload, section).field(ours)
    else:
        assert endpoint.key_column == KEY_COLUMN
    for method in (endpoint.upsert, endpoint.insert):
        if method:
            answer = endpoint.service.methods[method].response
            assert answer.field(endpoint.omie_key)
            assert not ours or answer.field(ours)
    if endpoint.insert and endpoint.insert_section:
        request = request_of(endpoint, endpoint.insert)
        assert inside(endpoint, request, endpoint.insert_section).field(ours)
    if endpoint.delete:
        request = request_of(endpoint, endpoint.delete)
        assert request.field(endpoint.delete_omie_key)
        assert request.field(ours)
    if endpoint.link:
        request = request_of(endpoint, endpoint.link)
        assert request.field(endpoint.link_omie_key)
        assert request.field(ours)
        assert endpoint.update


@ENDPOINTS
def test_an_unclear_answer_can_be_resolved_by_reading(endpoint: Endpoint) -> None:
    if endpoint.read:
        request = inside(endpoint, request_of(endpoint, endpoint.read), endpoint.read_wrapper)
        assert request.field(endpoint.read_omie_key)
        head = inside(endpoint, endpoint.record, endpoint.record_section or endpoint.section)
        assert head.field(endpoint.omie_key)
        if endpoint.writable and endpoint.integration_key:
            assert request.field(endpoint.integration_key)
            assert head.field(endpoint.integration_key)
    proof = endpoint.proof
    if endpoint.writable:
        assert endpoint.read or proof
        assert endpoint.repeatable or endpoint.deletes or endpoint.find_existing or proof
    if proof is not None:
        method = proof.service.methods[proof.method]
        kinds = (method.request, method.response)
        assert any(anywhere(proof.service, kind, proof.key) for kind in kinds)


@ENDPOINTS
def test_what_a_declaration_names_exists(endpoint: Endpoint) -> None:
    payload = endpoint.payload
    for name in (endpoint.value_field, endpoint.document_field, endpoint.section):
        assert not name or payload.field(name)
    for group in endpoint.either:
        assert len(group) > 1
        assert all(payload.field(name) for name in group)
    for path, target in endpoint.references:
        assert _field_at(endpoint, path)
        assert REGISTRY[target].integration_key
        assert list(REGISTRY).index(target) < list(REGISTRY).index(endpoint.name)
    if endpoint.lot:
        array = request_of(endpoint, endpoint.lot).field(endpoint.lot_array)
        assert array is not None
        assert array.kind == "array"
    if endpoint.deletes:
        assert REGISTRY[endpoint.deletes].service is endpoint.service
        assert REGISTRY[endpoint.deletes].delete in ("", endpoint.delete)
    name, methods = endpoint.by_value
    if name:
        field = payload.field(name)
        assert field is not None
        assert set(field.values) == {value for value, _ in methods}
        assert all(method in endpoint.service.methods for _, method in methods)


def _field_at(endpoint: Endpoint, path: str) -> Field | None:
    *sections, name = path.split(".")
    kind = endpoint.payload
    for section in sections:
        kind = inside(endpoint, kind, section)
    return kind.field(name)


PAGED = pytest.mark.parametrize(
    "endpoint", [e for e in REGISTRY.values() if e.list], ids=lambda e: e.name
)
DIALECTS = (
    ("pagina", "registros_por_pagina", "total_de_paginas"),
    ("nPagina", "nRegPorPagina", "nTotPaginas"),
)


@PAGED
def test_lists_can_be_paged(endpoint: Endpoint) -> None:
    method = endpoint.service.methods[endpoint.list]
    array = method.response.field(endpoint.list_array)
    assert array is not None
    assert array.kind == "array"
    assert any(
        method.request.field(page) and method.request.field(size) and method.response.field(pages)
        for page, size, pages in DIALECTS
    )


SHORTER = {
    "projetos": 20,
    "vendedores": 30,
    "contratos": 20,
    "situacao_contratos": 20,
    "baixas_receber": 20,
    "baixas_pagar": 20,
    "estornar_baixas_receber": 20,
    "estornar_baixas_pagar": 20,
}


@WRITTEN
def test_a_key_of_our_own_is_limited_to_what_omie_takes(endpoint: Endpoint) -> None:
    assert endpoint.model == f"omie_{endpoint.name}"
    if not endpoint.integration_key:
        return
    field = inside(endpoint, endpoint.payload, endpoint.section).field(endpoint.integration_key)
    assert field is not None
    assert (field.kind, field.max_length) == ("string", SHORTER.get(endpoint.name, 60))
