"""Taking settlements back so that a settled título or a payment can change (``on_settled: undo``).

What the clinic says now is validated first: a settlement is not taken back for a change that could
not be sent.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import ARRAY, JSONB

from omie_pipeline.catalog import REGISTRY, Endpoint
from omie_pipeline.catalog.relations import TITLES
from omie_pipeline.errors import ModelError
from omie_pipeline.payload import (
    PayloadModel,
    Selection,
    load_hashed_model,
    model_key,
    payload_source,
)
from omie_pipeline.postgres.engine import warehouse_errors
from omie_pipeline.postgres.tables import intent, ledger, plan, quarantine
from omie_pipeline.push.checks import confirmed_references, references_for
from omie_pipeline.push.plan import (
    PlannedPartition,
    insert_plan,
)
from omie_pipeline.validation.model import CandidateRow, ClinicRules

UNDONE = "undone"
"""``error_code`` of a settlement that was taken back so that its título could change."""

WAITS_FOR_TITLE = "waits_for_titulo"
"""``error_code`` of such a settlement while its título is yet to change."""

COMES_BACK = "volta"
"""Key of a planned deletion's ``extra``: the record is to be made again."""

# Settlements that must be taken back because their título, or they themselves, changed.


@dataclass(frozen=True, slots=True)
class ChangedSettlement:
    """A settlement that stands while the clinic says otherwise.

    Attributes:
        baixa: its code.
        partition: where it counts: of the título that changed, or its own.
        payload, extra: what is to be sent once it is taken back: the título's, or its own.
    """

    baixa: str
    omie_id: int
    partition: str
    codigo: str
    payload: Mapping[str, Any]
    extra: Mapping[str, Any]


