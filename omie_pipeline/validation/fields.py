"""Does one value fit one field of the catalog? The rules that hold for every endpoint.

Lengths are official (omie-api.md#lengths). That Omie refuses control characters and what lies
outside its Latin repertoire is a guess: the JSON service stands before a SOAP one, and a name with
an emoji is no name, so it is safer to ask a person than to find out.
"""

from __future__ import annotations

import re
from datetime import date, datetime
from decimal import Decimal
from typing import Any, Final

from omie_pipeline.catalog import Field
from omie_pipeline.catalog.markers import MARKER
from omie_pipeline.validation.markers import OmieId, marked
from omie_pipeline.validation.mojibake import MOJIBAKE

INTEGER_LIMIT: Final = 2**63
MONEY_LIMIT: Final = 10**13
"""Reais have thirteen digits before the point: numeric(15,2) of docs/clinic-tables.md."""
_MONEY_PLACES: Final = 2
_NO_MONEY: Final = re.compile(
    r"^(percentual|perc[A-Z]\w*|nPer[A-Z]\w*|nPerc|comissao"  # shares
    r"|aliquota_\w+|ali[qM]\w*|nAliq\w*|redBase\w*|nRedBase\w*"  # rates
    r"|quant|nQt\w+|nQuant\w*)$"  # quantities
)
NOT_A_NUMBER: Final = frozenset({"NaN", "nan", "Infinity", "-Infinity", "inf", "-inf"})
DATE_PATTERN: Final = r"^[0-9]{4}-[0-9]{2}-[0-9]{2}$"
_DATE: Final = re.compile(DATE_PATTERN)
_TIME: Final = re.compile(r"^([01][0-9]|2[0-3]):[0-5][0-9]:[0-5][0-9]$")

_CONTROL: Final = "\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f"
_LINE_BREAKS: Final = "\t\n\r"
# Zero-width signs, direction marks, line separators, byte order mark: pasted in, never seen.
_INVISIBLE: Final = "\u200b-\u200f\u2028-\u202e\u2060-\u2064\ufeff"
# Dingbats and symbols inside the BMP, variation selectors, and everything outside the BMP.
_EMOJI: Final = "\u2600-\u27bf\u2b00-\u2bff\ufe00-\ufe0f\U00010000-\U0010ffff"
# Private use, non-characters and the sign for a byte that could not be read.
_UNREADABLE: Final = "\ue000-\uf8ff\ufffd-\uffff"
# Halves of pairs: no UTF-8, so the patterns below, which Arrow reads too, leave them out.
_SURROGATES: Final = r"\ud800-\udfff"
_LEAKED_NULL: Final = r"^(?:NaN|nan|NaT|<NA>)$"

BAD_TEXT: Final = f"[{_CONTROL}{_INVISIBLE}{_EMOJI}{_UNREADABLE}]|{_LEAKED_NULL}|{MOJIBAKE}"
"""Regular expression (Python's and RE2's) that finds what a free text may not hold."""

BAD_LINE: Final = (
    f"[{_CONTROL}{_LINE_BREAKS}{_INVISIBLE}{_EMOJI}{_UNREADABLE}]|{_LEAKED_NULL}|{MOJIBAKE}"
)
"""The same for a field of one line: no tab and no line break either."""

ACCENTS: Final = "acentos_trocados"

_BAD_TEXT: Final = re.compile(BAD_TEXT)
_BAD_LINE: Final = re.compile(BAD_LINE)
_CHARACTER_RULES: Final = (
    ("texto_nan", re.compile(_LEAKED_NULL)),
    ("caractere_controle", re.compile(f"[{_CONTROL}{_LINE_BREAKS}{_INVISIBLE}]")),
    ("emoji", re.compile(f"[{_EMOJI}]")),
    (ACCENTS, re.compile(MOJIBAKE)),
    ("caractere_ilegivel", re.compile(f"[{_UNREADABLE}{_SURROGATES}]")),
)


def is_money(field: Field) -> bool:
    """The field holds reais, so two decimal places; shares, rates and quantities may have more."""
    return field.kind == "decimal" and not _NO_MONEY.match(field.name)


def is_computed(field: Field) -> bool:
    """Omie writes the field itself: read-only, or the block that says who changed a record."""
    return field.read_only or field.name.lower() == "infocadastro"


def bad_text_pattern(field: Field) -> str:
    """What ``field`` may not hold: free texts such as ``observacao`` may have line breaks."""
    return BAD_TEXT if field.kind == "text" else BAD_LINE


