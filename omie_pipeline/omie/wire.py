"""JSON in and out, without losing a cent.

Money travels as JSON numbers and must never pass through a float (omie-api.md#amounts); dates
are ``dd/mm/aaaa`` on the wire only (official).
"""

from __future__ import annotations

import hashlib
import html
import json
import re
from collections.abc import Callable, Mapping
from datetime import date
from decimal import Decimal
from typing import Any

import simplejson

from omie_pipeline.catalog import ComplexType, Service
from omie_pipeline.decimal_json import dumps, loads

Json = dict[str, Any]
Parse = Callable[[str], Json | None]

__all__ = [
    "Json",
    "Parse",
    "dumps",
    "fingerprint",
    "float_object",
    "json_object",
    "loads",
    "plain_text",
    "same_record",
    "storable_text",
    "to_wire",
]

# Omie gives these back with punctuation of its own (omie-api.md#documents-and-cities).
_PUNCTUATED = re.compile(r"cpf|cnpj|cep$|telefone|fax|doc_titular", re.IGNORECASE)


_ODD_ESCAPE = re.compile(r"\\u(0000|[dD][89a-fA-F])")


def json_object(text: str) -> Json | None:
    """The object a body holds; ``None`` for anything else.

    A NUL and half a surrogate pair become ``?``: no database stores them.
    """
    try:
        body = loads(text)
    except (ValueError, RecursionError):
        return None
    if not isinstance(body, dict):
        return None
    return _storable(body) if _ODD_ESCAPE.search(text) else body


def float_object(text: str) -> Json | None:
    """The object a body holds, its decimals as floats: for counts and keys only."""
    try:
        body = json.loads(text)
    except (ValueError, RecursionError):
        return None
    return body if isinstance(body, dict) else None


def storable_text(text: str) -> str:
    """``text`` as a database can store it: see :func:`json_object`; most often ``text`` itself."""
    return dumps(json_object(text)) if _ODD_ESCAPE.search(text) else text


def _storable(value: Any) -> Any:
    if isinstance(value, str):
        return value.replace("\x00", "?").encode("utf-8", "replace").decode()
    if isinstance(value, list):
        return [_storable(item) for item in value]
    if isinstance(value, dict):
        return {_storable(name): _storable(item) for name, item in value.items()}
    return value


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


def same_record(sent: Mapping[str, Any], read: Mapping[str, Any]) -> bool:
    """Whether what was sent is what stands there, field by field, nested ones too.

    Omie punctuates CPF/CNPJ, CEP and telephone numbers, turns ``150.00`` into ``150``, trims texts
    and fills objects with keys of its own. Any other difference counts: taking an old record for
    the one just sent would lose a change, taking a new one for an old only repeats an upsert.
    """
    return all(_same(value, read.get(name), name) for name, value in sent.items())


def _same(sent: Any, read: Any, name: str) -> bool:
    if isinstance(sent, Mapping):
        return isinstance(read, Mapping) and same_record(sent, read)
    if isinstance(sent, list):
        return (
            isinstance(read, list)
            and len(sent) == len(read)
            and all(_same(a, b, name) for a, b in zip(sent, read, strict=True))
        )
    if isinstance(sent, (int, Decimal)) and isinstance(read, (int, Decimal)):
        return Decimal(sent) == Decimal(read)
    left, right = _text(sent), _text(read)
    if _PUNCTUATED.search(name):
        return _bare(left) == _bare(right)
    return left == right


def _text(value: Any) -> str:
    return "" if value is None else str(value).strip()


def _bare(text: str) -> str:
    return "".join(char for char in text if char.isalnum()).casefold()
