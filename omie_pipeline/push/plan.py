"""The plan of a run: the diff between payload model and ledger, and rows taken out of it again.

The diff is made in SQL, so that memory stays flat in Python.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import ARRAY, JSONB, insert
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.compiler import SQLCompiler
from sqlalchemy.sql.visitors import InternalTraversal

from omie_pipeline.catalog import Endpoint
from omie_pipeline.omie.masking import mask
from omie_pipeline.payload import (
    ADOPTED,
    CLOSED_IN_OMIE,
    REFUSED_BEFORE,
    Mode,
    PayloadModel,
    PlanRow,
    RowOutcome,
    Selection,
    hold_still,
    model_key,
    model_partition,
    model_where,
    source_rows,
)
from omie_pipeline.postgres.engine import warehouse_errors
from omie_pipeline.postgres.tables import ledger, plan, quarantine, rejected
from omie_pipeline.push.dependents import unclear
from omie_pipeline.switches.rebase import held_by_omie
from omie_pipeline.validation.model import Reason

# The result of a query, kept as a temporary table until the transaction ends.
#
# PostgreSQL runs a ``CREATE TABLE … AS`` on all its cores, and the ``SELECT`` below an ``INSERT``
# on one: for the hashes of a million rows that is the difference between the two.

_NAME = "omie_sync_set_aside"
_TEXTS = ARRAY(sa.Text)


class _TableAs(sa.Executable, sa.ClauseElement):
    """``CREATE TEMPORARY TABLE … ON COMMIT DROP AS SELECT …``, parameters bound."""

    # What the compiled text depends on, so that it is compiled once: that costs 10 ms.
    inherit_cache = True
    _traverse_internals = [("query", InternalTraversal.dp_clauseelement)]  # noqa: RUF012

    def __init__(self, query: sa.Select[Any]) -> None:
        self.query = query


@compiles(_TableAs)
def _table_as(element: _TableAs, compiler: SQLCompiler, **options: Any) -> str:
    query = compiler.process(element.query, **options)
    return f"CREATE TEMPORARY TABLE {_NAME} ON COMMIT DROP AS {query}"


def set_aside(connection: sa.Connection, found: sa.Subquery) -> sa.FromClause:
    """The rows of ``found`` as a table of their own; once in a transaction."""
    connection.execute(_TableAs(sa.select(found)))
    columns = [sa.column(column.name, column.type) for column in found.c]
    return sa.table(_NAME, *columns, schema="pg_temp")


# Changes that Omie refused, or that had to wait, and that the clinic took back since.
#
# The ledger keeps the hash of what Omie confirmed last beside the outcome of the change. A row that
# is again as confirmed has nothing to send, unless what Omie holds is not known: a call without an
# answer, or a refusal in words that may follow upon the effect (``in_doubt``).

_UNFINISHED = ("rejected", "held")


def stands_as(
    endpoint: Endpoint, known: sa.FromClause, payload_hash: sa.ColumnElement[str]
) -> sa.ColumnElement[bool]:
    """Whether Omie is known to hold exactly this payload, whatever was refused or waits since."""
    if not endpoint.confirmation_lasts:
        return sa.false()
    return sa.and_(known.c.payload_hash == payload_hash, ~unclear(known))


def settle_taken_back(
    engine: sa.Engine,
    model: PayloadModel,
    selection: Selection,
    mode: Mode,
    now: datetime,
    on_settled: Callable[[sa.Connection, Sequence[str], datetime], None],
) -> None:
    """Let the ledger, and the list of rejected rows, know of the changes that were taken back.

    Args:
        engine: the warehouse.
        model: the payload model.
        selection: empresa, dates and codes of the run.
        mode: the mode of the policy: upsert, insert or mirror.
        now: time of the change.
        on_settled: told the codes within the transaction.
    """
    mine = _unfinished_of(model.endpoint, selection)
    # Nearly always there are none, and then the hashes of the whole model are not needed.
    with warehouse_errors(), engine.connect() as connection:
        if not model.endpoint.confirmation_lasts or not connection.scalar(
            sa.select(sa.exists().where(*mine))
        ):
            return
    with warehouse_errors(), engine.begin() as connection:
        codes = _settle(connection, model, selection, mode, now)
        if codes:
            on_settled(connection, codes, now)


def _unfinished_of(endpoint: Endpoint, selection: Selection) -> list[sa.ColumnElement[bool]]:
    """Rows of the ledger that are rejected or held beside what Omie confirmed last."""
    return [
        ledger.c.empresa == selection.empresa,
        ledger.c.endpoint == endpoint.name,
        ledger.c.state.in_(_UNFINISHED),
        ledger.c.payload_hash.is_not(None),
    ]


def _settle(
    connection: sa.Connection,
    model: PayloadModel,
    selection: Selection,
    mode: Mode,
    now: datetime,
) -> Sequence[str]:
    endpoint = model.endpoint
    mine = _unfinished_of(endpoint, selection)
    source = source_rows(model, selection, mode)
    statement = (
        sa.update(ledger)
        .values(
            state="confirmed",
            partition=source.c.partition,
            first_error=None,
            last_error=None,
            error_code=None,
            held_until=None,
            updated_at=now,
        )
        .where(
            *mine,
            ledger.c.codigo_integracao == source.c.codigo_integracao,
            stands_as(endpoint, ledger, source.c.payload_hash),
        )
        .returning(ledger.c.codigo_integracao)
    )
    codes: list[str] = list(connection.execute(statement).scalars())
    connection.execute(
        sa.delete(rejected).where(
            rejected.c.empresa == selection.empresa,
            rejected.c.endpoint == endpoint.name,
            rejected.c.codigo_integracao == sa.func.any(codes),
        )
    )
    return codes


@dataclass(frozen=True, slots=True)
class PlannedPartition:
    """How many rows of a partition were looked at, and how many differ from the ledger.

    Attributes:
        beside: rows of an earlier run that were settled first and that the selection does not
            name; ``selected`` and ``planned`` count them.
    """

    partition: str
    selected: int
    planned: int
    beside: int = 0

    @property
    def unchanged(self) -> int:
        return self.selected - self.planned


def added(
    planned: tuple[PlannedPartition, ...], more: tuple[PlannedPartition, ...]
) -> tuple[PlannedPartition, ...]:
    """Both, partition by partition."""
    by_name = {part.partition: part for part in planned}
    for part in more:
        old = by_name.get(part.partition, PlannedPartition(part.partition, 0, 0))
        by_name[part.partition] = PlannedPartition(
            part.partition,
            old.selected + part.selected,
            old.planned + part.planned,
            old.beside + part.beside,
        )
    return tuple(by_name[name] for name in sorted(by_name))


def write_plan(
    engine: sa.Engine,
    run_id: str,
    model: PayloadModel,
    selection: Selection,
    mode: Mode,
    empties: Sequence[str] = (),
    returned: Sequence[str] = (),
) -> tuple[PlannedPartition, ...]:
    """Fill ``omie_sync.plan`` with the rows that need a call and count the others.

    One repeatable-read transaction, so that both see the same rows, whatever a build does
    meanwhile. What is sent is what the plan holds, never what the model holds by then.

    Args:
        engine: the warehouse.
        run_id: id of the run.
        model: the payload model.
        selection: empresa, dates and codes of the run.
        mode: the mode of the policy: upsert, insert or mirror.
        empties: fields to be emptied in Omie even of rows that are delivered already.
        returned: fields that are exported again: a record in Omie that has a value of one needs a
            call, whatever the hash says. For a look at a plan: a run that sends marks them.

    Raises:
        ModelError: a build gave the model other columns since it was loaded.
    """
    serial = engine.execution_options(isolation_level="REPEATABLE READ")
    with warehouse_errors(), serial.begin() as connection:
        hold_still(connection, model)
        action = "delete" if model.endpoint.deletes else "insert" if mode == "insert" else "upsert"
        differing = set_aside(connection, _differing(model, selection, mode, empties, returned))
        insert_plan(connection, run_id, differing, action)
        _plan_twins(connection, run_id, model, selection, action)
        selected = _selected(connection, model, selection, mode)
        mirrors = mode == "mirror" and model.endpoint.delete and not model.endpoint.deletes
        if mirrors:
            _plan_missing(connection, run_id, model, selection)
        planned = _planned(connection, run_id)
        deletes = _planned(connection, run_id, action="delete") if mirrors else {}
    return tuple(
        PlannedPartition(p, selected.get(p, 0) + deletes.get(p, 0), planned.get(p, 0))
        for p in sorted(selected.keys() | planned.keys())
    )


def _differing(
    model: PayloadModel,
    selection: Selection,
    mode: Mode,
    empties: Sequence[str],
    returned: Sequence[str],
) -> sa.Subquery:
    """Rows of the model that need a call, with what the ledger knows of each."""
    source = source_rows(model, selection, mode)
    known = ledger.alias("l")
    joined = source.outerjoin(
        known,
        sa.and_(
            known.c.empresa == selection.empresa,
            known.c.endpoint == model.endpoint.name,
            known.c.codigo_integracao == source.c.codigo_integracao,
        ),
    )
    # A row that Omie refused and that was held since must not come before one never tried: the
    # same few bad rows would spend the error budget of every run. What the clinic changed since
    # was never tried.
    refused_before = sa.exists().where(
        rejected.c.empresa == selection.empresa,
        rejected.c.endpoint == model.endpoint.name,
        rejected.c.codigo_integracao == source.c.codigo_integracao,
        sa.func.coalesce(rejected.c.payload_hash, source.c.payload_hash) == source.c.payload_hash,
    )
    # What a read showed to be closed in Omie is looked at again, not sent: that costs no error.
    closed_before = sa.exists().where(
        quarantine.c.empresa == selection.empresa,
        quarantine.c.endpoint == model.endpoint.name,
        quarantine.c.row_key == source.c.partition + ":" + source.c.codigo_integracao,
        sa.or_(*(quarantine.c.reasons.contains([{"rule": rule}]) for rule in CLOSED_IN_OMIE)),
    )
    return (
        sa.select(
            *(column for column in source.c if column.name != "extra"),
            sa.case(
                (
                    sa.and_(known.c.same_as.is_not(None), known.c.state != "deleted"),
                    source.c.extra.op("||")(sa.cast(sa.literal({ADOPTED: True}, JSONB), JSONB)),
                ),
                else_=source.c.extra,
            ).label("extra"),
            # A record that was deleted is made anew.
            sa.case((known.c.state != "deleted", known.c.omie_id)).label("omie_id"),
            sa.case(
                (sa.or_(refused_before, closed_before), REFUSED_BEFORE),
                (known.c.state == "held", 0),
                else_=1,
            ).label("priority"),
            # Of a record that Omie does not hold any more nothing is to be emptied.
            sa.case(
                (
                    sa.and_(known.c.state != "deleted", known.c.omie_id.is_not(None)),
                    _held_columns(known.c.filled, model),
                )
            ).label("filled"),
        )
        .select_from(joined)
        .where(
            sa.or_(
                _needs_call(model, known, source, selection, mode, empties),
                sa.and_(known.c.state != "deleted", held_by_omie(known, returned))
                if returned and mode != "insert"
                else sa.false(),
            )
        )
        .subquery("d")
    )


def _held_columns(filled: sa.ColumnElement[Any], model: PayloadModel) -> sa.ColumnElement[Any]:
    """Those of the filled fields whose column the model still has, and exports: what it does not
    speak of any more is somebody else's."""
    spoken_of = [name for name in model.columns if name not in model.left_out]
    columns = sa.cast(sa.literal(spoken_of, _TEXTS), _TEXTS)
    name = sa.func.unnest(filled).column_valued("filled_name")
    kept = sa.select(name).where(sa.func.split_part(name, ".", 1) == sa.any_(columns))
    return sa.func.array(kept.scalar_subquery(), type_=_TEXTS)


