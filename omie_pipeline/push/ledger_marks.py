"""What a change to one record of the ledger means for those that act upon it, and for itself.

A título that is deleted, or made again under the same code, has no settlement any more: what the
ledger knows of them is forgotten, so that the clinic's payments are settled again.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from omie_pipeline.catalog import REGISTRY
from omie_pipeline.catalog.acting import SETTLEMENTS, SITUATIONS
from omie_pipeline.payload.rows import PlanRow
from omie_pipeline.postgres.tables import ledger
from omie_pipeline.push.acted_upon import UNDONE, WAITS_FOR_TITLE

SET_BACK = "falta_no_omie"
"""``error_code`` of a row that waits to be sent again."""

COMES_BACK = "volta"
"""Key of a planned deletion's ``extra``: the record is to be made again."""

_TAKEN_BACK: Mapping[str, Any] = {
    "state": "held",
    "payload_hash": None,
    "omie_id": None,
    "last_error": "Estornada para alterar o título; volta com a próxima execução",
    "error_code": UNDONE,
}
_UNSETTLED: Mapping[str, Any] = {
    "state": "held",
    "payload_hash": None,
    "omie_id": None,
    "same_as": None,
    # Never confirmed, as far as the new título goes: Omie is asked what stands on it.
    "confirmed_at": None,
    "last_error": "O título foi refeito no Omie: a baixa será lançada de novo",
    "error_code": SET_BACK,
    "held_until": None,
}


def mark_deleted(
    connection: sa.Connection,
    empresa: str,
    target: str,
    rows: Sequence[PlanRow],
    run_id: str,
    now: datetime,
) -> None:
    """Records of ``target`` that another endpoint took away.

    The hash stays: a row that was deleted on request does not come back by itself, only when the
    clinic changes it. What was taken back for a change does, with the next run; a settlement does
    when the clinic takes back its reversal, which changes nothing in it.

    Args:
        connection: a connection to the warehouse; the caller ends the transaction.
        empresa: the empresa whose rows are meant.
        target: endpoint whose records went.
        rows: code and Omie's id of each.
        run_id: id of the run.
        now: time of the change.
    """
    gone: dict[str, Any] = {"state": "deleted"}
    if REGISTRY[target].effect == "settlement":
        gone["payload_hash"] = None
    for coming_back in (False, True):
        some = [row for row in rows if bool(row.extra.get(COMES_BACK)) is coming_back]
        codes = [row.codigo_integracao for row in some if row.codigo_integracao]
        ids = [row.omie_id for row in some if row.omie_id]
        statement = (
            sa.update(ledger)
            .where(
                ledger.c.empresa == empresa,
                ledger.c.endpoint == target,
                sa.or_(ledger.c.codigo_integracao.in_(codes), ledger.c.omie_id.in_(ids)),
            )
            .values(
                **(_TAKEN_BACK if coming_back else gone),
                confirmed_at=now,
                run_id=run_id,
                updated_at=now,
            )
            .returning(ledger.c.codigo_integracao)
        )
        named: list[str] = list(connection.execute(statement).scalars())
        forget_settlements(connection, empresa, target, named, now)


def forget_settlements(
    connection: sa.Connection, empresa: str, titles: str, codes: Sequence[str], now: datetime
) -> None:
    """These títulos of endpoint ``titles`` are not those any more that were settled.

    Args:
        connection: a connection to the warehouse; the caller ends the transaction.
        empresa: the empresa whose rows are meant.
        titles: endpoint of the títulos.
        codes: integration codes of the títulos.
        now: time of the change.
    """
    settlement = SETTLEMENTS.get(titles)
    if settlement is None or not codes:
        return
    connection.execute(
        sa.update(ledger)
        .where(
            *_upon(empresa, settlement.name, codes),
            sa.or_(ledger.c.omie_id.is_not(None), ledger.c.same_as.is_not(None)),
            ledger.c.state != "deleted",
        )
        .values(**_UNSETTLED, updated_at=now)
    )


def forget_situations(
    connection: sa.Connection,
    empresa: str,
    contracts: str,
    omie_ids: Mapping[str, int],
    now: datetime,
) -> None:
    """Contracts that Omie holds under these ids: what an earlier contract of the same code was in
    is not what this one is in.

    Args:
        connection: a connection to the warehouse; the caller ends the transaction.
        empresa: the empresa whose rows are meant.
        contracts: endpoint of the contracts.
        omie_ids: code -> id.
        now: time of the change.
    """
    situation = SITUATIONS.get(contracts)
    if situation is None or not omie_ids:
        return
    statement = (
        sa.update(ledger)
        .where(
            ledger.c.empresa == empresa,
            ledger.c.endpoint == situation.name,
            ledger.c.codigo_integracao == sa.bindparam("code"),
            ledger.c.omie_id != sa.bindparam("held_by_omie"),
        )
        .values(
            state="held",
            payload_hash=None,
            omie_id=None,
            last_error="O contrato foi refeito no Omie: a situação será pedida de novo",
            error_code=SET_BACK,
            held_until=None,
            updated_at=now,
        )
    )
    values = [{"code": code, "held_by_omie": omie_id} for code, omie_id in omie_ids.items()]
    connection.execute(statement, values)


def wake_settlements(
    connection: sa.Connection, empresa: str, titles: str, codes: Sequence[str], now: datetime
) -> None:
    """Settlements that waited for these títulos may go on by themselves.

    Args:
        connection: a connection to the warehouse; the caller ends the transaction.
        empresa: the empresa whose rows are meant.
        titles: endpoint of the títulos.
        codes: integration codes of the títulos.
        now: time of the change.
    """
    settlement = SETTLEMENTS.get(titles)
    if settlement is None or not codes:
        return
    connection.execute(
        sa.update(ledger)
        .where(
            *_upon(empresa, settlement.name, codes),
            ledger.c.state == "held",
            ledger.c.error_code == WAITS_FOR_TITLE,
        )
        .values(error_code=UNDONE, updated_at=now)
    )


def of_the_living(column: sa.Column[Any]) -> sa.ColumnElement[Any]:
    """What the ledger knew of a record, ``NULL`` if the record was deleted: what fails to be
    made anew must not get the dead record's id back."""
    return sa.case((ledger.c.state != "deleted", column))


def left_of_the_dead() -> dict[str, sa.ColumnElement[Any]]:
    """What stays known of the record of a row that waits or was refused: nothing if it was
    deleted."""
    names = ("omie_id", "payload_hash", "same_as")
    left = {name: of_the_living(ledger.c[name]) for name in names}
    return {**left, "created_here": made_by_us()}


def made_by_us() -> sa.ColumnElement[bool]:
    """Whether the record that stands is one of ours: one that was deleted stands no more."""
    return sa.and_(ledger.c.state != "deleted", ledger.c.created_here)


def _upon(
    empresa: str, settlement: str, codes: Sequence[str]
) -> tuple[sa.ColumnElement[bool], ...]:
    return (
        ledger.c.empresa == empresa,
        ledger.c.endpoint == settlement,
        ledger.c.parent_code.in_(codes),
    )
