"""What the values of a column say for or against feeding a field."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Final, Literal

from omie_pipeline.catalog.reference import ddds_por_uf, estados
from omie_pipeline.mapping.sampling import SampledColumn
from omie_pipeline.mapping.targets import Target
from omie_pipeline.mapping.words import words_of
from omie_pipeline.texts import mapping as texts
from omie_pipeline.validation.documents import document_problem

# What the values of a column look like: counted, never shown.

Pattern = Literal[
    "document", "email", "date_iso", "date_br", "number", "number_br", "integer", "cep", "uf",
    "phone", "yes_no", "ibge",
]  # fmt: skip

_EMAIL: Final = re.compile(r"[^@\s;,]+@[^@\s;,]+\.[A-Za-z]{2,}")
_ISO: Final = re.compile(r"\d{4}-\d{2}-\d{2}(?:[T ].*)?")
_BR: Final = re.compile(r"(\d{2})/(\d{2})/(\d{4})(?:\s.*)?")
_NUMBER: Final = re.compile(r"[+-]?\d+(?:\.\d+)?(?:[eE][+-]?\d{1,2})?")
_NUMBER_BR: Final = re.compile(r"(?:R\$)?\s*[+-]?\d{1,3}(?:\.?\d{3})*,\d+")
_CEP: Final = re.compile(r"\d{5}-?\d{3}|\d{2}\.\d{3}-\d{3}")
_YES_NO: Final = frozenset({"s", "n", "sim", "nao", "não", "1", "0", "t", "f", "true", "false"})

DATE_TYPES: Final = ("DATE", "TIMESTAMP")
NUMBER_TYPES: Final = (
    "NUMERIC", "DECIMAL", "INTEGER", "BIGINT", "SMALLINT", "BIG_INTEGER", "SMALL_INTEGER", "FLOAT",
    "REAL", "DOUBLE", "DOUBLE_PRECISION", "MONEY",
)  # fmt: skip
INTEGER_TYPES: Final = ("INTEGER", "BIGINT", "SMALLINT", "BIG_INTEGER", "SMALL_INTEGER")


@dataclass(frozen=True, slots=True)
class Share:
    """How many of the filled values of a column fit a pattern."""

    fitting: int
    filled: int

    @property
    def ratio(self) -> float:
        return self.fitting / self.filled if self.filled else 0.0

    def told(self, pattern: Pattern) -> str:
        """``CPF ou CNPJ válido em 20 de 20 linhas``: a pattern and a count, no value."""
        return texts.fits(what=texts.PATTERNS[pattern], fitting=self.fitting, filled=self.filled)


def share(column: SampledColumn, pattern: Pattern) -> Share:
    """How far ``column`` fits ``pattern``."""
    test = _TESTS[pattern]
    return Share(sum(1 for value in column.values if test(value)), len(column.values))


def distinct(column: SampledColumn, rows: int) -> bool:
    """Whether every one of ``rows`` rows has a value of its own, as a key has."""
    return len(column.values) == rows and len(set(column.values)) == rows


def _document(value: str) -> bool:
    return document_problem(value) is None


def _iso(value: str) -> bool:
    return _ISO.fullmatch(value) is not None and _is_day(value[:10])


def _br(value: str) -> bool:
    found = _BR.fullmatch(value)
    return found is not None and _is_day("-".join(reversed(found.groups())))


def _is_day(text: str) -> bool:
    try:
        date.fromisoformat(text)
    except ValueError:
        return False
    return True


def _phone(value: str) -> bool:
    digits = re.sub(r"\D", "", value).lstrip("0")
    if len(digits) in (12, 13) and digits.startswith("55"):
        digits = digits[2:]
    if len(digits) not in (10, 11):
        return False
    return any(int(digits[:2]) in found for found in ddds_por_uf().values())


_TESTS: Final[Mapping[Pattern, Callable[[str], bool]]] = {
    "document": _document,
    "email": lambda value: _EMAIL.fullmatch(value) is not None,
    "date_iso": _iso,
    "date_br": _br,
    "number": lambda value: _NUMBER.fullmatch(value) is not None,
    "number_br": lambda value: _NUMBER_BR.fullmatch(value) is not None,
    "integer": lambda value: value.isascii() and value.isdigit(),
    "cep": lambda value: _CEP.fullmatch(value) is not None,
    "uf": lambda value: value.upper() in estados(),
    "phone": _phone,
    "yes_no": lambda value: value.lower() in _YES_NO,
    "ibge": lambda value: value.isascii() and value.isdigit() and len(value) == 7,
}


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
        return 0.0, texts.NO_ROWS_TO_CHECK
    pattern, found = max(
        ((one, share(column, one)) for one in patterns), key=lambda pair: pair[1].ratio
    )
    if found.ratio >= FITS:
        return 0.05, f"; {found.told(pattern)}"
    if found.ratio >= _CONTRADICTS:
        return -0.1, texts.only_so_many(found.told(pattern))
    told = texts.but_so_many(found.told(pattern))
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