def _needs_call(
    model: PayloadModel,
    known: sa.FromClause,
    source: sa.FromClause,
    selection: Selection,
    mode: Mode,
    empties: Sequence[str],
) -> sa.ColumnElement[bool]:
    unknown = known.c.codigo_integracao.is_(None)
    unfinished = known.c.state.in_(("rejected", "held"))
    if mode == "insert" and not model.endpoint.deletes:
        return sa.or_(unknown, known.c.payload_hash.is_(None))
    changed = known.c.payload_hash.is_distinct_from(source.c.payload_hash)
    unsettled = sa.and_(unfinished, ~stands_as(model.endpoint, known, source.c.payload_hash))
    needed = sa.or_(unknown, unsettled, changed, known.c.in_doubt)
    if empties:
        names = sa.cast(sa.literal(list(empties), ARRAY(sa.Text)), ARRAY(sa.Text))
        needed = sa.or_(needed, known.c.not_emptied.op("&&")(names))
    if not model.endpoint.deletes:
        return needed
    # A record that came back after its deletion is to be deleted again.
    target = ledger.alias("t")
    alive = sa.exists().where(
        target.c.empresa == selection.empresa,
        target.c.endpoint == model.endpoint.deletes,
        target.c.codigo_integracao == source.c.codigo_integracao,
        target.c.omie_id.is_not(None),
        target.c.state != "deleted",
    )
    return sa.or_(needed, alive)