def field_pattern(field: Field) -> str:
    """The documents' mask as a regular expression: in ``999/999`` each 9 is a digit."""
    return "^" + re.escape(field.pattern).replace("9", "[0-9]") + "$"


def kind_problem(field: Field, value: Any, years: tuple[int, int]) -> str | None:
    """Rule on the *type* of ``field`` that ``value`` breaks, ``None`` when it fits.

    Args:
        value: as the payload's JSON gives it; neither ``None`` nor blank.
        years: first and last year that a date may have.
    """
    if field.kind in ("string", "text"):
        return _text_kind(field, value)
    if field.kind in ("integer", "decimal"):
        return _number_kind(field, value)
    if field.kind == "date":
        return _date_kind(value, years)
    if field.kind == "time":
        return None if isinstance(value, str) and _TIME.fullmatch(value) else "hora_invalida"
    expected = dict if field.kind == "object" else list
    return None if isinstance(value, expected) else "tipo_estrutura"


def _text_kind(field: Field, value: Any) -> str | None:
    if isinstance(value, str):
        return None
    if isinstance(value, bool):
        return "booleano" if is_flag(field) else "tipo_texto"
    return "tipo_texto"


def is_flag(field: Field) -> bool:
    """An S/N field: Omie's booleans (omie-api.md#flags)."""
    return set(field.values) == {"S", "N"}


def _number_kind(field: Field, value: Any) -> str | None:
    if isinstance(value, str) and value in NOT_A_NUMBER:
        return "nao_numero"
    if field.kind == "integer":
        if isinstance(value, OmieId | dict):
            return _marker_kind(value)
        is_integer = isinstance(value, int) and not isinstance(value, bool)
        return None if is_integer and abs(value) < INTEGER_LIMIT else "tipo_inteiro"
    if isinstance(value, bool) or not isinstance(value, int | float | Decimal):
        return "tipo_decimal"
    number = Decimal(str(value))
    if not number.is_finite():
        return "nao_numero"
    if is_money(field) and has_too_many_places(number):
        return "casas_decimais"
    if is_money(field) and abs(number) >= MONEY_LIMIT:
        return "valor_grande"
    return None


def _marker_kind(value: OmieId | dict[str, Any]) -> str | None:
    """A marker stands for the id that Omie will have given."""
    if isinstance(value, OmieId) or marked(value) is not None:
        return None
    return "marca_invalida" if MARKER in value else "tipo_inteiro"


def has_too_many_places(number: Decimal) -> bool:
    """More than two decimal places; zeros at the end do not count."""
    exponent = number.as_tuple().exponent
    if not isinstance(exponent, int) or exponent >= -_MONEY_PLACES:
        return False
    reduced = number.normalize().as_tuple().exponent
    return isinstance(reduced, int) and reduced < -_MONEY_PLACES


def _date_kind(value: Any, years: tuple[int, int]) -> str | None:
    if isinstance(value, datetime) or not isinstance(value, str | date):
        return "data_invalida"
    if isinstance(value, str):
        if not _DATE.fullmatch(value):
            return "data_invalida"
        try:
            value = date.fromisoformat(value)
        except ValueError:
            return "data_invalida"
    return None if years[0] <= value.year <= years[1] else "data_ano"


def content_problems(field: Field, value: Any) -> list[str]:
    """Rules on the *content* of ``field`` that ``value``, which fits its kind, breaks."""
    if field.kind == "integer" and field.values:
        return [] if str(value) in field.values else ["valor_fechado"]
    if not isinstance(value, str) or field.kind not in ("string", "text"):
        return []
    problems = []
    if field.values and value not in field.values:
        problems.append("valor_sn" if is_flag(field) else "valor_fechado")
    elif field.max_length is not None and len(value) > field.max_length:
        problems.append("tamanho")
    if (_BAD_TEXT if field.kind == "text" else _BAD_LINE).search(value):
        problems += character_rules(field, value)
    if field.pattern and not re.fullmatch(field_pattern(field), value):
        problems.append("padrao")
    return problems


def character_rules(field: Field, value: str) -> list[str]:
    """Which kinds of forbidden character ``value`` has, one rule each."""
    if field.kind == "text":
        value = value.translate(dict.fromkeys(map(ord, _LINE_BREAKS)))
    return [rule for rule, pattern in _CHARACTER_RULES if pattern.search(value)]


def is_blank(value: Any) -> bool:
    """Not filled in: absent, or a text of nothing but spaces."""
    return value is None or (isinstance(value, str) and not value.strip(" "))
