"""Records that something was done to: títulos that are settled, records that are in Omie."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from omie_pipeline.catalog import REGISTRY
from omie_pipeline.catalog.relations import SETTLEMENTS, SITUATIONS
from omie_pipeline.payload.rows import PlanRow
from omie_pipeline.postgres.engine import warehouse_errors
from omie_pipeline.postgres.tables import intent, ledger, rejected
from omie_pipeline.texts import push as texts

UNDONE = "undone"
"""``error_code`` of a settlement that was taken back so that its título could change."""

WAITS_FOR_TITLE = "waits_for_titulo"
"""``error_code`` of such a settlement while its título is yet to change."""


def settled(engine: sa.Engine, empresa: str, endpoint: str, titles: Collection[str]) -> set[str]:
    """Those of ``titles`` that a settlement of this ledger stands on.

    Args:
        engine: the warehouse.
        empresa: the empresa whose rows are meant.
        endpoint: name of the endpoint.
        titles: codes of the títulos.
    """
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
    """Those of ``codes`` that Omie confirmed and that were not reversed.

    Args:
        engine: the warehouse.
        empresa: the empresa whose rows are meant.
        endpoint: name of the endpoint.
        codes: integration codes.
    """
    return set(living_ids(engine, empresa, endpoint, codes))


def living_ids(
    engine: sa.Engine, empresa: str, endpoint: str, codes: Collection[str]
) -> dict[str, int | None]:
    """Code -> Omie's id of what Omie confirmed and nobody took back; ``None`` if it is no
    number.

    Args:
        engine: the warehouse.
        empresa: the empresa whose rows are meant.
        endpoint: name of the endpoint.
        codes: integration codes.
    """
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
class ConfirmedRecord:
    """What Omie last confirmed of a record that it holds."""

    payload_hash: str
    omie_id: int | None
    omie_code: str
    at: datetime | None


def confirmed(
    engine: sa.Engine, empresa: str, endpoint: str, codes: Collection[str]
) -> dict[str, ConfirmedRecord]:
    """What Omie last confirmed of these records, of those it holds and is known to hold so.

    Args:
        engine: the warehouse.
        empresa: the empresa whose rows are meant.
        endpoint: name of the endpoint.
        codes: integration codes.
    """
    c = ledger.c
    query = sa.select(
        c.codigo_integracao, c.payload_hash, c.omie_id, c.omie_code, c.confirmed_at
    ).where(
        c.empresa == empresa,
        c.endpoint == endpoint,
        c.codigo_integracao == sa.func.any(list(codes)),
        c.state != "deleted",
        c.payload_hash.is_not(None),
        ~unclear(ledger),
    )
    with warehouse_errors(), engine.connect() as connection:
        return {
            row[0]: ConfirmedRecord(row[1], row[2], row[3] or "", row[4])
            for row in connection.execute(query)
        }


def unclear(known: sa.FromClause) -> sa.ColumnElement[bool]:
    """Whether Omie may hold something else of a record than what it confirmed last."""
    # Asked for once, not per record: a subquery that depends on the row keeps PostgreSQL from
    # comparing a million payloads in parallel.
    open_ones = sa.select(intent.c.empresa, intent.c.endpoint, intent.c.codigo_integracao).where(
        intent.c.closed_at.is_(None)
    )
    record = sa.tuple_(known.c.empresa, known.c.endpoint, known.c.codigo_integracao)
    unanswered = record.in_(open_ones)
    return sa.or_(known.c.in_doubt, unanswered)


def codes_of(
    engine: sa.Engine, empresa: str, endpoint: str, omie_ids: Collection[int]
) -> dict[int, str]:
    """Omie's id -> our code of what Omie confirmed and was not reversed.

    Args:
        engine: the warehouse.
        empresa: the empresa whose rows are meant.
        endpoint: name of the endpoint.
        omie_ids: Omie's ids.
    """
    query = sa.select(ledger.c.omie_id, ledger.c.codigo_integracao).where(
        ledger.c.empresa == empresa,
        ledger.c.endpoint == endpoint,
        ledger.c.omie_id == sa.func.any(list(omie_ids)),
        ledger.c.state != "deleted",
    )
    with warehouse_errors(), engine.connect() as connection:
        return {row[0]: row[1] for row in connection.execute(query)}


def settled_by_others(
    engine: sa.Engine, empresa: str, endpoint: str, codes: Collection[str]
) -> set[str]:
    """Those of ``codes`` that a person linked to a settlement which others made in Omie.

    Args:
        engine: the warehouse.
        empresa: the empresa whose rows are meant.
        endpoint: name of the endpoint.
        codes: integration codes.
    """
    query = sa.select(ledger.c.codigo_integracao).where(
        ledger.c.empresa == empresa,
        ledger.c.endpoint == endpoint,
        ledger.c.codigo_integracao == sa.func.any(list(codes)),
        ledger.c.same_as.is_not(None),
        ledger.c.state != "deleted",
    )
    with warehouse_errors(), engine.connect() as connection:
        return set(connection.execute(query).scalars())


def unanswered(engine: sa.Engine, empresa: str, endpoint: str, codes: Collection[str]) -> set[str]:
    """Those of ``codes`` with a call whose outcome is unknown.

    Args:
        engine: the warehouse.
        empresa: the empresa whose rows are meant.
        endpoint: name of the endpoint.
        codes: integration codes.
    """
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
    """Those of ``titles`` with a settlement whose outcome is unknown.

    Args:
        engine: the warehouse.
        empresa: the empresa whose rows are meant.
        endpoint: name of the endpoint.
        titles: codes of the títulos.
    """
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
    """Those of ``codes`` that Omie confirmed once and does not hold any more.

    Args:
        engine: the warehouse.
        empresa: the empresa whose rows are meant.
        endpoint: name of the endpoint.
        codes: integration codes.
    """
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
    """Code -> Omie's words and what to do, of rows that it refused last.

    Args:
        engine: the warehouse.
        empresa: the empresa whose rows are meant.
        endpoint: name of the endpoint.
        codes: integration codes.
    """
    query = sa.select(rejected.c.codigo_integracao, rejected.c.fault_text, rejected.c.fix).where(
        rejected.c.empresa == empresa,
        rejected.c.endpoint == endpoint,
        rejected.c.codigo_integracao == sa.func.any(list(codes)),
    )
    with warehouse_errors(), engine.connect() as connection:
        return {row[0]: (row[1] or "", row[2] or "") for row in connection.execute(query)}


# What a change to one record of the ledger means for those that act upon it, and for itself.
#
# A título that is deleted, or made again under the same code, has no settlement any more: what the
# ledger knows of them is forgotten, so that the clinic's payments are settled again.

SET_BACK = "missing_in_omie"
"""``error_code`` of a row that waits to be sent again."""

COMES_BACK = "volta"
"""Key of a planned deletion's ``extra``: the record is to be made again."""