def _plan_twins(
    connection: sa.Connection, run_id: str, model: PayloadModel, selection: Selection, action: str
) -> None:
    """Plan the unchanged rows too that share their code with a planned one: which of them is
    right nobody can know, so validation has to see them all."""
    repeated = _repeated(connection, run_id, model, selection.empresa)
    if not repeated:
        return
    source = source_rows(model, selection, "upsert")
    known = ledger.alias("l")
    mine = sa.and_(
        known.c.empresa == selection.empresa,
        known.c.endpoint == model.endpoint.name,
        known.c.codigo_integracao == source.c.codigo_integracao,
    )
    planned = sa.select(sa.literal(1)).where(
        plan.c.run_id == run_id,
        plan.c.codigo_integracao == source.c.codigo_integracao,
        plan.c.payload_hash == source.c.payload_hash,
        plan.c.partition == source.c.partition,
    )
    twins = (
        sa.select(source, known.c.omie_id, sa.literal(1).label("priority"), known.c.filled)
        .select_from(source.outerjoin(known, mine))
        .where(source.c.codigo_integracao.in_(sorted(repeated)), ~sa.exists(planned))
        .subquery("d")
    )
    insert_plan(connection, run_id, twins, action)


def _selected(
    connection: sa.Connection, model: PayloadModel, selection: Selection, mode: Mode
) -> dict[str, int]:
    p = model.table()
    partition = model_partition(model, p, selection).label("partition")
    query = (
        sa.select(partition, sa.func.count())
        .where(*model_where(model, p, selection, mode))
        .group_by(sa.text("1"))
    )
    return {row[0]: row[1] for row in connection.execute(query)}


