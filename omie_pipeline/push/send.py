"""Send one row to Omie, once, and turn its answer into an outcome."""

from __future__ import annotations

import itertools
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta

from omie_pipeline.catalog import Endpoint
from omie_pipeline.clock import CLOCKS_APART, Clock
from omie_pipeline.errors import (
    AlreadyExists,
    Busy,
    FaultDetail,
    OmieFault,
    OutcomeUnknown,
    Passing,
    RecordNotFound,
    RecordRejected,
    Redundant,
    RetryLater,
    UnknownFault,
    Unreachable,
)
from omie_pipeline.omie import CallRecord, OmieClient, wire
from omie_pipeline.omie.faults import status_text
from omie_pipeline.omie.masking import mask
from omie_pipeline.omie.rate_limiter import BUSY_WAITS_SECONDS
from omie_pipeline.payload import Attempt, Kind, PlanRow, RowOutcome
from omie_pipeline.push.effects import ReadBack, RecordEffect, Request
from omie_pipeline.push.policy import EndpointPolicy
from omie_pipeline.texts import push as texts

# After an unclear answer: read the record back before anything is repeated.
#
# A read right after a write can be stale for up to a minute and the same read twice within 60
# seconds is refused (omie-api.md#stale-reads): finding what was sent proves that it arrived,
# but finding it absent or different proves something only once that time is over.

STALE_SECONDS = 61.0
UNREPEATABLE_SECONDS = 300.0


def conclusive_seconds(endpoint: Endpoint) -> float:
    """Age from which an absence proves that a call had no effect.

    A call whose answer was lost may still be at work for up to a minute (omie-api.md#stale-reads).
    If a second call would make a second record, five are waited.
    """
    return STALE_SECONDS if endpoint.repeatable or endpoint.deletes else UNREPEATABLE_SECONDS


def next_look_at(sent_at: datetime, read_at: datetime) -> datetime:
    """When a second read may be asked."""
    return max(sent_at, read_at) + timedelta(seconds=STALE_SECONDS)


def is_ours(found: ReadBack, since: datetime) -> bool:
    """Whether a record that was found can only have been made by a call since ``since``."""
    young = found.born_at is None or found.born_at >= since - CLOCKS_APART
    return found.untouched and young


def proven(row: PlanRow, found: ReadBack, now: datetime, since: datetime) -> RowOutcome | None:
    """The outcome a finding proves: what was sent is there, or what was deleted is gone.

    A record that was changed after its creation, or that is older than our intent, was
    there before us: it counts as updated, so that no later run takes it for one of ours and deletes
    it (docs/adr/0028).

    Args:
        row: row of the plan.
        found: what the read shows.
        now: time of the read.
        since: when the intent of the first call was written.
    """
    if row.action == "delete":
        gone = found.finding == "absent"
        return RowOutcome(row, "deleted", row.omie_id, at=now) if gone else None
    if found.finding != "arrived":
        return None
    new = found.omie_id != row.omie_id or bool(found.omie_code)
    created = new and is_ours(found, since)
    kind: Kind = "linked" if row.adopted else "created" if created else "updated"
    return RowOutcome(row, kind, found.omie_id, omie_code=found.omie_code, at=now)


_AGAIN_SECONDS = 61.0
_REPEATED_TRIES = 3
_STATUSES = ("codigo_status", "cCodStatus", "status")


class Deferred(Exception):
    """Nothing happened, and this row may go again later, while others go on.

    Attributes:
        waits_seconds: before the second try, the third, and so on.
        otherwise: what becomes of the row when it has used them up.
        is_busy: the method may be serving another call, so other rows may meet the same.
    """

    def __init__(
        self, waits_seconds: tuple[float, ...], otherwise: RowOutcome, *, is_busy: bool = False
    ) -> None:
        super().__init__(otherwise.error)
        self.waits_seconds = waits_seconds
        self.otherwise = otherwise
        self.is_busy = is_busy


