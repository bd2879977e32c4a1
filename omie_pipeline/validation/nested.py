"""Objects and arrays inside a payload: every field of every item, by the same rules."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, Final

from omie_pipeline.catalog import ComplexType, Field, Service
from omie_pipeline.validation.fields import content_problems, is_blank, kind_problem
from omie_pipeline.validation.model import References

_ONE_OF_SIBLINGS: Final = "exactly one of the sibling blocks"
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


def _shape(complex_type: ComplexType) -> _Shape:
    fields = complex_type.fields
    return _Shape(
        fields={field.name: field for field in fields},
        demanded=tuple(field for field in fields if field.required or "=" in field.required_when),
        siblings=tuple(f.name for f in fields if f.required_when == _ONE_OF_SIBLINGS),
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
            elif field.read_only and not is_blank(content):
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
    for field in shape.demanded:
        if is_blank(value.get(field.name)) and _is_required(field, value):
            yield Problem(f"{path}.{field.name}", "obrigatorio", field)


def _is_required(field: Field, siblings: Mapping[str, Any]) -> bool:
    """Mandatory always, or because of a sibling (``codigo_forma_pagamento=TRA``)."""
    name, is_condition, expected = field.required_when.partition("=")
    if is_condition:
        return bool(siblings.get(name) == expected)
    return field.required


def _adds_up(items: list[Any]) -> bool:
    """The shares of a split add to 100 % (PROTOCOL section 9, REAL), where all are given."""
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
    if name == "codigo_categoria":
        return _listed(value, references.categorias, "categoria")
    if name in ("codigo_conta_corrente", "id_conta_corrente"):
        return _listed(value, references.contas_correntes, "conta")
    return None


def _listed(value: Any, known: Mapping[Any, bool] | None, what: str) -> str | None:
    active = (known or {}).get(value)
    if active is None:
        return f"{what}_inexistente"
    return None if active else f"{what}_inativa"
