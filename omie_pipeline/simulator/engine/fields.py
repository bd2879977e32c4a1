"""The structure of a request, checked against the catalog: tags, types, lengths, values, dates."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from datetime import date
from decimal import Decimal
from typing import Any

from omie_pipeline.catalog import ComplexType, Field, Service
from omie_pipeline.simulator.engine import faults

_DATE = re.compile(r"([0-9]{2})/([0-9]{2})/([0-9]{4})")
_TIME = re.compile(r"([01][0-9]|2[0-3]):[0-5][0-9]:[0-5][0-9]")
_FLAG = re.compile(r"l[A-Z]")
"""Names of tags that take ``true`` as well as "S" (omie-api.md#flags)."""
_OPEN_TYPES = frozenset({"clientesFiltro"})
"""Filters whose unknown tags Omie ignores (omie-api.md#filters)."""
_LARGEST = 10**15
_CREATE = frozenset({"", "create"})


def is_blank(value: object) -> bool:
    """True for what Omie takes as not filled in."""
    return value is None or value in ("", [], {})


def parse_date(text: str) -> date | None:
    """A dd/mm/aaaa date after 1900, else ``None``."""
    match = _DATE.fullmatch(text)
    if match is None:
        return None
    day, month, year = (int(part) for part in match.groups())
    try:
        return date(year, month, day) if year > 1900 else None
    except ValueError:
        return None


def _names_an_item(tag: str, sent: Mapping[str, Any]) -> bool:
    """``nIdItem`` is Omie's on creation only; a change or removal names its item by it.

    Source: the field's document.
    """
    return tag == "nIdItem" and sent.get("cAcaoItem") in {"A", "E"}


def _huge(value: int | Decimal) -> bool:
    return not -_LARGEST < value < _LARGEST


class FieldChecks:
    """Checks for the types of one service, prepared once."""

    def __init__(self, service: Service) -> None:
        self._service = service
        self._tables: dict[str, dict[str, Field]] = {}

    def _table(self, kind: ComplexType) -> dict[str, Field]:
        table = self._tables.get(kind.name)
        if table is None:
            table = self._tables[kind.name] = {item.name: item for item in kind.fields}
        return table

    def type_of(self, field: Field) -> ComplexType:
        """Complex type of an ``object`` or ``array`` field."""
        return self._service.type_of(field)

    def structure(self, kind: ComplexType, sent: Mapping[str, Any]) -> None:
        """Every tag known and writable, every value of its type, nested ones too.

        Raises:
            SimulatedFaultError: the first thing that is wrong; one tag per answer (seen).
        """
        table = self._table(kind)
        for tag in sent:
            field = table.get(tag)
            if field is None and kind.name in _OPEN_TYPES:
                continue
            if field is None or (field.read_only and not _names_an_item(tag, sent)):
                raise faults.unknown_tag(tag, kind.name)
        for tag, value in sent.items():
            known = table.get(tag)
            if known is not None and value is not None:
                self._value(known, value)

    def _value(self, field: Field, value: Any) -> None:
        if field.kind in {"object", "array"}:
            self._nested(field, value)
        elif field.kind == "integer":
            if not isinstance(value, int) or isinstance(value, bool) or abs(value) >= 2**63:
                raise faults.wrong_type(field.name, "integer")
        elif field.kind == "decimal":
            if not isinstance(value, (int, Decimal)) or isinstance(value, bool) or _huge(value):
                if field.name == "nValorLanc" and isinstance(value, str):
                    raise faults.no_number(field.name)
                raise faults.wrong_type(field.name, "decimal")
        elif value is True and _FLAG.match(field.name):
            return
        elif not isinstance(value, str):
            raise faults.wrong_type(field.name, "string")
        elif value:
            self._text(field, value)

    def _nested(self, field: Field, value: Any) -> None:
        items = value if field.kind == "array" else [value]
        if not isinstance(items, list) or not all(isinstance(item, dict) for item in items):
            raise faults.wrong_type(field.name, field.kind)
        kind = self._service.type_of(field)
        for item in items:
            self.structure(kind, item)

    @staticmethod
    def _text(field: Field, value: str) -> None:
        if field.kind == "date":
            if parse_date(value) is None:
                raise faults.wrong_date(field.name)
            return
        if field.max_length is not None and len(value) > field.max_length:
            raise faults.too_long(field.name, field.max_length)
        if field.values and value not in field.values:
            raise faults.wrong_value(field.name, ", ".join(field.values))
        if field.kind == "time" and not _TIME.fullmatch(value):
            raise faults.wrong_value(field.name, "hh:mm:ss")
        # 999/999 is the only pattern Omie's documents use.
        if field.pattern and not re.fullmatch(field.pattern.replace("9", r"\d"), value):
            raise faults.wrong_value(field.name, field.pattern)

    def required(
        self, kind: ComplexType, sent: Mapping[str, Any], excused: Iterable[str] = ()
    ) -> None:
        """Every mandatory tag of a new record is filled in, in nested blocks too.

        ``excused`` names tags with a default or with an alternative.
        """
        for field in kind.fields:
            value = sent.get(field.name)
            if is_blank(value):
                if self._wanted(kind, field, sent) and field.name not in excused:
                    raise faults.missing_tag(field.name)
            elif field.kind in {"object", "array"}:
                for item in value if isinstance(value, list) else [value]:
                    self.required(self._service.type_of(field), item)

    def _wanted(self, kind: ComplexType, field: Field, sent: Mapping[str, Any]) -> bool:
        if field.required:
            return field.required_when in _CREATE
        other, equals, wanted = field.required_when.partition("=")
        return bool(equals) and kind.field(other) is not None and sent.get(other) == wanted
