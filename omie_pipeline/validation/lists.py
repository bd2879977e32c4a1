"""Which fields name a code of a list that is read from Omie: categorias and contas correntes."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import cache
from typing import Any, Final, Literal

from omie_pipeline.catalog import REGISTRY, ComplexType, Endpoint, Service

OmieList = Literal["categorias", "contas_correntes"]

CATEGORY_FIELDS: Final = frozenset(
    {
        "codigo_categoria",
        "cCodCateg",
        "cCodCategItem",
        "cCodCategReemb",
        "cCodCategRem",
        "categoria_adiantamento",
    }
)
ACCOUNT_FIELDS: Final = frozenset(
    {"id_conta_corrente", "codigo_conta_corrente", "nCodCC", "conta_corrente_adiantamento"}
)
TITLES: Final[Mapping[OmieList, str]] = {
    "categorias": "categorias",
    "contas_correntes": "contas correntes",
}
"""The name of a list as staff read it."""


def list_of(name: str) -> OmieList | None:
    """The list that a field called ``name`` takes its values from, at any depth."""
    if name in CATEGORY_FIELDS:
        return "categorias"
    return "contas_correntes" if name in ACCOUNT_FIELDS else None


def needs_lists(endpoint: Endpoint) -> frozenset[OmieList]:
    """Lists without which rows of this endpoint cannot be validated."""
    return _needed(endpoint.name)


@cache
def _needed(endpoint_name: str) -> frozenset[OmieList]:
    endpoint = REGISTRY[endpoint_name]
    found = _lists_of(endpoint.payload, endpoint.service)
    return frozenset(found)


def _lists_of(kind: ComplexType, service: Service) -> Iterator[OmieList]:
    for item in kind.fields:
        if item.read_only:
            continue
        if item.kind in ("object", "array"):
            yield from _lists_of(service.type_of(item), service)
        else:
            named = list_of(item.name)
            if named is not None:
                yield named


def uses_list(payload: Any, wanted: OmieList) -> bool:
    """Whether a payload names a code of the list ``wanted``, at any depth."""
    if isinstance(payload, list):
        return any(uses_list(item, wanted) for item in payload)
    if not isinstance(payload, Mapping):
        return False
    return any(
        uses_list(value, wanted)
        if isinstance(value, dict | list)
        else list_of(name) == wanted and value not in (None, "")
        for name, value in payload.items()
    )
