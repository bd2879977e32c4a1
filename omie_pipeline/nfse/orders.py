"""Service orders as a note needs them: what keeps one from being billed, and when Omie last took in
a change of it, of its cliente or of its services.

Every function raises ``WarehouseError`` when the database is gone.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any, Literal

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import ARRAY, JSONB, JSONPATH

from omie_pipeline.payload import (
    PayloadModel,
    Selection,
    left_out_of_hashes,
    model_key,
    payload_source,
)
from omie_pipeline.postgres.engine import warehouse_errors
from omie_pipeline.postgres.tables import (
    billing_request,
    intent,
    ledger,
    nfse,
    quarantine,
    rejected,
)

ORDERS = "ordens_servico"
Part = Literal["order", "client", "service"]
"""What a note is made of."""

Obstacle = Literal["unknown", "quarantined", "refused", "different"]
"""Why an order is not to be billed: Omie does not hold it, our validation or Omie refused its last
change, or the clinic wants it otherwise than Omie confirmed it."""

_DELIVERED = ("created", "updated", "linked")


@dataclass(frozen=True, slots=True)
class BilledOrder:
    """Where the note of an order stands.

    Attributes:
        billed_at: last time the order was billed.
        requested_at: last time a person decided to bill it (``nfse issue``).
    """

    state: str
    changed_at: datetime
    billed_at: datetime
    message: str
    requested_at: datetime | None


def billed(engine: sa.Engine, empresa: str, orders: Collection[str]) -> dict[str, BilledOrder]:
    """Orders that were billed once, by code."""
    asked = sa.and_(
        billing_request.c.empresa == nfse.c.empresa,
        billing_request.c["cCodIntOS"] == nfse.c.cod_int_os,
    )
    n = nfse.c
    query = (
        sa.select(
            n.cod_int_os,
            n.state,
            n.changed_at,
            n.billed_at,
            n.message,
            billing_request.c["_requested_at"],
        )
        .select_from(nfse.outerjoin(billing_request, asked))
        .where(n.empresa == empresa, n.cod_int_os == sa.func.any(list(orders)))
    )
    with warehouse_errors(), engine.connect() as connection:
        return {
            row[0]: BilledOrder(row[1], row[2], row[3], row[4] or "", row[5])
            for row in connection.execute(query)
        }


def obstacles(
    engine: sa.Engine, orders_model: PayloadModel | None, empresa: str, orders: Collection[str]
) -> dict[str, Obstacle]:
    """Those of ``orders`` that are not in Omie as the clinic wants them, and why.

    Args:
        engine: the warehouse.
        orders_model: the payload model of the orders; without it, and for an order that is not in
            it, what Omie confirmed is what is wanted.
        empresa: the empresa whose rows are meant.
        orders: our codes of the orders.
    """
    codes = list(orders)
    query = sa.select(
        ledger.c.codigo_integracao,
        ledger.c.state,
        ledger.c.omie_id,
        ledger.c.payload_hash,
        _listed(quarantine),
        _listed(rejected),
    ).where(
        ledger.c.empresa == empresa,
        ledger.c.endpoint == ORDERS,
        ledger.c.codigo_integracao == sa.func.any(codes),
    )
    found: dict[str, Obstacle] = dict.fromkeys(codes, "unknown")
    with warehouse_errors(), engine.connect() as connection:
        wanted = _wanted(connection, orders_model, empresa, codes)
        for row in connection.execute(query):
            obstacle = _obstacle(row, wanted.get(row[0], set()))
            if obstacle is None:
                del found[row[0]]
            else:
                found[row[0]] = obstacle
    return found


def corrected_at(
    engine: sa.Engine, orders_model: PayloadModel | None, empresa: str, orders: Collection[str]
) -> dict[str, dict[Part, datetime]]:
    """Order -> part of its note -> when Omie last took in another payload of that part.

    A record that was sent once more as it was is no change. Cliente and services are those that the
    order names by our code, or by a marker (:mod:`omie_pipeline.catalog.model`).

    Args:
        engine: the warehouse.
        orders_model: payload model of the orders.
        empresa: the empresa whose rows are meant.
        orders: our codes of the orders.
    """
    named = _parts(orders_model, empresa, list(orders)).subquery("n")
    known = ledger.alias("l")
    mine = sa.and_(
        known.c.empresa == empresa,
        known.c.endpoint == named.c.endpoint,
        known.c.codigo_integracao == named.c.code,
    )
    query = (
        sa.select(named.c.order, named.c.part, sa.func.max(_changed_at(known)))
        .join(known, mine)
        .group_by(named.c.order, named.c.part)
    )
    found: dict[str, dict[Part, datetime]] = {}
    with warehouse_errors(), engine.connect() as connection:
        for row in connection.execute(query):
            if row[2] is not None:
                found.setdefault(row[0], {})[row[1]] = row[2]
    return found


def describe_note(engine: sa.Engine, orders_model: PayloadModel, empresa: str, order: str) -> None:
    """Give a note that a person asked for the sum and the city of its order, if it has none.

    Args:
        engine: the warehouse.
        orders_model: payload model of the orders, if there is one.
        empresa: the empresa whose rows are meant.
        order: our code of the order.
    """
    source = payload_source(orders_model, Selection(empresa))
    city = sa.cast(source.c.payload, JSONB)["InformacoesAdicionais"]["cCidPrestServ"].astext
    items = sa.cast(source.c.payload, JSONB)["ServicosPrestados"]
    query = sa.select(city, items).where(source.c.codigo_integracao == order)
    with warehouse_errors(), engine.begin() as connection:
        row = connection.execute(query).first()
        if row is None:
            return
        connection.execute(
            sa.update(nfse)
            .where(nfse.c.empresa == empresa, nfse.c.cod_int_os == order)
            .values(
                municipio=sa.func.coalesce(nfse.c.municipio, row[0]),
                valor=sa.func.coalesce(nfse.c.valor, _sum(row[1])),
            )
        )


def _obstacle(row: Any, wanted: set[str]) -> Obstacle | None:
    """Of one ledger row: code, state, id, confirmed hash, in quarantine, refused by Omie."""
    _, state, omie_id, confirmed_hash, held_here, refused = row
    if omie_id is None or state == "deleted":
        return "unknown"
    if held_here:
        return "quarantined"
    if refused or state == "rejected":
        return "refused"
    if state != "confirmed" or wanted - {confirmed_hash}:
        return "different"
    return None


def _listed(table: sa.Table) -> sa.ColumnElement[bool]:
    return sa.exists().where(
        table.c.empresa == ledger.c.empresa,
        table.c.endpoint == ledger.c.endpoint,
        table.c.codigo_integracao == ledger.c.codigo_integracao,
    )


def _wanted(
    connection: sa.Connection, model: PayloadModel | None, empresa: str, codes: list[str]
) -> dict[str, set[str]]:
    """Order -> hashes of its payload in the model."""
    if model is None:
        return {}
    hashed = model.without(left_out_of_hashes(connection, empresa, model.endpoint.name))
    source = payload_source(hashed, Selection(empresa))
    query = sa.select(source.c.codigo_integracao, source.c.payload_hash).where(
        source.c.codigo_integracao == sa.func.any(codes)
    )
    found: dict[str, set[str]] = {}
    for row in connection.execute(query):
        found.setdefault(row[0], set()).add(row[1])
    return found


def _parts(model: PayloadModel | None, empresa: str, orders: list[str]) -> sa.CompoundSelect[Any]:
    """Rows of order, part, endpoint and code: the records that a note is made of."""
    code = sa.func.unnest(sa.cast(sa.literal(orders, ARRAY(sa.Text)), ARRAY(sa.Text)))
    own = sa.select(code.label("order")).subquery("o")
    queries: list[sa.Select[Any]] = [
        sa.select(
            own.c.order,
            sa.literal("order").label("part"),
            sa.literal(ORDERS).label("endpoint"),
            own.c.order.label("code"),
        )
    ]
    if model is not None:
        queries += _named(model, empresa, orders)
    return sa.union_all(*queries)


def _named(model: PayloadModel, empresa: str, orders: list[str]) -> list[sa.Select[Any]]:
    p = model.table()
    key = model_key(model, p)
    head, items = sa.cast(p.c["Cabecalho"], JSONB), sa.cast(p.c["ServicosPrestados"], JSONB)
    marker = head["nCodCli"]["$omie_id"]
    path = sa.cast(sa.literal("$[*].cCodIntServico"), JSONPATH)
    service = sa.func.jsonb_path_query(items, path, type_=JSONB)
    whole = sa.cast(sa.literal("{}"), ARRAY(sa.Text))
    who = (p.c.empresa == empresa, key.in_(orders))
    client, served = sa.literal("client"), sa.literal("service")
    by_code = head["cCodIntCli"].astext
    return [
        sa.select(key, client, sa.literal("clientes"), by_code).where(*who),
        sa.select(key, client, marker[0].astext, marker[1].astext).where(*who),
        sa.select(key, served, sa.literal("servicos"), service.op("#>>")(whole)).where(*who),
    ]


def _changed_at(known: sa.FromClause) -> sa.ColumnElement[datetime | None]:
    """When Omie took in the payload that it holds of a record, for the first time in a row; the
    last confirmation if no call is remembered."""
    sent = (
        intent.c.empresa == known.c.empresa,
        intent.c.endpoint == known.c.endpoint,
        intent.c.codigo_integracao == known.c.codigo_integracao,
        intent.c.outcome.in_(_DELIVERED),
    )
    another = (
        sa.select(sa.func.max(intent.c.closed_at))
        .where(*sent, intent.c.payload_hash.is_distinct_from(known.c.payload_hash))
        .correlate(known)
        .scalar_subquery()
    )
    same = intent.c.payload_hash == known.c.payload_hash
    after = sa.or_(another.is_(None), intent.c.closed_at > another)
    first = (
        sa.select(sa.func.min(intent.c.closed_at))
        .where(*sent, same, after)
        .correlate(known)
        .scalar_subquery()
    )
    return sa.func.coalesce(first, known.c.confirmed_at)


def _sum(items: Any) -> Decimal | None:
    """R$ of an order's items."""
    lines = items if isinstance(items, list) else []
    try:
        return sum(
            (Decimal(str(one["nQtde"])) * Decimal(str(one["nValUnit"])) for one in lines),
            Decimal(),
        )
    except (KeyError, ArithmeticError):
        return None
