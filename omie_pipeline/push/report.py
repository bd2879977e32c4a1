"""How a push is asked for, what it came to, and its history, which the ledger must bear out."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from datetime import datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import distinct_on, insert

from omie_pipeline.catalog import WRITABLE, Endpoint
from omie_pipeline.clock import BRASILIA
from omie_pipeline.omie.faults import STATUS_TEXTS
from omie_pipeline.payload import DELIVERED
from omie_pipeline.postgres.engine import warehouse_errors
from omie_pipeline.postgres.tables import attempt, intent, ledger, plan, quarantine, run
from omie_pipeline.push.gate import PlanGate
from omie_pipeline.push.lots import LotTally
from omie_pipeline.push.pace import OF_A_CALL
from omie_pipeline.push.plan import PlannedPartition
from omie_pipeline.push.rows_to_fix import WorstRow
from omie_pipeline.texts import push as texts
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
        name = part.partition
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


ATTEMPT_DAYS = 90
"""How long call traces are kept."""

# Why planned rows do not leave: as a list, and which reasons are the commonest.

_KEPT_BACK = ("quarantined", "held")


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
        sa.select(plan.c.codigo_integracao, plan.c.partition, plan.c.state, plan.c.reasons)
        .where(plan.c.run_id == run_id, plan.c.state.in_(_KEPT_BACK))
        .order_by(plan.c.state.desc(), plan.c.codigo_integracao, plan.c.number)
        .limit(limit)
    )
    with warehouse_errors(), engine.connect() as connection:
        rows = connection.execute(query).all()
    return tuple(
        WorstRow(
            row.codigo_integracao or texts.WITHOUT_CODE,
            row.partition,
            row.state,
            one.get("reason", ""),
            one.get("fix", ""),
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
    field, rule, text = (why.c.value.op("->>")(name) for name in ("field", "rule", "reason"))
    rows = sa.func.count(sa.distinct(plan.c.number))
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
        trigger: who asked: ``cli``, ``schedule``, ``sensor``, ``ui``, ``demo``.
        approve: let one run through the guardrails.
        same: with one key: a settlement that others made is this very payment; nothing is sent.
        dry_run: plan and validate, send and remember nothing.
        data_docs_dir: folder for the validation report, ``None`` for none.
        gate: looks at the plan before its first call.
    """

    trigger: str = "cli"
    approve: bool = False
    same: bool = False
    dry_run: bool = False
    dagster_run_id: str | None = None
    data_docs_dir: Path | None = None
    gate: PlanGate | None = field(default=None, compare=False, repr=False)


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
        lot_rows: how many new records may leave in one call by the policy; 0: one.
        lots: what became of such calls.
        not_emptied: field -> rows delivered of which Omie keeps what the clinic emptied.
        would_stay: rows that a dry run would have kept back, with the reason; those refused first.
        commonest: of a dry run, why most rows would stay.
        switched_off: why nothing was looked at at all, ``""`` if the endpoint is exported.
        left_out: fields that are not exported, of those that the model has.
        new_only: records that Omie has already were left as they are (``so_novos``).
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
    lot_rows: int = 0
    lots: LotTally = field(default_factory=LotTally)
    not_emptied: dict[str, int] = field(default_factory=dict)
    would_stay: tuple[WorstRow, ...] = ()
    commonest: tuple[CommonReason, ...] = ()
    switched_off: str = ""
    left_out: tuple[str, ...] = ()
    new_only: bool = False

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
        named += texts.and_more(len(codes) - _NAMED_CODES)
    return texts.push_interrupted(endpoint=named, until=until.astimezone(BRASILIA))


# The history of syncs, and the proof that a run's report agrees with the ledger.

_RECENT_RUNS = 10
_ENDS = (*DELIVERED, "unchanged", "rejected", "quarantined", "held")


def open_run(
    engine: sa.Engine,
    run_id: str,
    empresa: str,
    endpoint: str,
    trigger: str,
    dagster_run_id: str | None,
    now: datetime,
) -> None:
    """Write that a sync begins.

    Args:
        engine: the warehouse.
        run_id: id of the run.
        empresa: the empresa whose rows are meant.
        endpoint: name of the endpoint.
        trigger: what started it: ``cli``, ``schedule``, ``sensor``, ``ui``, ``demo``.
        dagster_run_id: id of the run in Dagster, if it has one.
        now: time of the start.
    """
    statement = sa.insert(run).values(
        run_id=run_id,
        empresa=empresa,
        endpoint=endpoint,
        trigger=trigger,
        state="running",
        started_at=now,
        dagster_run_id=dagster_run_id,
    )
    with warehouse_errors(), engine.begin() as connection:
        connection.execute(statement)


