"""What was seen of a note goes into the warehouse, one note in one transaction."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa

from omie_pipeline.catalog.nfse import OPEN, Source
from omie_pipeline.nfse.answers import NoteReading
from omie_pipeline.nfse.billing import correction_for
from omie_pipeline.nfse.state import FIRST_CHECK, NoteState, keep, knows_later, move, reject
from omie_pipeline.postgres.engine import warehouse_errors
from omie_pipeline.texts import nfse as texts

LONGEST_WAIT = timedelta(minutes=60)
_LONGEST_OF_ERRORS = timedelta(hours=6)
_CANCELS_WITHIN = timedelta(hours=24)


def next_look(note: NoteState, now: datetime) -> datetime:
    """When to ask for a note alone again: 1, 2, 4, ... minutes after its last change, at most an
    hour apart; six hours if Omie does not know its order, since that answer is an error and
    counts towards a block."""
    longest = _LONGEST_OF_ERRORS if note.state == "error" else LONGEST_WAIT
    return now + min(longest, max(FIRST_CHECK, now - note.changed_at))


def write_seen(
    engine: sa.Engine, note: NoteState, seen: NoteReading, asked_at: datetime, source: Source
) -> bool:
    """Write what an answer showed, and when to ask next.

    Args:
        engine: the warehouse.
        note: the note.
        seen: what Omie's answer shows.
        asked_at: just before the question left. Where anything later is known of the note by now,
        source: where that was learned.
            the answer is dropped: another process asked, or a person cancelled, meanwhile.

    Returns:
        true when the note changed its state.

    Raises:
        WarehouseError: the database is gone.
    """
    with warehouse_errors(), engine.begin() as connection:
        if knows_later(connection, note.empresa, note.cod_int_os, asked_at):
            return False
        put_off(connection, note, asked_at, source)
        if seen.state is not None and seen.state != note.state:
            return _step(connection, note, seen, asked_at, source)
        values = _values(seen)
        if seen.message:
            values["message"] = seen.message
        if seen.cancellation_refused:
            values["cancellation_requested_at"] = None
        if seen.state == "issued" and _is_another(note, seen):
            # Other files too: they are fetched as if the note had just been issued.
            values |= {"url_pdf": None, "url_xml": None, "next_check_at": asked_at}
        if values:
            keep(connection, note.empresa, note.cod_int_os, **values)
        return False


def put_off(connection: sa.Connection, note: NoteState, asked_at: datetime, source: Source) -> None:
    """Remember that a note was asked for, and when it may be asked for alone again.

    The list is asked for all notes together: it does not put off the question for one.

    Args:
        connection: a connection to the warehouse; the caller ends the transaction.
        note: the note.
        asked_at: time of the question.
        source: which question it was.
    """
    values: dict[str, Any] = {"checked_at": asked_at}
    waits = note.state in OPEN or note.next_check_at is not None
    if source != "list" and waits:
        values["next_check_at"] = next_look(note, asked_at)
        asked = note.cancellation_requested_at
        if asked is not None and note.state == "issued" and asked_at - asked > _CANCELS_WITHIN:
            # The list of cancelled notes still sees it, some hours later.
            values["next_check_at"] = None
    keep(connection, note.empresa, note.cod_int_os, **values)


def _step(
    connection: sa.Connection, note: NoteState, seen: NoteReading, at: datetime, source: Source
) -> bool:
    who = (connection, note.empresa, note.cod_int_os)
    values = _values(seen)
    match seen.state:
        case "rejected":
            fix = correction_for(seen.message)
            return reject(*who, at, words=seen.message, fix=fix, source=source)
        case "issued":
            values |= {
                "issued_at": seen.issued_at or at,
                "message": seen.message or None,
                # Its files are due at once.
                "next_check_at": at,
            }
            if seen.cancellation_refused:
                values["cancellation_requested_at"] = None
            return move(*who, "issued", at, source, reason=seen.message, values=values)
        case "cancelled":
            ours = note.cancellation_requested_at is not None
            values["next_check_at"] = None
            learned: Source = "cancellation" if ours else source
            why = texts.CANCELLED_HERE if ours else texts.CANCELLED_IN_OMIE
            return move(*who, "cancelled", at, learned, reason=why, values=values)
        case "processing" | "error":
            values["next_check_at"] = at + FIRST_CHECK
            if seen.message:
                values["message"] = seen.message
            return move(*who, seen.state, at, source, reason=seen.message, values=values)
    return False


def _values(seen: NoteReading) -> dict[str, Any]:
    found = {
        "n_cod_os": seen.n_cod_os,
        "numero": seen.numero,
        "serie": seen.serie,
        "codigo_verificacao": seen.codigo_verificacao,
        "n_cod_nf": seen.n_cod_nf,
        "url_portal": seen.url_portal,
    }
    return {name: value for name, value in found.items() if value is not None}


def _is_another(note: NoteState, seen: NoteReading) -> bool:
    return None not in (note.n_cod_nf, seen.n_cod_nf) and note.n_cod_nf != seen.n_cod_nf
