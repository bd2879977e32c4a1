"""Which other records a row points at: declared references, and markers for Omie's own ids.

A marker stands where a field wants the numeric id that Omie gives a record of this pipeline:
``{"$omie_id": ["vendedores", "PRO-7"]}``. The engine puts the id in its place when it sends.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any, Final, Literal

from omie_pipeline.catalog import REGISTRY, ComplexType, Endpoint, Service
from omie_pipeline.catalog.markers import target_of


@dataclass(frozen=True, slots=True)
class OmieId:
    """Omie's id of the record that ``endpoint`` delivers under our ``code``."""

    endpoint: str
    code: str


@dataclass(frozen=True, slots=True)
class Pointer:
    """A record that has to be in Omie before the row that points at it."""

    path: str
    target: OmieId


def marked(value: Any) -> OmieId | None:
    """The marker that ``value`` is, ``None`` for anything else.

    The shape is exact, and the record must be one that this package delivers and that has a
    number in Omie: a categoria has a code instead.
    """
    target = target_of(value)
    if target is None or target[0] not in _targets():
        return None
    return OmieId(*target)


@cache
def _targets() -> frozenset[str]:
    return frozenset(
        item.name
        for item in REGISTRY.values()
        if item.writable and not item.deletes and item.effect != "named"
    )


def markers_in(payload: Mapping[str, Any]) -> Iterator[Pointer]:
    """Every marker of a payload, at any depth, with the dotted path where it stands."""
    for name, value in payload.items():
        if type(value) is dict or type(value) is list:
            yield from _markers_at(value, name)


def targets_of(payload: Mapping[str, Any]) -> list[OmieId]:
    """Records that the markers of a payload name; nearly every row of a título has none."""
    blocks = [value for value in payload.values() if type(value) is dict or type(value) is list]
    return [pointer.target for block in blocks for pointer in _markers_at(block, "")]


def _markers_at(value: Any, path: str) -> Iterator[Pointer]:
    if isinstance(value, list):
        for number, item in enumerate(value, start=1):
            yield from _markers_at(item, f"{path}[{number}]")
    elif isinstance(value, dict):
        target = marked(value)
        if target is not None:
            yield Pointer(path, target)
            return
        for name, inner in value.items():
            yield from _markers_at(inner, f"{path}.{name}")


def codes_at(payload: Mapping[str, Any], path: str) -> list[str]:
    """Texts that stand at a dotted path, through objects and arrays; blanks are left out."""
    if "." not in path:
        value = payload.get(path)
        return [value] if isinstance(value, str) and value.strip(" ") else []
    found: list[Any] = [payload]
    for name in path.split("."):
        inner = [item.get(name) for item in found if isinstance(item, Mapping)]
        found = [x for value in inner for x in (value if isinstance(value, list) else [value])]
    return [value for value in found if isinstance(value, str) and value.strip(" ")]


def pointers(endpoint: Endpoint, payload: Mapping[str, Any]) -> Iterator[Pointer]:
    """Every record that a row of ``endpoint`` points at, declared references first."""
    for name, target in endpoint.references:
        for code in codes_at(payload, name):
            yield Pointer(name, OmieId(target, code))
    yield from markers_in(payload)


@cache
def takes_markers(endpoint_name: str) -> bool:
    """Whether any field of the endpoint's payload, at any depth, is an integer."""
    endpoint = REGISTRY[endpoint_name]
    return _has_integer(endpoint.payload, endpoint.service)


def _has_integer(kind: ComplexType, service: Service) -> bool:
    return any(
        item.kind == "integer"
        or (item.kind in ("object", "array") and _has_integer(service.type_of(item), service))
        for item in kind.fields
        if not item.read_only
    )


# Which fields name a code of a list that is read from Omie: categorias and contas correntes.

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
