"""Rows on their way: planned, with their outcomes, and left open by a crash."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Literal

Kind = Literal[
    "created", "updated", "linked", "deleted", "unchanged", "rejected", "held", "unknown"
]
"""``unknown``: the call may have taken effect; the row is held and its intent stays open.
``unchanged``: the row asks for what is so already, and nothing was done."""

DELIVERED: tuple[Kind, ...] = ("created", "updated", "linked", "deleted")

SETTLED: tuple[Kind, ...] = (*DELIVERED, "unchanged")
"""Nothing is left to do for the row: the ledger has it as confirmed."""

REFUSED_BEFORE = 2
"""Priority of a planned row whose very payload Omie refused once: it comes last."""

ADOPTED = "_adopted"
"""Key of a planned row's ``extra``, and of an intent's payload: the record is named by Omie's id
alone."""

CLOSED_IN_OMIE = ("titulo_baixado", "titulo_cancelado")
"""Rules of quarantine for a record whose state in Omie a person has to change first."""

_REQUEST_MEMORY = timedelta(hours=12)


@dataclass(frozen=True, slots=True)
class PlanRow:
    """One row of the plan: what to send, and what the ledger knew of it.

    Attributes:
        refused_before: Omie refused this very payload once.
        filled: names of fields that Omie confirmed with a value and that can be emptied; nested
            ones with a point.
    """

    number: int
    partition: str
    codigo_integracao: str | None
    action: str
    payload: Mapping[str, Any]
    extra: Mapping[str, Any]
    payload_hash: str
    omie_id: int | None
    refused_before: bool = False
    filled: tuple[str, ...] = ()

    @property
    def adopted(self) -> bool:
        """Whether the record is one that a person made in Omie: it bears no code of ours there."""
        return bool(self.extra.get(ADOPTED))

    @property
    def left_open(self) -> bool:
        """Whether it is what an interrupted run sent, rather than a row of this run's plan."""
        return self.number < 0

    @property
    def code(self) -> str:
        """The integration code; empty if the row has none."""
        return self.codigo_integracao or ""


@dataclass(frozen=True, slots=True)
class RowOutcome:
    """The outcome of a row.

    Attributes:
        omie_id: Omie's id if the answer gave one; ``omie_code`` if it is no number.
        error, error_code, fix, fault_class: Omie's words (masked), what to do, and the error of
            our tree, for rejected and held rows.
        held_until: when trying again makes sense.
        row_masked: the payload with personal fields masked, for rejected rows.
        called: off for what was decided before any call: an intent of an earlier run stays open.
        same_as: Omie's id of a record that others made and a person linked to this row.
        in_doubt: refused in words that may follow upon the effect: what Omie holds is not known.
    """

    row: PlanRow
    kind: Kind
    omie_id: int | None = None
    error: str = ""
    error_code: str = ""
    fix: str = ""
    fault_class: str = ""
    held_until: datetime | None = None
    row_masked: Mapping[str, Any] | None = None
    at: datetime | None = None
    omie_code: str = ""
    called: bool = True
    in_doubt: bool = False
    same_as: int | None = None


@dataclass(frozen=True, slots=True)
class Attempt:
    """Masked trace of one HTTP call."""

    codigo_integracao: str | None
    method: str
    request: Mapping[str, Any]
    response: Mapping[str, Any] | None
    http_status: int
    fault_class: str | None
    fault_code: str | None
    fault_text: str | None
    duration_ms: float
    at: datetime


@dataclass(frozen=True, slots=True)
class OpenIntent:
    """A call whose outcome is not known.

    Attributes:
        sent_at: the latest moment at which the call may have left; ``None`` when it never left.
        created_at: when the intent was written; the call left after it.
    """

    row: PlanRow
    sent_at: datetime | None
    created_at: datetime


def plan_row(row: Any) -> PlanRow:
    """A row of ``omie_sync.plan``."""
    return PlanRow(
        row.number,
        row.partition,
        row.codigo_integracao,
        row.action,
        row.payload,
        row.extra,
        row.payload_hash,
        row.omie_id,
        row.priority == REFUSED_BEFORE,
        tuple(row.filled or ()),
    )


def intent_payload(row: PlanRow) -> Mapping[str, Any]:
    """What an intent keeps of a row: the payload, and whether the record is named by its id."""
    return {**row.payload, ADOPTED: True} if row.adopted else row.payload


def open_intent(row: Any, now: datetime) -> OpenIntent:
    """A row of ``omie_sync.intent`` with ``let_through_at`` of the request memory beside it."""
    payload = dict(row.payload or {})
    adopted = payload.pop(ADOPTED, False)
    row_sent = PlanRow(
        -row.intent_id,
        row.partition,
        row.codigo_integracao,
        row.action,
        payload,
        {ADOPTED: True} if adopted else {},
        row.payload_hash or "",
        row.omie_id,
        filled=tuple(row.filled or ()),
    )
    # A stamp ahead of now comes from a clock that was wrong: it left by now at the latest.
    if row.let_through_at is not None:
        return OpenIntent(row_sent, min(row.let_through_at, now), row.created_at)
    if row.sent_at is not None:
        return OpenIntent(row_sent, min(row.sent_at, now), row.created_at)
    # The request memory forgets; beyond it, the call may have left long ago.
    forgotten = row.created_at < now - _REQUEST_MEMORY
    return OpenIntent(row_sent, row.created_at if forgotten else None, row.created_at)