def close_run(
    engine: sa.Engine,
    run_id: str,
    *,
    state: str,
    counts: Sequence[Mapping[str, Any]],
    selected: int,
    value_sum: Decimal | None,
    error: Exception | None,
    data_docs: str | None,
    now: datetime,
) -> None:
    """Write how a sync ended and drop its plan, with call traces older than ``ATTEMPT_DAYS``.

    Args:
        engine: the warehouse.
        run_id: id of the run.
        state: how it ended.
        counts: by partition.
        selected: rows in all.
        value_sum: in R$, if the endpoint has a value.
        error: the error that ended it.
        data_docs: path of the report.
        now: time of the end.
    """
    statement = (
        sa.update(run)
        .where(run.c.run_id == run_id)
        .values(
            state=state,
            finished_at=now,
            counts=list(counts),
            selected=selected,
            value_sum=value_sum,
            error_class=type(error).__name__ if error else None,
            error=str(error) if error else None,
            data_docs=data_docs,
        )
    )
    old = attempt.c.at < now - timedelta(days=ATTEMPT_DAYS)
    with warehouse_errors(), engine.begin() as connection:
        connection.execute(statement)
        connection.execute(sa.delete(plan).where(plan.c.run_id == run_id))
        connection.execute(sa.delete(attempt).where(old))


def abandon_dead_runs(
    engine: sa.Engine, empresa: str, endpoints: Collection[str], now: datetime
) -> None:
    """Close the history of processes that died; called while holding the lane.

    What they had yet to send is held, so that it is resumed whatever this run is about.

    Args:
        engine: the warehouse.
        empresa: the empresa whose rows are meant.
        endpoints: all that are sent in this lane. None of them can be at work, since the
            caller holds the lane.
        now: time of the change.
    """
    dead = (run.c.empresa == empresa, run.c.endpoint.in_(endpoints), run.c.state == "running")
    # Nearly always there is none.
    with warehouse_errors(), engine.connect() as connection:
        if not connection.scalar(sa.select(sa.exists().where(*dead))):
            return
    with warehouse_errors(), engine.begin() as connection:
        _count_ended(connection, sa.and_(*dead))
        _hold_unsent(connection, sa.and_(*dead), texts.INTERRUPTED, "interrupted", now)
        ids = sa.select(run.c.run_id).where(*dead)
        connection.execute(sa.delete(plan).where(plan.c.run_id.in_(ids)))
        connection.execute(
            sa.update(run)
            .where(*dead)
            .values(state="failed", finished_at=now, error=texts.INTERRUPTED)
        )


def leave_to_another(engine: sa.Engine, run_id: str, error: Exception, now: datetime) -> None:
    """Close the history of a run that was taken over, and hold the rows that it had yet to send.

    It writes no other row of another run's.

    Args:
        engine: the warehouse.
        run_id: id of the run.
        error: the error that says so.
        now: time of the change.
    """
    mine = run.c.run_id == run_id
    with warehouse_errors(), engine.begin() as connection:
        _count_ended(connection, mine)
        _hold_unsent(connection, mine, str(error), "taken_over", now)
        connection.execute(sa.delete(plan).where(plan.c.run_id == run_id))
        connection.execute(
            sa.update(run)
            .where(mine)
            .values(
                state="failed",
                finished_at=now,
                error_class=type(error).__name__,
                error=str(error),
            )
        )


def _count_ended(connection: sa.Connection, runs: sa.ColumnElement[bool]) -> None:
    """Write what ended ``runs`` had done by then, as far as their plans tell: rows that need no
    call never got into the plan, and what had no outcome yet is left to the next run."""
    sent = sa.exists().where(intent.c.run_id == run.c.run_id)
    query = (
        sa.select(plan.c.run_id, plan.c.partition, plan.c.state, sa.func.count())
        .join(run, run.c.run_id == plan.c.run_id)
        .where(runs, sent)
        .group_by(plan.c.run_id, plan.c.partition, plan.c.state)
    )
    ended: dict[str, dict[str, Counter[str]]] = {}
    found: Sequence[Any] = connection.execute(query).all()
    for run_id, partition, state, rows in found:
        states = ended.setdefault(run_id, {}).setdefault(partition, Counter())
        states["held" if state == "ready" else state] += rows
    for run_id, parts in ended.items():
        made = sa.select(sa.func.count()).where(attempt.c.run_id == run_id, OF_A_CALL)
        calls = [connection.execute(made).scalar_one(), *(0 for _ in parts)]
        counts = [
            {
                "partition": partition,
                "selected": states.total(),
                "delivered": sum(states[kind] for kind in DELIVERED),
                **{kind: states[kind] for kind in _ENDS},
                "calls": number,
                "seconds": 0.0,
            }
            for (partition, states), number in zip(sorted(parts.items()), calls, strict=False)
        ]
        selected = sum(states.total() for states in parts.values())
        connection.execute(
            sa.update(run).where(run.c.run_id == run_id).values(counts=counts, selected=selected)
        )


