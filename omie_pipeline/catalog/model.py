"""The vocabulary of the catalog: fields, complex types, methods and endpoints as frozen data.

And what follows from a declaration alone: markers in a payload, and what empties a field.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final, Literal

Kind = Literal["string", "text", "integer", "decimal", "date", "time", "object", "array"]
"""``text`` has no known length; ``date`` is dd/mm/aaaa on the wire (omie-api.md#dates)."""


@dataclass(frozen=True, slots=True)
class Field:
    """One tag of a complex type.

    Attributes:
        name: Omie's own name, untouched.
        max_length: characters, ``None`` if no document gives it.
        required: Omie's documents mark it mandatory when a record is created.
        required_when: the documents' condition, ``""`` when unconditional.
        read_only: computed by Omie; sending it is refused or pointless.
        values: the closed list of accepted values, empty when open.
        type_name: complex type of an ``object`` or of the items of an ``array``.
        pattern: the documents' format for a string that is no date, ``999/999`` for instance.
    """

    name: str
    kind: Kind
    max_length: int | None = None
    required: bool = False
    required_when: str = ""
    read_only: bool = False
    deprecated: bool = False
    sensitive: bool = False
    values: tuple[str, ...] = ()
    type_name: str = ""
    pattern: str = ""


@dataclass(frozen=True, slots=True)
class ComplexType:
    """A named group of fields, as in Omie's WSDL."""

    name: str
    fields: tuple[Field, ...]

    def field(self, name: str) -> Field | None:
        """The field called ``name``, or ``None``: tags are case-sensitive."""
        return next((field for field in self.fields if field.name == name), None)


@dataclass(frozen=True, slots=True)
class Method:
    """One ``call`` of a service, with its request and response types."""

    name: str
    request: ComplexType
    response: ComplexType


@dataclass(frozen=True, slots=True)
class Service:
    """One URL of the API with all the methods and types that this package uses."""

    path: str
    methods: dict[str, Method]
    types: dict[str, ComplexType]
    list_arrays: dict[str, str]

    def type_of(self, field: Field) -> ComplexType:
        """Complex type that an ``object`` or ``array`` field holds."""
        return self.types[field.type_name]


Grain = Literal["register", "fact"]
"""A register is partitioned by empresa; a fact by business date × empresa."""


Effect = Literal[
    "record",
    "title",
    "contract",
    "order",
    "document",
    "named",
    "settlement",
    "billing",
    "situation",
]
"""What a delivered row is in Omie, and so how an unclear answer is resolved by reading.

``record``: a record under our integration code. ``title``: a título, which can be settled.
``contract``: a contrato, which is in a situation. ``order``: an OS with its items. ``document``: a
cliente under its CPF/CNPJ. ``named``: a record without a code of
ours, under its description and parent (see :class:`Naming`).
``settlement``: a baixa of a título.
``billing``: an OS is billed. ``situation``: a contrato is in the situation asked for.
"""


@dataclass(frozen=True, slots=True)
class Naming:
    """How a record is recognised that Omie gives a code and that has no place for ours.

    Attributes:
        parent: field of the payload with the code of the record above it.
        name: field of its description.
        inactive: field of a record read back that is ``S`` if it is out of use.
        place: field of a record read back with its place in the tree (``001.004.001``), if that is
            what tells its parent; ``""``: it says ``parent`` as the payload does.
    """

    parent: str
    name: str
    inactive: str
    place: str = ""


@dataclass(frozen=True, slots=True)
class Proof:
    """The read that shows whether an effect took place, where no *read* of the endpoint can.

    Attributes:
        service, method: what is asked.
        key: field of the question that names the record.
    """

    service: Service
    method: str
    key: str


KEY_COLUMN = "_chave"
"""Column of a payload model with our code, if the payload itself has no field for it."""


@dataclass(frozen=True, slots=True)
class Endpoint:
    """A declaration: everything the rest of the package needs to know of one destination.

    Attributes:
        name: ours, plural, without accents: CLI argument, asset name, ledger key.
        service: where it lives.
        grain: how it is partitioned.
        integration_key: field holding the code that we choose.
        omie_key: field holding Omie's id in the answers.
        upsert, insert, update, delete, read, list: method names, ``""`` when Omie has none.
        delete_omie_key, read_omie_key: how the *delete* and *read* requests call Omie's id; they
            differ by method (omie-api.md#names-of-keys).
        link: method that binds our code to a record Omie already has.
        link_omie_key: Omie's id in the link request.
        lot: lot method that makes new records, ``""`` when there is none or when its answer is
            not per item.
        lot_array: name of the array in the lot request.
        either: groups of fields of which one must be filled.
        references: field -> endpoint whose integration code it holds.
        points_at: endpoints whose ids its payload may name by markers.
        value_field: the sum in R$ that guardrails add up, ``""`` for registers.
        document_field: CPF/CNPJ field, if Omie allows only one record per document.
        deletes: for an explicit delete endpoint, the endpoint whose records it deletes.
        effect: see :data:`Effect`.
        section: object of the payload in which both keys stand (``Cabecalho``), ``""`` for the top.
        insert_section: what *insert* calls that object, if it differs from *upsert*.
        record_section: what a record read back calls it, if it differs.
        read_wrapper, record_wrapper: object in which *read* wants the key and gives the record.
        request: fields of a payload model that is no request of Omie's as it stands.
        proof: how an effect that is no record is seen.
        naming: how a ``named`` record is recognised.
        look_first: the effect may stand already, by a person's hand or another system's, and Omie
            would make a second one: look before the first call.
        once: fields that count when the record is made and are no change afterwards.
        by_value: field of the payload and value -> method, for a ``situation``.
        likeness: fields by which a person would call two rows the same, with a point before nested
            ones; what they say under a new code is looked for under the old ones.
    """

    name: str
    title: str
    service: Service
    grain: Grain
    omie_key: str
    integration_key: str = ""
    upsert: str = ""
    insert: str = ""
    update: str = ""
    delete: str = ""
    read: str = ""
    list: str = ""
    delete_omie_key: str = ""
    read_omie_key: str = ""
    link: str = ""
    link_omie_key: str = ""
    lot: str = ""
    lot_array: str = ""
    either: tuple[tuple[str, ...], ...] = ()
    references: tuple[tuple[str, str], ...] = ()
    points_at: tuple[str, ...] = ()
    value_field: str = ""
    document_field: str = ""
    deletes: str = ""
    effect: Effect = "record"
    section: str = ""
    insert_section: str = ""
    record_section: str = ""
    read_wrapper: str = ""
    record_wrapper: str = ""
    request: ComplexType | None = None
    proof: Proof | None = None
    naming: Naming | None = None
    find_existing: bool = False
    once: tuple[str, ...] = ()
    by_value: tuple[str, tuple[tuple[str, str], ...]] = ("", ())
    likeness: tuple[str, ...] = ()

    @property
    def writable(self) -> bool:
        """False for the lists we only read (contas correntes, empresas)."""
        return bool(self.upsert or self.insert or self.deletes or self.by_value[0])

    @property
    def payload(self) -> ComplexType:
        """Fields a payload model of this endpoint may have."""
        if self.request is not None:
            return self.request
        name = self.upsert or self.insert or self.delete or self.list
        return self.service.methods[name].request

    @property
    def lot_statuses(self) -> str:
        """Name of the array in which a lot's answer says how each record went; ``""`` for none."""
        if not self.lot:
            return ""
        fields = self.service.methods[self.lot].response.fields
        return next((field.name for field in fields if field.kind == "array"), "")

    @property
    def repeatable(self) -> bool:
        """Whether sending a record twice leaves one: only Omie's upserts promise that."""
        return bool(self.upsert)

    @property
    def confirmation_lasts(self) -> bool:
        """Whether Omie goes on holding what it confirmed. The hash of a deletion says nothing of
        its target, and a city hall may refuse a billing that Omie has confirmed."""
        return not self.deletes and self.effect != "billing"

    @property
    def parent_field(self) -> str:
        """Field that names the record which a row changes without being a record itself, ``""``
        else."""
        acts = self.effect in ("settlement", "billing", "situation") and self.references
        return self.references[0][0] if acts else ""

    @property
    def key_column(self) -> str:
        """Column of a payload model that holds our code, ``""`` if it stands in ``section``."""
        if self.section:
            return ""
        sent = self.integration_key and self.payload.field(self.integration_key)
        return self.integration_key if sent else KEY_COLUMN

    @property
    def record(self) -> ComplexType:
        """Fields of one record when Omie reads it back."""
        if self.read:
            response = self.service.methods[self.read].response
            wrapped = response.field(self.record_wrapper) if self.record_wrapper else None
            return self.service.type_of(wrapped) if wrapped is not None else response
        if not self.list:
            return self.payload
        return self.service.types[self.service.list_arrays[self.list]]

    def computes(self, column: str) -> bool:
        """Whether a column of a payload model is one that Omie fills in itself: a read-only field,
        a field that only records read back have, or a part of such an object (``info_dInc``)."""
        sent = self.payload.field(column)
        if sent is not None:
            return sent.read_only
        if self.record.field(column) is not None:
            return True
        head, _, tail = column.replace(".", "_").partition("_")
        whole = self.payload.field(head) or self.record.field(head)
        if whole is None or whole.kind != "object":
            return False
        computed = whole.read_only or self.payload.field(head) is None
        return computed and self.service.type_of(whole).field(tail) is not None

    def keys_of(self, record: Mapping[str, Any]) -> Mapping[str, Any]:
        """The object of a record read back in which its keys stand."""
        name = self.record_section or self.section
        inner = record.get(name) if name else record
        return inner if isinstance(inner, Mapping) else {}

    @property
    def list_array(self) -> str:
        """Name of the array that ``list`` answers with."""
        return self.service.list_arrays[self.list]

    @property
    def model(self) -> str:
        """Name of the dbt payload model: ``omie_<endpoint>``."""
        return f"omie_{self.name}"


# Markers in a payload: Omie's id of a record that this pipeline delivers itself.
#
# A payload model is built before the records that it points at have an id, so it names them by our
# own code: ``{"$omie_id": ["vendedores", "PRO-1"]}``. The hash is over the marker and so the same
# in every run; the id takes its place when the row is sent.

MARKER: Final = "$omie_id"
_PARTS: Final = 2

Target = tuple[str, str]
"""Endpoint and integration code."""


def target_of(value: Any) -> Target | None:
    """What ``value`` points at, ``None`` if it has not exactly a marker's shape."""
    if type(value) is not dict or set(value) != {MARKER}:
        return None
    parts = value[MARKER]
    if not isinstance(parts, list) or len(parts) != _PARTS:
        return None
    endpoint, code = parts
    if not isinstance(endpoint, str) or not isinstance(code, str) or not code.strip(" "):
        return None
    return endpoint, code


# What empties a field in Omie, and how sure that is.
#
# A key that is left out of a change leaves the field as it is. No document says of a single field
# what empties it; what is known is how Omie writes an empty value, kind by kind.

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


# Fields that the clinic and a person in Omie may both change.


_SITUATION = "cCodSit"
"""Of a contract: an endpoint of its own changes it, so that a change of it is no person's."""
_TWO_SIDED: dict[str, tuple[str, ...]] = {}


BY_API = "WEBSERVICE"
"""Who Omie says made or changed a record, where that was by its API (omie-api.md#audit-block)."""


def two_sided(endpoint: Endpoint) -> tuple[str, ...]:
    """Every field of a change that a record read back shows under the same name, with a point
    before nested ones; lists count as a whole. Empty where a row is no record of Omie's that it
    changes: a settlement, an order, a deletion."""
    if endpoint.name not in _TWO_SIDED:
        _TWO_SIDED[endpoint.name] = tuple(_two_sided(endpoint))
    return _TWO_SIDED[endpoint.name]


def _two_sided(endpoint: Endpoint) -> Iterator[str]:
    changes = endpoint.effect in ("record", "title", "contract") and not endpoint.deletes
    if not (changes and endpoint.update and endpoint.read):
        return
    keys = {endpoint.integration_key, endpoint.omie_key, _SITUATION, *endpoint.once}
    for name, _ in endpoint.references:
        # Whose record it is: named by our code or by Omie's id.
        plain = name.rsplit(".", maxsplit=1)[-1]
        keys |= {plain, plain.removesuffix("_integracao")}
    yield from _shown(endpoint, endpoint.payload, endpoint.record, "", frozenset(keys) | _ACTS)


def _shown(
    endpoint: Endpoint,
    sent: ComplexType,
    read: ComplexType,
    prefix: str,
    left_out: frozenset[str],
) -> Iterator[str]:
    for field in sent.fields:
        there = read.field(field.name)
        if field.name in left_out or field.read_only or there is None:
            continue
        if field.kind == "object" and there.kind == "object":
            inner = (endpoint.service.type_of(field), endpoint.service.type_of(there))
            yield from _shown(endpoint, *inner, f"{prefix}{field.name}.", left_out)
        else:
            yield f"{prefix}{field.name}"


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


def with_value(payload: Mapping[str, Any], path: str, value: Any) -> Mapping[str, Any]:
    """A copy of ``payload`` with a value at a name with points."""
    name, _, rest = path.partition(".")
    if not rest:
        return {**payload, name: value}
    inner = payload.get(name)
    return {**payload, name: with_value(inner if isinstance(inner, Mapping) else {}, rest, value)}


def without_value(payload: Mapping[str, Any], path: str) -> Mapping[str, Any]:
    """A copy of ``payload`` without what stands at a name with points, nor an object that holds
    nothing else."""
    name, _, rest = path.partition(".")
    inner = payload.get(name)
    kept = without_value(inner, rest) if rest and isinstance(inner, Mapping) else {}
    others = {one: value for one, value in payload.items() if one != name}
    return {**others, name: kept} if kept else others


def is_blank(value: Any) -> bool:
    """Whether a value says nothing: ``None``, ``""``, ``[]``, ``{}`` or 0."""
    return value is None or value in EMPTY_VALUES
