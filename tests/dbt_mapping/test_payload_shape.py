"""Every JSON that a payload model makes has Omie's shape, at every depth."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from datetime import date
from decimal import Decimal

import pytest

from omie_pipeline.catalog import REGISTRY, WRITABLE, ComplexType, Endpoint, Field
from tests.dbt_mapping.scenario import Row

# Empty until a company says otherwise: explicit deletes, codes to write on Omie's clientes,
# clientes by document, and departamentos.
EMPTY = {
    "departamentos",
    "associar_clientes",
    "clientes_cpf_cnpj",
    "excluir_contas_receber",
    "excluir_contas_pagar",
}
OWN_COLUMNS = ("empresa", "data_particao")
ISO = re.compile(r"\d{4}-\d\d-\d\d")


@pytest.mark.parametrize("endpoint", WRITABLE, ids=lambda endpoint: endpoint.name)
def test_every_value_is_a_field_of_omies_request(
    billing_rows: Mapping[str, list[Row]], endpoint: Endpoint
) -> None:
    rows = billing_rows[endpoint.name]
    assert bool(rows) == (endpoint.name not in EMPTY)
    problems = [problem for row in rows for problem in _problems(endpoint, _sent(row))]
    assert problems == []


@pytest.mark.parametrize("endpoint", WRITABLE, ids=lambda endpoint: endpoint.name)
def test_every_row_has_its_code_and_its_origin(
    billing_rows: Mapping[str, list[Row]], endpoint: Endpoint
) -> None:
    for row in billing_rows[endpoint.name]:
        section = row[endpoint.section] if endpoint.section else row
        assert section[endpoint.key_column or endpoint.integration_key]
        assert row["_origem_tabela"]
        assert row["_origem_id"]


def test_the_check_sees_what_is_wrong() -> None:
    wrong = {
        "Cabecalho": {
            "cCodIntOs": "1",
            "nValorTotal": 1,
            "dDtPrevisao": "20/01/2026",
            "nCodVend": {},
        },
        "ServicosPrestados": [{"nQtde": "1", "cNaoGerarFinanceiro": "sim"}],
        "Email": [],
    }
    found = list(_problems(REGISTRY["ordens_servico"], wrong))
    assert found == [
        "Cabecalho.cCodIntOs: unknown",
        "Cabecalho.nValorTotal: read-only",
        "Cabecalho.dDtPrevisao: no date",
        "Cabecalho.nCodVend: no integer",
        "ServicosPrestados.nQtde: no decimal",
        "ServicosPrestados.cNaoGerarFinanceiro: too long",
        "ServicosPrestados.cNaoGerarFinanceiro: no value of it",
        "Email: no object",
    ]


def _sent(row: Row) -> Row:
    return {
        name: value
        for name, value in row.items()
        if value is not None and name[0] != "_" and name not in OWN_COLUMNS
    }


def _problems(endpoint: Endpoint, payload: object) -> Iterator[str]:
    yield from _in_object(endpoint, endpoint.payload, payload, "")


def _in_object(endpoint: Endpoint, kind: ComplexType, value: object, path: str) -> Iterator[str]:
    if not isinstance(value, dict):
        yield f"{path}: no object"
        return
    for name, inner in value.items():
        field = kind.field(name)
        where = f"{path}.{name}".lstrip(".")
        if field is None:
            yield f"{where}: unknown"
        elif field.read_only:
            yield f"{where}: read-only"
        elif field.kind == "object":
            yield from _in_object(endpoint, endpoint.service.type_of(field), inner, where)
        elif field.kind == "array":
            for item in inner if isinstance(inner, list) else [None]:
                yield from _in_object(endpoint, endpoint.service.type_of(field), item, where)
        else:
            yield from (f"{where}: {problem}" for problem in _in_scalar(field, inner))


def _in_scalar(field: Field, value: object) -> Iterator[str]:
    if field.kind in ("string", "text"):
        if not isinstance(value, str):
            yield "no text"
            return
        if field.max_length is not None and len(value) > field.max_length:
            yield "too long"
        if field.values and value not in field.values:
            yield "no value of it"
    elif field.kind == "date":
        if not isinstance(value, date) and not (isinstance(value, str) and ISO.fullmatch(value)):
            yield "no date"
    elif field.kind == "integer":
        if not isinstance(value, int) and not _is_marker(value):
            yield "no integer"
    elif not isinstance(value, int | float | Decimal):
        yield f"no {field.kind}"


def _is_marker(value: object) -> bool:
    match value:
        case {"$omie_id": [str(endpoint), str(code)]} if len(value) == 1:
            return endpoint in REGISTRY and bool(code)
    return False
