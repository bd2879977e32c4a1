"""Every field that users were promised: it goes through, or is refused as computed."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest

from omie_pipeline.catalog import REGISTRY, ComplexType, Endpoint, Field
from omie_pipeline.validation import ClinicRules, References, Validator
from omie_pipeline.validation.values import is_computed
from tests.catalog.payloads import full
from tests.validation.rows import told_together
from tests.validation.service_rows import row_of

PROMISED: dict[str, dict[str, str]] = json.loads(
    (Path(__file__).parent / "promised_fields.json").read_text(encoding="utf-8")
)
PROMISED.pop("source")
COMPUTED = {
    "contratos.cabecalho": {"nValTotMes"},
    "contratos.itensContrato.itemCabecalho": {"valorDed", "valorTotal"},
    "contratos.itensContrato.itemImpostos": {"valorISS"},
    "clientes": {"pessoa_fisica", "exterior", "importado_api", "info"},
    "contas_pagar": {
        "id_origem", "operacao", "status_titulo", "importado_api", "info", "valor_pag",
    },
    "contas_receber": {
        "id_origem", "operacao", "status_titulo", "importado_api", "info", "boleto",
        "tipo_agrupamento",
    },
}  # fmt: skip
"""Promised, but Omie's own work: refused with that reason."""

EACH = pytest.mark.parametrize("place", PROMISED)


def place_of(place: str) -> tuple[Endpoint, ComplexType, list[str]]:
    """The endpoint, the type that has the fields, and the path to it."""
    name, *path = place.split(".")
    endpoint = REGISTRY[name]
    kind = endpoint.payload
    for part in path:
        field = kind.field(part)
        assert field is not None
        kind = endpoint.service.type_of(field)
    return endpoint, kind, path


@EACH
def test_every_promised_field_is_in_the_catalog_as_promised(place: str) -> None:
    _, kind, _ = place_of(place)
    for name, promised in PROMISED[place].items():
        field = kind.field(name)
        assert field is not None, name
        told = re.fullmatch(r"(\w+?)(?:\((\d+)\))?", promised)
        assert told is not None
        assert _wire_kind(field) == told[1].lower(), name
        if told[2]:
            assert field.max_length == int(told[2]), name


def _wire_kind(field: Field) -> str:
    return "string" if field.kind in ("date", "time") else field.kind


@EACH
def test_every_promised_field_is_sent_or_computed(place: str) -> None:
    endpoint, kind, path = place_of(place)
    payload: Any = full(endpoint)
    for part in path:
        payload = payload[part]
        payload = payload[0] if isinstance(payload, list) else payload
    computed = {name for name in PROMISED[place] if is_computed(_field(kind, name))}
    assert computed == COMPUTED.get(place, set())
    assert set(PROMISED[place]) - computed <= set(payload)


def _field(kind: ComplexType, name: str) -> Field:
    field = kind.field(name)
    assert field is not None
    return field


@pytest.mark.parametrize(
    ("place", "name"),
    [(place, name) for place in COMPUTED if "." in place for name in sorted(COMPUTED[place])],
)
def test_a_computed_field_in_a_section_is_refused_with_that_reason(place: str, name: str) -> None:
    endpoint, _, path = place_of(place)
    validator = Validator(
        endpoint, ClinicRules(), References({"1.01.01": True}, {9100000001: True})
    )
    inner = path[1:]
    where = [path[0], *(["1"] if inner else []), *inner]
    change: dict[str, Any] = {".".join([*where, name]): 10}
    if inner == ["itemImpostos"]:
        change = {f"{path[0]}.1.itemImpostos": {name: 10}}
    (told,) = told_together(validator, [row_of(endpoint.name, 1, change)]).values()
    ((field, rule),) = told
    assert (field.rpartition(".")[2], rule) == (name, "somente_leitura")