class Sender:
    """Sends rows of one endpoint on its single write lane.

    Args:
        check: raises when the lane is not ours any more; called just before each call leaves.
    """

    def __init__(
        self,
        client: OmieClient,
        endpoint: Endpoint,
        effect: RecordEffect,
        policy: EndpointPolicy,
        clock: Clock,
        check: Callable[[], None],
    ) -> None:
        self._client = client
        self._endpoint = endpoint
        self._effect = effect
        self._policy = policy
        self._clock = clock
        self._check = check

    def send(self, row: PlanRow, since: datetime) -> RowOutcome:
        """Send a row whose intent is committed.

        Args:
            since: when the row's first intent was written.

        Raises:
            Deferred: nothing happened; come back after the wait.
            LineClosed, AuthFailed: nothing left, and nothing else may.
            TakenOver: another run is at work; nothing left.
        """
        request = self._effect.request_for(row)
        try:
            answer = self.write(request)
        except OutcomeUnknown as fault:
            return self.failed(row, "unknown", fault, at_now=True)
        except Redundant as fault:
            if fault.detail.http_status:
                # Omie took in the very same request: perhaps this one, sent on twice by the road.
                return self.failed(row, "unknown", fault, at_now=True)
            held = RowOutcome(row, "held", error=texts.REQUEST_REPEATED)
            raise Deferred((fault.wait_seconds,) * (_REPEATED_TRIES - 1), held) from None
        except Busy as fault:
            held = self.failed(row, "held", fault)
            raise Deferred(BUSY_WAITS_SECONDS, held, is_busy=True) from None
        except Passing as fault:
            refused = self.failed(row, "rejected", fault)
            raise Deferred((_AGAIN_SECONDS,), refused) from None
        except RetryLater as fault:
            return self.failed(row, "held", fault)
        except RecordNotFound as fault:
            if row.action == "delete":
                return RowOutcome(row, "deleted", row.omie_id, at=self._clock.now())
            return self.failed(row, "rejected", fault)
        except AlreadyExists as fault:
            return self._resolve_duplicate(row, fault, since)
        except UnknownFault as fault:
            # An unknown text may come after the effect.
            if not self._may_repeat(row):
                return self.failed(row, "unknown", fault, at_now=True)
            return replace(self.failed(row, "rejected", fault), in_doubt=True)
        except RecordRejected as fault:
            return self.failed(row, "rejected", fault)
        return self._delivered(row, answer)

    def _may_repeat(self, row: PlanRow) -> bool:
        """Whether a second call of a row leaves what one does: upserts, changes, deletions."""
        return self._endpoint.repeatable or row.action == "delete"

    def write(self, request: Request) -> wire.Json:
        """Write, waiting for the line: nothing happened if no server accepted the request."""
        for tries in itertools.count(1):
            try:
                return self._client.write(
                    request.service, request.method, request.param, before=self._check
                )
            except (Redundant, Busy, Passing):
                raise
            except (RetryLater, Unreachable) as fault:
                self._client.bear(request.method, fault, tries)
        raise AssertionError("counting never ends")

    def _delivered(self, row: PlanRow, answer: wire.Json) -> RowOutcome:
        now = self._clock.now()
        omie_id, omie_code = self._effect.identity(answer)
        omie_id = omie_id or row.omie_id
        # "0" is the only good status (a bad one was raised); without it the answer says nothing.
        confirmed = any(answer.get(name) is not None for name in _STATUSES)
        if row.action == "delete" and confirmed:
            return RowOutcome(row, "deleted", omie_id, at=now)
        named = omie_id is not None or omie_code
        if not named or not (confirmed or answer.get(self._endpoint.omie_key)):
            detail = FaultDetail(texts.NOT_CONFIRMED)
            return self.failed(row, "unknown", OutcomeUnknown(detail), at_now=True)
        said = status_text(answer).casefold()
        updated = "alterad" in said or (row.omie_id is not None and "cadastrad" not in said)
        kind: Kind = "linked" if row.adopted else "updated" if updated else "created"
        return RowOutcome(row, kind, omie_id, omie_code=omie_code, at=now)

    def _resolve_duplicate(self, row: PlanRow, fault: AlreadyExists, since: datetime) -> RowOutcome:
        """A record that Omie already has: link it if the policy says so and no other code has
        it."""
        if not fault.by_document:
            return self._resolve_code_in_use(row, fault, since)
        free = not fault.integration_code or fault.integration_code == row.codigo_integracao
        may_link = self._policy.on_duplicate_document == "link" and self._endpoint.link
        if not (fault.by_document and may_link and free and fault.omie_id is not None):
            return self.failed(row, "rejected", _naming_both(row, fault))
        endpoint = self._endpoint
        link = {
            endpoint.link_omie_key: fault.omie_id,
            endpoint.integration_key: row.codigo_integracao,
        }
        # Alter, not upsert: the identical upsert would be refused for another minute.
        alter = self._effect.alter(row)
        try:
            try:
                self.write(Request(endpoint.service, endpoint.link, link))
            except RecordRejected:
                return self.failed(row, "rejected", _naming_both(row, fault))
            self.write(alter)
        except OutcomeUnknown as unknown:
            return self.failed(row, "unknown", unknown, at_now=True)
        except RetryLater as later:
            return self.failed(row, "held", later)
        except (RecordRejected, UnknownFault) as refused:
            # The code names another record from here on.
            return replace(self.failed(row, "rejected", refused), in_doubt=True)
        return RowOutcome(row, "linked", fault.omie_id, at=self._clock.now())

    def _resolve_code_in_use(
        self, row: PlanRow, fault: AlreadyExists, since: datetime
    ) -> RowOutcome:
        """Omie has the code: by this very request, sent on twice by the road, by an earlier call of
        the row, or by another's hand."""
        found = self._effect.look(row, self._effect.request_for(row))
        now = self._clock.now()
        if found.finding == "arrived":
            kind: Kind = "created" if is_ours(found, since) else "linked"
            return RowOutcome(row, kind, found.omie_id, omie_code=found.omie_code, at=now)
        omie_id = fault.omie_id or found.omie_id
        if omie_id is not None and (row.action == "insert" or not self._endpoint.repeatable):
            return RowOutcome(row, "linked", omie_id, at=now)
        if found.finding == "unreadable":
            return self.failed(row, "unknown", fault, at_now=True)
        return self.failed(row, "rejected", _naming_both(row, fault))

    def failed(
        self, row: PlanRow, kind: Kind, fault: OmieFault, *, at_now: bool = False
    ) -> RowOutcome:
        """What becomes of a row by a fault.

        Args:
            row: row of the plan.
            kind: how it ended.
            fault: what Omie, or the road to it, answered.
            at_now: its call may have taken effect just now.
        """
        return RowOutcome(
            row,
            kind,
            row.omie_id,
            error=fault.detail.text,
            error_code=fault.detail.code,
            fix=fault.detail.fix,
            fault_class=type(fault).__name__,
            row_masked=mask(dict(row.payload)) if kind == "rejected" else None,
            at=self._clock.now() if at_now else None,
        )


def attempt_of(record: CallRecord, row: PlanRow | None, at: datetime) -> Attempt:
    """The masked trace of a call made for ``row``."""
    fault = record.fault
    return Attempt(
        row.codigo_integracao if row else None,
        record.method,
        record.request,
        record.response,
        record.http_status,
        type(fault).__name__ if fault else None,
        fault.detail.code if fault else None,
        fault.detail.text if fault else None,
        record.duration_ms,
        at,
    )


def _naming_both(row: PlanRow, fault: AlreadyExists) -> RecordRejected:
    theirs = fault.integration_code or texts.WITHOUT_INTEGRATION_CODE
    text = texts.taken_by(
        text=fault.detail.text, code=row.codigo_integracao, omie_id=fault.omie_id, theirs=theirs
    )
    detail = FaultDetail(text, fault.detail.code, fault.detail.http_status, fault.detail.fix)
    return RecordRejected(detail)