def _hold_unsent(
    connection: sa.Connection,
    runs: sa.ColumnElement[bool],
    reason: str,
    code: str,
    now: datetime,
) -> None:
    """Hold what ended ``runs`` planned and did not send, if they had begun to send.

    A dry run, or one that no guardrail had let through yet, is not to be resumed by anything.
    Only what the ledger does not know yet: of any other row it says what was confirmed, and what
    differs from that is in the next plan anyway.
    """
    rest = (
        sa.select(
            run.c.empresa,
            run.c.endpoint,
            plan.c.codigo_integracao,
            sa.literal("held"),
            sa.func.min(plan.c.partition),
            sa.literal(reason),
            sa.literal(code),
            sa.func.min(run.c.run_id),
            sa.cast(sa.literal(now), sa.DateTime(timezone=True)),
        )
        .join(run, run.c.run_id == plan.c.run_id)
        .where(
            runs,
            sa.exists().where(intent.c.run_id == run.c.run_id),
            plan.c.state == "ready",
            plan.c.action != "delete",
            plan.c.codigo_integracao.is_not(None),
        )
        .group_by(run.c.empresa, run.c.endpoint, plan.c.codigo_integracao)
    )
    columns = ["empresa", "endpoint", "codigo_integracao", "state", "partition", "last_error",
               "error_code", "run_id", "updated_at"]  # fmt: skip
    connection.execute(insert(ledger).from_select(columns, rest).on_conflict_do_nothing())


def plan_states(engine: sa.Engine, run_id: str) -> dict[tuple[str, str], int]:
    """(partition, state) -> rows of the plan."""
    query = (
        sa.select(plan.c.partition, plan.c.state, sa.func.count())
        .where(plan.c.run_id == run_id)
        .group_by(plan.c.partition, plan.c.state)
    )
    with warehouse_errors(), engine.connect() as connection:
        return {(row[0], row[1]): row[2] for row in connection.execute(query)}


def plan_deletes(engine: sa.Engine, run_id: str) -> int:
    """Rows of the plan that take something away from Omie."""
    query = sa.select(sa.func.count()).where(
        plan.c.run_id == run_id, plan.c.action == "delete", plan.c.state == "ready"
    )
    with warehouse_errors(), engine.connect() as connection:
        return connection.execute(query).scalar_one()


def plan_value_sum(engine: sa.Engine, run_id: str, value_field: str) -> Decimal:
    """Sum in R$ of what the plan would send."""
    value = plan.c.payload[value_field]
    number = sa.case(
        (sa.func.jsonb_typeof(value) == "number", sa.cast(value.astext, sa.Numeric)), else_=0
    )
    query = sa.select(sa.func.coalesce(sa.func.sum(number), 0)).where(
        plan.c.run_id == run_id, plan.c.state == "ready"
    )
    with warehouse_errors(), engine.connect() as connection:
        return Decimal(connection.execute(query).scalar_one())


def recent_selected(engine: sa.Engine, empresa: str, endpoint: str, span: str) -> list[int]:
    """Rows selected by the last finished runs over the same dates (``all``, or ``first..last``).

    Args:
        engine: the warehouse.
        empresa: the empresa whose rows are meant.
        endpoint: name of the endpoint.
        span: the dates: ``all``, or ``first..last``.
    """
    query = (
        sa.select(run.c.selected)
        .where(
            run.c.empresa == empresa,
            run.c.endpoint == endpoint,
            run.c.state == "done",
            run.c.counts.op("->")(0).op("->>")("span") == span,
        )
        .order_by(run.c.started_at.desc())
        .limit(_RECENT_RUNS)
    )
    with warehouse_errors(), engine.connect() as connection:
        return list(connection.execute(query).scalars())


def known_rows(engine: sa.Engine, empresa: str, endpoint: str) -> int:
    """Records that Omie holds for us."""
    query = sa.select(sa.func.count()).where(
        ledger.c.empresa == empresa,
        ledger.c.endpoint == endpoint,
        ledger.c.omie_id.is_not(None),
        ledger.c.state != "deleted",
    )
    with warehouse_errors(), engine.connect() as connection:
        return connection.execute(query).scalar_one()


