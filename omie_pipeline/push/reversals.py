"""Settlements that must be taken back because their título, or they themselves, changed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import ARRAY, JSONB

from omie_pipeline.payload.payload import PayloadModel
from omie_pipeline.payload.selection import Selection
from omie_pipeline.postgres.engine import warehouse_errors
from omie_pipeline.postgres.tables import intent, ledger, plan, quarantine
from omie_pipeline.push.ledger_marks import COMES_BACK
from omie_pipeline.push.planning import PlannedPartition, insert_plan, payload_source


@dataclass(frozen=True, slots=True)
class Changed:
    """A settlement that stands while the clinic says otherwise.

    Attributes:
        baixa: its code.
        particao: where it counts: of the título that changed, or its own.
        payload, extra: what is to be sent once it is taken back: the título's, or its own.
    """

    baixa: str
    omie_id: int
    particao: str
    codigo: str
    payload: Mapping[str, Any]
    extra: Mapping[str, Any]


def changed_titles(
    engine: sa.Engine, baixas: str, titles: PayloadModel, selection: Selection
) -> list[Changed]:
    """Settlements of títulos that differ from what Omie confirmed of them, but for a change that
    Omie refused already.

    Args:
        engine: the warehouse.
        baixas: endpoint of the settlements.
        titles: payload model of the títulos.
        selection: empresa, dates and codes of the run.
    """
    source, title, baixa = payload_source(titles, selection), ledger.alias("t"), ledger.alias("b")
    query = (
        sa.select(
            baixa.c.codigo_integracao,
            baixa.c.omie_id,
            title.c.particao,
            source.c.codigo_integracao.label("codigo"),
            source.c.payload,
            source.c.extra,
        )
        .select_from(
            source.join(title, _same(title, titles.endpoint.name, selection, source)).join(
                baixa,
                sa.and_(
                    baixa.c.empresa == selection.empresa,
                    baixa.c.endpoint == baixas,
                    baixa.c.parent_code == title.c.codigo_integracao,
                ),
            )
        )
        .where(
            *_living(title),
            title.c.payload_hash.is_distinct_from(source.c.payload_hash),
            ~_refused(title, source.c.payload_hash),
            *_living(baixa),
            ~_unanswered(baixa),
            *_within(title, selection),
        )
    )
    return _changed(engine, query)


def changed_settlements(
    engine: sa.Engine, baixas: PayloadModel, selection: Selection
) -> list[Changed]:
    """Settlements that differ from what Omie confirmed of them."""
    source, baixa = payload_source(baixas, selection), ledger.alias("b")
    query = (
        sa.select(
            baixa.c.codigo_integracao,
            baixa.c.omie_id,
            baixa.c.particao,
            source.c.codigo_integracao.label("codigo"),
            source.c.payload,
            source.c.extra,
        )
        .select_from(source.join(baixa, _same(baixa, baixas.endpoint.name, selection, source)))
        .where(
            baixa.c.payload_hash.is_distinct_from(source.c.payload_hash),
            *_living(baixa),
            ~_unanswered(baixa),
            *_within(baixa, selection),
        )
    )
    return _changed(engine, query)


def plan_reversals(
    engine: sa.Engine, run_id: str, key_field: str, rows: Sequence[Changed]
) -> tuple[PlannedPartition, ...]:
    """Plan these settlements to be taken back; those in the plan already are left out.

    Args:
        engine: the warehouse.
        run_id: id of the run.
        key_field: field that names the settlement.
        rows: settlements to take back.
    """
    if not rows:
        return ()
    by_code = {row.baixa: row for row in rows}
    with warehouse_errors(), engine.begin() as connection:
        planned = sa.select(plan.c.codigo_integracao).where(plan.c.run_id == run_id)
        known: set[str] = set(connection.execute(planned).scalars())
        by_code = {code: row for code, row in by_code.items() if code not in known}
        if not by_code:
            return ()
        insert_plan(connection, run_id, _as_table(by_code, key_field), "delete")
    counts: dict[str, int] = {}
    for row in by_code.values():
        counts[row.particao] = counts.get(row.particao, 0) + 1
    return tuple(PlannedPartition(name, number, number) for name, number in sorted(counts.items()))


def _as_table(rows: Mapping[str, Changed], key_field: str) -> sa.FromClause:
    values = sa.values(
        sa.column("codigo_integracao", sa.Text),
        sa.column("particao", sa.Text),
        sa.column("payload", JSONB),
        sa.column("extra", JSONB),
        sa.column("payload_hash", sa.Text),
        sa.column("omie_id", sa.BigInteger),
        sa.column("priority", sa.SmallInteger),
        name="v",
    )
    rows_of = values.data(
        [
            (code, row.particao, {key_field: code}, {COMES_BACK: True}, "volta", row.omie_id, 0)
            for code, row in rows.items()
        ]
    )
    nothing = sa.cast(sa.null(), ARRAY(sa.Text)).label("filled")
    return sa.select(rows_of, nothing).subquery("d")


def _same(
    known: sa.FromClause, endpoint: str, selection: Selection, source: sa.FromClause
) -> sa.ColumnElement[bool]:
    return sa.and_(
        known.c.empresa == selection.empresa,
        known.c.endpoint == endpoint,
        known.c.codigo_integracao == source.c.codigo_integracao,
    )


def titles_to_change(
    engine: sa.Engine, titles: PayloadModel, empresa: str, codes: Sequence[str]
) -> set[str]:
    """Those of these títulos that are yet to be changed in Omie: not those whose change Omie
    refused, or our own validation.

    Args:
        engine: the warehouse.
        titles: payload model of the títulos.
        empresa: the empresa whose rows are meant.
        codes: the codes of the títulos.
    """
    source, title = payload_source(titles, Selection(empresa)), ledger.alias("t")
    invalid = sa.exists().where(
        quarantine.c.empresa == empresa,
        quarantine.c.endpoint == titles.endpoint.name,
        quarantine.c.codigo_integracao == title.c.codigo_integracao,
    )
    query = (
        sa.select(title.c.codigo_integracao)
        .select_from(
            source.join(title, _same(title, titles.endpoint.name, Selection(empresa), source))
        )
        .where(
            *_living(title),
            title.c.codigo_integracao == sa.func.any(list(codes)),
            title.c.payload_hash.is_distinct_from(source.c.payload_hash),
            ~_refused(title, source.c.payload_hash),
            ~invalid,
        )
    )
    with warehouse_errors(), engine.connect() as connection:
        return set(connection.execute(query).scalars())


def waiting_to_come_back(engine: sa.Engine, empresa: str, endpoint: str) -> tuple[str, ...]:
    """Settlements that were taken back for a change and are held since, by code."""
    query = (
        sa.select(ledger.c.codigo_integracao)
        .where(
            ledger.c.empresa == empresa,
            ledger.c.endpoint == endpoint,
            ledger.c.state == "held",
            ledger.c.omie_id.is_(None),
            ledger.c.confirmed_at.is_not(None),
        )
        .order_by(ledger.c.codigo_integracao)
    )
    with warehouse_errors(), engine.connect() as connection:
        return tuple(connection.execute(query).scalars())


def refused_changes(
    engine: sa.Engine, empresa: str, endpoint: str, hashes: Mapping[str, str]
) -> set[str]:
    """Codes of those payloads (code -> hash) that Omie refused once.

    Args:
        engine: the warehouse.
        empresa: the empresa whose rows are meant.
        endpoint: name of the endpoint.
        hashes: code -> hash of the payload.
    """
    query = sa.select(intent.c.codigo_integracao, intent.c.payload_hash).where(
        intent.c.empresa == empresa,
        intent.c.endpoint == endpoint,
        intent.c.outcome == "rejected",
        intent.c.codigo_integracao == sa.func.any(list(hashes)),
    )
    with warehouse_errors(), engine.connect() as connection:
        return {row[0] for row in connection.execute(query) if hashes[row[0]] == row[1]}


def _refused(title: sa.FromClause, payload_hash: sa.ColumnElement[str]) -> sa.ColumnElement[bool]:
    return sa.exists().where(
        intent.c.empresa == title.c.empresa,
        intent.c.endpoint == title.c.endpoint,
        intent.c.codigo_integracao == title.c.codigo_integracao,
        intent.c.payload_hash == payload_hash,
        intent.c.outcome == "rejected",
    )


def _unanswered(baixa: sa.FromClause) -> sa.ColumnElement[bool]:
    return sa.exists().where(
        intent.c.empresa == baixa.c.empresa,
        intent.c.endpoint == baixa.c.endpoint,
        intent.c.codigo_integracao == baixa.c.codigo_integracao,
        intent.c.closed_at.is_(None),
    )


def _living(known: sa.FromClause) -> tuple[sa.ColumnElement[bool], ...]:
    """What Omie holds, whatever waits to be changed of it."""
    return (known.c.omie_id.is_not(None), known.c.state != "deleted")


def _within(known: sa.FromClause, selection: Selection) -> list[sa.ColumnElement[bool]]:
    conditions = []
    if selection.date_from is not None:
        conditions.append(known.c.particao >= selection.date_from.isoformat())
    if selection.date_to is not None:
        conditions.append(known.c.particao <= selection.date_to.isoformat())
    return conditions


def _changed(engine: sa.Engine, query: sa.Select[Any]) -> list[Changed]:
    with warehouse_errors(), engine.connect() as connection:
        return [
            Changed(
                row.codigo_integracao,
                row.omie_id,
                row.particao,
                row.codigo,
                row.payload,
                row.extra,
            )
            for row in connection.execute(query)
        ]
