"""What empties a field in Omie, and how sure that is.

A key that is left out of a change leaves the field as it is. No document says of a single field
what empties it; what is known is how Omie writes an empty value, kind by kind.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Literal

from omie_pipeline.catalog.model import ComplexType, Endpoint, Field, Kind

Sureness = Literal["documented", "recorded", "guess", "unknown"]
"""``documented``: Omie's documents; ``recorded``: seen in a recorded answer; ``guess``: nothing
contradicts it; ``unknown``: nothing is sent."""


@dataclass(frozen=True, slots=True)
class Emptying:
    """How a field is emptied.

    Attributes:
        value: what is sent.
        source: where that comes from.
    """

    value: Any
    sure: Sureness
    source: str

    @property
    def proven(self) -> bool:
        """Whether it is sent without being asked for."""
        return self.sure in ("documented", "recorded")


_TEXT = Emptying("", "documented", 'omie-api.md#empty-values: empty = ""')
_FLAG = Emptying("", "recorded", 'omie-api.md#flags: "" for "not set"')
_NUMBER = Emptying(0, "documented", "a number like any other")
_ID = Emptying(0, "guess", "omie-api.md#empty-values: reads show 0 where nothing is set")
_LIST = Emptying([], "guess", "omie-api.md#what-a-change-replaces: a list is replaced as a whole")
_NOTHING = Emptying(None, "unknown", "no document and no recording")

_BY_KIND: Mapping[Kind, Emptying] = {
    "string": _TEXT,
    "text": _TEXT,
    "date": _TEXT,
    "time": _TEXT,
    "decimal": _NUMBER,
    "integer": _ID,
    "array": _LIST,
}
_BY_NAME: Mapping[str, Emptying] = {
    # Without an account or a category Omie takes no título: it is not known what it would do.
    "id_conta_corrente": _NOTHING,
    "nCodCC": _NOTHING,
    "cCodCateg": _NOTHING,
}
_ACTS = frozenset(
    {
        "acao", "aprendizado_rateio", "baixar_documento", "conciliar_documento", "enviar_anexos",
        "pagamento", "pesquisar_cep", "recebimento", "repeticao", "separar_endereco", "viaUnica",
    }
)  # fmt: skip
"""Fields that say what Omie is to do with a call, and hold nothing afterwards."""
_CHANGED_BY_ITEM = frozenset({"ServicosPrestados", "itensContrato", "Parcelas"})
"""Lists whose items are changed one by one."""


_FOUND: dict[str, Mapping[str, Emptying]] = {}


def emptyings(endpoint: Endpoint) -> Mapping[str, Emptying]:
    """Every field of a change that can lose its value, with a point before nested ones."""
    if endpoint.name not in _FOUND:
        _FOUND[endpoint.name] = _emptyings(endpoint)
    return _FOUND[endpoint.name]


def _emptyings(endpoint: Endpoint) -> Mapping[str, Emptying]:
    if not (endpoint.update or endpoint.upsert) or endpoint.deletes:
        return {}
    keys = {endpoint.integration_key, endpoint.omie_key, endpoint.document_field, *endpoint.once}
    keys |= {name.rsplit(".", maxsplit=1)[-1] for name, _ in endpoint.references}
    keys |= {name for group in endpoint.either for name in group}
    return dict(_within(endpoint, endpoint.payload, "", frozenset(keys) | _ACTS | _CHANGED_BY_ITEM))


def _within(
    endpoint: Endpoint, holder: ComplexType, prefix: str, left_out: frozenset[str]
) -> Iterator[tuple[str, Emptying]]:
    for field in holder.fields:
        if field.name in left_out or field.required or field.read_only:
            continue
        if field.kind == "object":
            inner = endpoint.service.type_of(field)
            yield from _within(endpoint, inner, f"{prefix}{field.name}.", left_out)
        else:
            yield f"{prefix}{field.name}", _emptying(field)


def _emptying(field: Field) -> Emptying:
    if field.name in _BY_NAME:
        return _BY_NAME[field.name]
    if set(field.values) == {"S", "N"}:
        return _FLAG
    return _BY_KIND[field.kind]


def filled_fields(endpoint: Endpoint, payload: Mapping[str, Any]) -> tuple[str, ...]:
    """Names of the fields that a payload fills and that can lose their value."""
    known = emptyings(endpoint)
    return tuple(name for name in known if not is_blank(value_at(payload, name)))


EMPTY_VALUES: tuple[Any, ...] = ("", [], {}, 0)


def value_at(payload: Mapping[str, Any], path: str) -> Any:
    """What stands at a name with points; ``None`` if nothing does."""
    value: Any = payload
    for name in path.split("."):
        value = value.get(name) if isinstance(value, Mapping) else None
    return value


def is_blank(value: Any) -> bool:
    """Whether a value says nothing: ``None``, ``""``, ``[]``, ``{}`` or 0."""
    return value is None or value in EMPTY_VALUES
