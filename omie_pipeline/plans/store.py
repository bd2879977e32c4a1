"""Where plans are kept: written as they are made, read, approved, and ended."""

from __future__ import annotations

import secrets
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any, Final

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import JSONB, aggregate_order_by, insert

from omie_pipeline.errors import ConfigurationError
from omie_pipeline.payload import Selection
from omie_pipeline.plans.model import (
    LEAVING,
    OPEN,
    PlanFigures,
    PlanPart,
    PlanState,
    StoredPlan,
    StoredRow,
    selection_json,
    selection_of,
)
from omie_pipeline.postgres.engine import warehouse_errors
from omie_pipeline.postgres.tables import (
    deletion_request,
    plan,
    stored_plan,
    stored_plan_part,
    stored_plan_row,
)
from omie_pipeline.texts import plans as texts

_LETTERS: Final = "23456789bcdfghjkmnpqrstvwxz"
"""None that is taken for another, and no vowels: no words come of them."""
_LENGTH: Final = 6
_TRIES: Final = 20
_CHUNK: Final = 1000

KEPT_DAYS: Final = 400
"""How long an ended plan is kept: who approved what is asked about the last year."""

VALUES_DAYS: Final = 90
"""How long an ended plan keeps what its rows said."""

UNFINISHED_HOURS: Final = 24
"""How long one that is being made is waited for."""

_PLAN, _PART, _ROW = stored_plan.c, stored_plan_part.c, stored_plan_row.c


def begin_plan(
    engine: sa.Engine,
    *,
    subject: str,
    origin: str,
    empresas: Sequence[str],
    endpoints: Sequence[str],
    by: str,
    now: datetime,
) -> str:
    """Write that a plan is being made, and forget those that are too old; its id.

    Args:
        engine: the warehouse.
        subject: what it is about, in Portuguese.
        origin: ``person``, ``policy``, or the use case that makes it.
        empresas: whose rows it has.
        endpoints: by name.
        by: who wants it.
        now: time of the change.
    """
    values = {
        "state": "making",
        "subject": subject,
        "origin": origin,
        "empresas": list(empresas),
        "endpoints": list(endpoints),
        "made_at": now,
        "made_by": by,
    }
    with warehouse_errors(), engine.begin() as connection:
        _forget_old(connection, now)
        for _ in range(_TRIES):
            plan_id = "".join(secrets.choice(_LETTERS) for _ in range(_LENGTH))
            statement = insert(stored_plan).values(plan_id=plan_id, **values)
            statement = statement.on_conflict_do_nothing()
            if connection.execute(statement).rowcount:
                return plan_id
    raise ConfigurationError(texts.NO_FREE_ID)


def _forget_old(connection: sa.Connection, now: datetime) -> None:
    old = sa.or_(
        _PLAN.ended_at < now - timedelta(days=KEPT_DAYS),
        sa.and_(_PLAN.state == "making", _PLAN.made_at < now - timedelta(hours=UNFINISHED_HOURS)),
    )
    ids: list[str] = list(connection.execute(sa.select(_PLAN.plan_id).where(old)).scalars())
    if ids:
        _remove(connection, ids)
    ended = sa.select(_PLAN.plan_id).where(_PLAN.ended_at < now - timedelta(days=VALUES_DAYS))
    said = sa.cast(_ROW.changes, sa.Text) != "{}"
    connection.execute(
        sa.update(stored_plan_row)
        .where(_ROW.plan_id.in_(ended), said)
        .values(changes={}, reasons=None)
    )


def _remove(connection: sa.Connection, ids: Sequence[str]) -> None:
    connection.execute(sa.delete(deletion_request).where(deletion_request.c["_plan_id"].in_(ids)))
    for table in (stored_plan_row, stored_plan_part, stored_plan):
        connection.execute(sa.delete(table).where(table.c.plan_id.in_(ids)))


def remove_plan(engine: sa.Engine, plan_id: str) -> None:
    """Forget a plan that nobody has seen yet."""
    with warehouse_errors(), engine.begin() as connection:
        _remove(connection, [plan_id])