def changed_titles(
    engine: sa.Engine, baixas: str, titles: PayloadModel, selection: Selection
) -> list[ChangedSettlement]:
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
            title.c.partition,
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
) -> list[ChangedSettlement]:
    """Settlements that differ from what Omie confirmed of them."""
    source, baixa = payload_source(baixas, selection), ledger.alias("b")
    query = (
        sa.select(
            baixa.c.codigo_integracao,
            baixa.c.omie_id,
            baixa.c.partition,
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
    engine: sa.Engine, run_id: str, key_field: str, rows: Sequence[ChangedSettlement]
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
        counts[row.partition] = counts.get(row.partition, 0) + 1
    return tuple(PlannedPartition(name, number, number) for name, number in sorted(counts.items()))


def _as_table(rows: Mapping[str, ChangedSettlement], key_field: str) -> sa.FromClause:
    values = sa.values(
        sa.column("codigo_integracao", sa.Text),
        sa.column("partition", sa.Text),
        sa.column("payload", JSONB),
        sa.column("extra", JSONB),
        sa.column("payload_hash", sa.Text),
        sa.column("omie_id", sa.BigInteger),
        sa.column("priority", sa.SmallInteger),
        name="v",
    )
    rows_of = values.data(
        [
            (code, row.partition, {key_field: code}, {COMES_BACK: True}, COMES_BACK, row.omie_id, 0)
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
        conditions.append(known.c.partition >= selection.date_from.isoformat())
    if selection.date_to is not None:
        conditions.append(known.c.partition <= selection.date_to.isoformat())
    return conditions


def _changed(engine: sa.Engine, query: sa.Select[Any]) -> list[ChangedSettlement]:
    with warehouse_errors(), engine.connect() as connection:
        return [
            ChangedSettlement(
                row.codigo_integracao,
                row.omie_id,
                row.partition,
                row.codigo,
                row.payload,
                row.extra,
            )
            for row in connection.execute(query)
        ]


# Whether the payments of a título can be settled again once it has its new value.

_VALUE = "valor_documento"
_PAID = ("valor", "desconto")


def unfit_titles(
    engine: sa.Engine,
    empresa: str,
    titles: PayloadModel,
    baixas: PayloadModel,
    reversals: PayloadModel | None,
    codes: Collection[str],
) -> set[str]:
    """Those of ``codes`` whose settlements, once taken back, could not all come back.

    Either the clinic's payments, with their discounts, are more than the título's value (Omie
    refuses what is over the balance), or a settlement is in Omie that the clinic has neither as
    a payment nor as a reversed one.

    Args:
        engine: the warehouse.
        empresa: the empresa whose rows are meant.
        titles: payload model of the títulos.
        baixas: payload model of the settlements.
        reversals: payload model of the reversals, if there is one.
        codes: integration codes.

    Raises:
        WarehouseError: the database is gone.
    """
    if not codes:
        return set()
    wanted = list(codes)
    parent = baixas.endpoint.parent_field
    p, t = baixas.table(), titles.table()
    paid = (
        sa.select(
            sa.cast(p.c[parent], sa.Text).label("code"), sa.func.sum(_paid(baixas, p)).label("paid")
        )
        .where(p.c.empresa == empresa, sa.cast(p.c[parent], sa.Text).in_(wanted))
        .group_by(sa.text("1"))
        .subquery("paid")
    )
    over = (
        sa.select(paid.c.code)
        .join(t, sa.and_(t.c.empresa == empresa, model_key(titles, t) == paid.c.code))
        .where(paid.c.paid > sa.cast(t.c[_VALUE], sa.Numeric))
    )
    known = [_named(model, empresa) for model in (baixas, reversals) if model is not None]
    lost = sa.select(ledger.c.parent_code).where(
        ledger.c.empresa == empresa,
        ledger.c.endpoint == baixas.endpoint.name,
        ledger.c.parent_code.in_(wanted),
        ledger.c.omie_id.is_not(None),
        ledger.c.state != "deleted",
        *(~named for named in known),
    )
    with warehouse_errors(), engine.connect() as connection:
        return set(connection.execute(over.union(lost)).scalars())


def _paid(baixas: PayloadModel, p: sa.FromClause) -> sa.ColumnElement[Decimal]:
    total: sa.ColumnElement[Decimal] = sa.literal(Decimal(0))
    for name in _PAID:
        if name in baixas.columns:
            total = total + sa.func.coalesce(sa.cast(p.c[name], sa.Numeric), 0)
    return total


def _named(model: PayloadModel, empresa: str) -> sa.ColumnElement[bool]:
    """Whether a model has a row of the ledger's code."""
    m = model.table()
    return sa.exists().where(
        m.c.empresa == empresa, model_key(model, m) == ledger.c.codigo_integracao
    )


def plan_undoing(
    engine: sa.Engine, run_id: str, reversal: Endpoint, selection: Selection, rules: ClinicRules
) -> tuple[PlannedPartition, ...]:
    """Plan the settlements that stand in the way of a change.

    Args:
        engine: the warehouse.
        run_id: id of the run.
        reversal: endpoint that takes settlements back.
        selection: empresa, dates and codes of the run.
        rules: the rules of the clinic.

    Raises:
        ConfigurationError: a list that validation needs was never read from Omie.
    """
    if selection.key is not None or selection.codes or selection.states:
        return ()
    found: list[ChangedSettlement] = []
    empresa = selection.empresa
    baixas = model_of(engine, REGISTRY[reversal.deletes], empresa)
    titles = model_of(engine, REGISTRY[TITLES[reversal.deletes]], empresa)
    if titles is not None:
        changed = changed_titles(engine, reversal.deletes, titles, selection)
        unfit = unfit_codes(engine, empresa, reversal, {one.codigo for one in changed})
        fitting = [one for one in changed if one.codigo not in unfit]
        found += _valid(engine, titles.endpoint, selection, rules, fitting)
    if baixas is not None:
        changed = changed_settlements(engine, baixas, selection)
        parents = {one.codigo: _parent(baixas, one) for one in changed}
        unfit = unfit_codes(engine, empresa, reversal, set(parents.values()))
        fitting = [one for one in changed if parents[one.codigo] not in unfit]
        found += _valid(engine, baixas.endpoint, selection, rules, fitting)
    return plan_reversals(engine, run_id, reversal.integration_key, found)


def unfit_codes(
    engine: sa.Engine, empresa: str, reversal: Endpoint, titles: Collection[str]
) -> set[str]:
    """Those of ``titles`` that are not undone, as their payments could not all come back.

    Args:
        engine: the warehouse.
        empresa: the empresa whose rows are meant.
        reversal: endpoint that takes settlements back.
        titles: codes of the títulos.
    """
    if not titles:
        return set()
    of_titles = model_of(engine, REGISTRY[TITLES[reversal.deletes]], empresa)
    of_baixas = model_of(engine, REGISTRY[reversal.deletes], empresa)
    if of_titles is None or of_baixas is None:
        return set(titles)
    models = (of_titles, of_baixas, model_of(engine, reversal, empresa))
    return unfit_titles(engine, empresa, *models, titles)


def _parent(baixas: PayloadModel, row: ChangedSettlement) -> str:
    return str(row.payload.get(baixas.endpoint.parent_field) or "")


def model_of(engine: sa.Engine, endpoint: Endpoint, empresa: str) -> PayloadModel | None:
    """The endpoint's payload model as the ledger's hashes know it, if there is one."""
    try:
        return load_hashed_model(engine, endpoint, empresa)
    except ModelError:
        return None


def _valid(
    engine: sa.Engine,
    endpoint: Endpoint,
    selection: Selection,
    rules: ClinicRules,
    changed: Sequence[ChangedSettlement],
) -> list[ChangedSettlement]:
    if not changed:
        return []
    from omie_pipeline.validation import Validator

    validator = Validator(endpoint, rules, references_for(engine, endpoint, selection.empresa))
    rows = [
        CandidateRow(number, row.codigo, row.payload, row.extra)
        for number, row in enumerate(changed)
    ]
    confirmed = confirmed_references(engine, selection.empresa, validator, rows)
    report = validator.validate(rows, confirmed=confirmed, duplicated_keys=set())
    refused = {failure.row for failure in report.failures} | {hold.row for hold in report.held}
    return [row for number, row in enumerate(changed) if number not in refused]
