"""What pydantic refused, in Portuguese, naming the setting and never its value."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from pydantic import ValidationError

_TEXTS: dict[str, str] = {
    "missing": "falta preencher",
    "extra_forbidden": "chave desconhecida",
    "int_parsing": "deve ser um número inteiro",
    "int_from_float": "deve ser um número inteiro",
    "int_type": "deve ser um número inteiro",
    "float_parsing": "deve ser um número",
    "float_type": "deve ser um número",
    "finite_number": "deve ser um número finito",
    "decimal_parsing": "deve ser um número",
    "decimal_type": "deve ser um número",
    "bool_parsing": "deve ser true ou false",
    "bool_type": "deve ser true ou false",
    "string_type": "deve ser um texto",
    "model_type": "deve ser um bloco de chaves e valores",
    "mapping_type": "deve ser um bloco de chaves e valores",
    "dict_type": "deve ser um bloco de chaves e valores",
    "list_type": "deve ser uma lista",
    "tuple_type": "deve ser uma lista",
    "greater_than": "deve ser maior que {gt}",
    "greater_than_equal": "deve ser no mínimo {ge}",
    "less_than_equal": "deve ser no máximo {le}",
    "literal_error": "deve ser um destes: {expected}",
    "value_error": "{error}",
    "too_short": "não pode ficar vazio",
    "string_too_short": "não pode ficar vazio",
    "string_pattern_mismatch": "tem caracteres que não servem aqui (aceito: {pattern})",
}


def refusals(error: ValidationError, name_of: Callable[[tuple[int | str, ...]], str]) -> str:
    """Every refusal of ``error``, one a line, as ``<name>: <reason>``."""
    lines = []
    for one in error.errors(include_url=False, include_input=False):
        lines.append(f"{name_of(one['loc'])}: {_reason(one['type'], one.get('ctx', {}))}")
    return "\n".join(lines)


def _reason(kind: str, context: dict[str, Any]) -> str:
    if kind.startswith("date_"):
        return "deve ser uma data AAAA-MM-DD"
    text = _TEXTS.get(kind, "valor inválido")
    return text.format(**{**context, "expected": _options(str(context.get("expected", "")))})


def _options(expected: str) -> str:
    return expected.replace("'", "").replace(" or ", ", ")