def write_part(
    engine: sa.Engine,
    plan_id: str,
    selection: Selection,
    endpoint: str,
    *,
    selected: int,
    unchanged: int,
    stops: Sequence[str],
    basis: Mapping[str, str],
    error: str = "",
    given: bool = False,
) -> None:
    """Write one endpoint of a plan, behind those that it has; see :class:`PlanPart`.

    Args:
        engine: the warehouse.
        plan_id: id of the plan.
        selection: empresa, dates and codes.
        endpoint: its name.
        selected: rows that were looked at.
        unchanged: those of them that need no call.
        stops: what guardrails say.
        basis: digests of what its rows were made by.
        error: why there are no rows of it.
        given: its rows were chosen by a person.
    """
    last = sa.select(sa.func.coalesce(sa.func.max(_PART.number), 0)).where(_PART.plan_id == plan_id)
    statement = sa.insert(stored_plan_part).values(
        plan_id=plan_id,
        number=last.scalar_subquery() + 1,
        empresa=selection.empresa,
        endpoint=endpoint,
        selection=selection_json(selection),
        selected=selected,
        unchanged=unchanged,
        stops=list(stops),
        basis=dict(basis),
        error=error or None,
        given=given,
    )
    with warehouse_errors(), engine.begin() as connection:
        connection.execute(statement)


def write_rows(engine: sa.Engine, rows: Sequence[Mapping[str, Any]]) -> None:
    """Write rows of a plan: columns of ``stored_plan_row``."""
    with warehouse_errors(), engine.begin() as connection:
        for first in range(0, len(rows), _CHUNK):
            chunk = [dict(row) for row in rows[first : first + _CHUNK]]
            connection.execute(sa.insert(stored_plan_row), chunk)


def finish_plan(engine: sa.Engine, plan_id: str) -> StoredPlan:
    """Write that a plan is whole, with the digest of its rows."""
    digest = _digest(plan_id)
    statement = (
        sa.update(stored_plan)
        .where(_PLAN.plan_id == plan_id, _PLAN.state == "making")
        .values(state="made", digest=digest.scalar_subquery())
    )
    with warehouse_errors(), engine.begin() as connection:
        connection.execute(statement)
    return read_plan(engine, plan_id)


def _digest(plan_id: str) -> sa.Select[tuple[str]]:
    line = sa.func.concat_ws(
        "|", _ROW.empresa, _ROW.endpoint, _ROW.codigo_integracao, _ROW.action, _ROW.state,
        _ROW.payload_hash,
    )  # fmt: skip
    order = (_ROW.empresa, _ROW.endpoint, _ROW.codigo_integracao, _ROW.action, _ROW.payload_hash)
    text = sa.func.string_agg(line, aggregate_order_by(sa.literal("\n"), *order))
    whole = sa.func.convert_to(sa.func.coalesce(text, ""), "UTF8")
    return sa.select(sa.func.encode(sa.func.sha256(whole), "hex")).where(_ROW.plan_id == plan_id)


def read_plan(engine: sa.Engine, plan_id: str) -> StoredPlan:
    """A plan by its id.

    Raises:
        ConfigurationError: there is none.
    """
    found = list(_plans(engine, [_PLAN.plan_id == plan_id.strip().lower()], 1))
    if not found:
        raise ConfigurationError(texts.no_such_plan(plan_id))
    return found[0]


def list_plans(
    engine: sa.Engine, empresas: Sequence[str], limit: int, *, open_only: bool = False
) -> list[StoredPlan]:
    """The newest plans that touch one of these empresas.

    Args:
        engine: the warehouse.
        empresas: by name.
        limit: the most that are answered.
        open_only: only those that wait for a person.
    """
    names = sa.cast(sa.literal(list(empresas), sa.ARRAY(sa.Text)), sa.ARRAY(sa.Text))
    where = [_PLAN.empresas.op("&&")(names), _PLAN.state != "making"]
    if open_only:
        where.append(_PLAN.state.in_(OPEN))
    return list(_plans(engine, where, limit))


