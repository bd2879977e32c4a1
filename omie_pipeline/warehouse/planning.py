"""The diff between a payload model and the ledger, in SQL: memory stays flat in Python.

Hashes are taken of the payload as PostgreSQL's canonical ``jsonb`` text, so that the order of
columns does not matter and a column that is NULL everywhere changes nothing.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Any, Literal

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import ARRAY, JSONB

from omie_pipeline.warehouse.engine import warehouse_errors
from omie_pipeline.warehouse.payload import PARTITION_COLUMN, PayloadModel
from omie_pipeline.warehouse.tables import ledger, plan

Mode = Literal["upsert", "insert", "mirror"]


@dataclass(frozen=True, slots=True)
class Selection:
    """Which rows of a payload model a run looks at.

    Attributes:
        date_from, date_to: business dates of facts, both inclusive, ``None`` = open.
        key: one integration code only.
        unfinished_only: only rows the ledger has as rejected or held (``retry``).
    """

    empresa: str
    date_from: date | None = None
    date_to: date | None = None
    key: str | None = None
    unfinished_only: bool = False


@dataclass(frozen=True, slots=True)
class PlannedPartition:
    """How many rows of a partition were looked at, and how many differ from the ledger."""

    particao: str
    selected: int
    planned: int

    @property
    def unchanged(self) -> int:
        return self.selected - self.planned


def write_plan(
    engine: sa.Engine, run_id: str, model: PayloadModel, selection: Selection, mode: Mode
) -> tuple[PlannedPartition, ...]:
    """Fill ``omie_sync.plan`` with the rows that need a call and count the others.

    One repeatable-read transaction, so that both see the same rows.
    """
    serial = engine.execution_options(isolation_level="REPEATABLE READ")
    with warehouse_errors(), serial.begin() as connection:
        differing = _differing(model, selection, mode)
        columns = [
            "run_id", "linha", "particao", "codigo_integracao", "action", "priority", "state",
            "payload", "extra", "payload_hash", "omie_id",
        ]  # fmt: skip
        action = "delete" if model.endpoint.deletes else "insert" if mode == "insert" else "upsert"
        rows = sa.select(
            sa.literal(run_id),
            sa.func.row_number().over(order_by=differing.c.codigo_integracao),
            differing.c.particao,
            differing.c.codigo_integracao,
            sa.literal(action),
            differing.c.priority,
            sa.literal("ready"),
            differing.c.payload,
            differing.c.extra,
            differing.c.payload_hash,
            differing.c.omie_id,
        )
        connection.execute(sa.insert(plan).from_select(columns, rows))
        selected = _selected(connection, model, selection)
        if mode == "mirror" and not selection.unfinished_only:
            _plan_missing(connection, run_id, model, selection)
        planned = _planned(connection, run_id)
        deletes = _planned(connection, run_id, action="delete") if mode == "mirror" else {}
    return tuple(
        PlannedPartition(p, selected.get(p, 0) + deletes.get(p, 0), planned.get(p, 0))
        for p in sorted(selected.keys() | planned.keys())
    )


def model_key(model: PayloadModel, p: sa.FromClause) -> sa.ColumnElement[str | None]:
    """Integration code of a row of the model, ``omie:<id>`` for a delete by Omie's id."""
    endpoint = model.endpoint
    if not endpoint.deletes:
        return sa.cast(p.c[endpoint.integration_key], sa.Text)
    parts: list[sa.ColumnElement[Any]] = []
    if endpoint.integration_key in model.columns:
        parts.append(sa.func.nullif(sa.cast(p.c[endpoint.integration_key], sa.Text), ""))
    if endpoint.delete_omie_key in model.columns:
        parts.append(sa.literal("omie:") + sa.cast(p.c[endpoint.delete_omie_key], sa.Text))
    return sa.func.coalesce(*parts)


def _particao(model: PayloadModel, p: sa.FromClause, selection: Selection) -> sa.ColumnElement[str]:
    if model.endpoint.grain == "register":
        return sa.literal(selection.empresa)
    return sa.func.coalesce(sa.func.to_char(p.c[PARTITION_COLUMN], "YYYY-MM-DD"), "sem-data")


def model_where(
    model: PayloadModel, p: sa.FromClause, selection: Selection
) -> list[sa.ColumnElement[bool]]:
    """Conditions that pick a selection\'s rows of the model."""
    conditions: list[sa.ColumnElement[bool]] = [p.c.empresa == selection.empresa]
    if model.endpoint.grain == "fact" and selection.date_from is not None:
        conditions.append(p.c[PARTITION_COLUMN] >= selection.date_from)
    if model.endpoint.grain == "fact" and selection.date_to is not None:
        conditions.append(p.c[PARTITION_COLUMN] <= selection.date_to)
    if selection.key is not None:
        conditions.append(model_key(model, p) == selection.key)
    if selection.unfinished_only:
        unfinished = sa.select(ledger.c.codigo_integracao).where(
            ledger.c.empresa == selection.empresa,
            ledger.c.endpoint == model.endpoint.name,
            ledger.c.state.in_(("rejected", "held")),
        )
        conditions.append(model_key(model, p).in_(unfinished))
    return conditions