def ledger_truth(
    engine: sa.Engine, run_id: str, endpoint: Endpoint, empresa: str
) -> dict[str, int]:
    """Rows of the plan by what the ledger (or quarantine) says of each: an independent count.

    The plan says which rows the run took upon itself. The payload model does not: a build beside
    the run may have changed it since.

    Keys: ``confirmed``, ``rejected``, ``held``, ``deleted``, ``quarantined``, ``unknown``;
    ``other`` for a row that is confirmed, but not as the plan has it; records that were deleted as
    the model no longer has them (``mirror``) count as ``removed``.

    Args:
        engine: the warehouse.
        run_id: id of the run.
        endpoint: its declaration.
        empresa: the empresa whose rows are meant.
    """
    mine = sa.and_(
        ledger.c.empresa == empresa,
        ledger.c.endpoint == endpoint.name,
        ledger.c.codigo_integracao == plan.c.codigo_integracao,
    )
    refused = sa.and_(
        quarantine.c.empresa == empresa,
        quarantine.c.endpoint == endpoint.name,
        quarantine.c.codigo_integracao == plan.c.codigo_integracao,
        quarantine.c.partition == plan.c.partition,
    )
    confirmed = ledger.c.state == "confirmed"
    same = sa.and_(confirmed, ledger.c.payload_hash.is_not_distinct_from(plan.c.payload_hash))
    # Nothing was to be done for it and the ledger says so: as of all that never got into the plan.
    stands = sa.and_(plan.c.state == "unchanged", sa.func.coalesce(same, sa.false()))
    state = sa.case(
        (
            sa.or_(quarantine.c.row_key.is_not(None), plan.c.codigo_integracao.is_(None)),
            "quarantined",
        ),
        (sa.and_(ledger.c.state == "deleted", plan.c.action == "delete"), "removed"),
        (
            sa.and_(confirmed, ledger.c.payload_hash.is_distinct_from(plan.c.payload_hash)),
            "other",
        ),
        else_=sa.func.coalesce(ledger.c.state, "unknown"),
    )
    query = (
        sa.select(state, sa.func.count())
        .select_from(plan.outerjoin(ledger, mine).outerjoin(quarantine, refused))
        .where(plan.c.run_id == run_id, sa.not_(stands))
        .group_by(sa.text("1"))
    )
    with warehouse_errors(), engine.connect() as connection:
        return {row[0]: row[1] for row in connection.execute(query)}


@dataclass(frozen=True, slots=True)
class Answered:
    """What the ledger and Omie's last answer say of one record.

    Attributes:
        state: of the ledger; ``""`` if it does not know the record.
        omie_id: Omie's id, or its code where that is no number; ``""`` if there is none.
        words: of Omie's last answer in the run; ``""`` if no call was made, or it had none.
    """

    state: str
    omie_id: str
    words: str


def answered(engine: sa.Engine, empresa: str, endpoint: str, code: str, run_id: str) -> Answered:
    """How one record stands after a run, with Omie's own words.

    Args:
        engine: the warehouse.
        empresa: the empresa whose row is meant.
        endpoint: name of the endpoint.
        code: the integration code.
        run_id: id of the run; ``""`` for none.
    """
    mine = (
        ledger.c.empresa == empresa,
        ledger.c.endpoint == endpoint,
        ledger.c.codigo_integracao == code,
    )
    known = sa.select(ledger.c.state, ledger.c.omie_id, ledger.c.omie_code).where(*mine)
    last = (
        sa.select(attempt.c.response, attempt.c.fault_text)
        .where(attempt.c.run_id == run_id, attempt.c.codigo_integracao == code)
        .order_by(attempt.c.attempt_id.desc())
        .limit(1)
    )
    with warehouse_errors(), engine.connect() as connection:
        row = connection.execute(known).one_or_none()
        call = connection.execute(last).one_or_none() if run_id else None
    response: Mapping[str, Any] = (call.response if call is not None else None) or {}
    told = (str(response[name]) for name in STATUS_TEXTS if response.get(name))
    words = (call.fault_text if call is not None else None) or next(told, "")
    if row is None:
        return Answered("", "", words)
    return Answered(row.state, str(row.omie_id or row.omie_code or ""), words)


# The last run of each endpoint, added up over its partitions.


@dataclass(frozen=True, slots=True)
class LastRun:
    """How the newest run of an endpoint ended."""

    run_id: str
    endpoint: str
    state: str
    started_at: datetime
    counts: Sequence[Mapping[str, Any]]

    def total(self, key: str) -> float | int:
        """Sum of one of the ``--json`` keys over all partitions."""
        values = [part[key] for part in self.counts]
        return float(sum(values)) if key == "seconds" else int(sum(values))


def last_runs(engine: sa.Engine, empresa: str) -> list[LastRun]:
    """The newest run of each endpoint that ever ran, in catalog order."""
    query = (
        sa.select(run)
        .where(run.c.empresa == empresa)
        .ext(distinct_on(run.c.endpoint))
        .order_by(run.c.endpoint, run.c.started_at.desc())
    )
    with warehouse_errors(), engine.connect() as connection:
        found = {
            row.endpoint: LastRun(
                row.run_id, row.endpoint, row.state, row.started_at, row.counts or []
            )
            for row in connection.execute(query)
        }
    return [found[e.name] for e in WRITABLE if e.name in found]
