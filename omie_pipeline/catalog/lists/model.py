"""The vocabulary of imported lists: which list of Omie fills which table of schema ``omie``."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from omie_pipeline.catalog.model import ComplexType, Grain, Service

ColumnKind = Literal["text", "bigint", "numeric", "date", "jsonb"]
Personal = Literal["", "name", "document", "contact", "note"]
"""What a column tells of a person: masked for analysts, erasable. ``note`` is free text."""

Family = Literal["cadastros", "titulos", "movimentacoes", "notas"]
"""Tables that one sensor watches together."""


@dataclass(frozen=True, slots=True)
class Column:
    """One typed column beside the raw JSON.

    Attributes:
        path: where the value is in Omie's record, dotted.
        comment: the column's comment in the database.
        or_path: where the value is in records that have none under ``path``.
    """

    name: str
    path: str
    kind: ColumnKind
    comment: str
    personal: Personal = ""
    or_path: str = ""


@dataclass(frozen=True, slots=True)
class Window:
    """The request tags of a window of days, both ends included.

    Attributes:
        first, last: tags that take dd/mm/aaaa.
        fixed: further tags that make it this kind of window.
    """

    first: str
    last: str
    fixed: tuple[tuple[str, str], ...] = ()


Paging = Literal["snake", "hungarian", "none"]


@dataclass(frozen=True, slots=True)
class ListCall:
    """How one list is asked (omie-api.md#paging).

    Attributes:
        fixed: tags sent with every page; the order by ascending code is among them if the
            method has one, because offsets shift least under it.
        created: window on the day a record belongs to for ever (inclusion, emission): it cuts the
            list into partitions. ``None``: the list cannot be cut.
        changed: window on inclusion or change; ``None``: every reading is a whole one.
        page_size: asked first; Omie may serve less.
    """

    method: str
    paging: Paging
    fixed: tuple[tuple[str, str], ...] = ()
    created: Window | None = None
    changed: Window | None = None
    page_size: int = 500


@dataclass(frozen=True, slots=True)
class Audit:
    """Paths of who created and changed a record, and when; ``""`` if Omie does not say."""

    included_day: str = ""
    included_hour: str = ""
    included_by: str = ""
    changed_day: str = ""
    changed_hour: str = ""
    changed_by: str = ""
    by_api: str = ""


@dataclass(frozen=True, slots=True)
class ChildTable:
    """Rows that stand in an array of each record and have an id of their own.

    Attributes:
        path: the array.
        parent: column that holds the parent's key.
    """

    table: str
    title: str
    path: str
    key: str
    parent: str
    columns: tuple[Column, ...]


@dataclass(frozen=True, slots=True)
class Admission:
    """Columns that an empresa's filters look at; ``""`` if the table has no such thing.

    Attributes:
        account: bank account id.
        nature: ``R`` or ``P``.
        status: status word; a row is open unless it is one of ``closed``.
    """

    account: str = ""
    nature: str = ""
    status: str = ""
    closed: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class MirrorTable:
    """A declaration: one list of Omie, one table of ours.

    Attributes:
        name: ours: CLI argument, asset name, key in ``omie_sync``.
        table: in schema ``omie``; two lists may fill one (``notas_fiscais``).
        grain: ``fact`` is partitioned by day × empresa, ``register`` by empresa.
        key: columns that identify a row within its empresa.
        partition: path of the day a fact belongs to, the one the ``created`` window looks at.
        ledger: endpoint whose ledger knows the records we made, ``""`` for none.
        constants: columns that are the same for every row of this list.
        derived: columns computed in the warehouse after a merge: (name, kind, comment).
        side: ``R`` or ``P`` when every row is a receivable or a payable.
        hidden: fields that must never reach the database (certificates, secrets).
    """

    name: str
    table: str
    title: str
    family: Family
    grain: Grain
    service: Service
    call: ListCall
    key: tuple[str, ...]
    columns: tuple[Column, ...]
    audit: Audit = Audit()
    partition: str = ""
    integration_code: str = ""
    ledger: str = ""
    constants: tuple[tuple[str, str], ...] = ()
    derived: tuple[tuple[str, str, str], ...] = ()
    child: ChildTable | None = None
    admission: Admission = Admission()
    side: Literal["", "R", "P"] = ""
    hidden: tuple[str, ...] = ()

    @property
    def array(self) -> str:
        """Name of the array that the list answers with."""
        return self.service.list_arrays[self.call.method]

    @property
    def record(self) -> ComplexType:
        """Fields of one record that Omie's documents know."""
        response = self.service.methods[self.call.method].response
        field = response.field(self.array)
        if field is None:
            raise AssertionError(f"{self.call.method} answers without {self.array}")
        return self.service.type_of(field)

    def column(self, name: str) -> Column:
        """The column called ``name``."""
        return next(column for column in self.columns if column.name == name)


# Short forms for the declarations of this folder.


def text(name: str, path: str, comment: str, personal: Personal = "") -> Column:
    """A text column.

    Args:
        name: the name of the column.
        path: where the value is in Omie's record, dotted.
        comment: in the database.
        personal: what it says of a person.
    """
    return Column(name, path, "text", comment, personal)


def bigint(name: str, path: str, comment: str) -> Column:
    """An id or a whole number."""
    return Column(name, path, "bigint", comment)


def numeric(name: str, path: str, comment: str, or_path: str = "") -> Column:
    """Money in R$, or another exact number.

    Args:
        name: the name of the column.
        path: where the value is in Omie's record, dotted.
        comment: in the database.
        or_path: where it is if there is none under ``path``.
    """
    return Column(name, path, "numeric", comment, or_path=or_path)


def day(name: str, path: str, comment: str) -> Column:
    """A date (dd/mm/aaaa on the wire)."""
    return Column(name, path, "date", comment)


def jsonb(name: str, path: str, comment: str) -> Column:
    """A nested list or object, as it came."""
    return Column(name, path, "jsonb", comment)


INFO = Audit(
    "info.dInc", "info.hInc", "info.uInc", "info.dAlt", "info.hAlt", "info.uAlt", "info.cImpAPI"
)
"""The audit block of most lists (omie-api.md#audit-block)."""
