"""What was erased stays erased when a reading of Omie brings it back."""

from __future__ import annotations

from collections.abc import Collection
from datetime import date, datetime

import sqlalchemy as sa

from omie_pipeline.postgres.engine import warehouse_errors
from omie_pipeline.postgres.privacy_tables import erasure
from omie_pipeline.privacy.person import any_of
from omie_pipeline.privacy.person_held import CLIENTES, HELD, SALDOS, TITLES, Held
from omie_pipeline.privacy.retention_later import digest, keep_for_later_facts
from omie_pipeline.privacy.stripping import strip

_STANDS = erasure.c.revogado_em.is_(None)


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
        after_today = erasure.c.reter_ate > today
        group = after_today if kept else sa.func.coalesce(after_today, sa.false()).is_(sa.false())
        rows = connection.execute(
            sa.select(erasure.c.digest, erasure.c.codigos_cliente).where(
                erasure.c.empresa == empresa, group, _STANDS
            )
        ).all()
        if not rows:
            continue
        digests = [row.digest for row in rows]
        client_ids = sorted({number for row in rows for number in row.codigos_cliente})
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
    ids = erasure.c.codigos_cliente
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
        .values(codigos_cliente=ids.op("||")(new.c.ids))
    )


def _owners(connection: sa.Connection, empresa: str) -> dict[int, int]:
    """Título -> client, of everybody whose data were erased."""
    orders = sa.select(erasure.c.codigos_cliente).where(erasure.c.empresa == empresa, _STANDS)
    client_ids: set[int] = {
        number for row in connection.execute(orders) for number in row.codigos_cliente
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
    held: Held, client_ids: list[int], title_ids: list[int], salt: str, digests: list[str]
) -> sa.ColumnElement[bool]:
    columns = held.table.c
    ways: list[sa.ColumnElement[bool]] = []
    if held.client:
        ways.append(any_of(columns[held.client], client_ids))
    if held.titulo:
        ways.append(any_of(columns[held.titulo], title_ids))
    ways += [any_of(digest(columns[name], salt), digests) for name in held.documents]
    return sa.or_(*ways)
