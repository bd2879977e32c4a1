"""One round over all open notes of an empresa: the state of each.

One list for all of them, then one question each for those that the list does not show and whose
wait is over (a refused note is in no list). Nothing is waited for, and each answer is committed
before the next question: a round can end anywhere.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta

import sqlalchemy as sa

from omie_pipeline.catalog.nfse import OPEN
from omie_pipeline.clock import BRASILIA, Clock
from omie_pipeline.errors import (
    BudgetSpent,
    ConfigurationError,
    Empty,
    OmieFault,
    RecordNotFound,
    RecordRejected,
    Redundant,
    UnknownFault,
)
from omie_pipeline.nfse.answers import (
    NoteReading,
    ask_status,
    exact,
    list_notes,
    newest_by_order,
    read_status,
)
from omie_pipeline.nfse.archive import Files, fetch_documents
from omie_pipeline.nfse.record_answer import put_off, write_seen
from omie_pipeline.nfse.state import NoteState, asked_for, notes_due, open_notes, settled_since
from omie_pipeline.omie import OmieClient
from omie_pipeline.postgres.engine import warehouse_errors
from omie_pipeline.texts import nfse as texts

RECHECKED = timedelta(days=35)
"""So long after its emission a note is still looked for among the cancelled ones."""

RECHECK_EVERY = timedelta(hours=6)
LIST_EVERY = timedelta(minutes=5)
QUESTIONS_PER_ROUND = 60
_SETTLES = timedelta(minutes=2)


@dataclass
class FollowReport:
    """What one round saw.

    Attributes:
        open: open notes after the round.
        changes: notes by the state they changed to.
        questions: questions that left.
        unreadable: answers that said nothing of a note.
        files: files stored.
        stopped: why the round ended early, in Portuguese; ``""`` when it did not.
    """

    empresa: str
    open: int = 0
    changes: Counter[str] = field(default_factory=Counter)
    questions: int = 0
    unreadable: int = 0
    files: int = 0
    stopped: str = ""


def follow(
    engine: sa.Engine,
    client: OmieClient,
    empresa: str,
    clock: Clock,
    *,
    files: Files | None = None,
    most_questions: int = QUESTIONS_PER_ROUND,
    until: datetime | None = None,
    at_once: bool = False,
    on_asked: Callable[[int, int], None] = lambda *_: None,
) -> FollowReport:
    """Ask Omie about the open notes of ``empresa`` and write down what changed.

    Args:
        engine: the warehouse.
        client: the client of the empresa.
        empresa: the empresa whose notes are followed.
        clock: the clock of the deployment.
        files: where the files of issued notes go; ``None`` keeps their links only.
        most_questions: questions about single notes in this round.
        until: no question begins after this moment.
        at_once: read the list though no note is due yet, since a person is waiting.
        on_asked: before each question about a single note: so many were asked, of so many.

    Returns:
        what was seen; a block, a refused key or a question that has to wait ends the round and is
        told in it, never raised: what was not asked is due in the next round.

    Raises:
        WarehouseError: the database is gone.
        ConfigurationError: the address is not the API's.
    """
    report = FollowReport(empresa)
    one = _Round(engine, client, empresa, clock, report, files, until)
    before = client.calls
    try:
        one.list_open(at_once=at_once)
        one.list_settled()
        one.ask_each(most_questions, on_asked)
    except OmieFault as fault:
        report.stopped = fault.detail.text
    report.questions = client.calls - before
    report.open = len(open_notes(engine, empresa))
    return report


def look_at(
    engine: sa.Engine, client: OmieClient, note: NoteState, clock: Clock, *, other_key: bool = False
) -> tuple[NoteReading, bool]:
    """Ask for one note alone and write what is seen.

    Args:
        engine: the warehouse.
        client: the client of the empresa.
        note: the note.
        clock: the clock of the deployment.
        other_key: ask by our code of the order, if the same question by Omie's id may not leave.

    Returns:
        what was seen, and whether the note changed its state.

    Raises:
        OmieFault: there was no readable answer; the note stays as it is.
        WarehouseError: the database is gone.
    """
    asked_at = clock.now()
    try:
        answer = ask_status(client, note, by_our_code=other_key)
    except (RecordNotFound, Empty):
        # A read may lag behind the billing.
        lags = asked_at - note.billed_at < _SETTLES
        seen = NoteReading(None if lags else "error", "" if lags else texts.UNKNOWN_TO_OMIE)
    else:
        seen = read_status(exact(answer), note, answer.asked_at)
        asked_at = answer.asked_at
    return seen, write_seen(engine, note, seen, asked_at, "status")


@dataclass
class _Round:
    engine: sa.Engine
    client: OmieClient
    empresa: str
    clock: Clock
    report: FollowReport
    files: Files | None
    until: datetime | None

    def list_open(self, *, at_once: bool) -> None:
        """Read the days of the open notes, if one of them is due or the last list is old."""
        now = self.clock.now()
        # An older one would stretch the window over everything issued since: it is asked for alone.
        notes = [
            note
            for note in open_notes(self.engine, self.empresa)
            if note.billed_at >= now - RECHECKED
        ]
        if not notes or not (at_once or any(self._wants_list(note, now) for note in notes)):
            return
        self._match(notes, min(note.billed_at for note in notes))

    def list_settled(self) -> None:
        """Look for what a person changed in Omie: issued notes cancelled, refused ones issued."""
        now = self.clock.now()
        notes = settled_since(self.engine, self.empresa, now - RECHECKED)
        asked = [note.checked_at or note.changed_at for note in notes]
        if not notes or min(asked) > now - RECHECK_EVERY:
            return
        first = min(note.issued_at or note.billed_at for note in notes)
        # Only a refused note can have become an issued one.
        only_cancelled = all(note.state == "issued" for note in notes)
        self._match(notes, first, "C" if only_cancelled else "")

    def ask_each(self, most_questions: int, on_asked: Callable[[int, int], None]) -> None:
        """Ask for the notes that are due, the longest waiting first.

        What stops one kind of question (its error budget, an archive that cannot be written) does
        not stop the other.
        """
        stopped: set[bool] = set()
        due = notes_due(self.engine, self.empresa, self.clock.now())[:most_questions]
        for asked, note in enumerate(due):
            on_asked(asked, len(due))
            wants_status = note.state in OPEN or note.cancellation_requested_at is not None
            if wants_status in stopped:
                continue
            if self.until is not None and self.clock.now() >= self.until:
                self.report.stopped = texts.ROUND_OUT_OF_TIME
                return
            try:
                self._ask(note, wants_status=wants_status)
            except Redundant:
                # Another process asked just now: the next round sees the result.
                continue
            except BudgetSpent as spent:
                stopped.add(wants_status)
                self.report.stopped = spent.detail.text
            except ConfigurationError as error:
                if wants_status:
                    raise
                stopped.add(wants_status)
                self.report.stopped = str(error)
            except (RecordRejected, UnknownFault):
                self.report.unreadable += 1
                self._put_off(note)

    def _wants_list(self, note: NoteState, now: datetime) -> bool:
        due = note.next_check_at is None or note.next_check_at <= now
        old = note.checked_at is None or note.checked_at <= now - LIST_EVERY
        return due or (old and note.billed_at <= now - LIST_EVERY)

    def _match(self, notes: list[NoteState], since: datetime, status: str = "") -> None:
        asked_at = self.clock.now()
        # A day more on either side: the city hall's day need not be ours.
        first = (since - timedelta(days=1)).astimezone(BRASILIA).date()
        last = (asked_at + timedelta(days=1)).astimezone(BRASILIA).date()
        try:
            found = newest_by_order(list_notes(self.client, first, last, status=status))
        except Redundant:
            return
        unseen = []
        for note in notes:
            seen = found.get(note.n_cod_os or 0)
            if seen is None or self._is_earlier(note, seen):
                unseen.append(note.cod_int_os)
                continue
            self._count(seen, write_seen(self.engine, note, seen, asked_at, "list"))
        asked_for(self.engine, self.empresa, unseen, asked_at)

    @staticmethod
    def _is_earlier(note: NoteState, seen: NoteReading) -> bool:
        """A cancelled note of the same order from before it was billed again."""
        if seen.state != "cancelled" or seen.issued_at is None:
            return False
        return seen.issued_at < note.billed_at - timedelta(days=1)

    def _ask(self, note: NoteState, *, wants_status: bool) -> None:
        if wants_status:
            seen, changed = look_at(self.engine, self.client, note, self.clock)
            self.report.unreadable += seen.state is None
            self._count(seen, changed)
            return
        self.report.files += fetch_documents(self.engine, self.client, note, self.clock, self.files)

    def _put_off(self, note: NoteState) -> None:
        with warehouse_errors(), self.engine.begin() as connection:
            put_off(connection, note, self.clock.now(), "status")

    def _count(self, seen: NoteReading, changed: bool) -> None:
        if changed and seen.state is not None:
            self.report.changes[seen.state] += 1
