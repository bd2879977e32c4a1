"""What is mapped to what: kinds of values, kinds of codes, and one decision of a person."""

from __future__ import annotations

import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Final, Literal, get_args

SourceKind = Literal["category", "procedure", "payment_method", "supplier_kind", "omie_category"]
"""Whose value is mapped: the clinic's category as its rows write it, a procedure (by id), a payment
method (by id, or its Omie type), a kind of supplier; or, for analysis, a category of Omie's."""

TargetKind = Literal["category", "account", "department", "project", "managerial_category"]
"""What it is mapped to: a code of one of Omie's lists, or the company's own word for analysis."""

Origin = Literal["person", "suggestion", "import", "default"]
"""How a decision came about. ``default``: taken over from what the installation had before."""

ALL: Final = "*"
"""The empresa of a mapping that serves every empresa which has none of its own."""
ANY_VALUE: Final = "*"
"""The value that stands for every other one of its kind: a default for what is not mapped."""

_OF_MONEY: Final[tuple[TargetKind, ...]] = ("category", "department", "project")
TARGETS: Final[Mapping[SourceKind, tuple[TargetKind, ...]]] = {
    "category": _OF_MONEY,
    "procedure": _OF_MONEY,
    "payment_method": ("account",),
    "supplier_kind": _OF_MONEY,
    "omie_category": ("managerial_category",),
}
"""By kind, what it may be mapped to; the first is meant where none is named."""

KINDS: Final[tuple[SourceKind, ...]] = get_args(SourceKind)


def as_read(value: str) -> str:
    """A value of the clinic's as its models read it (macro ``texto`` of dbt): accents in one sign
    with their letter, no blanks around it. A keyboard or a file may write it otherwise."""
    return unicodedata.normalize("NFC", value).strip()


@dataclass(frozen=True, slots=True)
class SourceKey:
    """What is mapped.

    Attributes:
        empresa: its name, or ``*``.
        kind: whose value it is.
        source: the value as the clinic writes it; ``*`` for every other.
        target: what it is mapped to.
    """

    empresa: str
    kind: SourceKind
    source: str
    target: TargetKind


@dataclass(frozen=True, slots=True)
class MappedCode:
    """One mapping in force.

    Attributes:
        code: Omie's code, or the word of ``managerial_category``.
        decided_by: who; empty where it was taken over from an earlier version.
        decided_at: when; ``None`` likewise.
    """

    key: SourceKey
    code: str
    origin: Origin
    decided_by: str = ""
    decided_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class SourceItem:
    """A value of the clinic's (or a category of Omie's) that may be mapped.

    Attributes:
        name: what people call it; the value itself where nothing else is known.
        description: more words about it, if there are any.
        rows: rows of the clinic that have it.
        settled: it needs no mapping: it says a code of Omie's itself.
    """

    kind: SourceKind
    source: str
    name: str
    description: str = ""
    rows: int = 0
    settled: bool = False


@dataclass(frozen=True, slots=True)
class TargetCode:
    """An entry of one of Omie's lists, as last read.

    Attributes:
        parent: name of the group above, if it has one.
        active: it may be used: not inactive, and no total line.
        total_line: a group of others, which takes no títulos.
        revenue: whether it is income; ``None`` where the list does not say.
    """

    target: TargetKind
    code: str
    name: str
    parent: str = ""
    active: bool = True
    total_line: bool = False
    revenue: bool | None = None


@dataclass(frozen=True, slots=True)
class Suggestion:
    """A code that may be meant, the likeliest first.

    Attributes:
        confidence: from 0 to 1: how often one like this is right.
        evidence: one Portuguese sentence that says why; names no person.
    """

    code: str
    confidence: float
    evidence: str


@dataclass(frozen=True, slots=True)
class Rejected:
    """A code that a person said is not the one for a value."""

    key: SourceKey
    code: str
