"""Reads and writes of ``omie_sync.nfse``: every note, every change of its state.

A state changes through :func:`submitted` and :func:`move` only, both under the row's lock and only
along ``catalog.nfse``: an illegal step (a stale answer, most often) is refused, changes
nothing and is logged.
"""

from __future__ import annotations

import logging
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import insert

from omie_pipeline.catalog.nfse import OPEN, Source, State, may_move
from omie_pipeline.nfse.ledger import accept_in_ledger, refuse_in_ledger
from omie_pipeline.postgres.engine import warehouse_errors
from omie_pipeline.postgres.tables import nfse, nfse_transition
from omie_pipeline.texts import nfse as texts

# Reads of ``omie_sync.nfse`` and of what stands around it.
#
# Every function is one query and raises ``WarehouseError`` when the database is gone.


@dataclass(frozen=True, slots=True)
class NoteState:
    """Where a note stands: a row of ``omie_sync.nfse``.

    Attributes:
        message: the city hall's words, masked; ``None`` if it said nothing.
        attempts: times the order was billed.
        billed_at: last time it was billed.
        next_check_at: it is not asked for alone before this moment.
    """

    empresa: str
    cod_int_os: str
    state: State
    n_cod_os: int | None
    numero: str | None
    serie: str | None
    codigo_verificacao: str | None
    n_cod_nf: int | None
    url_pdf: str | None
    url_xml: str | None
    url_portal: str | None
    valor: Decimal | None
    municipio: str | None
    message: str | None
    attempts: int
    billed_at: datetime
    issued_at: datetime | None
    cancellation_requested_at: datetime | None
    changed_at: datetime
    checked_at: datetime | None
    next_check_at: datetime | None


@dataclass(frozen=True, slots=True)
class Transition:
    """One change of state; ``from_state`` is ``None`` for the first."""

    from_state: State | None
    to_state: State
    at: datetime
    reason: str | None
    source: Source


@dataclass(frozen=True, slots=True)
class StateCount:
    """How many notes of an empresa are in a state, since when the oldest, and their sum in R$."""

    empresa: str
    state: State
    notes: int
    oldest_at: datetime
    valor: Decimal


_COLUMNS = tuple(nfse.c[name] for name in NoteState.__dataclass_fields__)


def states(engine: sa.Engine, empresa: str, codes: Collection[str]) -> dict[str, NoteState]:
    """The notes of these orders, by our code of the order; orders never billed are not in it.

    Raises:
        WarehouseError: the database is gone.
    """
    if not codes:
        return {}
    found = _notes(engine, nfse.c.empresa == empresa, nfse.c.cod_int_os.in_(list(codes)))
    return {note.cod_int_os: note for note in found}


def open_notes(engine: sa.Engine, empresa: str) -> list[NoteState]:
    """Notes with a pending answer, the longest waiting first."""
    return _notes(engine, nfse.c.empresa == empresa, nfse.c.state.in_(OPEN))


def settled_since(engine: sa.Engine, empresa: str, since: datetime) -> list[NoteState]:
    """Issued notes since a moment and rejected ones: a person may change them in Omie."""
    return _notes(
        engine,
        nfse.c.empresa == empresa,
        sa.or_(
            sa.and_(nfse.c.state == "issued", nfse.c.issued_at >= since),
            sa.and_(nfse.c.state == "rejected", nfse.c.changed_at >= since),
        ),
    )


def notes_due(engine: sa.Engine, empresa: str, now: datetime) -> list[NoteState]:
    """Notes of any state that are to be asked for alone by now."""
    due = sa.or_(nfse.c.next_check_at.is_(None), nfse.c.next_check_at <= now)
    unfinished = sa.and_(nfse.c.state == "issued", nfse.c.next_check_at <= now)
    return _notes(
        engine,
        nfse.c.empresa == empresa,
        sa.or_(sa.and_(nfse.c.state.in_(OPEN), due), unfinished),
    )


def transitions(engine: sa.Engine, empresa: str, cod_int_os: str) -> list[Transition]:
    """Every change of state of a note, the oldest first."""
    t = nfse_transition.c
    query = (
        sa.select(t.from_state, t.to_state, t.at, t.reason, t.source)
        .where(t.empresa == empresa, t.cod_int_os == cod_int_os)
        .order_by(t.transition_id)
    )
    with warehouse_errors(), engine.connect() as connection:
        return [_transition(row) for row in connection.execute(query)]


