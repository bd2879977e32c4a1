"""How a push is asked for, what it came to, and why planned rows do not leave."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any

import sqlalchemy as sa

from omie_pipeline.catalog import Endpoint
from omie_pipeline.clock import BRASILIA
from omie_pipeline.postgres.engine import warehouse_errors
from omie_pipeline.postgres.tables import plan
from omie_pipeline.push.plan import PlannedPartition
from omie_pipeline.push.rows_to_fix import WorstRow
from omie_pipeline.validation.model import ValidationReport

# The accounting identity: every selected row ends in exactly one place.


@dataclass(frozen=True, slots=True)
class Counts:
    """The outcome of the rows of one partition, or of several added up.

    Attributes:
        partition: business date of a fact, empresa of a register, ``total`` for a sum.
        delivered: rows Omie confirmed in this run: created + updated + linked + deleted.
        calls: HTTP calls made for these rows, read-backs included.
        seconds: time spent sending them.
    """

    partition: str
    selected: int = 0
    created: int = 0
    updated: int = 0
    linked: int = 0
    deleted: int = 0
    unchanged: int = 0
    rejected: int = 0
    quarantined: int = 0
    held: int = 0
    calls: int = 0
    seconds: float = 0.0

    @property
    def delivered(self) -> int:
        return self.created + self.updated + self.linked + self.deleted

    @property
    def closes(self) -> bool:
        """selected = delivered + unchanged + rejected + quarantined + held."""
        ended = self.delivered + self.unchanged + self.rejected + self.quarantined + self.held
        return self.selected == ended

    def to_json(self) -> dict[str, Any]:
        """The keys ``--json`` promises, ``delivered`` included."""
        values = asdict(self)
        return {
            "partition": values.pop("partition"),
            "selected": values.pop("selected"),
            "delivered": self.delivered,
            **values,
            "seconds": round(self.seconds, 2),
        }


def count_partitions(
    planned: Iterable[PlannedPartition],
    states: Mapping[tuple[str, str], int],
    calls: Mapping[str, int],
    seconds: Mapping[str, float],
) -> tuple[Counts, ...]:
    """Counts per partition, from the plan's final states. A row still ``ready`` counts nowhere.

    Args:
        planned: partitions of the plan.
        states: rows by partition and final state.
        calls: by partition.
        seconds: by partition.
    """
    result = []
    for part in planned:
        name = part.particao
        kinds = ("created", "updated", "linked", "deleted", "rejected", "quarantined", "held")
        result.append(
            Counts(
                partition=name,
                selected=part.selected,
                unchanged=part.unchanged + states.get((name, "unchanged"), 0),
                calls=calls.get(name, 0),
                seconds=seconds.get(name, 0.0),
                **{kind: states.get((name, kind), 0) for kind in kinds},
            )
        )
    return tuple(result)


def total(counts: Iterable[Counts]) -> Counts:
    """All partitions added up."""
    fields = [f for f in Counts.__dataclass_fields__ if f != "partition"]
    listed = list(counts)
    return Counts("total", **{name: sum(getattr(c, name) for c in listed) for name in fields})


# Why planned rows do not leave: as a list, and which reasons are the commonest.

_SITUATIONS = {"quarantined": "em quarentena", "held": "retida"}


@dataclass(frozen=True, slots=True)
class CommonReason:
    """A reason and how many rows it keeps back.

    Attributes:
        example: one row's words; they may quote the source.
    """

    rows: int
    example: str


def planned_to_stay(engine: sa.Engine, run_id: str, limit: int) -> tuple[WorstRow, ...]:
    """Rows of a run's plan that validation keeps back, one entry per reason, refused ones first."""
    query = (
        sa.select(plan.c.codigo_integracao, plan.c.particao, plan.c.state, plan.c.reasons)
        .where(plan.c.run_id == run_id, plan.c.state.in_(_SITUATIONS))
        .order_by(plan.c.state.desc(), plan.c.codigo_integracao, plan.c.linha)
        .limit(limit)
    )
    with warehouse_errors(), engine.connect() as connection:
        rows = connection.execute(query).all()
    return tuple(
        WorstRow(
            row.codigo_integracao or "sem código",
            row.particao,
            _SITUATIONS[row.state],
            one.get("motivo", ""),
            one.get("correcao", ""),
        )
        for row in rows
        for one in row.reasons or [{}]
    )


def commonest_reasons(engine: sa.Engine, run_id: str, limit: int = 3) -> tuple[CommonReason, ...]:
    """The reasons for which most rows of a run's plan are quarantined, by field and rule."""
    why = (
        sa.func.jsonb_array_elements(plan.c.reasons)
        .table_valued("value", joins_implicitly=True)
        .render_derived("why")
    )
    field, rule, text = (why.c.value.op("->>")(name) for name in ("campo", "regra", "motivo"))
    rows = sa.func.count(sa.distinct(plan.c.linha))
    query = (
        sa.select(rows, sa.func.min(text))
        .select_from(plan, why)
        .where(plan.c.run_id == run_id, plan.c.state == "quarantined")
        .group_by(field, rule)
        .order_by(rows.desc(), sa.func.min(text))
        .limit(limit)
    )
    with warehouse_errors(), engine.connect() as connection:
        return tuple(CommonReason(row[0], row[1] or "") for row in connection.execute(query))


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