def _plans(
    engine: sa.Engine, where: Sequence[sa.ColumnElement[bool]], limit: int
) -> Iterator[StoredPlan]:
    query = sa.select(stored_plan).where(*where).order_by(_PLAN.made_at.desc()).limit(limit)
    with warehouse_errors(), engine.connect() as connection:
        for row in connection.execute(query).all():
            parts = tuple(_parts(connection, row.plan_id))
            yield StoredPlan(
                row.plan_id,
                row.state,
                row.subject,
                row.origin,
                row.digest or "",
                row.made_at,
                row.made_by,
                parts,
                row.approved_at,
                row.approved_by or "",
                row.over_guardrails,
                row.applied_at,
                row.applied_by or "",
                row.ended_at,
                row.ended_why or "",
            )


def _parts(connection: sa.Connection, plan_id: str) -> Iterator[PlanPart]:
    leaving = _ROW.state.in_(LEAVING)

    def rows(*where: sa.ColumnElement[bool]) -> sa.ColumnElement[int]:
        return sa.func.count().filter(*where)

    counted = sa.select(
        _ROW.empresa,
        _ROW.endpoint,
        rows(leaving, _ROW.action == "create").label("created"),
        rows(leaving, _ROW.action == "update").label("updated"),
        rows(leaving, _ROW.action == "delete").label("deleted"),
        rows(_ROW.state == "waiting").label("waiting"),
        rows(_ROW.state == "quarantined").label("quarantined"),
        rows(_ROW.state == "held").label("held"),
        rows(leaving, _ROW.action == "update", _ROW.omie_mark.is_(None)).label("not_read"),
        sa.func.sum(_ROW.value_before).filter(leaving).label("value_before"),
        sa.func.sum(_ROW.value_after).filter(leaving).label("value_after"),
    ).where(_ROW.plan_id == plan_id)
    figures = {
        (row.empresa, row.endpoint): row
        for row in connection.execute(counted.group_by(_ROW.empresa, _ROW.endpoint))
    }
    query = sa.select(stored_plan_part).where(_PART.plan_id == plan_id).order_by(_PART.number)
    for row in connection.execute(query):
        numbers = figures.get((row.empresa, row.endpoint))
        yield PlanPart(
            row.number,
            row.empresa,
            row.endpoint,
            selection_of(row.empresa, row.selection),
            _figures(row, numbers),
            tuple(row.stops),
            row.basis,
            row.error or "",
            tuple(row.run_ids),
            row.given,
        )


def _figures(part: sa.Row[Any], numbers: sa.Row[Any] | None) -> PlanFigures:
    if numbers is None:
        return PlanFigures(part.selected, part.unchanged)
    return PlanFigures(
        part.selected,
        part.unchanged,
        numbers.created,
        numbers.updated,
        numbers.deleted,
        numbers.waiting,
        numbers.quarantined,
        numbers.held,
        _sum(numbers.value_before),
        _sum(numbers.value_after),
        numbers.not_read,
    )


def _sum(value: Any) -> Decimal | None:
    return None if value is None else Decimal(value)


def waiting_by_endpoint(
    engine: sa.Engine, empresas: Sequence[str]
) -> Mapping[tuple[str, str], int]:
    """Empresa and endpoint -> how many plans with rows of it wait for a person."""
    query = (
        sa.select(_PART.empresa, _PART.endpoint, sa.func.count())
        .join(stored_plan, _PLAN.plan_id == _PART.plan_id)
        .where(_PLAN.state.in_(OPEN), _PART.empresa.in_(empresas))
        .group_by(_PART.empresa, _PART.endpoint)
    )
    with warehouse_errors(), engine.connect() as connection:
        return {(row[0], row[1]): row[2] for row in connection.execute(query)}


_ORDER = {"delete": 0, "update": 1, "create": 2}


