"""Does one value fit one field of the catalog, and which records and lists does it name?

Lengths are official (omie-api.md#lengths). That Omie refuses control characters and what lies
outside its Latin repertoire is a guess: the JSON service stands before a SOAP one, and a name with
an emoji is no name, so it is safer to ask a person than to find out.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from functools import cache
from typing import Any, Final, Literal

from omie_pipeline.catalog import REGISTRY, ComplexType, Endpoint, Field, Service
from omie_pipeline.catalog.model import MARKER, target_of
from omie_pipeline.texts import validation as texts
from omie_pipeline.validation.model import References

# Which other records a row points at: declared references, and markers for Omie's own ids.
#
# A marker stands where a field wants the numeric id that Omie gives a record of this pipeline:
# ``{"$omie_id": ["vendedores", "PRO-7"]}``. The engine puts the id in its place when it sends.


@dataclass(frozen=True, slots=True)
class OmieId:
    """Omie's id of the record that ``endpoint`` delivers under our ``code``."""

    endpoint: str
    code: str


@dataclass(frozen=True, slots=True)
class Pointer:
    """A record that has to be in Omie before the row that points at it."""

    path: str
    target: OmieId


def marked(value: Any) -> OmieId | None:
    """The marker that ``value`` is, ``None`` for anything else.

    The shape is exact, and the record must be one that this package delivers and that has a
    number in Omie: a categoria has a code instead.
    """
    target = target_of(value)
    if target is None or target[0] not in _targets():
        return None
    return OmieId(*target)


@cache
def _targets() -> frozenset[str]:
    return frozenset(
        item.name
        for item in REGISTRY.values()
        if item.writable and not item.deletes and item.effect != "named"
    )


def markers_in(payload: Mapping[str, Any]) -> Iterator[Pointer]:
    """Every marker of a payload, at any depth, with the dotted path where it stands."""
    for name, value in payload.items():
        if type(value) is dict or type(value) is list:
            yield from _markers_at(value, name)


def targets_of(payload: Mapping[str, Any]) -> list[OmieId]:
    """Records that the markers of a payload name; nearly every row of a título has none."""
    blocks = [value for value in payload.values() if type(value) is dict or type(value) is list]
    return [pointer.target for block in blocks for pointer in _markers_at(block, "")]


def _markers_at(value: Any, path: str) -> Iterator[Pointer]:
    if isinstance(value, list):
        for number, item in enumerate(value, start=1):
            yield from _markers_at(item, f"{path}[{number}]")
    elif isinstance(value, dict):
        target = marked(value)
        if target is not None:
            yield Pointer(path, target)
            return
        for name, inner in value.items():
            yield from _markers_at(inner, f"{path}.{name}")


def codes_at(payload: Mapping[str, Any], path: str) -> list[str]:
    """Texts that stand at a dotted path, through objects and arrays; blanks are left out."""
    if "." not in path:
        value = payload.get(path)
        return [value] if isinstance(value, str) and value.strip(" ") else []
    found: list[Any] = [payload]
    for name in path.split("."):
        inner = [item.get(name) for item in found if isinstance(item, Mapping)]
        found = [x for value in inner for x in (value if isinstance(value, list) else [value])]
    return [value for value in found if isinstance(value, str) and value.strip(" ")]


def pointers(endpoint: Endpoint, payload: Mapping[str, Any]) -> Iterator[Pointer]:
    """Every record that a row of ``endpoint`` points at, declared references first."""
    for name, target in endpoint.references:
        for code in codes_at(payload, name):
            yield Pointer(name, OmieId(target, code))
    yield from markers_in(payload)


@cache
def takes_markers(endpoint_name: str) -> bool:
    """Whether any field of the endpoint's payload, at any depth, is an integer."""
    endpoint = REGISTRY[endpoint_name]
    return _has_integer(endpoint.payload, endpoint.service)


def _has_integer(kind: ComplexType, service: Service) -> bool:
    return any(
        item.kind == "integer"
        or (item.kind in ("object", "array") and _has_integer(service.type_of(item), service))
        for item in kind.fields
        if not item.read_only
    )


# Which fields name a code of a list that is read from Omie: categorias and contas correntes.

OmieList = Literal["categorias", "contas_correntes"]

