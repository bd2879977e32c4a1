"""The options of a push, and its report."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path

from omie_pipeline.catalog import Endpoint
from omie_pipeline.clock import BRASILIA
from omie_pipeline.push.counts import Counts, total
from omie_pipeline.push.plan_reasons import CommonReason
from omie_pipeline.push.worst import WorstRow
from omie_pipeline.validation.model import ValidationReport

_NAMED_CODES = 5


@dataclass(frozen=True, slots=True)
class PushOptions:
    """How a push was asked for.

    Attributes:
        gatilho: who asked: ``cli``, ``schedule``, ``sensor``, ``ui``, ``demo``.
        approve: let one run through the guardrails.
        same: with one key: a settlement that others made is this very payment; nothing is sent.
        dry_run: plan and validate, send and remember nothing.
        data_docs_dir: folder for the validation report, ``None`` for none.
    """

    gatilho: str = "cli"
    approve: bool = False
    same: bool = False
    dry_run: bool = False
    dagster_run_id: str | None = None
    data_docs_dir: Path | None = None


@dataclass(frozen=True, slots=True)
class PushReport:
    """What a push came to.

    Attributes:
        partitions: counts per partition, in order.
        truth: rows of the plan by what the ledger says after the run: an independent count.
        recovered: open intents of an earlier, interrupted run that a reading settled first.
        stopped_by: why rows were held, ``""`` when none was for want of sending.
        line_down: they were held because Omie cannot be reached; no other endpoint needs to try.
        would_send: rows a dry run would have sent.
        would_stop: guardrails that would have stopped it.
        not_emptied: field -> rows delivered of which Omie keeps what the clinic emptied.
        would_stay: rows that a dry run would have kept back, with the reason; those refused first.
        commonest: of a dry run, why most rows would stay.
    """

    run_id: str
    empresa: str
    endpoint: Endpoint
    partitions: tuple[Counts, ...]
    truth: dict[str, int] = field(default_factory=dict)
    validation: ValidationReport | None = None
    data_docs: Path | None = None
    recovered: int = 0
    stopped_by: str = ""
    line_down: bool = False
    would_send: int = 0
    would_stop: tuple[str, ...] = ()
    not_emptied: dict[str, int] = field(default_factory=dict)
    would_stay: tuple[WorstRow, ...] = ()
    commonest: tuple[CommonReason, ...] = ()

    @property
    def total(self) -> Counts:
        return total(self.partitions)

    @property
    def closes(self) -> bool:
        """The identity holds in every partition and the ledger tells the same."""
        mine, truth = self.total, self.truth
        kept = mine.created + mine.updated + mine.linked
        if self.endpoint.deletes:
            kept += mine.deleted
        told = {
            "confirmed": kept,
            "rejected": mine.rejected,
            "held": mine.held,
            "quarantined": mine.quarantined,
            "removed": 0 if self.endpoint.deletes else mine.deleted,
        }
        agrees = all(truth.get(state, 0) == told.get(state, 0) for state in {*told, *truth})
        return all(part.closes for part in self.partitions) and agrees


def recovery_told(codes: Sequence[str], until: datetime) -> str:
    """What a run waits for that settles what an interrupted one left open, for people."""
    named = ", ".join(codes[:_NAMED_CODES])
    if len(codes) > _NAMED_CODES:
        named += f" e mais {len(codes) - _NAMED_CODES}"
    return (
        f"envio interrompido de {named}: o Omie será consultado de novo às "
        f"{until.astimezone(BRASILIA):%H:%M:%S}"
    )
