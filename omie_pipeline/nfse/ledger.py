"""What the city hall's answer means for the ledger's row of a billing, written with the note."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import insert

from omie_pipeline.postgres.tables import billing_request, ledger, nfse, nfse_transition, rejected
from omie_pipeline.texts import nfse as texts

BILLING = "faturar_os"
REFUSED_CODE = "nfse"
"""``error_code`` of a ledger row that the city hall refused."""


def refuse_in_ledger(
    connection: sa.Connection,
    empresa: str,
    cod_int_os: str,
    at: datetime,
    *,
    words: str,
    fix: str,
) -> None:
    """The billing is ``rejected``, in the ledger and in the list of rejected rows; an order that
    was billed without the ledger has nothing to mark.

    Args:
        connection: a connection to the warehouse; the caller ends the transaction.
        empresa: the empresa whose rows are meant.
        cod_int_os: our code of the order.
        at: time of the change.
        words: the city hall's.
        fix: what a person does.
    """
    row = connection.execute(
        sa.update(ledger)
        .where(*_billing(ledger, empresa, cod_int_os))
        .values(
            state="rejected",
            first_error=sa.func.coalesce(ledger.c.first_error, words),
            last_error=words,
            error_code=REFUSED_CODE,
            held_until=None,
            updated_at=at,
        )
        .returning(ledger.c.partition, ledger.c.run_id)
    ).one_or_none()
    if row is None:
        return
    kept = {
        "partition": row.partition,
        "fault_text": words,
        "fault_code": REFUSED_CODE,
        "fix": fix,
        "row_masked": {"cCodIntOS": cod_int_os},
        "last_seen_at": at,
        "run_id": row.run_id,
    }
    connection.execute(
        insert(rejected)
        .values(
            empresa=empresa,
            endpoint=BILLING,
            codigo_integracao=cod_int_os,
            first_seen_at=at,
            **kept,
        )
        .on_conflict_do_update(index_elements=list(rejected.primary_key), set_=kept)
    )


def _billing(table: sa.Table, empresa: str, cod_int_os: str) -> tuple[sa.ColumnElement[bool], ...]:
    return (
        table.c.empresa == empresa,
        table.c.endpoint == BILLING,
        table.c.codigo_integracao == cod_int_os,
    )


def accept_in_ledger(
    connection: sa.Connection, empresa: str, cod_int_os: str, at: datetime
) -> None:
    """A person put it right in Omie: nothing is left to bill.

    Args:
        connection: a connection to the warehouse; the caller ends the transaction.
        empresa: the empresa whose rows are meant.
        cod_int_os: our code of the order.
        at: time of the change.
    """
    connection.execute(sa.delete(rejected).where(*_billing(rejected, empresa, cod_int_os)))
    connection.execute(
        sa.update(ledger)
        .where(*_billing(ledger, empresa, cod_int_os), ledger.c.state == "rejected")
        .values(
            state="confirmed",
            first_error=None,
            last_error=None,
            error_code=None,
            confirmed_at=at,
            updated_at=at,
        )
    )


def forget_billings(
    connection: sa.Connection, empresa: str, orders: Sequence[str], at: datetime
) -> None:
    """These orders were deleted in Omie: made again, they are to be billed again.

    Their notes, which have no number or were cancelled, end as ``deleted``: nobody asks for them
    any more. A person's decision to bill them goes with them.

    Args:
        connection: a connection to the warehouse; the caller ends the transaction.
        empresa: the empresa whose rows are meant.
        orders: our codes of the orders.
        at: time of the change.
    """
    if not orders:
        return
    billings = (
        ledger.c.empresa == empresa,
        ledger.c.endpoint == BILLING,
        ledger.c.codigo_integracao.in_(orders),
    )
    connection.execute(
        sa.update(ledger).where(*billings).values(state="deleted", payload_hash=None, updated_at=at)
    )
    asked = (billing_request.c.empresa == empresa, billing_request.c["cCodIntOS"].in_(orders))
    connection.execute(sa.delete(billing_request).where(*asked))
    refused = (
        rejected.c.empresa == empresa,
        rejected.c.endpoint == BILLING,
        rejected.c.codigo_integracao.in_(orders),
    )
    connection.execute(sa.delete(rejected).where(*refused))
    _end_notes(connection, empresa, orders, at)


def _end_notes(
    connection: sa.Connection, empresa: str, orders: Sequence[str], at: datetime
) -> None:
    mine = (
        nfse.c.empresa == empresa,
        nfse.c.cod_int_os.in_(orders),
        nfse.c.state.not_in(("issued", "deleted")),
    )
    found = sa.select(nfse.c.cod_int_os, nfse.c.state).where(*mine).with_for_update()
    steps = [
        {
            "empresa": empresa,
            "cod_int_os": row.cod_int_os,
            "from_state": row.state,
            "to_state": "deleted",
            "at": at,
            "reason": texts.ORDER_DELETED,
            "source": "push",
        }
        for row in connection.execute(found)
    ]
    if not steps:
        return
    connection.execute(
        sa.update(nfse)
        .where(*mine)
        .values(state="deleted", changed_at=at, next_check_at=None, alerted_at=None)
    )
    connection.execute(sa.insert(nfse_transition), steps)