def _planned(connection: sa.Connection, run_id: str, action: str | None = None) -> dict[str, int]:
    query = sa.select(plan.c.partition, sa.func.count()).where(plan.c.run_id == run_id)
    if action is not None:
        query = query.where(plan.c.action == action)
    return {row[0]: row[1] for row in connection.execute(query.group_by(plan.c.partition))}


def _plan_missing(
    connection: sa.Connection, run_id: str, model: PayloadModel, selection: Selection
) -> None:
    """Plan the deletion of records this ledger created and the model no longer has."""
    p = model.table()
    in_model = sa.select(sa.literal(1)).where(
        p.c.empresa == selection.empresa, model_key(model, p) == ledger.c.codigo_integracao
    )
    conditions = [
        ledger.c.empresa == selection.empresa,
        ledger.c.endpoint == model.endpoint.name,
        ledger.c.created_here,
        ledger.c.omie_id.is_not(None),
        ledger.c.state != "deleted",
        ~sa.exists(in_model),
    ]
    if model.endpoint.grain == "fact" and selection.date_from is not None:
        conditions.append(ledger.c.partition >= selection.date_from.isoformat())
    if model.endpoint.grain == "fact" and selection.date_to is not None:
        conditions.append(ledger.c.partition <= selection.date_to.isoformat())
    if selection.key is not None:
        conditions.append(ledger.c.codigo_integracao == selection.key)
    if selection.codes:
        conditions.append(ledger.c.codigo_integracao.in_(selection.codes))
    if selection.states:
        conditions.append(selection.unfinished())
    missing = sa.select(
        ledger.c.codigo_integracao,
        ledger.c.partition,
        sa.literal({}, JSONB).label("payload"),
        sa.literal({}, JSONB).label("extra"),
        sa.literal("").label("payload_hash"),
        ledger.c.omie_id,
        sa.literal(1).label("priority"),
        ledger.c.filled,
    ).where(*conditions)
    insert_plan(connection, run_id, missing.subquery("d"), "delete")