def payload_hash(payload: sa.ColumnElement[object]) -> sa.ColumnElement[str]:
    """SHA-256, in hex, of a payload's canonical text."""
    text = sa.func.convert_to(sa.cast(payload, sa.Text), "UTF8")
    return sa.func.encode(sa.func.sha256(text), "hex")


def _differing(model: PayloadModel, selection: Selection, mode: Mode) -> sa.Subquery:
    p = model.table()
    row = sa.func.to_jsonb(p.table_valued())
    unsent = sa.cast(sa.literal(list(model.unsent), ARRAY(sa.Text)), ARRAY(sa.Text))
    payload = sa.func.jsonb_strip_nulls(row.op("-")(unsent), type_=JSONB)
    extra = (
        sa.func.jsonb_build_object(
            *(part for name in model.extra for part in (sa.literal(name, sa.Text), p.c[name]))
        )
        if model.extra
        else sa.literal({}, JSONB)
    )
    source = (
        sa.select(
            model_key(model, p).label("codigo_integracao"),
            _particao(model, p, selection).label("particao"),
            payload.label("payload"),
            extra.label("extra"),
            payload_hash(payload).label("payload_hash"),
        )
        .where(*model_where(model, p, selection))
        .subquery("q")
    )
    known = ledger.alias("l")
    joined = source.outerjoin(
        known,
        sa.and_(
            known.c.empresa == selection.empresa,
            known.c.endpoint == model.endpoint.name,
            known.c.codigo_integracao == source.c.codigo_integracao,
        ),
    )
    return (
        sa.select(
            source,
            known.c.omie_id,
            sa.case((known.c.state == "held", 0), (known.c.state == "rejected", 2), else_=1).label(
                "priority"
            ),
        )
        .select_from(joined)
        .where(_needs_call(known, source, mode))
        .subquery("d")
    )


def _needs_call(known: sa.FromClause, source: sa.FromClause, mode: Mode) -> sa.ColumnElement[bool]:
    unknown = known.c.codigo_integracao.is_(None)
    unfinished = known.c.state != "confirmed"
    if mode == "insert":
        return sa.or_(unknown, sa.and_(unfinished, known.c.payload_hash.is_(None)))
    changed = known.c.payload_hash.is_distinct_from(source.c.payload_hash)
    return sa.or_(unknown, unfinished, changed)


def _selected(
    connection: sa.Connection, model: PayloadModel, selection: Selection
) -> dict[str, int]:
    p = model.table()
    particao = _particao(model, p, selection).label("particao")
    query = (
        sa.select(particao, sa.func.count())
        .where(*model_where(model, p, selection))
        .group_by(sa.text("1"))
    )
    return {row[0]: row[1] for row in connection.execute(query)}


def _planned(connection: sa.Connection, run_id: str, action: str | None = None) -> dict[str, int]:
    query = sa.select(plan.c.particao, sa.func.count()).where(plan.c.run_id == run_id)
    if action is not None:
        query = query.where(plan.c.action == action)
    return {row[0]: row[1] for row in connection.execute(query.group_by(plan.c.particao))}


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
        conditions.append(ledger.c.particao >= selection.date_from.isoformat())
    if model.endpoint.grain == "fact" and selection.date_to is not None:
        conditions.append(ledger.c.particao <= selection.date_to.isoformat())
    if selection.key is not None:
        conditions.append(ledger.c.codigo_integracao == selection.key)
    offset = sa.select(sa.func.coalesce(sa.func.max(plan.c.linha), 0)).where(
        plan.c.run_id == run_id
    )
    rows = sa.select(
        sa.literal(run_id),
        offset.scalar_subquery() + sa.func.row_number().over(order_by=ledger.c.codigo_integracao),
        ledger.c.particao,
        ledger.c.codigo_integracao,
        sa.literal("delete"),
        sa.literal(1),
        sa.literal("ready"),
        sa.literal({}, JSONB),
        sa.literal({}, JSONB),
        sa.literal(""),
        ledger.c.omie_id,
    ).where(*conditions)
    columns = [
        "run_id", "linha", "particao", "codigo_integracao", "action", "priority", "state",
        "payload", "extra", "payload_hash", "omie_id",
    ]  # fmt: skip
    connection.execute(sa.insert(plan).from_select(columns, rows))


def duplicated_keys(engine: sa.Engine, run_id: str, model: PayloadModel, empresa: str) -> set[str]:
    """Integration codes of the plan that stand more than once in the whole model."""
    p = model.table()
    key = model_key(model, p)
    planned = sa.select(plan.c.codigo_integracao).where(plan.c.run_id == run_id)
    query = (
        sa.select(key)
        .where(p.c.empresa == empresa, key.in_(planned))
        .group_by(key)
        .having(sa.func.count() > 1)
    )
    with warehouse_errors(), engine.connect() as connection:
        return {key for key in connection.execute(query).scalars() if key is not None}
