"""What is remembered, as lists for a person: runs, readings, and rows that did not get through.

Everything here is masked already where it is stored: codes, reasons and fixes, no names.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from decimal import Decimal
from typing import Any, Final, Literal, TypeVar

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import distinct_on

from omie_pipeline.catalog import REGISTRY
from omie_pipeline.catalog.row_labels import field_in_fault, person_in, record_acted_upon
from omie_pipeline.postgres.engine import warehouse_errors
from omie_pipeline.postgres.locks import lanes_held, reading_lane, sending_lane
from omie_pipeline.postgres.omie_tables import import_run
from omie_pipeline.postgres.tables import ledger, quarantine, rejected, run
from omie_pipeline.texts import push as texts

RowState = Literal["quarantined", "rejected", "held"]
"""Why a row did not get through: our validation, Omie, or that it has to wait."""
_COUNTED = (
    "selected", "delivered", "created", "updated", "linked", "deleted", "unchanged",
    "rejected", "quarantined", "held", "calls",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class ListFilter:
    """Which entries to list, newest first.

    Attributes:
        empresas, endpoints: names; empty lists all. For readings the endpoints are tables.
        limit: entries at most; ``None`` lists all.
        after: the last one of the page before: of runs and readings its beginning and id, of rows
            that did not get through when they were first seen and their key.
        why: of those rows, only the ones with this cause (:data:`WHY`).
        codes: of those rows, only these integration codes; ``None`` for any.
    """

    empresas: tuple[str, ...] = ()
    endpoints: tuple[str, ...] = ()
    limit: int | None = None
    after: tuple[datetime, str] | None = None
    why: str = ""
    codes: tuple[str, ...] | None = None


@dataclass(frozen=True, slots=True)
class RunEntry:
    """One sync of one endpoint, its partitions added up.

    Attributes:
        counts: rows by outcome, and ``calls``.
        seconds: wall time; ``None`` while it runs.
        state: ``running``, ``done``, ``dry_run``, ``stopped`` (by a guardrail) or ``failed``.
    """

    run_id: str
    empresa: str
    endpoint: str
    trigger: str
    state: str
    started_at: datetime
    seconds: float | None
    counts: dict[str, int]
    error_class: str
    error: str
    finished_at: datetime | None = None
    dagster_run_id: str = ""


@dataclass(frozen=True, slots=True)
class ReadingEntry:
    """One reading of one table of Omie.

    Attributes:
        mode: ``full`` or ``incremental``.
        counts: ``total_omie``, ``read``, ``inserted``, ``updated``, ``unchanged``, ...
        seconds: wall time; ``None`` while it runs.
        complete: Omie's total was met; ``None`` while it runs.
        state: ``running``, ``done``, ``stopped`` (Omie did not answer) or ``failed``.
        fix: what Omie's fault asks a person to do, in Portuguese.
    """

    run_id: str
    empresa: str
    table: str
    mode: str
    trigger: str
    state: str
    started_at: datetime
    seconds: float | None
    counts: dict[str, int]
    complete: bool | None
    error_class: str
    error: str
    fix: str
    finished_at: datetime | None = None
    dagster_run_id: str = ""


@dataclass(frozen=True, slots=True)
class RefusedReason:
    """Why a row did not get through, and what to do about it, in Portuguese."""

    text: str
    fix: str = ""
    field: str = ""


_Entry = TypeVar("_Entry", RunEntry, ReadingEntry)


@dataclass(frozen=True, slots=True)
class RefusedEntry:
    """A row that is in quarantine or rejected, or that waits.

    Attributes:
        state: which of the three; key: what tells it from others first seen at the same moment.
        code: integration code; a made-up one if the row has none.
        origin: the clinic's row, ``pacientes/17``; ``""`` if the model does not say.
        person: our code of whom the row is about, ``""`` if it does not say.
        acts_upon: endpoint and code of the record that a payment or a billing is about.
        value: the row's sum in R$.
        first_words: what Omie said of this very content first, if that was something else.
    """

    empresa: str
    endpoint: str
    code: str
    partition: str
    reasons: tuple[RefusedReason, ...]
    first_seen_at: datetime
    last_seen_at: datetime
    origin: str = ""
    person: str = ""
    acts_upon: tuple[str, str] = ("", "")
    value: Decimal | None = None
    first_words: str = ""
    first_refused_at: datetime | None = None
    state: RowState = "quarantined"
    key: str = ""


WHY: Final[Mapping[RowState, sa.ColumnElement[str]]] = {
    "quarantined": sa.func.coalesce(quarantine.c.reasons[0]["rule"].astext, ""),
    "rejected": sa.func.left(sa.func.md5(rejected.c.fix), 12),
    "held": sa.func.coalesce(ledger.c.error_code, ""),
}
"""What rows that did not get through for the same cause have in common: the first rule that they
break; what Omie's refusal asks people to do, as a digest; what they wait for."""
_KEYS: Final[Mapping[RowState, sa.ColumnElement[str]]] = {
    "quarantined": quarantine.c.row_key,
    "rejected": rejected.c.codigo_integracao,
    "held": ledger.c.codigo_integracao,
}