def plan_recovered(
    engine: sa.Engine,
    run_id: str,
    model: PayloadModel,
    selection: Selection,
    outcomes: Sequence[RowOutcome],
) -> tuple[PlannedPartition, ...]:
    """Count what an interrupted run did as done by the run that proves it.

    The rows join the plan as they ended. A row that the clinic has changed since is in the plan
    already, and ends there once.

    Args:
        engine: the warehouse.
        run_id: id of the run.
        model: the payload model.
        selection: empresa, dates and codes of the run.
        outcomes: what was proved.
    """
    if not outcomes:
        return ()
    by_code = {outcome.row.code: outcome for outcome in outcomes}
    source = source_rows(model, selection, "upsert")
    named = sa.select(source.c.codigo_integracao, source.c.partition, source.c.payload_hash).where(
        source.c.codigo_integracao == sa.func.any(list(by_code))
    )
    with warehouse_errors(), engine.begin() as connection:
        planned = sa.select(plan.c.codigo_integracao).where(plan.c.run_id == run_id)
        known: set[str | None] = set(connection.execute(planned).scalars())
        by_code = {code: outcome for code, outcome in by_code.items() if code not in known}
        selected = {
            row.codigo_integracao: row.partition
            for row in connection.execute(named)
            if row.codigo_integracao in by_code
            and by_code[row.codigo_integracao].row.payload_hash == row.payload_hash
        }
        last = sa.select(sa.func.coalesce(sa.func.max(plan.c.number), 0))
        first = connection.execute(last.where(plan.c.run_id == run_id)).scalar_one() + 1
        values = [
            {
                "run_id": run_id,
                "number": number,
                "partition": selected.get(code, outcome.row.partition),
                "codigo_integracao": code,
                "action": outcome.row.action,
                "priority": 0,
                "state": outcome.kind,
                "payload": outcome.row.payload,
                "extra": outcome.row.extra,
                "payload_hash": outcome.row.payload_hash,
                "omie_id": outcome.omie_id,
                "filled": list(outcome.row.filled),
            }
            for number, (code, outcome) in enumerate(by_code.items(), first)
        ]
        if values:
            connection.execute(sa.insert(plan), values)
    rows = [PlannedPartition(name, 0, 1) for name in selected.values()]
    rows += [
        PlannedPartition(outcome.row.partition, 1, 1, beside=1)
        for code, outcome in by_code.items()
        if code not in selected
    ]
    return added((), tuple(rows))


def insert_plan(connection: sa.Connection, run_id: str, found: sa.FromClause, action: str) -> None:
    """Number rows on from the last planned one and write them.

    Args:
        connection: a connection to the warehouse; the caller ends the transaction.
        run_id: id of the run.
        found: rows to plan.
        action: what is to be done with them.
    """
    last = sa.select(sa.func.coalesce(sa.func.max(plan.c.number), 0)).where(plan.c.run_id == run_id)
    names = ("partition", "codigo_integracao", "priority", "payload", "extra", "payload_hash",
             "omie_id", "filled")  # fmt: skip
    number = sa.func.row_number().over(order_by=found.c.codigo_integracao)
    rows = sa.select(
        sa.literal(run_id),
        last.scalar_subquery() + number,
        sa.literal(action),
        sa.literal("ready"),
        *(found.c[name] for name in names),
    )
    connection.execute(
        sa.insert(plan).from_select(["run_id", "number", "action", "state", *names], rows)
    )


def duplicated_keys(engine: sa.Engine, run_id: str, model: PayloadModel, empresa: str) -> set[str]:
    """Integration codes of the plan that stand more than once in the whole model.

    Args:
        engine: the warehouse.
        run_id: id of the run.
        model: the payload model.
        empresa: the empresa whose rows are meant.
    """
    with warehouse_errors(), engine.connect() as connection:
        return _repeated(connection, run_id, model, empresa)


