"""Payloads made from the catalog alone: a new endpoint is covered the day it comes."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from decimal import Decimal
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import JSONB

from omie_pipeline.catalog import ComplexType, Endpoint, Field
from omie_pipeline.validation.rules import is_mandatory
from omie_pipeline.validation.values import SERVICE_ITEMS, is_computed
from tests.push.world import EMPRESA, cpf

CONFIRMED = "PAC-1"
"""Integration code that references to clientes point at: deliver this one first."""

CODE = "TESTE-1"
"""Our code of every record but clientes that are pointed at."""

KNOWN: dict[str, Any] = {
    "cnpj_cpf": cpf(77),
    "estado": "SP",
    "cidade": "SAO PAULO (SP)",
    "cep": "01001000",
    "codigo_categoria": "1.01.01",
    "cCodCateg": "1.01.01",
    "cCodCategItem": "1.01.01",
    "cCodCategReemb": "1.01.01",
    "cCodCategRem": "1.01.01",
    "categoria_adiantamento": "1.01.01",
    "categoria_superior": "1.01",
    "departamentos.codigo": "9200000001",
    "id_conta_corrente": 9100000001,
    "codigo_conta_corrente": 9100000001,
    "nCodCC": 9100000001,
    "conta_corrente_adiantamento": 9100000001,
    "numero_parcela": "001/001",
    "nCodCli": {"$omie_id": ["clientes", CONFIRMED]},
    "cCodLC116": "4.01",
    "codLC116": "4.01",
    "cCodServLC116": "4.01",
    "dVigFinal": "2027-02-05",
    "nDiaFat": 5,
    "nDiaFixo": 10,
    "nDias": 10,
    "nTipoItVigFinal": 1,
}
"""Values that a rule of Omie's or of ours ties to something else, by field, or by endpoint and
field."""

_TYPES: dict[str, Any] = {
    "integer": sa.BigInteger,
    "decimal": sa.Numeric(15, 2),
    "date": sa.Date,
    "object": JSONB,
    "array": JSONB,
}


def minimal(endpoint: Endpoint) -> dict[str, Any]:
    """The least that Omie takes for a new record."""
    alternatives = {name for group in endpoint.either for name in group}
    payload = {
        field.name: _least(endpoint, field)
        for field in endpoint.payload.fields
        if is_mandatory(endpoint, field) and field.name not in alternatives
    }
    references = dict(endpoint.references)
    for group in endpoint.either:
        name = next((n for n in group if n in references), group[0])
        field = endpoint.payload.field(name)
        assert field is not None
        payload[name] = value_of(endpoint, field)
    if endpoint.effect == "situation":
        payload[endpoint.by_value[0]] = "90"
    if endpoint.effect == "document":
        payload[endpoint.document_field] = KNOWN[endpoint.document_field]
    if endpoint.effect == "settlement":
        payload["codigo_conta_corrente"] = KNOWN["codigo_conta_corrente"]
    return _named(endpoint, payload)


def full(endpoint: Endpoint) -> dict[str, Any]:
    """Every field that may be sent, nested ones too."""
    payload = _all_of(endpoint, endpoint.payload, "")
    if endpoint.effect == "situation":
        payload[endpoint.by_value[0]] = "90"
    return _named(endpoint, payload)


def _named(endpoint: Endpoint, payload: dict[str, Any]) -> dict[str, Any]:
    """The payload under our code, wherever that stands."""
    if endpoint.section:
        inner = {**payload[endpoint.section], endpoint.integration_key: CODE}
        return {**payload, endpoint.section: inner}
    return {**payload, endpoint.key_column: CODE}


def _least(endpoint: Endpoint, field: Field) -> Any:
    """What has to stand in a mandatory field."""
    if field.kind not in ("object", "array"):
        return value_of(endpoint, field)
    inner = _least_of(endpoint, endpoint.service.type_of(field), field.name)
    return inner if field.kind == "object" else [inner]


_TIED: dict[str, tuple[str, ...]] = {
    "intEditar": ("cCodIntServ",),
    "servicos.cabecalho": ("cDescricao", "cCodLC116", "cCodServMun", "cIdTrib", "nPrecoUnit"),
    "vencTextos": ("nDias",),
    "itensContrato": ("itemCabecalho", "itemDescrServ"),
    "ordens_servico.Cabecalho": ("cCodIntCli",),
}
"""Fields that a block needs though the catalog marks none: the rules on blocks say so."""


def _least_of(endpoint: Endpoint, kind: ComplexType, block: str) -> dict[str, Any]:
    tied = (*_TIED.get(kind.name, ()), *_TIED.get(f"{endpoint.name}.{block}", ()))
    service = SERVICE_ITEMS.get(kind.name)
    referenced = {path.rpartition(".")[2] for path, _ in endpoint.references}
    by_code = service is not None and bool(referenced & set(service.registered))
    if by_code and service is not None:
        tied = (*tied, *(name for name in service.registered if name in referenced))
    least = {}
    for field in kind.fields:
        described = field.required_when.startswith("unless") and not by_code
        wanted = field.required and (not field.required_when or described)
        if wanted or field.name in tied:
            least[field.name] = value_of(endpoint, field)
            if field.type_name:
                least[field.name] = _least_of(endpoint, endpoint.service.type_of(field), field.name)
    return least


def _all_of(endpoint: Endpoint, kind: ComplexType, path: str) -> dict[str, Any]:
    return {
        field.name: value_of(endpoint, field, f"{path}{field.name}")
        for field in kind.fields
        if not is_computed(field)
    }


def value_of(endpoint: Endpoint, field: Field, path: str = "") -> Any:
    """A value that fits, the same each time."""
    for reference, target in endpoint.references:
        if field.name == reference.rpartition(".")[2]:
            return CONFIRMED if target == "clientes" else CODE
    for name in (f"{endpoint.name}.{path or field.name}", field.name):
        if name in KNOWN:
            return KNOWN[name]
    if field.kind in ("object", "array"):
        inner = _all_of(endpoint, endpoint.service.type_of(field), f"{path}.")
        return inner if field.kind == "object" else [inner]
    if field.kind == "integer":
        return 9_809_218_643
    if field.kind == "decimal":
        return Decimal("150.10")
    if field.kind == "date":
        return "2026-02-05"
    if field.kind == "time":
        return "10:30:00"
    if field.values:
        return field.values[0]
    if field.pattern:
        return field.pattern.replace("9", "1")
    return f"{field.name} é"[: field.max_length or 40]


def columns_of(endpoint: Endpoint, names: Mapping[str, Any]) -> dict[str, Any]:
    """Columns of a payload model with these fields."""
    columns: dict[str, Any] = {"empresa": sa.Text}
    if endpoint.grain == "fact":
        columns["data_particao"] = sa.Date
    for name in names:
        field = endpoint.payload.field(name)
        columns[name] = _TYPES.get(field.kind, sa.Text) if field is not None else sa.Text
    return columns


def row_of(endpoint: Endpoint, payload: Mapping[str, Any]) -> dict[str, Any]:
    """The model's row: dates as dates, empresa and business date beside the fields."""
    row: dict[str, Any] = {"empresa": EMPRESA, "data_particao": date(2026, 1, 5)}
    for name, value in payload.items():
        field = endpoint.payload.field(name)
        is_date = field is not None and field.kind == "date" and isinstance(value, str)
        row[name] = date.fromisoformat(value) if is_date else value
    return row