def recent_runs(engine: sa.Engine, wanted: ListFilter) -> tuple[RunEntry, ...]:
    """The history of syncs, newest first."""
    query = sa.select(run).where(*_conditions(run, wanted), *_next_page(run, wanted))
    query = query.order_by(run.c.started_at.desc(), run.c.run_id.desc())
    return _told_whole(
        engine,
        query.limit(wanted.limit),
        lambda row: sending_lane(row.empresa, row.endpoint),
        _run_entry,
    )


def recent_readings(engine: sa.Engine, wanted: ListFilter) -> tuple[ReadingEntry, ...]:
    """The history of readings, newest first."""
    c = import_run.c
    conditions: list[sa.ColumnElement[bool]] = []
    if wanted.empresas:
        conditions.append(c.empresa.in_(wanted.empresas))
    if wanted.endpoints:
        conditions.append(c.table_name.in_(wanted.endpoints))
    conditions += _next_page(import_run, wanted)
    query = sa.select(import_run).where(*conditions)
    query = query.order_by(c.started_at.desc(), c.run_id.desc())
    return _told_whole(
        engine,
        query.limit(wanted.limit),
        lambda row: reading_lane(row.empresa, row.table_name),
        _reading_entry,
    )


def _next_page(table: sa.Table, wanted: ListFilter) -> list[sa.ColumnElement[bool]]:
    if wanted.after is None:
        return []
    at, run_id = wanted.after
    place = sa.tuple_(table.c.started_at, table.c.run_id)
    return [place < sa.tuple_(sa.literal(at), sa.literal(run_id))]


def _told_whole(
    engine: sa.Engine,
    query: sa.Select[Any],
    lane_of: Callable[[sa.Row[Any]], str],
    entry: Callable[[sa.Row[Any]], _Entry],
) -> tuple[_Entry, ...]:
    """The entries of a history; those whose process died count as failed."""
    rows = _rows(engine, query)
    going = {row.run_id: lane_of(row) for row in rows if row.state == "running"}
    if not going:
        return tuple(entry(row) for row in rows)
    alive = lanes_held(engine, going.values())
    # A run closes its row before it releases its lane, so a row that still runs without one has
    # died.
    dead = {run_id for run_id, name in going.items() if name not in alive}
    return tuple(
        replace(entry(row), state="failed", error=texts.INTERRUPTED)
        if row.run_id in dead and row.state == "running"
        else entry(row)
        for row in _rows(engine, query)
    )


def first_reasons(
    engine: sa.Engine, run_ids: Sequence[str]
) -> dict[str, tuple[RefusedReason, ...]]:
    """Of each run, one row that Omie refused and one that validation held, as examples.

    Rows that got through since are not among them.
    """
    found: dict[str, tuple[RefusedReason, ...]] = {}
    reason, names = quarantine.c.reasons[0], ("text", "fix", "field")
    for table, told in (
        (rejected, (rejected.c.fault_text, rejected.c.fix, sa.literal(""))),
        (quarantine, (reason["reason"].astext, reason["fix"].astext, reason["field"].astext)),
    ):
        query = (
            sa.select(table.c.run_id, *(c.label(name) for c, name in zip(told, names, strict=True)))
            .where(table.c.run_id.in_(run_ids))
            .ext(distinct_on(table.c.run_id))
            .order_by(table.c.run_id, table.c.first_seen_at)
        )
        for row in _rows(engine, query):
            one = RefusedReason(row.text or "", row.fix or "", row.field or "")
            found[row.run_id] = (*found.get(row.run_id, ()), one)
    return found


def quarantined_rows(engine: sa.Engine, wanted: ListFilter) -> tuple[RefusedEntry, ...]:
    """Rows our own validation refused, those first seen last on top."""
    return tuple(_quarantine_entry(row) for row in _refused(engine, "quarantined", wanted))


def held_rows(engine: sa.Engine, wanted: ListFilter) -> tuple[RefusedEntry, ...]:
    """Rows that wait, those first seen last on top; whose they are, the ledger does not say."""
    return tuple(
        RefusedEntry(
            empresa=row.empresa,
            endpoint=row.endpoint,
            code=row.codigo_integracao,
            partition=row.partition,
            reasons=(RefusedReason(row.last_error or ""),),
            first_seen_at=row.first_seen_at,
            last_seen_at=row.updated_at,
            state="held",
            key=row.codigo_integracao,
        )
        for row in _refused(engine, "held", wanted)
    )