def plan_rows(engine: sa.Engine, plan_id: str, limit: int | None = None) -> Iterator[StoredRow]:
    """Rows of a plan: endpoint by endpoint, deletes first, then updates.

    Args:
        engine: the warehouse.
        plan_id: id of the plan.
        limit: the most of each endpoint; ``None`` for all.
    """
    number = sa.func.row_number().over(
        partition_by=stored_plan_part.c.number,
        order_by=(sa.case(_ORDER, value=_ROW.action), _ROW.codigo_integracao, _ROW.number),
    )
    ordered = (
        sa.select(stored_plan_row, _PART.number.label("part"), number.label("place"))
        .join(
            stored_plan_part,
            sa.and_(
                _PART.plan_id == _ROW.plan_id,
                _PART.empresa == _ROW.empresa,
                _PART.endpoint == _ROW.endpoint,
            ),
        )
        .where(_ROW.plan_id == plan_id)
        .subquery()
    )
    query = sa.select(ordered).order_by(ordered.c.part, ordered.c.place)
    if limit is not None:
        query = query.where(ordered.c.place <= limit)
    with warehouse_errors(), engine.connect() as connection:
        streamed = connection.execution_options(yield_per=_CHUNK)
        for row in streamed.execute(query):
            yield StoredRow(
                row.empresa,
                row.endpoint,
                row.partition,
                row.codigo_integracao or "",
                row.action,
                row.state,
                row.payload_hash,
                row.omie_id,
                row.changes,
                row.omie_mark is not None,
                row.value_before,
                row.value_after,
                tuple(row.reasons or ()),
                tuple(row.left_out or ()),
            )


# What becomes of a plan.


def approve(
    engine: sa.Engine, plan_id: str, by: str, now: datetime, *, over_guardrails: bool
) -> bool:
    """Write who approved a plan; false if it is no longer to be approved.

    Args:
        engine: the warehouse.
        plan_id: id of the plan.
        by: who approves.
        now: time of the change.
        over_guardrails: in spite of what guardrails say.
    """
    return _change(
        engine,
        plan_id,
        ("made",),
        state="approved",
        approved_at=now,
        approved_by=by,
        over_guardrails=over_guardrails,
    )


def begin_applying(engine: sa.Engine, plan_id: str, by: str, now: datetime) -> bool:
    """Write who applies an approved plan; false if it is not approved.

    Args:
        engine: the warehouse.
        plan_id: id of the plan.
        by: who applies it.
        now: time of the change.
    """
    return _change(engine, plan_id, ("approved",), applied_at=now, applied_by=by)


def end_plan(
    engine: sa.Engine, plan_id: str, state: PlanState, now: datetime, why: str = ""
) -> bool:
    """Write that an open plan is applied, refused or superseded; false if it was ended before.

    Args:
        engine: the warehouse.
        plan_id: id of the plan.
        state: how it ended.
        now: time of the change.
        why: in Portuguese, of one that is refused or superseded.
    """
    return _change(engine, plan_id, OPEN, state=state, ended_at=now, ended_why=why or None)


def refused_since(engine: sa.Engine, plan_id: str) -> str:
    """Why a plan was ended without being applied; ``""`` if it was not.

    Args:
        engine: the warehouse.
        plan_id: id of the plan.
    """
    query = sa.select(sa.func.coalesce(_PLAN.ended_why, texts.ENDED_WITHOUT_WORDS)).where(
        _PLAN.plan_id == plan_id, _PLAN.state.in_(("refused", "superseded"))
    )
    with warehouse_errors(), engine.connect() as connection:
        return connection.execute(query).scalar() or ""


def _change(engine: sa.Engine, plan_id: str, states: Sequence[str], **values: Any) -> bool:
    statement = (
        sa.update(stored_plan)
        .where(_PLAN.plan_id == plan_id, _PLAN.state.in_(states))
        .values(**values)
    )
    with warehouse_errors(), engine.begin() as connection:
        return connection.execute(statement).rowcount == 1


