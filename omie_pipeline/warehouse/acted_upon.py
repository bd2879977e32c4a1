"""Records that something was done to: títulos that are settled, orders that are billed."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import ARRAY, JSONB, JSONPATH

from omie_pipeline.catalog import REGISTRY
from omie_pipeline.warehouse.engine import warehouse_errors
from omie_pipeline.warehouse.nfse_tables import nfse
from omie_pipeline.warehouse.payload import PayloadModel
from omie_pipeline.warehouse.selection import model_key
from omie_pipeline.warehouse.tables import intent, ledger, rejected

UNDONE = "estornada"
"""``error_code`` of a settlement that was taken back so that its título could change."""


@dataclass(frozen=True, slots=True)
class Billed:
    """Where the note of an order stands, and when the order was last confirmed."""

    estado: str
    mudou_em: datetime
    mensagem: str
    order_confirmed_at: datetime | None


def settled(engine: sa.Engine, empresa: str, endpoint: str, titles: Collection[str]) -> set[str]:
    """Those of ``titles`` that a settlement of this ledger stands on."""
    query = sa.select(ledger.c.parent_code).where(
        ledger.c.empresa == empresa,
        ledger.c.endpoint == endpoint,
        ledger.c.parent_code == sa.func.any(list(titles)),
        ledger.c.omie_id.is_not(None),
        ledger.c.state != "deleted",
    )
    with warehouse_errors(), engine.connect() as connection:
        return set(connection.execute(query).scalars())


def living_codes(
    engine: sa.Engine, empresa: str, endpoint: str, codes: Collection[str]
) -> set[str]:
    """Those of ``codes`` that Omie confirmed and nobody took back."""
    return set(living_ids(engine, empresa, endpoint, codes))


def living_ids(
    engine: sa.Engine, empresa: str, endpoint: str, codes: Collection[str]
) -> dict[str, int | None]:
    """Code -> Omie's id of what Omie confirmed and nobody took back; ``None`` where it is no
    number."""
    query = sa.select(ledger.c.codigo_integracao, ledger.c.omie_id).where(
        ledger.c.empresa == empresa,
        ledger.c.endpoint == endpoint,
        ledger.c.codigo_integracao == sa.func.any(list(codes)),
        sa.or_(ledger.c.omie_id.is_not(None), ledger.c.omie_code.is_not(None)),
        ledger.c.state != "deleted",
    )
    with warehouse_errors(), engine.connect() as connection:
        return {row[0]: row[1] for row in connection.execute(query)}


@dataclass(frozen=True, slots=True)
class Confirmed:
    """What Omie last confirmed of a record that it holds."""

    payload_hash: str
    omie_id: int | None
    omie_code: str
    at: datetime | None


def confirmed(
    engine: sa.Engine, empresa: str, endpoint: str, codes: Collection[str]
) -> dict[str, Confirmed]:
    """What Omie last confirmed of these records, of those it holds."""
    c = ledger.c
    query = sa.select(
        c.codigo_integracao, c.payload_hash, c.omie_id, c.omie_code, c.confirmed_at
    ).where(
        c.empresa == empresa,
        c.endpoint == endpoint,
        c.codigo_integracao == sa.func.any(list(codes)),
        c.state != "deleted",
        c.payload_hash.is_not(None),
    )
    with warehouse_errors(), engine.connect() as connection:
        return {
            row[0]: Confirmed(row[1], row[2], row[3] or "", row[4])
            for row in connection.execute(query)
        }


def codes_of(
    engine: sa.Engine, empresa: str, endpoint: str, omie_ids: Collection[int]
) -> dict[int, str]:
    """Omie's id -> our code of what Omie confirmed and nobody took back."""
    query = sa.select(ledger.c.omie_id, ledger.c.codigo_integracao).where(
        ledger.c.empresa == empresa,
        ledger.c.endpoint == endpoint,
        ledger.c.omie_id == sa.func.any(list(omie_ids)),
        ledger.c.state != "deleted",
    )
    with warehouse_errors(), engine.connect() as connection:
        return {row[0]: row[1] for row in connection.execute(query)}