def counts(engine: sa.Engine, empresas: Collection[str]) -> list[StateCount]:
    """Notes of each empresa by state; ``oldest_at`` is the oldest change of state."""
    query = (
        sa.select(
            nfse.c.empresa,
            nfse.c.state,
            sa.func.count(),
            sa.func.min(nfse.c.changed_at),
            sa.func.coalesce(sa.func.sum(nfse.c.valor), 0),
        )
        .where(nfse.c.empresa.in_(list(empresas)))
        .group_by(nfse.c.empresa, nfse.c.state)
        .order_by(nfse.c.empresa, nfse.c.state)
    )
    with warehouse_errors(), engine.connect() as connection:
        return [_count(row) for row in connection.execute(query)]


def in_state(
    engine: sa.Engine, empresas: Collection[str], states: Sequence[State]
) -> list[NoteState]:
    """Notes of these empresas in one of these states, the longest waiting first."""
    return _notes(engine, nfse.c.empresa.in_(list(empresas)), nfse.c.state.in_(states))


def newest(engine: sa.Engine, empresas: Collection[str], number: int) -> list[NoteState]:
    """The notes issued last, newest first."""
    query = (
        sa.select(*_COLUMNS)
        .where(nfse.c.empresa.in_(list(empresas)), nfse.c.state == "issued")
        .order_by(nfse.c.issued_at.desc(), nfse.c.cod_int_os)
        .limit(number)
    )
    with warehouse_errors(), engine.connect() as connection:
        return [_note(row) for row in connection.execute(query)]


def page_of_notes(
    engine: sa.Engine,
    empresa: str,
    states: Sequence[State],
    after: tuple[datetime, str] | None = None,
    limit: int = 50,
) -> list[NoteState]:
    """Notes of an empresa, those that changed last first.

    Args:
        engine: the warehouse.
        empresa: whose.
        states: only in these; none: in any.
        after: last change and code of the last one of the page before.
        limit: so many at most.
    """
    query = sa.select(*_COLUMNS).where(nfse.c.empresa == empresa)
    if states:
        query = query.where(nfse.c.state.in_(states))
    if after is not None:
        place = sa.tuple_(nfse.c.changed_at, nfse.c.cod_int_os)
        query = query.where(place < sa.tuple_(sa.literal(after[0]), sa.literal(after[1])))
    query = query.order_by(nfse.c.changed_at.desc(), nfse.c.cod_int_os.desc()).limit(limit)
    with warehouse_errors(), engine.connect() as connection:
        return [_note(row) for row in connection.execute(query)]


def _notes(engine: sa.Engine, *where: sa.ColumnElement[bool]) -> list[NoteState]:
    query = sa.select(*_COLUMNS).where(*where).order_by(nfse.c.billed_at, nfse.c.cod_int_os)
    with warehouse_errors(), engine.connect() as connection:
        return [_note(row) for row in connection.execute(query)]


def _note(row: Any) -> NoteState:
    return NoteState(*row)


def _transition(row: Any) -> Transition:
    return Transition(*row)


def _count(row: Any) -> StateCount:
    return StateCount(*row)


FIRST_CHECK = timedelta(minutes=1)
_OF_THE_NOTE = ("numero", "serie", "codigo_verificacao", "n_cod_nf", "url_pdf", "url_xml",
                "url_portal", "message", "issued_at")  # fmt: skip

_LOG = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class SubmittedOrder:
    """An order that Omie says is billed.

    Attributes:
        n_cod_os: Omie's id of the order.
        valor: R$ of the order.
        municipio: of the service, ``SAO PAULO (SP)`` say.
        at: when it was billed.
    """

    cod_int_os: str
    n_cod_os: int | None
    valor: Decimal | None
    municipio: str | None
    at: datetime


