"""JSON in and out, without losing a cent.

Money travels as JSON numbers and must never pass through a float (PROTOCOL section 6, REAL); dates
are ``dd/mm/aaaa`` on the wire only (OFF).
"""

from __future__ import annotations

import hashlib
import html
from collections.abc import Mapping
from datetime import date
from decimal import Decimal
from typing import Any

import simplejson

from omie_pipeline.catalog import ComplexType, Service
from omie_pipeline.exact_json import dumps, loads

Json = dict[str, Any]

__all__ = ["Json", "dumps", "fingerprint", "loads", "plain_text", "same_value", "to_wire"]


def fingerprint(method: str, param: Mapping[str, Any]) -> str:
    """Digest under which Omie would call two requests identical."""
    text = simplejson.dumps(param, use_decimal=True, sort_keys=True)
    return hashlib.sha256(f"{method}\n{text}".encode()).hexdigest()


def to_wire(payload: Mapping[str, Any], complex_type: ComplexType, service: Service) -> Json:
    """A payload as Omie wants it: ISO dates become ``dd/mm/aaaa``, nested types included.

    Anything that is no ISO date passes unchanged: validation has judged it before.
    """
    result: Json = {}
    for name, value in payload.items():
        field = complex_type.field(name)
        if field is None or value is None:
            result[name] = value
        elif field.kind == "date":
            result[name] = _date_to_wire(value)
        elif field.kind == "object" and isinstance(value, Mapping):
            result[name] = to_wire(value, service.type_of(field), service)
        elif field.kind == "array" and isinstance(value, list):
            item_type = service.type_of(field)
            result[name] = [
                to_wire(item, item_type, service) if isinstance(item, Mapping) else item
                for item in value
            ]
        else:
            result[name] = value
    return result


def _date_to_wire(value: Any) -> Any:
    if isinstance(value, str) and len(value) == 10 and value[4] == "-":
        try:
            value = date.fromisoformat(value)
        except ValueError:
            return value
    return value.strftime("%d/%m/%Y") if isinstance(value, date) else value


def plain_text(text: str) -> str:
    """Fault text as a person reads it: HTML entities resolved, surrounding space gone."""
    return html.unescape(text).strip()


def same_value(sent: Any, read: Any) -> bool:
    """Whether a field read back holds what was sent.

    Omie formats CPF/CNPJ and telephone numbers, turns ``150.00`` into ``150`` and fills objects
    with keys of its own, so texts compare without punctuation and objects by the sent keys.
    """
    if isinstance(sent, Mapping):
        return isinstance(read, Mapping) and all(
            same_value(v, read.get(k)) for k, v in sent.items()
        )
    if isinstance(sent, list):
        return (
            isinstance(read, list)
            and len(sent) == len(read)
            and all(same_value(a, b) for a, b in zip(sent, read, strict=True))
        )
    if isinstance(sent, (int, Decimal)) and isinstance(read, (int, Decimal)):
        return Decimal(sent) == Decimal(read)
    return _bare(sent) == _bare(read)


def _bare(value: Any) -> str:
    text = "" if value is None else str(value)
    return "".join(char for char in text if char.isalnum()).casefold()
