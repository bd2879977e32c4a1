"""The outbox as it is read: changes after a number, and how far each reader has come.

These functions do what any system may do in SQL (docs/way-back.md): the same rows, however often
they are asked for, until their number is acknowledged.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal

import sqlalchemy as sa

from omie_pipeline.errors import ConfigurationError
from omie_pipeline.postgres.engine import warehouse_errors
from omie_pipeline.postgres.tables import acknowledgement, change, outbox_last
from omie_pipeline.texts import outbox as texts


@dataclass(frozen=True, slots=True)
class Change:
    """One change: what Omie knew of a record when it was written, whole and not as a difference.

    Attributes:
        number: 1, 2, 3, ... within the empresa, without a gap.
        key: names the change once and for all.
        kind: endpoint of such records.
        version: of the record: its first change is 1.
        clinic_table, clinic_id: the clinic's row, where it is known.
        integration_code: our code; ``None`` for what Omie alone has.
        only_in_omie: nothing of the clinic's stands for it.
        state: one of ``outbox.records.State``.
        paid_date: day of the last payment.
        titulo_id: of a settlement: Omie's id of its título.
        happened_at: last change in Omie, as Omie says.
    """

    empresa: str
    number: int
    key: str
    kind: str
    omie_id: int
    version: int
    clinic_table: str | None
    clinic_id: str | None
    integration_code: str | None
    only_in_omie: bool
    state: str
    due_date: date | None
    amount: Decimal | None
    open_amount: Decimal | None
    paid_date: date | None
    paid_amount: Decimal | None
    titulo_id: int | None
    client_id: int | None
    order_id: int | None
    order_code: str | None
    note_number: str | None
    note_state: str | None
    note_pdf: str | None
    happened_at: datetime | None
    written_at: datetime


COLUMNS = tuple(Change.__dataclass_fields__)
"""Names of the columns of a change, in their order."""


@dataclass(frozen=True, slots=True)
class Reader:
    """How far a system has come that polls.

    Attributes:
        number: everything up to it is worked on.
        behind: changes after it.
    """

    empresa: str
    consumer: str
    number: int
    behind: int
    acknowledged_at: datetime


def read_changes(
    connection: sa.Connection, empresa: str, after: int, limit: int | None = None
) -> tuple[Change, ...]:
    """Changes with a higher number, in their order.

    Args:
        connection: a connection to the warehouse; the caller ends the transaction.
        empresa: the empresa whose changes are meant.
        after: the number up to which they are known.
        limit: at most so many.
    """
    query = (
        sa.select(*(change.c[name] for name in COLUMNS))
        .where(change.c.empresa == empresa, change.c.number > after)
        .order_by(change.c.number)
        .limit(limit)
    )
    return tuple(Change(**row) for row in connection.execute(query).mappings().all())


def changes_after(
    engine: sa.Engine, empresa: str, after: int, limit: int | None = None
) -> tuple[Change, ...]:
    """:func:`read_changes` over a connection of its own.

    Args:
        engine: the warehouse.
        empresa: whose changes.
        after: number of the last one that is known.
        limit: how many at most; ``None`` for all.

    Raises:
        WarehouseError: the database is gone.
    """
    with warehouse_errors(), engine.connect() as connection:
        return read_changes(connection, empresa, after, limit)


def waiting(empresa: sa.ColumnElement[str], number: sa.ColumnElement[int]) -> sa.ScalarSelect[int]:
    """How many changes of an empresa follow a number. Counted, since ``renumber`` leaves a gap.

    Args:
        empresa: column of the row that asks.
        number: its column with the number that was reached.
    """
    return (
        sa.select(sa.func.count())
        .where(change.c.empresa == empresa, change.c.number > number)
        .scalar_subquery()
    )


def newest_number(engine: sa.Engine, empresa: str) -> int:
    """Number of the newest change; 0 if there is none.

    Raises:
        WarehouseError: the database is gone.
    """
    query = sa.select(outbox_last.c.number).where(outbox_last.c.empresa == empresa)
    with warehouse_errors(), engine.connect() as connection:
        return int(connection.scalar(query) or 0)


def acknowledge(engine: sa.Engine, empresa: str, consumer: str, number: int) -> int:
    """Everything up to ``number`` is worked on by ``consumer``; it never goes back.

    Args:
        engine: the warehouse.
        empresa: whose changes.
        consumer: name of the system that read them.
        number: the last change that it has worked on.

    Returns:
        How far the consumer is now.

    Raises:
        ConfigurationError: no name, or there is no such number.
        WarehouseError: the database is gone.
    """
    if not consumer.strip():
        raise ConfigurationError(texts.CONSUMER_NAMELESS)
    newest = newest_number(engine, empresa)
    if not 0 <= number <= newest:
        raise ConfigurationError(
            texts.number_unknown(empresa=empresa, number=number, newest=newest)
        )
    call = sa.text("SELECT omie_saida.acknowledge(:empresa, :consumer, :number)")
    values = {"empresa": empresa, "consumer": consumer.strip(), "number": number}
    with warehouse_errors(), engine.begin() as connection:
        return int(connection.execute(call, values).scalar_one())


def readers(engine: sa.Engine, empresas: Collection[str]) -> tuple[Reader, ...]:
    """Every system that ever acknowledged a number of these empresas.

    Raises:
        WarehouseError: the database is gone.
    """
    c = acknowledgement.c
    query = (
        sa.select(c.empresa, c.consumer, c.number, waiting(c.empresa, c.number), c.acknowledged_at)
        .where(c.empresa.in_(empresas))
        .order_by(c.empresa, c.consumer)
    )
    with warehouse_errors(), engine.connect() as connection:
        return tuple(Reader(*row) for row in connection.execute(query).tuples())