def submitted(connection: sa.Connection, empresa: str, rows: Sequence[SubmittedOrder]) -> None:
    """Write down that these orders were billed; meant for the ledger's own transaction.

    A new note begins as ``submitted``; one that was ``rejected`` or in ``error`` goes back there
    with one more attempt, and one of a ``deleted`` order begins anew. A note that is
    under way, issued or cancelled stays as it is: the order was found billed already, and only the
    follower knows more. The words of an earlier refusal
    stay until an answer brings others: by them a late answer is known.
    """
    for row in rows:
        values = {
            "n_cod_os": row.n_cod_os,
            "valor": row.valor,
            "municipio": row.municipio,
        }
        made = connection.execute(
            insert(nfse)
            .values(
                empresa=empresa,
                cod_int_os=row.cod_int_os,
                state="submitted",
                billed_at=row.at,
                changed_at=row.at,
                next_check_at=row.at + FIRST_CHECK,
                **values,
            )
            .on_conflict_do_nothing()
            .returning(nfse.c.cod_int_os)
        ).first()
        if made is not None:
            _write_transition(connection, empresa, row.cod_int_os, None, "submitted", row.at)
            continue
        _bill_again(connection, empresa, row, values)


def _bill_again(
    connection: sa.Connection, empresa: str, row: SubmittedOrder, values: Mapping[str, Any]
) -> None:
    known = {name: value for name, value in values.items() if value is not None}
    state, _ = _locked(connection, empresa, row.cod_int_os)
    if state not in ("rejected", "error", "deleted"):
        if known:
            connection.execute(_update(empresa, row.cod_int_os).values(**known))
        return
    # Of a deleted order nothing is left but its history: this is another one.
    fresh = dict.fromkeys(_OF_THE_NOTE) if state == "deleted" else {}
    connection.execute(
        _update(empresa, row.cod_int_os).values(
            **{**fresh, **known},
            state="submitted",
            attempts=nfse.c.attempts + 1,
            billed_at=row.at,
            changed_at=row.at,
            cancellation_requested_at=None,
            checked_at=None,
            next_check_at=row.at + FIRST_CHECK,
        )
    )
    _write_transition(connection, empresa, row.cod_int_os, state, "submitted", row.at)


def move(
    connection: sa.Connection,
    empresa: str,
    cod_int_os: str,
    after: State,
    at: datetime,
    source: Source,
    *,
    reason: str = "",
    values: Mapping[str, Any] | None = None,
) -> bool:
    """Take a note to another state, with ``values`` of its other columns.

    Args:
        connection: a connection to the warehouse; the caller ends the transaction.
        empresa: the empresa whose rows are meant.
        cod_int_os: our code of the order.
        after: the new state.
        at: when what is known now was asked for.
        source: where that was learned.
        reason: masked words.
        values: further columns.

    Returns:
        false when the step is not allowed, is older than the last one or there is no such note:
        nothing was changed.
    """
    before, since = _locked(connection, empresa, cod_int_os)
    if before is None or not may_move(before, after) or at < since:
        if before != after:
            _LOG.warning(texts.STATE_NOT_ALLOWED, cod_int_os, empresa, before, after)
        return False
    connection.execute(
        _update(empresa, cod_int_os).values(
            state=after, changed_at=at, alerted_at=None, **dict(values or {})
        )
    )
    _write_transition(connection, empresa, cod_int_os, before, after, at, source, reason)
    if before == "rejected" and after == "issued":
        accept_in_ledger(connection, empresa, cod_int_os, at)
    return True


def reject(
    connection: sa.Connection,
    empresa: str,
    cod_int_os: str,
    at: datetime,
    *,
    words: str,
    fix: str,
    source: Source = "status",
) -> bool:
    """The city hall refused a note: the note, the ledger's row of its billing and the list of
    rejected rows say so together.

    Args:
        connection: a connection to the warehouse; the caller ends the transaction.
        empresa: the empresa whose rows are meant.
        cod_int_os: our code of the order.
        at: time of the change.
        words: the city hall's, masked.
        fix: what a person does about it, in Portuguese.
        source: where that was learned.

    Returns:
        as :func:`move`.
    """
    values = {"message": words, "next_check_at": None}
    moved = move(
        connection, empresa, cod_int_os, "rejected", at, source, reason=words, values=values
    )
    if not moved:
        return False
    refuse_in_ledger(connection, empresa, cod_int_os, at, words=words, fix=fix)
    return True


