"""One note alone, for a person who asks: what Omie shows now, and waiting for the city hall."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta

import sqlalchemy as sa

from omie_pipeline.catalog.limits import REDUNDANT_SECONDS
from omie_pipeline.catalog.nfse import OPEN
from omie_pipeline.clock import Clock
from omie_pipeline.errors import (
    ConfigurationError,
    OmieFault,
    RecordRejected,
    Redundant,
    RetryLater,
)
from omie_pipeline.nfse.answers import list_of_order, newest_by_order
from omie_pipeline.nfse.archive import Files, fetch_documents
from omie_pipeline.nfse.follow import look_at
from omie_pipeline.nfse.record_answer import write_seen
from omie_pipeline.nfse.state import NoteState, states
from omie_pipeline.omie import OmieClient
from omie_pipeline.texts import nfse as texts

_MINUTE = timedelta(seconds=REDUNDANT_SECONDS + 1)


@dataclass(frozen=True)
class Desk:
    """Asks about single notes of one empresa.

    Attributes:
        files: where the files of issued notes go; ``None`` keeps their links only.
    """

    engine: sa.Engine
    client: OmieClient
    clock: Clock
    files: Files | None = None

    def refresh(self, note: NoteState) -> NoteState | None:
        """The note as Omie shows it now, written down; ``None`` when the answer said nothing.

        A question that left within the minute is asked by the order's other key instead, once.

        Raises:
            OmieFault: no answer; ``Redundant`` when both questions left within the minute.
            WarehouseError: the database is gone.
        """
        try:
            seen, _ = look_at(self.engine, self.client, note, self.clock)
        except Redundant:
            seen, _ = look_at(self.engine, self.client, note, self.clock, other_key=True)
        fresh = fresh_note(self.engine, note)
        if fresh.state == "issued" and fresh.n_cod_os is not None:
            # StatusOS does not tell a note that a person cancelled alone.
            asked_at = self.clock.now()
            found = newest_by_order(list_of_order(self.client, fresh.n_cod_os))
            if fresh.n_cod_os in found:
                write_seen(self.engine, fresh, found[fresh.n_cod_os], asked_at, "list")
                fresh = fresh_note(self.engine, note)
        return fresh if seen.state is not None else None

    def documents(self, note: NoteState) -> NoteState:
        """The note with its links and files, where it is issued and they are not all here.

        Raises:
            ConfigurationError: the archive cannot be written.
            WarehouseError: the database is gone.
        """
        if note.state != "issued" or note.next_check_at is None:
            return note
        try:
            fetch_documents(self.engine, self.client, note, self.clock, self.files)
        except OmieFault:
            # The note is issued all the same; the follower tries again.
            return fresh_note(self.engine, note)
        return fresh_note(self.engine, note)

    def wait(self, note: NoteState, timeout_seconds: float) -> NoteState:
        """The note once the city hall has answered, or as it stands after ``timeout_seconds``.

        Asks once a minute at most, beginning a minute after the order was billed.

        Raises:
            OmieFault: a block or a refused key; a question that has to wait is waited for.
            WarehouseError: the database is gone.
        """
        deadline = self.clock.now() + timedelta(seconds=timeout_seconds)
        tried_at = None
        while True:
            note = fresh_note(self.engine, note)
            if note.state not in OPEN:
                return self.documents(note)
            now = self.clock.now()
            if now >= deadline:
                return note
            last = max(filter(None, (note.billed_at, note.checked_at, tried_at)))
            if now < last + _MINUTE:
                until = min(deadline, last + _MINUTE)
                self.clock.sleep((until - now).total_seconds())
                continue
            tried_at = now
            try:
                self.refresh(note)
            except (RetryLater, RecordRejected):
                continue


def fresh_note(engine: sa.Engine, note: NoteState) -> NoteState:
    """The same note as the warehouse has it now."""
    return states(engine, note.empresa, [note.cod_int_os])[note.cod_int_os]


def known_note(engine: sa.Engine, empresa: str, cod_int_os: str) -> NoteState:
    """The note of an order.

    Raises:
        ConfigurationError: the order was never billed through here.
    """
    found = states(engine, empresa, [cod_int_os]).get(cod_int_os)
    if found is None:
        raise ConfigurationError(texts.not_billed_here(cod_int_os=cod_int_os, empresa=empresa))
    return found
