"""A person's data erased, and kept erased when Omie is read again.

Values, dates and ids of what happened stay always: a company must keep them. Name and document
stay while ``retention`` says so. Contacts, addresses, notes and bank data go at once.
"""

from __future__ import annotations

import re
import secrets
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql as pg

from omie_pipeline.postgres.all_tables import tables
from omie_pipeline.postgres.tables import ERASING_LOCK, erasure
from omie_pipeline.privacy.codes import CLIENTS, PAYLOAD, SELLERS, forget_digest
from omie_pipeline.privacy.codes import NAME as CODES
from omie_pipeline.privacy.find import (
    CHANGES,
    EVENTS,
    STATES,
    Person,
    State,
    any_of,
    change_rows,
    digest_of,
    event_rows,
    known_digest,
    rows_of,
    state_rows,
)
from omie_pipeline.privacy.keep_erased import strip
from omie_pipeline.privacy.places import CLIENTES, HELD, PersonPlace
from omie_pipeline.privacy.retention import Reason, kept_before, reasons_to_keep
from omie_pipeline.texts import privacy as texts

# An erasure in the tables of the push path and of the notes.

_NOTE, _STEP = tables.nfse, tables.nfse_transition
_FILE, _REQUEST = tables.nfse_file, tables.billing_request
_OVER = ("issued", "cancelled")
_SHORTEST_NAME = 4
# From the first to the last: what is quoted may hold a quotation mark itself.
_QUOTED = re.compile(r"'.*'", re.DOTALL)
# table -> columns that are emptied, and what stays.
_EMPTIED: dict[sa.Table, tuple[dict[str, Any], str]] = {
    tables.ledger: (
        {"first_error": None, "last_error": None},
        texts.LEDGER_KEPT,
    ),
    tables.rejected: ({"row_masked": {}}, texts.REJECTED_KEPT),
    tables.attempt: ({"request": None, "response": None}, texts.CODE_AND_TIME_KEPT),
    tables.conflict: (
        {"clinic_old": None, "clinic_new": None, "omie_old": None, "omie_new": None},
        texts.CONFLICTS_KEPT,
    ),
    _STEP: ({"reason": None}, texts.STATES_KEPT),
    tables.stored_plan_row: ({"changes": {}, "reasons": None}, texts.STORED_PLANS_KEPT),
}
_KEPT: dict[sa.Table, str] = {
    _FILE: texts.FILE_KEPT,
    _REQUEST: texts.REQUEST_KEPT,
    tables.look: texts.CODE_AND_TIME_KEPT,
    tables.duplicate_decision: texts.DECISION_KEPT,
    tables.deletion_request: texts.DECISION_KEPT,
}


@dataclass(frozen=True, slots=True)
class ErasedTable:
    """The outcome of one table.

    Attributes:
        name: with its schema.
        found: rows of the person.
        erased: rows that lost something.
        kept: what stays and why, in Portuguese.
    """

    name: str
    title: str
    found: int
    erased: int
    kept: str


def erase_state(connection: sa.Connection, state: State, person: Person) -> ErasedTable:
    """Empty what the table tells of the person; call it while the mirror still has the names."""
    table, where = state.table, state_rows(state, person)
    found = connection.scalar(sa.select(sa.func.count()).select_from(table).where(where)) or 0
    if table is tables.quarantine:
        erased, kept = _quarantined(connection, where), texts.QUARANTINED_KEPT
    elif table in _EMPTIED:
        values, kept = _EMPTIED[table]
        if table is tables.conflict:
            # Nobody decides between two values that are not shown any more.
            _empty(connection, table, sa.and_(where, table.c.state == "open"), {"state": "gone"})
        erased = _empty(connection, table, where, values)
        if table is tables.ledger:
            # Of name and document: guessed easily. A code in another form is seen without it.
            people = sa.and_(where, table.c.endpoint.in_((*CLIENTS, *SELLERS)))
            erased = max(erased, _empty(connection, table, people, {"likeness": None}))
    elif table is tables.plan:
        running = sa.select(tables.run.c.run_id).where(tables.run.c.state == "running")
        idle = table.c.run_id.not_in(running)
        erased = connection.execute(sa.delete(table).where(where, idle)).rowcount
        kept = texts.PLANS_KEPT if erased < found else ""
    elif table is tables.base:
        # Without it the next comparison asks once more; with it an erased value would come back.
        erased, kept = connection.execute(sa.delete(table).where(where)).rowcount, ""
    elif table is tables.intent:
        erased, kept = 0, _intents(connection, where)
    elif table is _NOTE:
        erased, kept = _notes(connection, where, person)
    else:
        erased, kept = 0, _KEPT.get(table, texts.SELLER_KEPT)
    return ErasedTable(table.fullname, state.title, found, erased, kept)


def kept_files(connection: sa.Connection, person: Person) -> tuple[tuple[str, date], ...]:
    """Archived files of the person's notes: path below the archive and the first day on which the
    law does not ask for the file any more."""
    note = sa.and_(_NOTE.c.empresa == _FILE.c.empresa, _NOTE.c.cod_int_os == _FILE.c.cod_int_os)
    issued = sa.func.coalesce(_NOTE.c.issued_at, _FILE.c.stored_at)
    query = (
        sa.select(_FILE.c.path, sa.cast(issued, sa.Date))
        .select_from(_FILE.outerjoin(_NOTE, note))
        .where(_FILE.c.empresa == person.empresa, any_of(_FILE.c.cod_int_os, person.order_codes))
        .order_by(_FILE.c.path)
    )
    rows = connection.execute(query).all()
    return tuple((row[0], kept_before(row[1])) for row in rows)