def corrected_at(
    engine: sa.Engine, orders_model: PayloadModel, empresa: str, orders: Collection[str]
) -> dict[str, datetime]:
    """Order -> when Omie last took in a change of its cliente or of one of its services."""
    p = orders_model.table()
    key = model_key(orders_model, p)
    head, items = sa.cast(p.c["Cabecalho"], JSONB), sa.cast(p.c["ServicosPrestados"], JSONB)
    path = sa.cast(sa.literal("$[*].cCodIntServico"), JSONPATH)
    service = sa.func.jsonb_path_query(items, path, type_=JSONB)
    whole = sa.cast(sa.literal("{}"), ARRAY(sa.Text))
    who = (p.c.empresa == empresa, key.in_(list(orders)))
    clientes = sa.select(
        key.label("order"),
        sa.literal("clientes").label("endpoint"),
        head["cCodIntCli"].astext.label("code"),
    ).where(*who)
    services = sa.select(key, sa.literal("servicos"), service.op("#>>")(whole)).where(*who)
    named = clientes.union_all(services).subquery("n")
    query = (
        sa.select(named.c.order, sa.func.max(ledger.c.confirmed_at))
        .join(
            ledger,
            sa.and_(
                ledger.c.empresa == empresa,
                ledger.c.endpoint == named.c.endpoint,
                ledger.c.codigo_integracao == named.c.code,
            ),
        )
        .group_by(named.c.order)
    )
    with warehouse_errors(), engine.connect() as connection:
        return {row[0]: row[1] for row in connection.execute(query) if row[1] is not None}


def unanswered(engine: sa.Engine, empresa: str, endpoint: str, codes: Collection[str]) -> set[str]:
    """Those of ``codes`` with a call on its way whose outcome nobody knows."""
    query = sa.select(intent.c.codigo_integracao).where(
        intent.c.empresa == empresa,
        intent.c.endpoint == endpoint,
        intent.c.codigo_integracao == sa.func.any(list(codes)),
        intent.c.closed_at.is_(None),
    )
    with warehouse_errors(), engine.connect() as connection:
        return set(connection.execute(query).scalars())


def unanswered_titles(
    engine: sa.Engine, empresa: str, endpoint: str, titles: Collection[str]
) -> set[str]:
    """Those of ``titles`` with a settlement on its way whose outcome nobody knows."""
    title = intent.c.payload[REGISTRY[endpoint].parent_field].astext
    query = sa.select(title).where(
        intent.c.empresa == empresa,
        intent.c.endpoint == endpoint,
        intent.c.closed_at.is_(None),
        title.in_(list(titles)),
    )
    with warehouse_errors(), engine.connect() as connection:
        return set(connection.execute(query).scalars())


def taken_back(engine: sa.Engine, empresa: str, endpoint: str, codes: Collection[str]) -> set[str]:
    """Those of ``codes`` that Omie confirmed once and does not hold any more."""
    query = sa.select(ledger.c.codigo_integracao).where(
        ledger.c.empresa == empresa,
        ledger.c.endpoint == endpoint,
        ledger.c.codigo_integracao == sa.func.any(list(codes)),
        ledger.c.omie_id.is_(None),
        ledger.c.confirmed_at.is_not(None),
    )
    with warehouse_errors(), engine.connect() as connection:
        return set(connection.execute(query).scalars())


def last_refusals(
    engine: sa.Engine, empresa: str, endpoint: str, codes: Collection[str]
) -> dict[str, tuple[str, str]]:
    """Code -> Omie's words and what to do, of rows that it refused last."""
    query = sa.select(
        rejected.c.codigo_integracao, rejected.c.fault_text, rejected.c.correcao
    ).where(
        rejected.c.empresa == empresa,
        rejected.c.endpoint == endpoint,
        rejected.c.codigo_integracao == sa.func.any(list(codes)),
    )
    with warehouse_errors(), engine.connect() as connection:
        return {row[0]: (row[1] or "", row[2] or "") for row in connection.execute(query)}


def billed(engine: sa.Engine, empresa: str, orders: Collection[str]) -> dict[str, Billed]:
    """Orders that were billed once, by code."""
    order = ledger.alias("o")
    mine = sa.and_(
        order.c.empresa == nfse.c.empresa,
        order.c.endpoint == "ordens_servico",
        order.c.codigo_integracao == nfse.c.cod_int_os,
    )
    query: sa.Select[Any] = (
        sa.select(
            nfse.c.cod_int_os,
            nfse.c.estado,
            nfse.c.mudou_em,
            nfse.c.mensagem,
            order.c.confirmed_at,
        )
        .select_from(nfse.outerjoin(order, mine))
        .where(nfse.c.empresa == empresa, nfse.c.cod_int_os == sa.func.any(list(orders)))
    )
    with warehouse_errors(), engine.connect() as connection:
        return {
            row[0]: Billed(row[1], row[2], row[3] or "", row[4])
            for row in connection.execute(query)
        }
