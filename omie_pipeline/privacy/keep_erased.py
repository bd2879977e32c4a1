"""What was erased stays erased when a reading of Omie brings it back."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any

import sqlalchemy as sa

from omie_pipeline.postgres.engine import warehouse_errors
from omie_pipeline.postgres.omie_tables import DIGEST
from omie_pipeline.postgres.tables import erasure
from omie_pipeline.privacy.find import any_of, bare
from omie_pipeline.privacy.places import CLIENTES, HELD, SALDOS, TITLES, PersonPlace
from omie_pipeline.privacy.retention import FACT_DAYS, kept_before
from omie_pipeline.texts import privacy as texts

# SQL that takes personal data out of a row of the mirror and leaves the facts.

# All else that Omie says of a cliente tells of the person, columns of the future included.
_KEPT_OF_CLIENTE = (
    "codigo_cliente_omie", "codigo_cliente_integracao", "pessoa_fisica", "exterior", "inativo",
    "bloqueado", "tags", "cidade", "cidade_ibge", "estado", "codigo_pais", "importado_api", "info",
    "optante_simples_nacional", "valor_limite_credito",
)  # fmt: skip
_IDENTITY_OF_CLIENTE = ("razao_social", "nome_fantasia", "cnpj_cpf")


def strip(held: PersonPlace, where: sa.ColumnElement[bool], *, identity: bool) -> sa.Update:
    """Update that removes contacts, addresses and notes of the rows under ``where``.

    Rows that have nothing of it left are not touched, so the row count is what was removed.

    Args:
        identity: replace the name by ``REMOVED`` and remove the document too.
    """
    columns = held.table.c
    values: dict[str, Any] = dict.fromkeys(held.contacts)
    if identity:
        values |= dict.fromkeys((*held.names[1:], *held.documents))
    changes: list[sa.ColumnElement[bool]] = [columns[name].is_not(None) for name in values]
    if identity and held.names:
        # Bare rows of a statement have no name: they keep none.
        name = columns[held.names[0]]
        values[name.name] = sa.case((name.is_not(None), texts.REMOVED), else_=None)
        changes.append(sa.and_(name.is_not(None), name != texts.REMOVED))
    values["raw"] = _stripped(held, identity=identity)
    if DIGEST in columns:
        # The row is no more what Omie's record says: when that is read again, it is looked at.
        values[DIGEST] = None
    changes.append(columns.raw.is_distinct_from(values["raw"]))
    return sa.update(held.table).where(where, sa.or_(*changes)).values(values)


def _stripped(held: PersonPlace, *, identity: bool) -> sa.ColumnElement[Any]:
    raw = held.table.c.raw
    if held.name != CLIENTES.name:
        return sa.func.omie.sem_dados_pessoais(raw, identity, type_=raw.type)
    kept = _KEPT_OF_CLIENTE if identity else (*_KEPT_OF_CLIENTE, *_IDENTITY_OF_CLIENTE)
    fields = sa.literal(list(kept), sa.ARRAY(sa.Text))
    return sa.func.omie.so_campos(raw, fields, type_=raw.type)


# What happens after an erasure was ordered moves the day on which name and document go.


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
    wanted: Collection[PersonPlace],
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
            erasure.c.erasure_id,
            erasure.c.digest,
            erasure.c.client_ids,
            erasure.c.retain_until,
        ).where(erasure.c.empresa == empresa, erasure.c.revoked_at.is_(None))
    ).all()
    known = _Known(
        empresa,
        salt,
        {number: number for order in orders for number in order.client_ids},
        {order.digest: order.digest for order in orders},
        dict(owners),
        since,
    )
    for held in wanted:
        if held.name in FACT_DAYS:
            _look(connection, held, known, today)
    for order in orders:
        last = max(known.last.get(key, date.min) for key in (order.digest, *order.client_ids))
        if last == date.min or (until := kept_before(last)) <= max(
            today, order.retain_until or today
        ):
            continue
        later = sa.update(erasure).where(erasure.c.erasure_id == order.erasure_id)
        connection.execute(later.values(retain_until=until))


def digest(column: sa.ColumnElement[Any], salt: str) -> sa.ColumnElement[str]:
    """``person.digest_of`` in SQL."""
    salted = sa.func.convert_to(sa.literal(salt, sa.Text) + bare(column), "UTF8")
    return sa.cast(sa.func.encode(sa.func.sha256(salted), "hex"), sa.Text)


def _look(connection: sa.Connection, held: PersonPlace, known: _Known, today: date) -> None:
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
    held: PersonPlace, known: _Known
) -> Iterator[tuple[sa.ColumnElement[Any], Mapping[Any, int | str]]]:
    columns = held.table.c
    if held.client:
        yield columns[held.client], known.client_ids
    if held.titulo and known.owners:
        yield columns[held.titulo], known.owners
    for name in held.documents:
        yield digest(columns[name], known.salt), known.digests


_STANDS = erasure.c.revoked_at.is_(None)


def apply_erasures(
    connection: sa.Connection,
    empresa: str,
    *,
    today: date,
    names: Collection[str] | None = None,
    since: datetime | None = None,
) -> int:
    """Erase again what a merge brought back of people whose data were erased.

    Call it in the transaction of the merge, after the rows are in. One question and no more where
    nobody of the empresa was erased. A person is known again by Omie's client id, or by the digest
    of the document if the client has another id than before. Where the time is over for which
    name and document had to be kept, they go now; a título or note since then lengthens it.

    Args:
        connection: a connection to the warehouse; the caller ends the transaction.
        empresa: the empresa whose rows are meant.
        today: decides whose name and document need not be kept any more.
        names: tables of schema ``omie`` that were merged (children too: ``baixas``); ``None``: all.
        since: rows read before this are known to be clean (``lido_em``); ``None``: look at all.
            Where a retention ends, only a call without it finds the old rows.

    Returns:
        Rows that lost something.
    """
    salt = connection.scalar(
        sa.select(erasure.c.salt).where(erasure.c.empresa == empresa, _STANDS).limit(1)
    )
    if salt is None:
        return 0
    wanted = [held for held in HELD if names is None or held.name in names]
    if CLIENTES in wanted:
        _learn_ids(connection, empresa, salt, since)
    keep_for_later_facts(
        connection,
        empresa,
        salt,
        wanted,
        _owners(connection, empresa),
        today=today,
        since=since,
    )
    changed = 0
    for kept in (True, False):
        after_today = erasure.c.retain_until > today
        group = after_today if kept else sa.func.coalesce(after_today, sa.false()).is_(sa.false())
        rows = connection.execute(
            sa.select(erasure.c.digest, erasure.c.client_ids).where(
                erasure.c.empresa == empresa, group, _STANDS
            )
        ).all()
        if not rows:
            continue
        digests = [row.digest for row in rows]
        client_ids = sorted({number for row in rows for number in row.client_ids})
        title_ids = sorted(_titles(connection, empresa, client_ids))
        for held in wanted:
            ways = _ways(held, client_ids, title_ids, salt, digests)
            where = sa.and_(held.table.c.empresa == empresa, ways)
            if since is not None:
                where = sa.and_(where, held.table.c.lido_em >= since)
            changed += connection.execute(strip(held, where, identity=not kept)).rowcount
    return changed


def erase_everywhere(engine: sa.Engine, empresa: str, today: date) -> int:
    """:func:`apply_erasures` over every table and all rows, in a transaction of its own."""
    with warehouse_errors(), engine.begin() as connection:
        return apply_erasures(connection, empresa, today=today)


def _learn_ids(connection: sa.Connection, empresa: str, salt: str, since: datetime | None) -> None:
    """Note the ids under which Omie's clients have a document whose person was erased."""
    clientes = CLIENTES.table
    id_ = clientes.c.codigo_cliente_omie
    ids = erasure.c.client_ids
    seen = sa.select(clientes.c.empresa, id_, digest(clientes.c.cnpj_cpf, salt).label("digest"))
    seen = seen.where(clientes.c.empresa == empresa, clientes.c.cnpj_cpf.is_not(None))
    if since is not None:
        seen = seen.where(clientes.c.lido_em >= since)
    found = seen.cte("seen")
    new = (
        sa.select(erasure.c.erasure_id, sa.func.array_agg(found.c.codigo_cliente_omie).label("ids"))
        .join(found, found.c.digest == erasure.c.digest)
        .where(erasure.c.empresa == empresa, found.c.codigo_cliente_omie != sa.all_(ids))
        .group_by(erasure.c.erasure_id)
        .subquery()
    )
    connection.execute(
        sa.update(erasure)
        .where(erasure.c.erasure_id == new.c.erasure_id)
        .values(client_ids=ids.op("||")(new.c.ids))
    )