def _empty(connection: sa.Connection, table: sa.Table, where: Any, values: dict[str, Any]) -> int:
    changed = sa.or_(*(table.c[name].is_distinct_from(v) for name, v in values.items()))
    return connection.execute(sa.update(table).where(where, changed).values(values)).rowcount


def _quarantined(connection: sa.Connection, where: Any) -> int:
    """The rows' content goes, and out of the reasons what the source had; how many lost any."""
    table = tables.quarantine
    key = list(table.primary_key)
    erased = 0
    for row in connection.execute(
        sa.select(*key, table.c.reasons, table.c.row_masked).where(where)
    ):
        said = [
            {**reason, "reason": _QUOTED.sub("'***'", str(reason.get("reason", "")))}
            for reason in row.reasons
        ]
        if said == row.reasons and not row.row_masked:
            continue
        mine = sa.and_(*(column == row._mapping[column.name] for column in key))
        connection.execute(sa.update(table).where(mine).values(reasons=said, row_masked={}))
        erased += 1
    return erased


def _intents(connection: sa.Connection, where: Any) -> str:
    # A closed intent has no payload; an open one is needed to ask Omie for its outcome.
    waiting = sa.select(sa.func.count()).where(where, tables.intent.c.payload.is_not(None))
    if connection.scalar(waiting):
        return texts.OPEN_INTENT_KEPT
    return texts.CODE_AND_TIME_KEPT


def _notes(connection: sa.Connection, where: Any, person: Person) -> tuple[int, str]:
    """The city hall's words go once the note is out or cancelled; before, only names in them: they
    decide whether the order may be billed again."""
    over = _NOTE.c.state.in_(_OVER)
    erased = _empty(connection, _NOTE, sa.and_(where, over), {"message": None})
    still_open = sa.and_(where, sa.not_(over), _NOTE.c.message.is_not(None))
    if names := _names(connection, person):
        pattern = r"\m(" + "|".join(re.escape(name) for name in names) + r")\M"
        hidden = sa.func.regexp_replace(_NOTE.c.message, pattern, "***", "gi", type_=sa.Text)
        erased += _empty(connection, _NOTE, still_open, {"message": hidden})
    kept = texts.NOTE_KEPT
    if connection.scalar(sa.select(sa.func.count()).where(still_open)):
        kept += texts.CITY_HALL_WORDS_KEPT
    return erased, kept


def _names(connection: sa.Connection, person: Person) -> list[str]:
    clientes = CLIENTES.table.c
    rows = connection.execute(
        sa.select(clientes.razao_social, clientes.nome_fantasia).where(rows_of(CLIENTES, person))
    )
    found = {name.strip() for row in rows for name in row if name}
    return sorted((n for n in found if len(n) >= _SHORTEST_NAME), key=len, reverse=True)


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
    told = _count(connection, CHANGES, change_rows(person))
    done.append(ErasedTable(CHANGES.fullname, texts.CHANGES_TITLE, told, 0, texts.CHANGES_KEPT))
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
            erasure.c.client_ids.op("&&")(
                sa.cast(list(person.client_ids), pg.ARRAY(sa.BigInteger))
            ),
        ),
        erasure.c.revoked_at.is_(None),
        erasure.c.retain_until > now.date(),
    )
    statement = sa.update(erasure).where(orders).values(revoked_at=now)
    days: list[date] = list(
        connection.execute(statement.returning(erasure.c.retain_until)).scalars()
    )
    return max(days) if days else None


def _erase_mirror(
    connection: sa.Connection, held: PersonPlace, person: Person, until: date | None
) -> ErasedTable:
    where = rows_of(held, person)
    found = _count(connection, held.table, where)
    erased = connection.execute(strip(held, where, identity=until is None)).rowcount
    kept = texts.FACTS_KEPT
    if held is CLIENTES:
        kept = texts.CODES_OF_OMIE_KEPT
    if until is not None and (held.names or held.documents):
        kept += texts.name_kept_until(until)
    return ErasedTable(f"{tables.OMIE}.{held.name}", held.title, found, erased, kept)


def _erase_events(connection: sa.Connection, person: Person) -> ErasedTable:
    where = event_rows(person)
    found = _count(connection, EVENTS, where)
    bare_event = sa.func.omie.sem_dados_pessoais(EVENTS.c.raw, sa.true())
    changed = EVENTS.c.raw.is_distinct_from(bare_event)
    erased = connection.execute(
        sa.update(EVENTS).where(where, changed).values(raw=bare_event)
    ).rowcount
    return ErasedTable(
        "omie_inbox.events", texts.EVENTS_TITLE, found, erased, texts.EVENT_CODES_KEPT
    )


def _erase_digests(connection: sa.Connection, person: Person) -> ErasedTable:
    found, erased = forget_digest(connection, person.empresa, person.client_codes)
    kept = texts.CODE_KEPT
    if erased < found:
        kept += texts.DIGEST_KEPT
    return ErasedTable(f"{PAYLOAD}.{CODES}", texts.GONE_CODES_TITLE, found, erased, kept)


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
        "client_ids": list(person.client_ids),
        "retain_until": until,
        "erased_at": now,
        "counts": counts,
        "revoked_at": None,
    }
    insert = pg.insert(erasure).values(
        empresa=person.empresa, digest=digest_of(salt, person.document, code), salt=salt, **values
    )
    connection.execute(insert.on_conflict_do_update(constraint="erasure_once", set_=values))


def _count(connection: sa.Connection, table: Any, where: sa.ColumnElement[bool]) -> int:
    return connection.scalar(sa.select(sa.func.count()).select_from(table).where(where)) or 0
