"""What happens after an erasure was ordered moves the day on which name and document go."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any

import sqlalchemy as sa

from omie_pipeline.postgres.privacy_tables import erasure
from omie_pipeline.privacy.person import any_of, bare
from omie_pipeline.privacy.person_held import SALDOS, Held
from omie_pipeline.privacy.retention import FACT_DAYS, kept_before


@dataclass(frozen=True, slots=True)
class _Known:
    """By what people whose data were erased are known again, and the last day of each.

    Attributes:
        client_ids, digests, owners: value in a row -> whose it is.
    """

    empresa: str
    salt: str
    client_ids: Mapping[Any, int | str]
    digests: Mapping[Any, int | str]
    owners: Mapping[Any, int | str]
    since: datetime | None
    last: dict[int | str, date] = field(default_factory=dict)


def keep_for_later_facts(
    connection: sa.Connection,
    empresa: str,
    salt: str,
    wanted: Collection[Held],
    owners: Mapping[int, int],
    *,
    today: date,
    since: datetime | None,
) -> None:
    """Put off the day of everybody who has had a título, settlement, movement or note since.

    A day is never brought forward: what asked for name and document once asks for its time.

    Args:
        connection: a connection to the warehouse; the caller ends the transaction.
        empresa: the empresa whose rows are meant.
        salt: the salt of the digests.
        wanted: tables to look at.
        owners: título -> client, of people whose data were erased.
        today: the clinic's day.
        since: only rows read from then on are new.
    """
    orders = connection.execute(
        sa.select(
            erasure.c.erasure_id, erasure.c.digest, erasure.c.codigos_cliente, erasure.c.reter_ate
        ).where(erasure.c.empresa == empresa, erasure.c.revogado_em.is_(None))
    ).all()
    known = _Known(
        empresa,
        salt,
        {number: number for order in orders for number in order.codigos_cliente},
        {order.digest: order.digest for order in orders},
        dict(owners),
        since,
    )
    for held in wanted:
        if held.name in FACT_DAYS:
            _look(connection, held, known, today)
    for order in orders:
        last = max(known.last.get(key, date.min) for key in (order.digest, *order.codigos_cliente))
        if last == date.min or (until := kept_before(last)) <= max(today, order.reter_ate or today):
            continue
        later = sa.update(erasure).where(erasure.c.erasure_id == order.erasure_id)
        connection.execute(later.values(reter_ate=until))


def digest(column: sa.ColumnElement[Any], salt: str) -> sa.ColumnElement[str]:
    """``person.digest_of`` in SQL."""
    salted = sa.func.convert_to(sa.literal(salt, sa.Text) + bare(column), "UTF8")
    return sa.cast(sa.func.encode(sa.func.sha256(salted), "hex"), sa.Text)


def _look(connection: sa.Connection, held: Held, known: _Known, today: date) -> None:
    """The last day of each person's facts in one table; of an open balance, today."""
    columns = held.table.c
    days: list[sa.ColumnElement[Any]] = [columns[name] for name in FACT_DAYS[held.name]]
    if held is SALDOS:
        is_open = sa.and_(columns.valor_aberto > 0, columns.data_cancelamento.is_(None))
        days.append(sa.case((is_open, sa.literal(today, sa.Date))))
    last = sa.func.max(sa.func.greatest(*days)).label("last")
    for key, of in _keys(held, known):
        query = sa.select(key, last).where(columns.empresa == known.empresa, any_of(key, list(of)))
        if "excluido_em" in columns:
            query = query.where(columns.excluido_em.is_(None))
        if known.since is not None:
            query = query.where(columns.lido_em >= known.since)
        rows: list[tuple[Any, date | None]] = [
            (row[0], row[1]) for row in connection.execute(query.group_by(key))
        ]
        for found, day in rows:
            if day is not None:
                who = of[found]
                known.last[who] = max(known.last.get(who, day), day)


def _keys(
    held: Held, known: _Known
) -> Iterator[tuple[sa.ColumnElement[Any], Mapping[Any, int | str]]]:
    columns = held.table.c
    if held.client:
        yield columns[held.client], known.client_ids
    if held.titulo and known.owners:
        yield columns[held.titulo], known.owners
    for name in held.documents:
        yield digest(columns[name], known.salt), known.digests
