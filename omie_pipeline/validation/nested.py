"""Objects and arrays inside a payload: every field of every item, by the same rules."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, Final

from omie_pipeline.catalog import ComplexType, Field, Service
from omie_pipeline.validation.fields import content_problems, is_blank, is_computed, kind_problem
from omie_pipeline.validation.lists import list_of
from omie_pipeline.validation.model import References
from omie_pipeline.validation.service_items import SERVICE_ITEMS, ServiceNames

_ONE_OF_SIBLINGS: Final = "exactly one of the sibling blocks"
_UNLESS: Final = re.compile(r"^unless (\w+) is given$")
_EQUALS: Final = re.compile(r"^(\w+)=(\w+)$")
_SHARE_TOLERANCE: Final = Decimal("0.01")


@dataclass(frozen=True, slots=True)
class Problem:
    """One rule broken somewhere below a field; ``field`` is ``None`` for an unknown tag."""

    path: str
    rule: str
    field: Field | None


@dataclass(frozen=True, slots=True)
class _Shape:
    """A complex type, its fields by name, and those whose absence may be a fault."""

    fields: Mapping[str, Field]
    demanded: tuple[Field, ...]
    siblings: tuple[str, ...]
    computed: frozenset[str]
    service: ServiceNames | None


def _shape(complex_type: ComplexType) -> _Shape:
    fields = complex_type.fields
    return _Shape(
        fields={field.name: field for field in fields},
        demanded=tuple(f for f in fields if f.required or _EQUALS.match(f.required_when)),
        siblings=tuple(f.name for f in fields if f.required_when == _ONE_OF_SIBLINGS),
        computed=frozenset(field.name for field in fields if is_computed(field)),
        service=SERVICE_ITEMS.get(complex_type.name),
    )


class NestedChecker:
    """Checks the nested fields of one service."""

    def __init__(self, service: Service, references: References, years: tuple[int, int]) -> None:
        """Take the lists read from Omie (for codes named inside) and the years of a date."""
        self._references = references
        self._years = years
        self._shapes = {name: _shape(item) for name, item in service.types.items()}

    def problems(self, field: Field, value: Any) -> list[Problem]:
        """Everything wrong with ``value`` as the content of ``field`` (an object or an array)."""
        return list(self._field(field, value, field.name))

    def _field(self, field: Field, value: Any, path: str) -> Iterator[Problem]:
        rule = kind_problem(field, value, self._years)
        if rule is not None:
            yield Problem(path, rule, field)
        elif field.kind == "object":
            yield from self._object(self._shapes[field.type_name], value, path, field)
        elif field.kind == "array":
            yield from self._array(field, value, path)
        else:
            for content_rule in content_problems(field, value):
                yield Problem(path, content_rule, field)
            reference_rule = reference_problem(field.name, value, self._references)
            if reference_rule is not None:
                yield Problem(path, reference_rule, field)

    def _array(self, field: Field, items: list[Any], path: str) -> Iterator[Problem]:
        shape = self._shapes[field.type_name]
        for number, item in enumerate(items, start=1):
            item_path = f"{path}[{number}]"
            if isinstance(item, dict):
                yield from self._object(shape, item, item_path, field)
            else:
                yield Problem(item_path, "tipo_estrutura", field)
        if field.name == "categorias" and not _adds_up(items):
            yield Problem(path, "soma_percentual", field)

    def _object(
        self, shape: _Shape, value: Mapping[str, Any], path: str, parent: Field
    ) -> Iterator[Problem]:
        for name, content in value.items():
            field = shape.fields.get(name)
            if field is None:
                yield Problem(f"{path}.{name}", "campo_desconhecido", None)
            elif name in shape.computed and not is_blank(content):
                yield Problem(f"{path}.{name}", "somente_leitura", field)
            elif not is_blank(content):
                yield from self._field(field, content, f"{path}.{name}")
        if value:
            yield from _missing(shape, value, path, parent)


def _missing(
    shape: _Shape, value: Mapping[str, Any], path: str, parent: Field
) -> Iterator[Problem]:
    filled = [name for name in shape.siblings if not is_blank(value.get(name))]
    if shape.siblings and len(filled) != 1:
        yield Problem(path, "um_bloco", parent)
    said_elsewhere = _described_by_nothing(shape, value)
    for field in shape.demanded:
        missing = is_blank(value.get(field.name)) and field.name not in said_elsewhere
        if missing and _is_required(field, value, shape.service):
            yield Problem(f"{path}.{field.name}", "obrigatorio", field)


def _described_by_nothing(shape: _Shape, item: Mapping[str, Any]) -> tuple[str, ...]:
    """Codes that are missing because the item has no service at all: one reason tells that."""
    if shape.service is None or not shape.service.says_nothing(item):
        return ()
    return shape.service.described


def _is_required(field: Field, siblings: Mapping[str, Any], service: ServiceNames | None) -> bool:
    """Mandatory always, or because of a sibling.

    ``codigo_forma_pagamento=TRA``: of that sibling's value. ``unless codServico is given``: because
    that sibling is not filled in. Conditions in free words are for people to read.
    """
    equals = _EQUALS.match(field.required_when)
    if equals:
        return bool(siblings.get(equals[1]) == equals[2])
    unless = _UNLESS.match(field.required_when)
    if unless:
        registered = service is not None and service.says_registered(siblings)
        return field.required and not registered and is_blank(siblings.get(unless[1]))
    return field.required and field.required_when in ("", "create")


def _adds_up(items: list[Any]) -> bool:
    """The shares of a split add to 100 % (omie-api.md#what-a-change-replaces), if all are given."""
    shares = [item.get("percentual") for item in items if isinstance(item, dict)]
    numbers = [
        Decimal(str(share))
        for share in shares
        if isinstance(share, int | float | Decimal) and not isinstance(share, bool)
    ]
    if not numbers or len(numbers) != len(items) or not all(n.is_finite() for n in numbers):
        return True
    return abs(sum(numbers, Decimal(0)) - 100) <= _SHARE_TOLERANCE


def reference_problem(name: str, value: Any, references: References) -> str | None:
    """Rule that a category or account code breaks; ``None`` for every other field."""
    wanted = list_of(name)
    if wanted == "categorias":
        return _listed(value, references.categorias, "categoria")
    if wanted == "contas_correntes":
        return _listed(value, references.contas_correntes, "conta")
    return None


def _listed(value: Any, known: Mapping[Any, bool] | None, what: str) -> str | None:
    active = (known or {}).get(value) if isinstance(value, str | int) else None
    if active is None:
        return f"{what}_inexistente"
    return None if active else f"{what}_inativa"
