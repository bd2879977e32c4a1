"""What staff see of a row: whose it is, and which of its fields a fault is about."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

from omie_pipeline.catalog.model import ComplexType, Endpoint, Service, value_at

_PEOPLE = ("clientes", "clientes_cpf_cnpj")
_CLIENT_CODE = "cCodIntCli"
_BRACKETED = re.compile(r"\[\s*([A-Za-z][\w.]*)\s*\]")
_TAGGED = re.compile(r"\b[Tt]ag\s+([A-Za-z][\w.]*)")


def person_in(endpoint: Endpoint, code: str, payload: Mapping[str, Any]) -> str:
    """Our code of the person that a row is about; ``""`` if the row itself does not say."""
    if endpoint.name in _PEOPLE:
        return code
    for field, target in endpoint.references:
        if target in _PEOPLE:
            return str(value_at(payload, field) or "")
    for part in payload.values():
        if isinstance(part, Mapping) and part.get(_CLIENT_CODE):
            return str(part[_CLIENT_CODE])
    return ""


def record_acted_upon(endpoint: Endpoint, payload: Mapping[str, Any]) -> tuple[str, str]:
    """Endpoint and code of the record that says whose a payment, a billing or a reversal is."""
    for field, target in endpoint.references:
        if target not in _PEOPLE and (code := value_at(payload, field)):
            return target, str(code)
    return "", ""


def field_in_fault(endpoint: Endpoint, text: str) -> str:
    """The field that Omie's words name (``[CNPJ_CPF]``), as a path; ``""`` if they name none.

    Omie writes tags in capitals; a bracket may hold a value as well.
    """
    known = {path.rsplit(".", 1)[-1].casefold(): path for path in _paths(endpoint)}
    for found in (*_TAGGED.findall(text), *_BRACKETED.findall(text)):
        path = known.get(found.rsplit(".", 1)[-1].casefold())
        if path is not None:
            return path
    return ""


def _paths(endpoint: Endpoint) -> Iterator[str]:
    # From the innermost out, so that a field of the record itself is the one that stays.
    yield from reversed(list(_fields_of(endpoint.payload, endpoint.service, "", 2)))


def _fields_of(kind: ComplexType, service: Service, prefix: str, depth: int) -> Iterator[str]:
    nested = []
    for one in kind.fields:
        yield f"{prefix}{one.name}"
        if one.kind in ("object", "array") and one.type_name and depth:
            nested.append(one)
    for one in nested:
        yield from _fields_of(service.type_of(one), service, f"{prefix}{one.name}.", depth - 1)