def remember_run(engine: sa.Engine, plan_id: str, empresa: str, endpoint: str, run_id: str) -> None:
    """Write which run applies one endpoint of a plan.

    Args:
        engine: the warehouse.
        plan_id: id of the plan.
        empresa: of the part.
        endpoint: of the part.
        run_id: id of the run.
    """
    statement = (
        sa.update(stored_plan_part)
        .where(
            _PART.plan_id == plan_id,
            _PART.empresa == empresa,
            _PART.endpoint == endpoint,
            sa.not_(_PART.run_ids.contains([run_id])),
        )
        .values(run_ids=sa.func.array_append(_PART.run_ids, run_id))
    )
    with warehouse_errors(), engine.begin() as connection:
        connection.execute(statement)


def same_open_plan(engine: sa.Engine, made: StoredPlan) -> str | None:
    """Another open plan of the same origin with the very same rows, the newest one."""
    query = (
        sa.select(_PLAN.plan_id)
        .where(
            _PLAN.plan_id != made.plan_id,
            _PLAN.digest == made.digest,
            _PLAN.origin == made.origin,
            _PLAN.state.in_(OPEN),
        )
        .order_by(_PLAN.made_at.desc())
        .limit(1)
    )
    with warehouse_errors(), engine.connect() as connection:
        found: str | None = connection.execute(query).scalar()
    return found


def rows_that_wait(
    engine: sa.Engine, run_id: str, selection: Selection, endpoint: str, origin: str
) -> Mapping[str, tuple[int, ...]]:
    """Rows of a run's plan that stand in an open plan over another selection, as they are: a run
    of some of them must not send what a person was asked about together.

    Args:
        engine: the warehouse.
        run_id: id of the run.
        selection: of the run; a plan over the same one is looked at anew by that run.
        endpoint: its name.
        origin: of the open plans.

    Returns:
        Id of the plan -> numbers of its rows in the run's plan; a row counts for the oldest.
    """
    waiting = (
        sa.select(
            plan.c.number,
            sa.func.array_agg(aggregate_order_by(_PLAN.plan_id, _PLAN.made_at)).label("plans"),
        )
        .select_from(
            stored_plan.join(stored_plan_part, _PART.plan_id == _PLAN.plan_id)
            .join(
                stored_plan_row,
                sa.and_(
                    _ROW.plan_id == _PART.plan_id,
                    _ROW.empresa == _PART.empresa,
                    _ROW.endpoint == _PART.endpoint,
                    _ROW.state.in_(LEAVING),
                ),
            )
            .join(
                plan,
                sa.and_(
                    plan.c.run_id == run_id,
                    plan.c.state == "ready",
                    plan.c.codigo_integracao == _ROW.codigo_integracao,
                    plan.c.payload_hash == _ROW.payload_hash,
                ),
            )
        )
        .where(
            _PLAN.origin == origin,
            _PLAN.state.in_(OPEN),
            _PART.empresa == selection.empresa,
            _PART.endpoint == endpoint,
            _PART.selection != sa.literal(selection_json(selection), JSONB),
        )
        .group_by(plan.c.number)
        .order_by(plan.c.number)
    )
    found: dict[str, list[int]] = {}
    with warehouse_errors(), engine.connect() as connection:
        for row in connection.execute(waiting):
            found.setdefault(row.plans[0], []).append(row.number)
    return {plan_id: tuple(numbers) for plan_id, numbers in found.items()}


def supersede(engine: sa.Engine, made: StoredPlan, now: datetime) -> None:
    """End the older plans of the same origin over the same selections that nobody approved."""
    part = made.parts[0]
    same = sa.exists().where(
        _PART.plan_id == _PLAN.plan_id,
        _PART.empresa == part.empresa,
        _PART.endpoint == part.endpoint,
        _PART.selection == sa.literal(selection_json(part.selection), JSONB),
    )
    statement = (
        sa.update(stored_plan)
        .where(
            _PLAN.plan_id != made.plan_id,
            _PLAN.origin == made.origin,
            _PLAN.state == "made",
            same,
        )
        .values(state="superseded", ended_at=now, ended_why=texts.superseded_by(made.plan_id))
    )
    with warehouse_errors(), engine.begin() as connection:
        connection.execute(statement)