CATEGORY_FIELDS: Final = frozenset(
    {
        "codigo_categoria",
        "cCodCateg",
        "cCodCategItem",
        "cCodCategReemb",
        "cCodCategRem",
        "categoria_adiantamento",
    }
)
ACCOUNT_FIELDS: Final = frozenset(
    {"id_conta_corrente", "codigo_conta_corrente", "nCodCC", "conta_corrente_adiantamento"}
)
TITLES: Final[Mapping[OmieList, str]] = {
    "categorias": "categorias",
    "contas_correntes": "contas correntes",
}
"""The name of a list as staff read it."""


def list_of(name: str) -> OmieList | None:
    """The list that a field called ``name`` takes its values from, at any depth."""
    if name in CATEGORY_FIELDS:
        return "categorias"
    return "contas_correntes" if name in ACCOUNT_FIELDS else None


def needs_lists(endpoint: Endpoint) -> frozenset[OmieList]:
    """Lists without which rows of this endpoint cannot be validated."""
    return _needed(endpoint.name)


@cache
def _needed(endpoint_name: str) -> frozenset[OmieList]:
    endpoint = REGISTRY[endpoint_name]
    found = _lists_of(endpoint.payload, endpoint.service)
    return frozenset(found)


def _lists_of(kind: ComplexType, service: Service) -> Iterator[OmieList]:
    for item in kind.fields:
        if item.read_only:
            continue
        if item.kind in ("object", "array"):
            yield from _lists_of(service.type_of(item), service)
        else:
            named = list_of(item.name)
            if named is not None:
                yield named


def uses_list(payload: Any, wanted: OmieList) -> bool:
    """Whether a payload names a code of the list ``wanted``, at any depth."""
    if isinstance(payload, list):
        return any(uses_list(item, wanted) for item in payload)
    if not isinstance(payload, Mapping):
        return False
    return any(
        uses_list(value, wanted)
        if isinstance(value, dict | list)
        else list_of(name) == wanted and value not in (None, "")
        for name, value in payload.items()
    )


# Texts whose accents were damaged on the way: UTF-8 read as Latin-1, or DOS read as Windows.
#
# A damaged text cannot be sent, and what it was is only likely, so a person corrects it. The
# patterns take no real Portuguese text for damaged: after an ``Ã`` or ``Â`` of a word in capitals
# there may be a closing quote, an ellipsis or a space that does not break.

_LETTER: Final = "A-Za-z\u00c0-\u00d6\u00d8-\u00f6\u00f8-\u00ff"
# What follows the first byte of a letter of two bytes, and never follows a real capital Ã.
_ALWAYS: Final = (
    "\u0192\u201a\u201e\u2020\u2021\u02c6\u2030\u0160\u2039\u0152\u017d\u2018\u201c\u2022"
    "\u20ac\u02dc\u2122\u0161\u203a\u0153\u017e\u0178\u00a1-\u00aa\u00ac-\u00b6\u00b8-\u00ba\u00bc-\u00bf"
)
# What may follow a real one, at the end of its word.
_INSIDE: Final = "\u00ab\u00b7\u00bb\u2019\u201d\u2013\u2026"
_CAPITAL: Final = "A-Z\u00c0-\u00d6\u00d8-\u00de"

MOJIBAKE: Final = "|".join(
    (
        f"\u00c3[{_ALWAYS}]",
        f"\u00c3[{_INSIDE}][{_LETTER}]",
        f"(?:^|[^{_CAPITAL}])\u00c3\u00a0",
        "\u00c2[\u00a1-\u00aa\u00ac-\u00ba\u00bc-\u00bf]",
        f"(?:^|[^{_CAPITAL}])\u00c2\u00a0",
        "\u00e2\u20ac",
        "\u00ef\u00bb\u00bf|\u00ef\u00bf\u00bd",
        "[\u2500-\u257f]",
        f"[{_LETTER}]\u2021[{_LETTER}]",
    )
)
"""Regular expression (Python's and RE2's) that finds a damaged text."""

_MOJIBAKE: Final = re.compile(MOJIBAKE)


def is_mojibake(value: str) -> bool:
    """The text has accents that were damaged."""
    return _MOJIBAKE.search(value) is not None


def damage(value: str) -> str:
    """The damaged signs, and what they probably were: ``"Ã£" no lugar de "ã"``; no more of the text
    is shown, because it may be a person's name."""
    found = _MOJIBAKE.search(value)
    if found is None:
        return ""
    start = found.start() + (len(found[0]) > 1 and found[0][0] not in "\u00c3\u00c2\u00e2\u00ef")
    wrong = value[start : start + 2] if value[start] in "\u00c3\u00c2" else found[0]
    try:
        right = wrong.encode("cp1252").decode("utf-8")
    except UnicodeError:
        return f'"{wrong}"'
    return texts.wrong_for_right(wrong=wrong, right=right)


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