def keep(connection: sa.Connection, empresa: str, cod_int_os: str, **values: Any) -> None:
    """Write columns of a note that are no state: links, the times of questions, a cancellation
    that was asked for."""
    if "state" in values:
        raise AssertionError("a state changes through move")
    if not values:
        return
    connection.execute(_update(empresa, cod_int_os).values(**values))


def keep_as_read(connection: sa.Connection, note: NoteState, **values: Any) -> bool:
    """Write columns of a note as :func:`keep` does, while it is the very note that was read: in the
    same step and with the same number of Omie's. Whether it is."""
    same = (
        nfse.c.changed_at == note.changed_at,
        nfse.c.n_cod_nf.is_not_distinct_from(note.n_cod_nf),
    )
    statement = _update(note.empresa, note.cod_int_os).where(*same).values(**values)
    return bool(values) and bool(connection.execute(statement).rowcount)


def knows_later(
    connection: sa.Connection, empresa: str, cod_int_os: str, asked_at: datetime
) -> bool:
    """Whether something later than ``asked_at`` is known of a note: an answer, a step, or that its
    cancellation was asked for. Its row is locked until the transaction ends.

    A process may have been paused between its question and this moment.

    Args:
        connection: a connection to the warehouse; the caller ends the transaction.
        empresa: the empresa whose rows are meant.
        cod_int_os: our code of the order.
        asked_at: time of the question.
    """
    last = sa.func.greatest(nfse.c.checked_at, nfse.c.changed_at, nfse.c.cancellation_requested_at)
    query = sa.select(last > asked_at).where(
        nfse.c.empresa == empresa, nfse.c.cod_int_os == cod_int_os
    )
    return bool(connection.execute(query.with_for_update()).scalar())


def asked_for(engine: sa.Engine, empresa: str, codes: Collection[str], at: datetime) -> None:
    """Remember that these notes were looked for at ``at`` and nothing was seen of them.

    Args:
        engine: the warehouse.
        empresa: the empresa whose rows are meant.
        codes: codes of the orders.
        at: time of the question.

    Raises:
        WarehouseError: the database is gone.
    """
    if not codes:
        return
    before = sa.func.coalesce(nfse.c.checked_at, at) <= at
    mine = (nfse.c.empresa == empresa, nfse.c.cod_int_os.in_(list(codes)), before)
    with warehouse_errors(), engine.begin() as connection:
        connection.execute(sa.update(nfse).where(*mine).values(checked_at=at))


def ask_to_cancel(
    connection: sa.Connection,
    empresa: str,
    cod_int_os: str,
    before: datetime | None,
    at: datetime,
) -> bool:
    """Mark that a cancellation is about to be asked for; to be committed before the call.

    Args:
        connection: a connection to the warehouse; the caller ends the transaction.
        empresa: the empresa whose rows are meant.
        cod_int_os: our code of the order.
        before: the mark that was seen.
        at: time of the change.

    Returns:
        false when another process has marked it since.
    """
    marked = connection.execute(
        _update(empresa, cod_int_os)
        .where(nfse.c.cancellation_requested_at.is_not_distinct_from(before))
        .values(cancellation_requested_at=at)
    )
    return bool(marked.rowcount)


def _locked(
    connection: sa.Connection, empresa: str, cod_int_os: str
) -> tuple[State | None, datetime]:
    """State of a note and since when, its row locked until the transaction ends."""
    query = sa.select(nfse.c.state, nfse.c.changed_at).where(
        nfse.c.empresa == empresa, nfse.c.cod_int_os == cod_int_os
    )
    row = connection.execute(query.with_for_update()).one_or_none()
    return (row.state, row.changed_at) if row else (None, datetime.min.replace(tzinfo=UTC))


def _update(empresa: str, cod_int_os: str) -> sa.Update:
    return sa.update(nfse).where(nfse.c.empresa == empresa, nfse.c.cod_int_os == cod_int_os)


def _write_transition(
    connection: sa.Connection,
    empresa: str,
    cod_int_os: str,
    before: State | None,
    after: State,
    at: datetime,
    source: Source = "push",
    reason: str = "",
) -> None:
    connection.execute(
        sa.insert(nfse_transition).values(
            empresa=empresa,
            cod_int_os=cod_int_os,
            from_state=before,
            to_state=after,
            at=at,
            reason=reason or None,
            source=source,
        )
    )
