"""A constant given for a field, held against what the catalog says of it."""

from __future__ import annotations

from datetime import date
from decimal import Decimal, InvalidOperation

from omie_pipeline.catalog import Field
from omie_pipeline.errors import ConfigurationError
from omie_pipeline.exact_json import loads
from omie_pipeline.mapping.targets import Target

_SHAPES = {"object": dict, "array": list}


def checked_constant(target: Target, text: str) -> str:
    """``text`` as the model will hold it: dates in ISO form, everything else as it came.

    Raises:
        ConfigurationError: the field cannot hold it; the message names the field and the rule.
    """
    field = target.field
    problem = _problem(field, text)
    if problem:
        raise ConfigurationError(f"{target.path}: {problem}")
    return _day(text).isoformat() if field.kind == "date" else text


def _problem(field: Field, text: str) -> str:
    if field.kind in _SHAPES:
        return "" if _is_json(text, _SHAPES[field.kind]) else "deve ser JSON desse formato"
    if field.kind == "date":
        return "" if _readable_day(text) else "deve ser uma data (AAAA-MM-DD ou dd/mm/aaaa)"
    if field.kind == "integer":
        number = text.removeprefix("-")
        return "" if number.isascii() and number.isdigit() else "deve ser um número inteiro"
    if field.kind == "decimal":
        return "" if _is_number(text) else "deve ser um número com ponto (1234.56)"
    if field.values and text not in field.values:
        return f"deve ser um destes: {', '.join(field.values)}"
    if field.max_length is not None and len(text) > field.max_length:
        return f"tem mais de {field.max_length} caracteres"
    return ""


def _is_json(text: str, shape: type) -> bool:
    try:
        return isinstance(loads(text), shape)
    except ValueError:
        return False


def _is_number(text: str) -> bool:
    try:
        return Decimal(text).is_finite()
    except InvalidOperation:
        return False


def _day(text: str) -> date:
    if "/" in text:
        text = "-".join(reversed(text.strip().split("/")))
    return date.fromisoformat(text.strip())


def _readable_day(text: str) -> bool:
    try:
        _day(text)
    except ValueError:
        return False
    return True