def _repeated(
    connection: sa.Connection, run_id: str, model: PayloadModel, empresa: str
) -> set[str]:
    p = model.table()
    key = model_key(model, p)
    planned = sa.select(plan.c.codigo_integracao).where(plan.c.run_id == run_id)
    if not connection.execute(sa.select(sa.exists(planned))).scalar():
        return set()
    query = (
        sa.select(key)
        .where(*model.rows_of(p, empresa), key.in_(planned))
        .group_by(key)
        .having(sa.func.count() > 1)
    )
    return {key for key in connection.execute(query).scalars() if key is not None}


# Whose rows a run handles, and how one of them is refused.

# Rows our own validation refused, with every reason; a row leaves when it passes.


@dataclass(frozen=True, slots=True)
class RefusedRow:
    """A row for quarantine.

    Attributes:
        reasons: ``{field, rule, reason, fix}`` each, in Portuguese.
        row_masked: the payload with personal fields masked.
    """

    row: PlanRow
    reasons: Sequence[Mapping[str, str]]
    row_masked: Mapping[str, Any]


def store_refused(
    engine: sa.Engine,
    run_id: str,
    empresa: str,
    endpoint: str,
    rows: Sequence[RefusedRow],
    now: datetime,
    *,
    persist: bool = True,
) -> None:
    """Write or renew quarantined rows and take them out of the plan, in one transaction.

    What Omie said of such a row before is forgotten: it is not what stands in its way now.

    Args:
        engine: the warehouse.
        run_id: id of the run.
        empresa: the empresa whose rows are meant.
        endpoint: name of the endpoint.
        rows: rows with their reasons.
        now: time of the change.
        persist: off for a dry run: only the plan is marked.
    """
    if not rows:
        return
    # Two rows of a partition under one code share a line: the reasons of the last one seen.
    by_line = {_line(item.row): item for item in rows}
    values = [
        {
            "empresa": empresa,
            "endpoint": endpoint,
            "row_key": line,
            "codigo_integracao": item.row.codigo_integracao,
            "partition": item.row.partition,
            "reasons": list(item.reasons),
            "row_masked": item.row_masked,
            "source_row": {k: v for k, v in item.row.extra.items() if k.startswith("_origem")},
            "first_seen_at": now,
            "last_seen_at": now,
            "run_id": run_id,
        }
        for line, item in by_line.items()
    ]
    statement = insert(quarantine)
    kept = ("codigo_integracao", "partition", "reasons", "row_masked", "source_row", "last_seen_at",
            "run_id")  # fmt: skip
    statement = statement.on_conflict_do_update(
        index_elements=list(quarantine.primary_key),
        set_={name: statement.excluded[name] for name in kept},
    )
    with warehouse_errors(), engine.begin() as connection:
        if persist:
            connection.execute(statement, values)
            connection.execute(
                sa.delete(rejected).where(
                    rejected.c.empresa == empresa,
                    rejected.c.endpoint == endpoint,
                    rejected.c.codigo_integracao == sa.func.any([item.row.code for item in rows]),
                )
            )
        told = [{"number": item.row.number, "reasons": list(item.reasons)} for item in rows]
        why = (
            sa.func.jsonb_to_recordset(sa.literal(told, JSONB))
            .table_valued(sa.column("number", sa.BigInteger), sa.column("reasons", JSONB))
            .render_derived("why", with_types=True)
        )
        connection.execute(
            sa.update(plan)
            .where(plan.c.run_id == run_id, plan.c.number == why.c.number)
            .values(state="quarantined", reasons=why.c.reasons)
        )


