"""A person's decision to bill a service order that no payload model asks to bill."""

from __future__ import annotations

from datetime import date, datetime

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import insert

from omie_pipeline.catalog import REGISTRY
from omie_pipeline.errors import ConfigurationError
from omie_pipeline.warehouse.engine import warehouse_errors
from omie_pipeline.warehouse.nfse_tables import billing_request
from omie_pipeline.warehouse.payload import PayloadModel
from omie_pipeline.warehouse.tables import SYNC, ledger

_BILLING = REGISTRY["faturar_os"]
_ORDERS = "ordens_servico"


def request_billing(
    engine: sa.Engine, empresa: str, order: str, by: str, now: datetime
) -> PayloadModel:
    """Write the decision down, once.

    Returns:
        ``omie_sync.billing_request`` as a payload model of ``faturar_os``.

    Raises:
        ConfigurationError: this pipeline never delivered such an order.
    """
    query = sa.select(ledger.c.particao).where(
        ledger.c.empresa == empresa,
        ledger.c.endpoint == _ORDERS,
        ledger.c.codigo_integracao == order,
        ledger.c.omie_id.is_not(None),
        ledger.c.state != "deleted",
    )
    with warehouse_errors(), engine.begin() as connection:
        particao = connection.execute(query).scalar_one_or_none()
        if particao is None:
            raise ConfigurationError(
                f"A OS {order} não foi enviada por este fluxo: envie-a com push ordens_servico"
            )
        connection.execute(
            insert(billing_request)
            .values(
                {
                    "empresa": empresa,
                    "data_particao": _day(particao) or now.date(),
                    "cCodIntOS": order,
                    "_pedido_em": now,
                    "_pedido_por": by,
                }
            )
            .on_conflict_do_nothing()
        )
    columns = tuple(column.name for column in billing_request.columns)
    return PayloadModel(_BILLING, columns, schema=SYNC, name=billing_request.name)


def _day(particao: str) -> date | None:
    try:
        return date.fromisoformat(particao)
    except ValueError:
        return None
