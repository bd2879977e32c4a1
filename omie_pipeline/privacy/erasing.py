"""A person's data erased, and kept erased when Omie is read again.

Values, dates and ids of what happened stay always: a company must keep them. Name and document
stay while ``retention`` says so. Contacts, addresses, notes and bank data go at once.
"""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql as pg

from omie_pipeline.postgres.all_tables import tables
from omie_pipeline.postgres.privacy_tables import ERASING_LOCK, erasure
from omie_pipeline.privacy.erasing_state import ErasedTable, erase_state, kept_files
from omie_pipeline.privacy.person import Person, digest_of, known_digest, rows_of
from omie_pipeline.privacy.person_held import CLIENTES, HELD, Held
from omie_pipeline.privacy.person_sharing import NAME as CODES
from omie_pipeline.privacy.person_sharing import forget_digest
from omie_pipeline.privacy.person_state import EVENTS, STATES, event_rows
from omie_pipeline.privacy.person_tables import PAYLOAD
from omie_pipeline.privacy.retention import Reason, reasons_to_keep
from omie_pipeline.privacy.stripping import strip

_SALT_BYTES = 16


@dataclass(frozen=True, slots=True)
class ErasureReport:
    """One erasure.

    Attributes:
        retained_until: first day on which name and document may go too; ``None``: gone now.
        reasons: what makes the company keep them until then.
        files: archived notes of the person: path below the archive, first day on which it may go.
    """

    retained_until: date | None
    tables: tuple[ErasedTable, ...]
    files: tuple[tuple[str, date], ...] = ()
    reasons: tuple[Reason, ...] = ()


def erase(connection: sa.Connection, person: Person, now: datetime) -> ErasureReport:
    """Erase what may go of ``person``, and remember it, in the caller's transaction.

    Of a person who is in no table nothing is remembered.

    Roll the transaction back to only see what would happen.

    Args:
        now: aware; its date decides what must still be kept.
    """
    # Two first erasures at once would make two salts.
    connection.execute(sa.select(sa.func.pg_advisory_xact_lock(ERASING_LOCK)))
    reasons = reasons_to_keep(connection, person, now.date())
    until = reasons[0].until if reasons else None
    # First, while the names are still known: the city hall's words may hold one.
    done = [erase_state(connection, state, person) for state in STATES]
    done = [_erase_mirror(connection, held, person, until) for held in HELD] + done
    done.append(_erase_events(connection, person))
    done.append(_erase_digests(connection, person))
    touched = tuple(one for one in done if one.found)
    if touched:
        counts = {one.name: one.erased for one in touched}
        _remember(connection, person, until, now, counts)
    return ErasureReport(until, touched, kept_files(connection, person), reasons)


def take_back(connection: sa.Connection, person: Person, code: str, now: datetime) -> date | None:
    """Take the order to erase a person back, as far as it is not carried out.

    Name and document stay for good, and what Omie gives again is not erased again. What is gone
    comes back with the next reading of Omie only.

    Args:
        connection: a connection to the warehouse; the caller ends the transaction.
        person: ids and codes of the person.
        code: the code that was asked for.
        now: time of the change.

    Returns:
        The day on which name and document would have gone; ``None`` if no order stands, or it
        was carried out whole.
    """
    connection.execute(sa.select(sa.func.pg_advisory_xact_lock(ERASING_LOCK)))
    digests = {known_digest(connection, person.document, one)
               for one in ("", code, *person.client_codes)}  # fmt: skip
    orders = sa.and_(
        erasure.c.empresa == person.empresa,
        sa.or_(
            erasure.c.digest.in_(sorted(digests)),
            erasure.c.codigos_cliente.op("&&")(
                sa.cast(list(person.client_ids), pg.ARRAY(sa.BigInteger))
            ),
        ),
        erasure.c.revogado_em.is_(None),
        erasure.c.reter_ate > now.date(),
    )
    statement = sa.update(erasure).where(orders).values(revogado_em=now)
    days: list[date] = list(connection.execute(statement.returning(erasure.c.reter_ate)).scalars())
    return max(days) if days else None


def _erase_mirror(
    connection: sa.Connection, held: Held, person: Person, until: date | None
) -> ErasedTable:
    where = rows_of(held, person)
    found = _count(connection, held.table, where)
    erased = connection.execute(strip(held, where, identity=until is None)).rowcount
    kept = "códigos, datas e valores (CTN 173, 174 e 195)"
    if held is CLIENTES:
        kept = "códigos do Omie"
    if until is not None and (held.names or held.documents):
        kept += f"; nome e documento até {until:%d/%m/%Y} (LGPD 16, I)"
    return ErasedTable(f"{tables.OMIE}.{held.name}", held.title, found, erased, kept)


def _erase_events(connection: sa.Connection, person: Person) -> ErasedTable:
    where = event_rows(person)
    found = _count(connection, EVENTS, where)
    bare_event = sa.func.omie.sem_dados_pessoais(EVENTS.c.raw, sa.true())
    changed = EVENTS.c.raw.is_distinct_from(bare_event)
    erased = connection.execute(
        sa.update(EVENTS).where(where, changed).values(raw=bare_event)
    ).rowcount
    return ErasedTable("omie_inbox.events", "Eventos recebidos", found, erased, "os códigos")


def _erase_digests(connection: sa.Connection, person: Person) -> ErasedTable:
    found, erased = forget_digest(connection, person.empresa, person.client_codes)
    kept = "o código"
    if erased < found:
        kept += "; o resumo do documento, enquanto a clínica tem alguém com o mesmo documento"
    return ErasedTable(f"{PAYLOAD}.{CODES}", "Códigos que saíram da clínica", found, erased, kept)


def _remember(
    connection: sa.Connection,
    person: Person,
    until: date | None,
    now: datetime,
    counts: dict[str, int],
) -> None:
    salt = connection.scalar(sa.select(erasure.c.salt).limit(1)) or secrets.token_hex(_SALT_BYTES)
    code = person.client_codes[0] if person.client_codes else ""
    values = {
        "codigos_cliente": list(person.client_ids),
        "reter_ate": until,
        "apagado_em": now,
        "contagens": counts,
        "revogado_em": None,
    }
    insert = pg.insert(erasure).values(
        empresa=person.empresa, digest=digest_of(salt, person.document, code), salt=salt, **values
    )
    connection.execute(insert.on_conflict_do_update(constraint="erasure_once", set_=values))


def _count(connection: sa.Connection, table: Any, where: sa.ColumnElement[bool]) -> int:
    return connection.scalar(sa.select(sa.func.count()).select_from(table).where(where)) or 0