def _owners(connection: sa.Connection, empresa: str) -> dict[int, int]:
    """Título -> client, of everybody whose data were erased."""
    orders = sa.select(erasure.c.client_ids).where(erasure.c.empresa == empresa, _STANDS)
    client_ids: set[int] = {
        number for row in connection.execute(orders) for number in row.client_ids
    }
    return _titles(connection, empresa, sorted(client_ids))


def _titles(connection: sa.Connection, empresa: str, client_ids: list[int]) -> dict[int, int]:
    found: dict[int, int] = {}
    for held in (*TITLES, SALDOS):
        columns = held.table.c
        query = sa.select(columns[held.titulo], columns[held.client]).where(
            columns.empresa == empresa, any_of(columns[held.client], client_ids)
        )
        found.update((row[0], row[1]) for row in connection.execute(query))
    return found


def _ways(
    held: PersonPlace, client_ids: list[int], title_ids: list[int], salt: str, digests: list[str]
) -> sa.ColumnElement[bool]:
    columns = held.table.c
    ways: list[sa.ColumnElement[bool]] = []
    if held.client:
        ways.append(any_of(columns[held.client], client_ids))
    if held.titulo:
        ways.append(any_of(columns[held.titulo], title_ids))
    ways += [any_of(digest(columns[name], salt), digests) for name in held.documents]
    return sa.or_(*ways)
