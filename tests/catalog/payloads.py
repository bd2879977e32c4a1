"""Payloads made from the catalog alone: a new endpoint is covered the day it comes."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from decimal import Decimal
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import JSONB

from omie_pipeline.catalog import ComplexType, Endpoint, Field
from tests.sync.world import EMPRESA, cpf

CONFIRMED = "PAC-1"
"""Integration code that references point at: deliver this cliente first."""

KNOWN: dict[str, Any] = {
    "cnpj_cpf": cpf(77),
    "estado": "SP",
    "cidade": "SAO PAULO (SP)",
    "cep": "01001000",
    "codigo_categoria": "1.01.01",
    "id_conta_corrente": 9100000001,
    "codigo_conta_corrente": 9100000001,
    "numero_parcela": "001/001",
}
"""Values that a rule of Omie's ties to something else."""

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
        field.name: value_of(endpoint, field)
        for field in endpoint.payload.fields
        if field.required and not field.required_when and field.name not in alternatives
    }
    references = dict(endpoint.references)
    for group in endpoint.either:
        name = next((n for n in group if n in references), group[0])
        field = endpoint.payload.field(name)
        assert field is not None
        payload[name] = CONFIRMED if name in references else value_of(endpoint, field)
    payload[endpoint.integration_key] = "TESTE-1"
    return payload


def full(endpoint: Endpoint) -> dict[str, Any]:
    """Every field that may be sent, nested ones too."""
    payload = _all_of(endpoint, endpoint.payload)
    payload |= {name: CONFIRMED for name, _ in endpoint.references}
    return {**payload, endpoint.integration_key: "TESTE-1"}


def _all_of(endpoint: Endpoint, kind: ComplexType) -> dict[str, Any]:
    return {field.name: value_of(endpoint, field) for field in kind.fields if not field.read_only}


def value_of(endpoint: Endpoint, field: Field) -> Any:
    """A value that fits, the same each time."""
    if field.name in KNOWN:
        return KNOWN[field.name]
    if field.kind in ("object", "array"):
        inner = _all_of(endpoint, endpoint.service.type_of(field))
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
