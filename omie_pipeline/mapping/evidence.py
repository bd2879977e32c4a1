"""What the values of a column say for or against feeding a field."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from omie_pipeline.mapping.patterns import DATE_TYPES, NUMBER_TYPES, Pattern, share
from omie_pipeline.mapping.sampling import SampledColumn
from omie_pipeline.mapping.targets import Target
from omie_pipeline.mapping.words import words_of

FITS: Final = 0.9
_CONTRADICTS: Final = 0.5
_ALWAYS_TEXT: Final = frozenset({"date", "time", "decimal", "integer"})

EXPECTED: Final[Mapping[str, Pattern]] = {
    "cnpj_cpf": "document",
    "email": "email",
    "cep": "cep",
    "estado": "uf",
    "telefone1_ddd": "phone",
    "telefone1_numero": "phone",
    "telefone2_ddd": "phone",
    "telefone2_numero": "phone",
    "cidade_ibge": "ibge",
    "doc_titular": "document",
}


def evidence(target: Target, column: SampledColumn) -> tuple[float, str]:
    """What the values add to the name's score or take away, and the words for it."""
    patterns = _wanted(target, column)
    if not patterns:
        return 0.0, ""
    if not column.values:
        return 0.0, "; sem linhas para conferir"
    pattern, found = max(
        ((one, share(column, one)) for one in patterns), key=lambda pair: pair[1].ratio
    )
    if found.ratio >= FITS:
        return 0.05, f"; {found.told(pattern)}"
    if found.ratio >= _CONTRADICTS:
        return -0.1, f"; só {found.told(pattern)}"
    told = f"; mas {found.told(pattern)}"
    return (-1.0 if target.field.kind in _ALWAYS_TEXT else -0.25), told


def _wanted(target: Target, column: SampledColumn) -> tuple[Pattern, ...]:
    field, kind = target.field, column.data_type
    if target.marked or target.reference:
        return ()
    if field.kind == "date":
        typed = kind.startswith(DATE_TYPES)
        return ("date_iso",) if typed else ("date_iso", "date_br")
    if field.kind == "decimal":
        return ("number",) if kind in NUMBER_TYPES else ("number", "number_br")
    if field.kind == "integer":
        return ("integer",)
    if set(field.values) == {"S", "N"}:
        return ("yes_no",)
    expected = EXPECTED.get(field.name)
    if expected == "phone" and words_of(column.name) == {"ddd"}:
        return ()
    return (expected,) if expected else ()
