"""A person's decision to bill a service order that no payload model asks to bill."""

from __future__ import annotations

from datetime import date, datetime

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import insert

from omie_pipeline.catalog import REGISTRY
from omie_pipeline.errors import ConfigurationError
from omie_pipeline.nfse.nfse_ledger import refuse_in_ledger
from omie_pipeline.payload.payload import PayloadModel
from omie_pipeline.postgres.engine import warehouse_errors
from omie_pipeline.postgres.nfse_tables import billing_request, nfse
from omie_pipeline.postgres.tables import SYNC, ledger

_BILLING = REGISTRY["faturar_os"]
_ORDERS = "ordens_servico"


def request_billing(
    engine: sa.Engine, empresa: str, order: str, by: str, now: datetime
) -> PayloadModel:
    """Write the decision down, the last one with its time: it opens a note that the city hall
    refused before it. A note in ``error`` may be billed once more, since Omie is asked first
    whether its order is billed.

    Args:
        engine: the warehouse.
        empresa: the empresa whose rows are meant.
        order: our code of the order.
        by: name of the person.
        now: time of the change.

    Returns:
        ``omie_sync.billing_request`` as a payload model of ``faturar_os``.

    Raises:
        ConfigurationError: this pipeline never delivered such an order, or its note was cancelled;
            nothing was written.
    """
    query = sa.select(ledger.c.particao, ledger.c.omie_id).where(
        ledger.c.empresa == empresa,
        ledger.c.endpoint == _ORDERS,
        ledger.c.codigo_integracao == order,
        ledger.c.omie_id.is_not(None),
        ledger.c.state != "deleted",
    )
    with warehouse_errors(), engine.begin() as connection:
        known = connection.execute(query).one_or_none()
        if known is None:
            raise ConfigurationError(
                f"A OS {order} não foi enviada por este fluxo: envie-a com push ordens_servico"
            )
        _open_note(connection, empresa, order, now)
        decision = {"_pedido_em": now, "_pedido_por": by}
        connection.execute(
            insert(billing_request)
            .values(
                {
                    "empresa": empresa,
                    "data_particao": _day(known.particao) or now.date(),
                    "cCodIntOS": order,
                    **decision,
                }
            )
            .on_conflict_do_update(index_elements=list(billing_request.primary_key), set_=decision)
        )
    columns = tuple(column.name for column in billing_request.columns)
    return PayloadModel(_BILLING, columns, schema=SYNC, name=billing_request.name)


def billed_no_more(order: str) -> str:
    """What stands and what to do if the note of an order was cancelled."""
    return (
        f"A nota da {order} foi cancelada, e uma OS cancelada não é faturada de novo: faça a nova "
        "OS direto no Omie, ou cadastre um novo recebimento na clínica"
    )


def _open_note(connection: sa.Connection, empresa: str, order: str, now: datetime) -> None:
    """Let a note in ``error`` be billed once more; a cancelled one is the end of its order."""
    query = sa.select(nfse.c.estado, nfse.c.mensagem).where(
        nfse.c.empresa == empresa, nfse.c.cod_int_os == order
    )
    note = connection.execute(query).one_or_none()
    if note is None:
        return
    if note.estado == "cancelled":
        raise ConfigurationError(billed_no_more(order))
    if note.estado == "error":
        words = note.mensagem or "O Omie não mostra esta OS como faturada"
        who = (connection, empresa, order, now)
        refuse_in_ledger(*who, words=words, correcao=f"omie-pipeline nfse issue {order}")


def _day(particao: str) -> date | None:
    try:
        return date.fromisoformat(particao)
    except ValueError:
        return None