def forget_passed(
    engine: sa.Engine,
    run_id: str,
    endpoint: Endpoint,
    selection: Selection,
    *,
    asked_for: sa.Select[Any] | None,
    without_effect: str,
) -> None:
    """Empty quarantine, rejected and ledger of rows that passed or that the model no longer has.

    Only within what this run looked at; a row this run refused again carries its ``run_id``.

    Args:
        engine: the warehouse.
        run_id: id of the run.
        endpoint: its declaration.
        selection: empresa, dates and codes of the run.
        asked_for: codes that stay though no model has them: a person asked for them.
        without_effect: error code of rows of which nothing stands in Omie, ``""`` if there is none.
    """
    whose = (selection.empresa, endpoint.name)
    refused = sa.exists().where(quarantine.c.empresa == whose[0], quarantine.c.endpoint == whose[1])
    waiting = sa.exists().where(
        ledger.c.empresa == whose[0], ledger.c.endpoint == whose[1], ledger.c.state.in_(_UNFINISHED)
    )
    # Nearly always there is nothing to forget.
    with warehouse_errors(), engine.connect() as connection:
        if not connection.scalar(sa.select(sa.or_(refused, waiting))):
            return
    with warehouse_errors(), engine.begin() as connection:
        planned = sa.select(plan.c.codigo_integracao).where(
            plan.c.run_id == run_id, plan.c.codigo_integracao.is_not(None)
        )
        # A row that moved to another partition left its line in the old one.
        passed: sa.ColumnElement[bool] = quarantine.c.codigo_integracao.in_(planned)
        if not selection.states:
            passed = sa.or_(passed, sa.and_(*_looked_at(quarantine, endpoint, selection)))
        connection.execute(
            sa.delete(quarantine).where(
                quarantine.c.run_id != run_id,
                quarantine.c.empresa == selection.empresa,
                quarantine.c.endpoint == endpoint.name,
                passed,
            )
        )
        # A rejected or held row is always planned while the model has it: missing means gone there.
        left = ledger.c.codigo_integracao.not_in(planned)
        unfinished = selection.unfinished()
        mine = _looked_at(ledger, endpoint, selection)
        if asked_for is not None:
            mine.append(ledger.c.codigo_integracao.not_in(asked_for))
        vanished = sa.select(ledger.c.codigo_integracao).where(*mine, unfinished, left)
        connection.execute(
            sa.delete(rejected).where(
                rejected.c.empresa == selection.empresa,
                rejected.c.endpoint == endpoint.name,
                rejected.c.codigo_integracao.in_(vanished),
            )
        )
        known: sa.ColumnElement[bool] = ledger.c.payload_hash.is_not(None)
        if without_effect:
            nothing = sa.func.coalesce(ledger.c.error_code, "") == without_effect
            known = sa.and_(known, ~nothing)
        connection.execute(
            sa.update(ledger)
            .where(*mine, unfinished, left, known)
            .values(state="confirmed", last_error=None, error_code=None, held_until=None)
        )
        connection.execute(sa.delete(ledger).where(*mine, unfinished, left, ~known))


def _looked_at(
    table: sa.Table, endpoint: Endpoint, selection: Selection
) -> list[sa.ColumnElement[bool]]:
    conditions: list[sa.ColumnElement[bool]] = [
        table.c.empresa == selection.empresa,
        table.c.endpoint == endpoint.name,
    ]
    if endpoint.grain == "fact" and selection.date_from is not None:
        conditions.append(table.c.partition >= selection.date_from.isoformat())
    if endpoint.grain == "fact" and selection.date_to is not None:
        conditions.append(table.c.partition <= selection.date_to.isoformat())
    if selection.key is not None:
        conditions.append(table.c.codigo_integracao == selection.key)
    if selection.codes:
        conditions.append(table.c.codigo_integracao.in_(selection.codes))
    return conditions


def _line(row: PlanRow) -> str:
    code = row.codigo_integracao or f"sem-codigo:{row.payload_hash[:16]}:{row.number}"
    return f"{row.partition}:{code}"


@dataclass(frozen=True, slots=True)
class Scope:
    """Whose rows a run handles."""

    engine: sa.Engine
    run_id: str
    empresa: str
    endpoint: Endpoint

    def refuse(self, rows: Sequence[RefusedRow], now: datetime, *, store: bool) -> None:
        """Quarantine rows; without ``store`` only the plan is marked."""
        store_refused(
            self.engine, self.run_id, self.empresa, self.endpoint.name, rows, now, persist=store
        )


def refused_row(row: PlanRow, reasons: Sequence[Reason]) -> RefusedRow:
    """A row for quarantine with its reasons in words.

    They quote the source as it is, where a document may stand in place of a number: who shows
    them anywhere but in the list of quarantine masks them.
    """
    told = [{"field": r.field, "rule": r.rule, "reason": r.reason, "fix": r.fix} for r in reasons]
    return RefusedRow(row, told, mask(dict(row.payload)))
