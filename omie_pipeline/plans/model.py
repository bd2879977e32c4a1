"""A stored plan as plain values: what it would do, row by row, and how far it has come."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal
from types import MappingProxyType
from typing import Any, Literal

from omie_pipeline.payload import Selection

PlanState = Literal["making", "made", "approved", "applied", "refused", "superseded"]
"""``making``: it is not whole yet. ``refused``: what it was about has changed since."""

RowAction = Literal["create", "update", "delete"]
RowState = Literal["ready", "waiting", "quarantined", "held"]
"""``waiting``: it leaves as soon as the record that it names is in Omie; the rest stays."""

LEAVING: tuple[RowState, ...] = ("ready", "waiting")
"""States of the rows that a plan sends."""

OPEN: tuple[PlanState, ...] = ("made", "approved")


Side = Literal["receivable", "payable"]

SIDES: Mapping[str, Side] = MappingProxyType(
    {
        "contas_receber": "receivable",
        "excluir_contas_receber": "receivable",
        "contas_pagar": "payable",
        "excluir_contas_pagar": "payable",
    }
)
"""Endpoint -> the side of the books whose títulos it makes, changes or deletes."""


@dataclass(frozen=True, slots=True)
class PlanFigures:
    """What one endpoint of a plan would do, in numbers.

    Attributes:
        selected: rows that were looked at; ``unchanged`` of them need no call.
        waiting: of those that leave, how many wait for a record of another endpoint.
        value_before, value_after: R$ of the rows that leave, in Omie now and afterwards; ``None``
            for an endpoint without a value.
        not_read: changed rows of which the copy of Omie has no record to compare with.
    """

    selected: int = 0
    unchanged: int = 0
    created: int = 0
    updated: int = 0
    deleted: int = 0
    waiting: int = 0
    quarantined: int = 0
    held: int = 0
    value_before: Decimal | None = None
    value_after: Decimal | None = None
    not_read: int = 0

    @property
    def leaving(self) -> int:
        """Rows that the plan sends."""
        return self.created + self.updated + self.deleted


SWITCHED_OFF: Mapping[str, str] = MappingProxyType({"switch": "off"})
"""In the place of digests: the endpoint was not exported when the plan was made."""


@dataclass(frozen=True, slots=True)
class PlanPart:
    """One endpoint of one empresa.

    Attributes:
        number: in the order of sending.
        stops: what guardrails say of it, in Portuguese.
        basis: digests of what its rows were made by.
        given: its rows were chosen by a person, and stand in ``deletion_request``.
        error: why there is no plan of it; ``""`` if there is one.
        run_ids: runs that applied it.
    """

    number: int
    empresa: str
    endpoint: str
    selection: Selection
    figures: PlanFigures
    stops: tuple[str, ...] = ()
    basis: Mapping[str, str] = field(default_factory=dict)
    error: str = ""
    run_ids: tuple[str, ...] = ()
    given: bool = False

    @property
    def off(self) -> bool:
        """Whether there is no plan of it because its endpoint was switched off."""
        return self.basis == SWITCHED_OFF


@dataclass(frozen=True, slots=True)
class StoredPlan:
    """A plan, without its rows.

    Attributes:
        plan_id: short, to be typed.
        subject: what it is about, in Portuguese.
        origin: ``person``, ``policy``, or the use case that made it.
        digest: of all its rows.
        over_guardrails: approved in spite of what guardrails say.
        applied_at: when it was begun last.
        ended_why: of one that is refused or superseded.
    """

    plan_id: str
    state: PlanState
    subject: str
    origin: str
    digest: str
    made_at: datetime
    made_by: str
    parts: tuple[PlanPart, ...]
    approved_at: datetime | None = None
    approved_by: str = ""
    over_guardrails: bool = False
    applied_at: datetime | None = None
    applied_by: str = ""
    ended_at: datetime | None = None
    ended_why: str = ""

    @property
    def stops(self) -> tuple[str, ...]:
        """What guardrails say, of whatever endpoint."""
        return tuple(stop for part in self.parts for stop in part.stops)

    @property
    def leaving(self) -> int:
        """Rows that it sends."""
        return sum(part.figures.leaving for part in self.parts)

    @property
    def sides(self) -> Mapping[Side, tuple[Decimal, Decimal]]:
        """R$ of the títulos that it touches, in Omie now and afterwards, by side."""
        found: dict[Side, tuple[Decimal, Decimal]] = {}
        for part in self.parts:
            side, figures = SIDES.get(part.endpoint), part.figures
            if side is None or figures.value_after is None:
                continue
            before, after = found.get(side, (Decimal(0), Decimal(0)))
            found[side] = (before + (figures.value_before or 0), after + figures.value_after)
        return found


@dataclass(frozen=True, slots=True)
class StoredRow:
    """One row of a stored plan; unmasked.

    Attributes:
        changes: field -> what Omie has, and what it is to have; ``None`` for nothing, or not read.
        read: whether the copy of Omie had the record.
        value_before, value_after: in R$.
        reasons: why it does not leave, ``{reason, fix, …}`` each.
        left_out: fields that differ and are not sent: Omie's value stands.
    """

    empresa: str
    endpoint: str
    partition: str
    codigo_integracao: str
    action: RowAction
    state: RowState
    payload_hash: str
    omie_id: int | None
    changes: Mapping[str, Sequence[Any]] = field(repr=False)
    read: bool
    value_before: Decimal | None
    value_after: Decimal | None
    reasons: Sequence[Mapping[str, str]] = field(repr=False)
    left_out: tuple[str, ...] = ()


def selection_json(selection: Selection) -> dict[str, Any]:
    """What is stored of a selection: its dates and codes."""
    return {
        "date_from": selection.date_from and selection.date_from.isoformat(),
        "date_to": selection.date_to and selection.date_to.isoformat(),
        "key": selection.key,
        "codes": list(selection.codes),
        "unfinished_only": selection.unfinished_only,
        "held_only": selection.held_only,
    }


def selection_of(empresa: str, stored: Mapping[str, Any]) -> Selection:
    """The selection that was stored."""
    return Selection(
        empresa,
        date_from=_day(stored["date_from"]),
        date_to=_day(stored["date_to"]),
        key=stored["key"],
        codes=tuple(stored["codes"]),
        unfinished_only=stored["unfinished_only"],
        held_only=stored["held_only"],
        # A guardrail that held these rows was shown to whom approved the plan.
        approved=True,
    )


def _day(text: str | None) -> date | None:
    return date.fromisoformat(text) if text else None