_TAKEN_BACK: Mapping[str, Any] = {
    "state": "held",
    "payload_hash": None,
    "omie_id": None,
    "last_error": texts.REVERSED_FOR_TITLE,
    "error_code": UNDONE,
}
_UNSETTLED: Mapping[str, Any] = {
    "state": "held",
    "payload_hash": None,
    "omie_id": None,
    "same_as": None,
    # Never confirmed, as far as the new título goes: Omie is asked what stands on it.
    "confirmed_at": None,
    "last_error": texts.TITLE_MADE_AGAIN,
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
            last_error=texts.CONTRACT_MADE_AGAIN,
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


# What the ledger knows of records that a row points at or acts upon.


class KnownRecords:
    """The ledger of one empresa, as seen from a row of another endpoint.

    Every method raises ``WarehouseError`` when the database refuses it.
    """

    def __init__(self, engine: sa.Engine, empresa: str) -> None:
        self._engine = engine
        self._empresa = empresa

    def omie_ids(self, targets: Collection[tuple[str, str]]) -> dict[tuple[str, str], int]:
        """Omie's ids of records named by endpoint and code; those Omie does not hold are absent."""
        by_endpoint: dict[str, list[str]] = {}
        for endpoint, code in targets:
            by_endpoint.setdefault(endpoint, []).append(code)
        found: dict[tuple[str, str], int] = {}
        for endpoint, codes in by_endpoint.items():
            query = sa.select(ledger.c.codigo_integracao, ledger.c.omie_id).where(
                *self._living(endpoint), ledger.c.codigo_integracao == sa.func.any(codes)
            )
            with warehouse_errors(), self._engine.connect() as connection:
                found |= {(endpoint, row[0]): row[1] for row in connection.execute(query)}
        return found

    def parents(self, endpoint: str, codes: Collection[str]) -> Mapping[str, str]:
        """Code -> code of the record it acts upon: the título of a baixa."""
        query = sa.select(ledger.c.codigo_integracao, ledger.c.parent_code).where(
            ledger.c.empresa == self._empresa,
            ledger.c.endpoint == endpoint,
            ledger.c.codigo_integracao == sa.func.any(list(codes)),
            ledger.c.parent_code.is_not(None),
        )
        with warehouse_errors(), self._engine.connect() as connection:
            return {row[0]: row[1] for row in connection.execute(query)}

    def adopted(self, endpoint: str, codes: Collection[str]) -> dict[str, int]:
        """Code -> Omie's id of records that a person made there, and that bear no code of ours."""
        query = sa.select(ledger.c.codigo_integracao, ledger.c.same_as).where(
            *self._living(endpoint),
            ledger.c.codigo_integracao == sa.func.any(list(codes)),
            ledger.c.same_as.is_not(None),
        )
        with warehouse_errors(), self._engine.connect() as connection:
            return {row[0]: row[1] for row in connection.execute(query)}

    def claimed(self, endpoint: str, omie_ids: Collection[int]) -> set[int]:
        """Those of Omie's records, made by others, that a row of ours is linked to already."""
        query = sa.select(ledger.c.same_as).where(
            ledger.c.empresa == self._empresa,
            ledger.c.endpoint == endpoint,
            ledger.c.same_as == sa.func.any(list(omie_ids)),
            ledger.c.state != "deleted",
        )
        with warehouse_errors(), self._engine.connect() as connection:
            return set(connection.execute(query).scalars())

    def confirmed_since(self, endpoint: str, codes: Collection[str], moment: datetime) -> set[str]:
        """Those of ``codes`` that Omie confirmed, or took away, at ``moment`` or later."""
        query = sa.select(ledger.c.codigo_integracao).where(
            ledger.c.empresa == self._empresa,
            ledger.c.endpoint == endpoint,
            ledger.c.codigo_integracao == sa.func.any(list(codes)),
            ledger.c.confirmed_at >= moment,
        )
        with warehouse_errors(), self._engine.connect() as connection:
            return set(connection.execute(query).scalars())

    def standing(self, endpoint: str, codes: Collection[str]) -> dict[str, bool]:
        """Those of ``codes`` that the ledger knows, and whether Omie holds them still."""
        if not codes:
            return {}
        alive = sa.and_(ledger.c.omie_id.is_not(None), ledger.c.state != "deleted")
        query = sa.select(ledger.c.codigo_integracao, alive).where(
            ledger.c.empresa == self._empresa,
            ledger.c.endpoint == endpoint,
            ledger.c.codigo_integracao == sa.func.any(list(codes)),
        )
        with warehouse_errors(), self._engine.connect() as connection:
            return {row[0]: row[1] for row in connection.execute(query)}

    def _living(self, endpoint: str) -> tuple[sa.ColumnElement[bool], ...]:
        return (
            ledger.c.empresa == self._empresa,
            ledger.c.endpoint == endpoint,
            ledger.c.omie_id.is_not(None),
            ledger.c.state != "deleted",
        )
