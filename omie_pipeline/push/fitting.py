"""Whether the payments of a título can be settled again once it has its new value."""

from __future__ import annotations

from collections.abc import Collection
from decimal import Decimal

import sqlalchemy as sa

from omie_pipeline.payload.payload import PayloadModel
from omie_pipeline.payload.selection import model_key
from omie_pipeline.postgres.engine import warehouse_errors
from omie_pipeline.postgres.tables import ledger

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
