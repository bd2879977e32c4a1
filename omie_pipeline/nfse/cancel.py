"""Cancelling an order and its note, once, under a mark that is committed before the call.

CancelarOS may take effect and its answer be lost; the city hall may be giving the note its number
at that very moment. So: the mark first; what an answer leaves unclear is read (StatusOS, then the
list of the order's notes); nothing is asked a second time before a read has shown that the first
time did nothing.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal

import sqlalchemy as sa

from omie_pipeline.catalog.services import load_service
from omie_pipeline.clock import Clock
from omie_pipeline.errors import (
    OmieFault,
    OutcomeUnknown,
    RecordRejected,
    UnknownFault,
)
from omie_pipeline.nfse.one_note import Desk, fresh_note
from omie_pipeline.nfse.state import FIRST_CHECK, NoteState, ask_to_cancel, keep
from omie_pipeline.omie import OmieClient
from omie_pipeline.postgres.engine import warehouse_errors
from omie_pipeline.postgres.locks import cancelling_lane, lane

Outcome = Literal["cancelled", "requested", "uncertain", "no_effect"]
"""``cancelled``: Omie shows it cancelled. ``requested``: Omie took the request, the city hall is to
answer. ``uncertain``: no answer, and reading did not tell yet; the follower will. ``no_effect``:
there is nothing to cancel, the city hall refused the note."""

_BILLING = load_service("servicos_osp")
READS_LAG = timedelta(minutes=2)
"""So long after a request, Omie may still show what stood there before."""

CITY_HALL_MAY_TAKE = timedelta(minutes=10)


@dataclass(frozen=True, slots=True)
class CancelResult:
    """The outcome of a request to cancel."""

    result: Outcome
    note: NoteState


@dataclass(frozen=True)
class Canceller:
    """Cancels notes of one empresa, one at a time.

    Attributes:
        on_wait: called when another process is cancelling.
    """

    engine: sa.Engine
    client: OmieClient
    clock: Clock
    on_wait: Callable[[], None] | None = None

    def cancel(self, note: NoteState) -> CancelResult:
        """Cancel the order and its note, or find out what an earlier request came to.

        Raises:
            OmieFault: Omie refused (``RecordRejected``), or nothing left; the note is as before.
            WarehouseError: the database is gone.
            TakenOver: another process cancels by now; its request stands, and none left from here
                after it came.
        """
        name = cancelling_lane(note.empresa)
        with lane(self.engine, name, self.clock, self.on_wait) as held:
            one = _Cancelling(held.engine, self.client, self.clock, held.check)
            # While we waited somebody else may have cancelled it.
            return one.cancel(fresh_note(held.engine, note))


@dataclass(frozen=True)
class _Cancelling:
    """One request, while its lane is held.

    Attributes:
        check: raises ``TakenOver`` when the lane is not ours any more.
    """

    engine: sa.Engine
    client: OmieClient
    clock: Clock
    check: Callable[[], None]

    def cancel(self, note: NoteState) -> CancelResult:
        """See :meth:`Canceller.cancel`."""
        if note.state == "cancelled":
            return CancelResult("cancelled", note)
        if note.state == "rejected":
            return CancelResult("no_effect", note)
        before = note.cancellation_requested_at
        if before is not None:
            settled = self._settled(note, before)
            if settled is not None:
                return settled
        now = self.clock.now()
        with warehouse_errors(), self.engine.begin() as connection:
            free = ask_to_cancel(connection, note.empresa, note.cod_int_os, before, now)
        if not free:
            # Another process asked between our look and our mark.
            return CancelResult("requested", self._fresh(note))
        return self._ask(note, before)

    def _settled(self, note: NoteState, asked_at: datetime) -> CancelResult | None:
        """What an earlier request came to; ``None`` when it certainly did nothing."""
        read_at = self.clock.now()
        known = self._read(note)
        if known is None:
            return CancelResult("uncertain", self._fresh(note))
        if known.state == "cancelled":
            return CancelResult("cancelled", known)
        if known.cancellation_requested_at is None:
            return None
        # While it is processing, the request may wait at the city hall with the note.
        patience = READS_LAG if known.state == "issued" else CITY_HALL_MAY_TAKE
        return CancelResult("requested", known) if read_at - asked_at < patience else None

    def _ask(self, note: NoteState, before: datetime | None) -> CancelResult:
        param = {"cCodIntOS": note.cod_int_os, "cCancelarNfse": "S"}
        try:
            self.client.write(_BILLING, "CancelarOS", param, before=self.check)
        except (OutcomeUnknown, UnknownFault):
            return self._resolve(note, "uncertain")
        except RecordRejected:
            # Refused, or cancelled already by others: the state shows which.
            found = self._resolve(note, "no_effect")
            if found.result == "cancelled":
                return found
            self._mark(note, before)
            raise
        except OmieFault:
            self._mark(note, before)
            raise
        return self._resolve(note, "requested")

    def _resolve(self, note: NoteState, otherwise: Outcome) -> CancelResult:
        known = self._read(note)
        if known is not None and known.state == "cancelled":
            return CancelResult("cancelled", known)
        with warehouse_errors(), self.engine.begin() as connection:
            # The follower asks from now on, for an issued note too.
            soon = self.clock.now() + FIRST_CHECK
            keep(connection, note.empresa, note.cod_int_os, next_check_at=soon)
        return CancelResult(otherwise, self._fresh(note))

    def _read(self, note: NoteState) -> NoteState | None:
        """The note as Omie shows it now; ``None`` when it cannot be read."""
        try:
            return Desk(self.engine, self.client, self.clock).refresh(self._fresh(note))
        except OmieFault:
            return None

    def _fresh(self, note: NoteState) -> NoteState:
        return fresh_note(self.engine, note)

    def _mark(self, note: NoteState, asked_at: datetime | None) -> None:
        with warehouse_errors(), self.engine.begin() as connection:
            keep(connection, note.empresa, note.cod_int_os, cancellation_requested_at=asked_at)