# How an item of a contract or of an order says which service it is.


@dataclass(frozen=True, slots=True)
class ServiceNames:
    """Fields that name a registered service, and those that describe one from scratch."""

    registered: tuple[str, ...]
    described: tuple[str, ...]

    def says_registered(self, item: Mapping[str, Any]) -> bool:
        """The item names a service that is in Omie's register."""
        return any(not is_blank(item.get(name)) for name in self.registered)

    def says_nothing(self, item: Mapping[str, Any]) -> bool:
        """Neither a registered service nor any part of a description."""
        names = (*self.registered, *self.described)
        return all(is_blank(item.get(name)) for name in names)


SERVICE_ITEMS: Final[Mapping[str, ServiceNames]] = {
    "itemCabecalho": ServiceNames(("codServico",), ("natOperacao", "codServMunic", "codLC116")),
    "ServicosPrestados": ServiceNames(
        ("nCodServico", "cCodIntServico"), ("cTribServ", "cCodServMun", "cCodServLC116")
    ),
}
"""By complex type of servicos_contrato and servicos_os; the conditions are official."""


# Objects and arrays inside a payload: every field of every item, by the same rules.

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
    """A complex type, its fields by name, and those whose absence may be a fault.

    Attributes:
        plain: texts of which nothing is asked but their length and their characters; nearly every
            value inside a payload is one of these and is right, so they are looked at first.
    """

    fields: Mapping[str, Field]
    demanded: tuple[Field, ...]
    siblings: tuple[str, ...]
    computed: frozenset[str]
    service: ServiceNames | None
    plain: Mapping[str, tuple[int, Callable[[str], object]]]


def _shape(complex_type: ComplexType) -> _Shape:
    fields = complex_type.fields
    return _Shape(
        fields={field.name: field for field in fields},
        demanded=tuple(f for f in fields if f.required or _EQUALS.match(f.required_when)),
        siblings=tuple(f.name for f in fields if f.required_when == _ONE_OF_SIBLINGS),
        computed=frozenset(field.name for field in fields if is_computed(field)),
        service=SERVICE_ITEMS.get(complex_type.name),
        plain={
            field.name: (
                sys.maxsize if field.max_length is None else field.max_length,
                (_BAD_TEXT if field.kind == "text" else _BAD_LINE).search,
            )
            for field in fields
            if field.kind in ("string", "text")
            and not (field.values or field.pattern or is_computed(field) or list_of(field.name))
        },
    )


class NestedChecker:
    """Checks the nested fields of one service."""

    def __init__(self, service: Service, references: References, years: tuple[int, int]) -> None:
        """Take the lists read from Omie (for codes named inside) and the years of a date."""
        self._references = references
        self._years = years
        self._shapes = {name: _shape(item) for name, item in service.types.items()}

    def is_plainly_right(self, field: Field, value: Any) -> bool:
        """Whether ``value`` is a list of objects of plain texts with nothing wrong, as nearly all
        are; false says nothing."""
        if type(value) is not list or field.kind != "array" or field.name == "categorias":
            return False
        shape = self._shapes[field.type_name]
        if shape.siblings:
            return False
        # A loop: this is asked of every row, and a generator takes longer than what it asks.
        for item in value:  # noqa: SIM110
            if not _is_plainly_right(shape, item):
                return False
        return True

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
        if value and (shape.demanded or shape.siblings):
            yield from _missing(shape, value, path, parent)


def _is_plainly_right(shape: _Shape, item: Any) -> bool:
    if type(item) is not dict:
        return False
    known = shape.plain
    for name, content in item.items():
        if name not in known or type(content) is not str:
            return False
        longest, is_bad = known[name]
        if len(content) > longest or is_bad(content):
            return False
    for field in shape.demanded:  # noqa: SIM110 - as above
        # All that is there is a text by now.
        if not item.get(field.name, "").strip(" "):
            return False
    return True


def _missing(
    shape: _Shape, value: Mapping[str, Any], path: str, parent: Field
) -> Iterator[Problem]:
    if shape.siblings:
        filled = [name for name in shape.siblings if not is_blank(value.get(name))]
        if len(filled) != 1:
            yield Problem(path, "um_bloco", parent)
    if not any(is_blank(value.get(field.name)) for field in shape.demanded):
        return
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