def rejected_rows(engine: sa.Engine, wanted: ListFilter) -> tuple[RefusedEntry, ...]:
    """Rows Omie refused, those first seen last on top."""
    return tuple(
        RefusedEntry(
            empresa=row.empresa,
            endpoint=row.endpoint,
            code=row.codigo_integracao,
            partition=row.partition,
            reasons=(
                RefusedReason(
                    row.fault_text,
                    row.fix,
                    field_in_fault(REGISTRY[row.endpoint], row.fault_text),
                ),
            ),
            first_seen_at=row.first_seen_at,
            last_seen_at=row.last_seen_at,
            first_words=row.first_fault_text
            if row.first_fault_text and row.first_fault_text != row.fault_text
            else "",
            first_refused_at=row.first_refused_at,
            state="rejected",
            key=row.codigo_integracao,
            **_about(row.endpoint, row.codigo_integracao, row.row_masked),
        )
        for row in _refused(engine, "rejected", wanted)
    )


def _refused(engine: sa.Engine, state: RowState, wanted: ListFilter) -> Sequence[sa.Row[Any]]:
    """Rows of the table of a state, those first seen last on top."""
    table: sa.Table = {"quarantined": quarantine, "rejected": rejected, "held": ledger}[state]
    c, key = table.c, _KEYS[state]
    conditions = _conditions(table, wanted)
    if state == "held":
        conditions.append(c.state == "held")
    if wanted.why:
        conditions.append(WHY[state] == wanted.why)
    if wanted.codes is not None:
        conditions.append(c.codigo_integracao == sa.func.any(list(wanted.codes)))
    if wanted.after is not None:
        at, last = wanted.after
        earlier = c.first_seen_at < at
        conditions.append(sa.or_(earlier, sa.and_(c.first_seen_at == at, key > last)))
    query = sa.select(table).where(*conditions).order_by(c.first_seen_at.desc(), key)
    return _rows(engine, query.limit(wanted.limit))


def _conditions(table: sa.Table, wanted: ListFilter) -> list[sa.ColumnElement[bool]]:
    conditions: list[sa.ColumnElement[bool]] = []
    if wanted.empresas:
        conditions.append(table.c.empresa.in_(wanted.empresas))
    if wanted.endpoints:
        conditions.append(table.c.endpoint.in_(wanted.endpoints))
    return conditions


def _rows(engine: sa.Engine, query: sa.Select[Any]) -> Sequence[sa.Row[Any]]:
    with warehouse_errors(), engine.connect() as connection:
        return connection.execute(query).all()


def _run_entry(row: sa.Row[Any]) -> RunEntry:
    parts = row.counts or []
    finished = row.finished_at
    return RunEntry(
        run_id=row.run_id,
        empresa=row.empresa,
        endpoint=row.endpoint,
        trigger=row.trigger,
        state=row.state,
        started_at=row.started_at,
        seconds=(finished - row.started_at).total_seconds() if finished else None,
        counts={name: sum(int(part.get(name, 0)) for part in parts) for name in _COUNTED},
        error_class=row.error_class or "",
        error=row.error or "",
        finished_at=finished,
        dagster_run_id=row.dagster_run_id or "",
    )


def _reading_entry(row: sa.Row[Any]) -> ReadingEntry:
    finished, counts = row.finished_at, row.counts or {}
    return ReadingEntry(
        run_id=row.run_id,
        empresa=row.empresa,
        table=row.table_name,
        mode=row.mode,
        trigger=row.trigger,
        state=row.state,
        started_at=row.started_at,
        seconds=(finished - row.started_at).total_seconds() if finished else None,
        counts={name: value for name, value in counts.items() if isinstance(value, int)},
        complete=row.complete,
        error_class=row.error_class or "",
        error=row.error or "",
        fix=row.fix or "",
        finished_at=finished,
        dagster_run_id=row.dagster_run_id or "",
    )


def _quarantine_entry(row: sa.Row[Any]) -> RefusedEntry:
    origin = row.source_row or {}
    named = [str(origin[name]) for name in ("_origem_tabela", "_origem_id") if origin.get(name)]
    return RefusedEntry(
        empresa=row.empresa,
        endpoint=row.endpoint,
        code=row.codigo_integracao or row.row_key,
        partition=row.partition,
        reasons=tuple(
            RefusedReason(one.get("reason", ""), one.get("fix", ""), one.get("field", ""))
            for one in row.reasons
        ),
        first_seen_at=row.first_seen_at,
        last_seen_at=row.last_seen_at,
        origin="/".join(named),
        key=row.row_key,
        **_about(row.endpoint, row.codigo_integracao or "", row.row_masked),
    )


def _about(endpoint_name: str, code: str, payload: Mapping[str, Any]) -> dict[str, Any]:
    """Whose a row is and how much it is, as far as its masked content says."""
    endpoint = REGISTRY[endpoint_name]
    amount = payload.get(endpoint.value_field) if endpoint.value_field else None
    try:
        value = None if amount is None else Decimal(str(amount))
    except ArithmeticError:
        value = None
    return {
        "person": person_in(endpoint, code, payload),
        "acts_upon": record_acted_upon(endpoint, payload),
        "value": value,
    }
