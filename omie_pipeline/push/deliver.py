"""The sending half of a push: batches of intents, calls and outcomes; who waits, when to stop.

Every row of a batch leaves with an outcome, or its intent stays open for the next run to resolve.
"""

from __future__ import annotations

import heapq
import itertools
import time
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

from omie_pipeline.clock import Clock
from omie_pipeline.errors import (
    AuthFailed,
    Blocked,
    BudgetSpent,
    ConfigurationError,
    LineClosed,
    OmieFault,
    OutcomeUnknown,
    RecordRejected,
    Redundant,
    RetryLater,
    UnknownFault,
    Unreachable,
)
from omie_pipeline.omie import CallRecord, OmieClient, wire
from omie_pipeline.omie.masking import mask
from omie_pipeline.payload import DELIVERED, Attempt, OpenIntent, PlanRow, RowOutcome
from omie_pipeline.push.both_sides.judge import BothSides
from omie_pipeline.push.effects import ExistingRecord, ReadBack, RecordEffect, Request
from omie_pipeline.push.effects.record import UNREADABLE
from omie_pipeline.push.emptied_fields import with_emptied
from omie_pipeline.push.ledger import Intents, Ledger
from omie_pipeline.push.lots import LotReading, Lots, LotTally, attempts_of, without_rows
from omie_pipeline.push.plan import RefusedRow, Scope, refused_row
from omie_pipeline.push.policy import EndpointPolicy
from omie_pipeline.push.send import (
    STALE_SECONDS,
    UNREPEATABLE_SECONDS,
    Deferred,
    Sender,
    attempt_of,
    conclusive_seconds,
    next_look_at,
    proven,
)
from omie_pipeline.texts import push as texts

# Rows that may not be sent or read before their time.


@dataclass(order=True, slots=True)
class WaitingRow:
    """A row that may not be sent or read before ``due``.

    ``sent_at`` is when it may have left; ``None`` means that it never did.
    """

    due: datetime
    order: int
    row: PlanRow = field(compare=False)
    sent_at: datetime | None = field(compare=False)
    tries: int = field(compare=False)


class RetryQueue:
    """The waiting rows, the one whose time comes first in front."""

    def __init__(self) -> None:
        self._heap: list[WaitingRow] = []
        self._order = itertools.count()

    def __bool__(self) -> bool:
        return bool(self._heap)

    def is_due(self, now: datetime) -> bool:
        """Whether the time of any row has come."""
        return bool(self._heap) and self._heap[0].due <= now

    def add(self, due: datetime, row: PlanRow, sent_at: datetime | None, tries: int) -> None:
        """Let a row wait until ``due``.

        Args:
            due: when it may go on.
            row: the row of the plan.
            sent_at: when its call left, ``None`` if it did not.
            tries: calls so far.
        """
        heapq.heappush(self._heap, WaitingRow(due, next(self._order), row, sent_at, tries))

    def pop(self) -> WaitingRow:
        """The row whose time comes first."""
        return heapq.heappop(self._heap)

    def first_due(self) -> datetime:
        """When the first row's time comes."""
        return self._heap[0].due

    def codes(self) -> tuple[str, ...]:
        """Integration codes of the waiting rows, the first in front."""
        return tuple(item.row.code for item in sorted(self._heap))

    def rows_due(self, now: datetime) -> list[PlanRow]:
        """Rows that wait for a proof and whose time has come."""
        due = [item for item in self._heap if item.due <= now and item.sent_at is not None]
        return [item.row for item in due]

    def clear(self) -> None:
        """Forget every row."""
        self._heap.clear()


# When an endpoint stops, because going on would only do harm.

_BROKEN_IN_A_ROW = 3


class StopSending(Exception):
    """The endpoint stops here; the rest is held under ``code``."""

    def __init__(self, reason: str, code: str) -> None:
        super().__init__(reason)
        self.code = code


class CircuitBreaker:
    """Counts what is unclear in a row, and knows what the policy says of a refusal."""

    def __init__(self, policy: EndpointPolicy) -> None:
        self._policy = policy
        self._broken_in_a_row = 0

    def record(self, outcome: RowOutcome) -> None:
        """Take notice of an outcome.

        Raises:
            StopSending: nothing behind it is to be sent.
        """
        unclear = outcome.kind in ("unknown", "held") or outcome.fault_class == "UnknownFault"
        self._broken_in_a_row = self._broken_in_a_row + 1 if unclear else 0
        if self._broken_in_a_row >= _BROKEN_IN_A_ROW:
            raise StopSending(texts.OMIE_UNREACHABLE, "unreachable")
        if outcome.kind == "rejected" and not self._policy.partial_success:
            raise StopSending(texts.FIRST_REFUSAL, "partial_success")


# What is known of a row before any call is made for it.
#
# Such an outcome closes no intent: an earlier call of the row may still have taken effect.


def lacking_of(effect: RecordEffect, row: PlanRow) -> RowOutcome | None:
    """Held, where the row points at a record that Omie has not confirmed."""
    missing = effect.missing(row)
    if missing is None:
        return None
    text = texts.waits_for(endpoint=missing[0], code=missing[1])
    return RowOutcome(row, "held", error=text, error_code="reference", called=False)


def outcome_of(row: PlanRow, found: ExistingRecord, now: datetime) -> RowOutcome | None:
    """What is known of a row without sending it; ``None`` if it is to be sent."""
    if found.done:
        return RowOutcome(
            row, "linked", found.omie_id, omie_code=found.omie_code, at=now, same_as=found.same_as
        )
    if found.refusal:
        masked = mask(dict(row.payload))
        return RowOutcome(
            row, "rejected", error=found.refusal, fix=found.fix, row_masked=masked, called=False
        )
    if found.unreadable:
        pause = timedelta(seconds=found.pause_seconds)
        until = now + pause if pause else None
        return RowOutcome(
            row,
            "held",
            error=found.text or texts.NOT_SEEN,
            error_code="unreadable",
            held_until=until,
            called=False,
        )
    return None


_MAX_TRIES = 3
_LISTED_LASTS = timedelta(seconds=10)
"""How long what a list showed of a lot's rows is what is known of them."""
_TOLD_FROM_SECONDS = 10.0

Recovering = Callable[[Sequence[str], datetime], None]
"""Told which rows of an interrupted run are looked at again, and when."""


class Delivery:
    """Sends the ready rows of a plan.

    ``calls`` and ``seconds`` add up per partition; ``stopped_by`` says why rows were held, and
    ``line_down`` that it was because Omie cannot be reached; ``looked_up`` is how many rows of an
    interrupted run a reading settled, ``recovered`` are those it proved to be delivered.

    Args:
        sides: who wins where a person changed a record in Omie.
        check: raises ``TakenOver`` when the lane is not ours any more. Every commit finds out by
            itself; this is asked before each call, and before questions are spent in vain.
        stops: why the run is to go no further, with the ``error_code`` of the rows it leaves; asked
            before each batch and each row that waited.
        on_recovering: called with the rows of an interrupted run that wait, and until when, to be
            read again.
    """

    def __init__(
        self,
        client: OmieClient,
        scope: Scope,
        effect: RecordEffect,
        policy: EndpointPolicy,
        clock: Clock,
        ledger: Ledger,
        intents: Intents,
        check: Callable[[], None],
        *,
        sides: BothSides,
        stops: Callable[[], tuple[str, str] | None] = lambda: None,
        on_progress: Callable[[int], None] | None = None,
        on_recovering: Recovering | None = None,
    ) -> None:
        self._on_recovering = on_recovering
        self._sides = sides
        self._scope = scope
        self._endpoint = scope.endpoint
        self._effect = effect
        self._policy = policy
        self._clock = clock
        self._ledger = ledger
        self._intents = intents
        self._check = check
        self._stops = stops
        self._client = client
        self._sender = Sender(client, scope.endpoint, effect, policy, clock, check)
        self._lots = Lots(client, scope.endpoint, effect, policy, clock, self._sender)
        self._judge = CircuitBreaker(policy)
        self._on_progress = on_progress
        self._waiting = RetryQueue()
        self._outcomes: list[RowOutcome] = []
        self._attempts: list[Attempt] = []
        self._conflicts: list[RefusedRow] = []
        # Rows of the batch and of what waits, as they were compared.
        self._before_emptying: dict[int, PlanRow] = {}
        self._change_refused = False
        # Codes of which an earlier call may be on its way still, whatever was read of it.
        self._sent_before: set[str] = set()
        # Codes that left in a lot whose answer did not settle them: they are looked for together.
        self._by_lot: set[str] = set()
        self._listed: dict[str, tuple[ReadBack, datetime]] = {}
        self._lot: Sequence[PlanRow] = ()
        self._current: PlanRow | None = None
        self._said: dict[str, str] = {}
        self._since: dict[str, datetime] = {}
        self.calls: Counter[str] = Counter()
        self.seconds: defaultdict[str, float] = defaultdict(float)
        self.stopped_by = ""
        self.looked_up = 0
        self.recovered: list[RowOutcome] = []
        self.line_down = False
        self._busy_in_a_row = 0
        self._singly = 0
        self._untold_asked = 0

    @property
    def lots(self) -> LotTally:
        """What became of lots: how much left in them, what had to be read back, and why they were
        given up."""
        return self._lots.tally(self._singly)

    @property
    def most_in_a_lot(self) -> int:
        """How many new records may leave in one call; 0: one."""
        return self._lots.most_rows

    def record_call(self, record: CallRecord) -> None:
        """Keep the masked trace of a call until the batch commits; hook for ``OmieClient``."""
        now = self._clock.now()
        if self._lot and record.method == self._endpoint.lot:
            self.calls[self._lot[0].partition] += 1
            self._attempts += attempts_of(record, self._endpoint, self._lot, now)
            return
        row = self._current or next(iter(self._lot), None)
        if row is not None:
            self.calls[row.partition] += 1
        if self._lot:
            record = without_rows(record, self._endpoint)
        self._attempts.append(attempt_of(record, self._current, now))

    def resolve_open_intents(self) -> None:
        """Settle by reading back what an earlier run left open; ``looked_up`` counts it.

        What stays unreadable stays open, and its row is held.

        Raises:
            LineClosed, AuthFailed: nothing can be read now.
        """
        left_open = self._intents.still_open(self._clock.now())
        never_left = [item.row.code for item in left_open if item.sent_at is None]
        self._intents.close_as_not_sent(never_left, self._clock.now())
        self._effect.load([item.row for item in left_open])
        self._sent_before |= {item.row.code for item in left_open if item.sent_at is not None}
        self._by_lot |= {item.row.code for item in left_open if self._left_in_a_lot(item)}
        for item in left_open:
            self._since[item.row.code] = item.created_at
            if item.sent_at is not None:
                self._waiting.add(item.sent_at, item.row, item.sent_at, tries=0)
        try:
            while self._waiting:
                self._tell_wait()
                self._take_waiting(send_again=False)
        finally:
            self._waiting.clear()
            self._flush()

    def _left_in_a_lot(self, item: OpenIntent) -> bool:
        """Whether what left was another request than the row's own; all other rows of the lot may
        have their outcome. What is taken for a lot's is only looked for longer."""
        row = item.row
        if not self._endpoint.lot or row.action != "upsert" or row.omie_id is not None:
            return False
        if self._effect.missing(row) is not None:
            return True
        return item.fingerprint != self._effect.request_for(row).fingerprint

    def _tell_wait(self) -> None:
        due, codes = self._waiting.first_due(), self._waiting.codes()
        seconds = (due - self._clock.now()).total_seconds()
        if self._on_recovering is not None and seconds > _TOLD_FROM_SECONDS:
            self._on_recovering(codes, due)

    def run(self, batches: Iterable[Sequence[PlanRow]]) -> None:
        """Send batch after batch; what cannot be sent is held.

        Raises:
            AuthFailed, ConfigurationError: after holding the rest.
        """
        try:
            for rows in batches:
                self._go_on()
                self._send_batch(self._as_it_leaves(rows))
                if not self._waiting:
                    self._before_emptying.clear()
                if self._on_progress is not None:
                    self._on_progress(len(rows))
                while self._waiting.is_due(self._clock.now()):
                    self._go_on()
                    self._take_waiting(send_again=True)
            while self._waiting:
                self._go_on()
                self._take_waiting(send_again=True)
            self._flush()
        except LineClosed as fault:
            self.line_down = isinstance(fault, Unreachable)
            until = fault.until if isinstance(fault, Blocked) else None
            self.hold_rest(_told(fault), type(fault).__name__, until)
        except (AuthFailed, ConfigurationError) as fault:
            self.hold_rest(str(fault), type(fault).__name__, None)
            raise
        except StopSending as stop:
            self.hold_rest(str(stop), stop.code, None)

    def _as_it_leaves(self, rows: Sequence[PlanRow]) -> list[PlanRow]:
        """The rows as they go on the wire, compared with Omie right before."""
        leaving = []
        for row in self._compared(rows):
            sent = with_emptied(row, self._endpoint, self._policy) if row.filled else row
            if self._sides.active:
                self._before_emptying[row.number] = row
            leaving.append(sent)
        return leaving

    def _compared_again(self, row: PlanRow) -> PlanRow | None:
        """A row that waited, as it is to leave now; ``None`` if it has its outcome: somebody may
        have changed its record in Omie meanwhile.

        Raises:
            LineClosed, AuthFailed, ConfigurationError: nothing can be read, and nothing left.
        """
        if not self._sides.active:
            return row
        again = self._as_it_leaves([self._before_emptying.get(row.number, row)])
        return again[0] if again else None

    def _compared(self, rows: Sequence[PlanRow]) -> Sequence[PlanRow]:
        """The rows that leave, without what Omie's side keeps."""
        if not self._sides.active:
            return rows
        self._check()
        judged = self._sides.before_sending(rows, self._read_current, self._wait)
        self._outcomes += judged.outcomes
        self._conflicts += judged.refused
        return judged.to_send

    def _read_current(self, row: PlanRow) -> wire.Json | ReadBack:
        self._current = row
        try:
            return self._effect.current(row)
        finally:
            self._current = None

    def _go_on(self) -> None:
        """Stop if a person paused the empresa or switched the endpoint off meanwhile.

        What is on its way keeps its open intent, and the run after the pause reads it back.
        """
        if (stop := self._stops()) is not None:
            raise StopSending(*stop)

    def hold_rest(self, reason: str, code: str, until: datetime | None) -> None:
        """Commit what is known and hold every row that was not tried."""
        self._flush()
        self.stopped_by = reason
        self._ledger.hold_rest(reason, code, until, self._clock.now())

    def _send_batch(self, batch: Sequence[PlanRow]) -> None:
        self._check()
        lots, singly = self._lots.parted(self._not_standing(batch), self._sent_before)
        try:
            for lot in lots:
                singly += self._send_lot(lot)
            self._send_singly(singly)
        finally:
            self._flush()

    def _send_singly(self, rows: Sequence[PlanRow]) -> None:
        prints = [self._effect.request_for(row).fingerprint for row in rows]
        written_at = self._clock.now()
        allowed = self._intents.write(rows, prints, written_at)
        for row in rows:
            self._since.setdefault(row.code, written_at)
            if row.number not in allowed:
                text = self._said.get(row.code, texts.EARLIER_UNANSWERED)
                self._outcomes.append(RowOutcome(row, "unknown", error=text))
        to_send = [row for row in rows if row.number in allowed]
        for done, row in enumerate(to_send):
            try:
                if not self._closed(row):
                    self._send_one(row, tries=1)
            except (LineClosed, AuthFailed, ConfigurationError):
                # Refused at the door: neither this row nor those behind it have left.
                self._close_unsent(to_send[done:])
                raise
            except StopSending:
                self._close_unsent(to_send[done + 1 :])
                raise

    # Many rows in one call (docs/adr/0036).

    def _send_lot(self, rows: Sequence[PlanRow]) -> list[PlanRow]:
        """Send rows together; those that are to go one by one all the same."""
        if not self._lots.open:
            return list(rows)
        request = self._lots.request(rows)
        if not self._intended(rows, request):
            return list(rows)
        codes = [row.code for row in rows]
        try:
            answer = self._answered(rows, request)
        except BudgetSpent as spent:
            self._intents.close_as_not_sent(codes, self._clock.now())
            self._lots.close_until(spent.until)
            return list(rows)
        except (LineClosed, AuthFailed, ConfigurationError):
            self._close_unsent(rows)
            raise
        except RecordRejected:
            return self._send_parts(rows)
        except RetryLater as fault:
            if isinstance(fault, Redundant) and fault.detail.http_status:
                # Omie took in the very same lot: perhaps this one, sent on twice by the road.
                self._take_unclear(rows, fault)
                return []
            self._intents.close_as_not_sent(codes, self._clock.now())
            self._lots.count_error()
            return list(rows)
        except (OutcomeUnknown, UnknownFault) as fault:
            self._take_unclear(rows, fault)
            return []
        return self._take_answer(rows, self._lots.read(rows, request, answer))

    def _intended(self, rows: Sequence[PlanRow], request: Request) -> bool:
        """Whether the intent of every row is written. A row that may not leave changes the lot, and
        a lot must be remembered as it leaves."""
        now = self._clock.now()
        allowed = self._intents.write(rows, [request.fingerprint] * len(rows), now)
        for row in rows:
            self._since.setdefault(row.code, now)
        if len(allowed) == len(rows):
            return True
        written = [row.code for row in rows if row.number in allowed]
        self._intents.close_as_not_sent(written, now)
        return False

    def _answered(self, rows: Sequence[PlanRow], request: Request) -> wire.Json:
        started = time.perf_counter()
        self._lot = rows
        try:
            answer = self._sender.write(request)
            self._lots.sent += len(rows)
            return answer
        finally:
            self._lot = ()
            self.seconds[rows[0].partition] += time.perf_counter() - started

    def _send_parts(self, rows: Sequence[PlanRow]) -> list[PlanRow]:
        """A lot was refused whole for one of its rows: halves of it go, until that one is alone.

        Omie may have come to the bad row by way of good ones, so each may be there already.
        """
        self._sent_before |= {row.code for row in rows}
        self._lots.calls += 1
        self._intents.close_as_not_sent([row.code for row in rows], self._clock.now())
        singly: list[PlanRow] = []
        for part in self._lots.parts(rows):
            singly += self._send_lot(part) if len(part) > 1 else part
        return singly

    def _take_answer(self, rows: Sequence[PlanRow], reading: LotReading) -> list[PlanRow]:
        """Keep what an answered lot settled; look for what it left open."""
        self._lots.calls += 1
        if reading.strange:
            self._lots.give_up(reading.strange)
        # Before the proof, at which the line may close: of these nothing happened.
        self._intents.close_as_not_sent([row.code for row in reading.singly], self._clock.now())
        self._sent_before |= {row.code for row in reading.singly}
        to_prove: list[RowOutcome] = []
        for outcome in reading.settled:
            if outcome.kind in DELIVERED and not self._lots.proved:
                to_prove.append(outcome)
            else:
                self._settle(outcome)
        try:
            unclear = [*reading.unclear, *self._not_proved(to_prove)]
        except (LineClosed, AuthFailed, ConfigurationError):
            self._lots.leave_open([one.row for one in reading.unclear])
            self._outcomes += reading.unclear
            raise
        self._judge_lot(rows, self._look_for_lot(unclear))
        return reading.singly

    def _not_proved(self, said: Sequence[RowOutcome]) -> list[RowOutcome]:
        """Hold what an answer calls delivered against Omie's list, until one lot of this run was
        proved; what is to be looked for, as it shows something else. What stood in Omie before is
        too old for that list: it is read by its code.

        Raises:
            LineClosed, AuthFailed, ConfigurationError: nothing can be read; no outcome is lost.
        """
        open_ = list(said)
        unclear: list[RowOutcome] = []
        try:
            created = [one for one in said if one.kind == "created"]
            if created and not self._proved(created):
                self._lots.give_up(texts.LOT_NOT_SEEN)
                unclear = [self._lots.unproved(one, texts.LOT_NOT_SEEN) for one in created]
                open_ = [one for one in said if one.kind != "created"]
            if self._lots.proved:
                for one in said:
                    self._settle(one)
                return []
            while open_:
                one = open_.pop(0)
                self._lots.leave_open([one.row])
                unproved = self._lots.unproved(one, texts.LOT_NOT_PROVED)
                self._settle(self._read_back_now(one.row, unproved, 1))
        except (LineClosed, AuthFailed, ConfigurationError):
            unclear += [self._lots.unproved(one, texts.LOT_NOT_PROVED) for one in open_]
            self._lots.leave_open([one.row for one in unclear])
            self._outcomes += unclear
            raise
        return unclear

    def _take_unclear(self, rows: Sequence[PlanRow], fault: OmieFault) -> None:
        """A lot of which nobody knows whether it took effect."""
        self._lots.count_error()
        self._lots.calls += 1
        self._lots.sent += len(rows)
        unclear = [self._sender.failed(row, "unknown", fault, at_now=True) for row in rows]
        self._judge_lot(rows, self._look_for_lot(unclear))

    def _judge_lot(self, rows: Sequence[PlanRow], unclear: Sequence[RowOutcome]) -> None:
        """A lot counts as one answer."""
        if len(unclear) == len(rows):
            self._judge.record(unclear[0])
        else:
            self._judge.record(RowOutcome(rows[0], "created"))

    def _proved(self, created: Sequence[RowOutcome]) -> bool:
        """Whether the first lot of a run stands in Omie as its answer says: no recorded answer
        proves that lots do what the documents promise. A read may be a minute behind.

        Raises:
            LineClosed, AuthFailed, ConfigurationError: nothing can be read.
        """
        said = {one.row.code: one.omie_id for one in created}
        rows = [one.row for one in created]
        for wait_seconds in (0.0, STALE_SECONDS):
            self._wait(wait_seconds, texts.LOT_PROOF)
            found = self._look_together(rows)
            if all(
                (one := found.get(code)) is not None
                and (one.finding, one.omie_id) == ("arrived", omie_id)
                for code, omie_id in said.items()
            ):
                self._lots.proved = True
                return True
        return False

    def _look_together(self, rows: Sequence[PlanRow]) -> Mapping[str, ReadBack]:
        now = self._clock.now()
        since = min((self._since.get(row.code, now) for row in rows), default=now)
        self._lot = rows
        try:
            return self._effect.look_together(rows, since, now)
        finally:
            self._lot = ()

    def _look_for_lot(self, unclear: Sequence[RowOutcome]) -> list[RowOutcome]:
        """Look at once for what a lot left open; what is not proved by that waits for its proof,
        and is returned."""
        if not unclear:
            return []
        rows = [one.row for one in unclear]
        self._lots.leave_open(rows)
        self._sent_before |= {row.code for row in rows}
        try:
            with self._effect.at_once():
                found = self._look_together(rows)
        except Unreachable:
            found = {}
        except (LineClosed, AuthFailed, ConfigurationError):
            self._outcomes += unclear
            raise
        now = self._clock.now()
        waiting: list[RowOutcome] = []
        for one in unclear:
            seen = found.get(one.row.code)
            outcome = proven(one.row, seen, now, self._since[one.row.code]) if seen else None
            if outcome is not None:
                self._settle(outcome)
            else:
                self._outcomes.append(one)
                waiting.append(one)
        self._by_lot |= {one.row.code for one in waiting}
        sent_at = unclear[0].at or now
        self._intents.mark_read_back([one.row.code for one in waiting], sent_at, now)
        for one in waiting:
            self._waiting.add(next_look_at(sent_at, now), one.row, sent_at, tries=1)
        return waiting

    def _list_again(self, first: PlanRow) -> None:
        """Look for a row that left in a lot, and for all others whose time has come with it."""
        now = self._clock.now()
        if first.code in self._listed and self._listed[first.code][1] > now - _LISTED_LASTS:
            return
        due = [row for row in self._waiting.rows_due(now) if row.code in self._by_lot]
        rows = [first, *due]
        found = self._look_together(rows)
        self._listed = {row.code: (found.get(row.code, UNREADABLE), now) for row in rows}

    def _not_standing(self, batch: Sequence[PlanRow]) -> list[PlanRow]:
        """The rows that have something to send, once what stands already has its outcome.

        Raises:
            LineClosed, AuthFailed, ConfigurationError: nothing could be seen and nothing was sent.
        """
        self._effect.load(batch)
        lacking = {row.number: one for row in batch if (one := lacking_of(self._effect, row))}
        self._outcomes += lacking.values()
        rows = [row for row in batch if row.number not in lacking]
        if not self._endpoint.find_existing:
            return rows
        standing = self._effect.find_existing(rows)
        to_send = []
        for row in rows:
            found = standing.get(row.number)
            if found is not None and self._left_to_a_person(row, found):
                continue
            outcome = outcome_of(row, found, self._clock.now()) if found is not None else None
            if outcome is not None:
                self._settle(outcome)
            elif found is not None and found.omie_id is not None:
                to_send.append(replace(row, omie_id=found.omie_id))
            else:
                to_send.append(row)
        if not to_send:
            self._flush()
        return to_send

    def _left_to_a_person(self, row: PlanRow, found: ExistingRecord) -> bool:
        """Quarantine the row if a person has to decide about it; return whether that is so."""
        if found.conflict is None:
            return False
        self._conflicts.append(refused_row(row, [found.conflict]))
        return True

    def _closed(self, row: PlanRow) -> bool:
        """Whether Omie would refuse a change for what stands there: asked by a read, once it
        refused this very change before, or another change in this run.

        Raises:
            LineClosed, AuthFailed, ConfigurationError: nothing can be read.
        """
        if not (row.refused_before or self._change_refused or row.adopted):
            return False
        self._current = row
        try:
            found = self._effect.closed(row)
        finally:
            self._current = None
        if found is None:
            return False
        if not self._left_to_a_person(row, found):
            outcome = outcome_of(row, found, self._clock.now())
            if outcome is None:
                return False
            self._outcomes.append(outcome)
        self._intents.close_as_not_sent([row.code], self._clock.now())
        return True

    def _settle(self, outcome: RowOutcome) -> None:
        """Keep an outcome until the batch commits, and let the effect know."""
        if outcome.kind in DELIVERED:
            self._effect.settled(outcome)
            self._lots.read_back(outcome.row, there=True)
        self._outcomes.append(outcome)

    def _send_one(self, row: PlanRow, tries: int) -> None:
        self._singly += tries == 1
        outcome = self._sent(row)
        if isinstance(outcome, Deferred):
            self._defer(row, outcome, tries)
            return
        self._busy_in_a_row = 0
        if outcome.kind == "unknown":
            self._sent_before.add(row.code)
            outcome = self._read_back_now(row, outcome, tries)
        elif outcome.kind == "rejected" and row.code in self._sent_before:
            outcome = self._look_behind(row, outcome)
        if outcome.kind == "rejected" and row.omie_id is not None and row.action != "delete":
            self._change_refused = True
        self._settle(outcome)
        self._judge.record(outcome)

    def _sent(self, row: PlanRow) -> RowOutcome | Deferred:
        started = time.perf_counter()
        self._current = row
        try:
            return self._sender.send(row, self._since.get(row.code, self._clock.now()))
        except Deferred as later:
            return later
        finally:
            self._current = None
            self.seconds[row.partition] += time.perf_counter() - started

    def _defer(self, row: PlanRow, later: Deferred, tries: int) -> None:
        self._intents.close_as_not_sent([row.code], self._clock.now())
        if tries > len(later.waits_seconds):
            self._settle(later.otherwise)
            self._judge.record(later.otherwise)
            return
        wait_seconds = later.waits_seconds[tries - 1]
        due = self._clock.now() + timedelta(seconds=wait_seconds)
        self._waiting.add(due, row, None, tries)
        if later.is_busy:
            self._spare_a_busy_method(later)

    def _spare_a_busy_method(self, later: Deferred) -> None:
        """Where another row meets "busy" too it is no matter of the row: each refusal counts
        towards a block, so the method is left alone."""
        self._busy_in_a_row += 1
        met = self._busy_in_a_row - 2
        if met >= len(later.waits_seconds):
            raise StopSending(later.otherwise.error, "busy")
        if met >= 0:
            self._wait(later.waits_seconds[met], texts.METHOD_BUSY)

    def _wait(self, wait_seconds: float, why: str) -> None:
        self._client.wait(self._endpoint.name, wait_seconds, why)

    def _read_back_now(self, row: PlanRow, outcome: RowOutcome, tries: int) -> RowOutcome:
        """Read back at once; if that proves nothing, or would have to be waited for, the row waits
        for its proof while others go on."""
        sent_at = outcome.at or self._clock.now()
        try:
            with self._effect.at_once():
                found, _ = self._look(row)
        except Unreachable:
            # Omie cannot be reached now: the next call of the lane finds out for how long.
            found = None
        except (LineClosed, AuthFailed, ConfigurationError):
            self._outcomes.append(outcome)
            raise
        if found is not None:
            return found
        now = self._clock.now()
        self._intents.mark_read_back([row.code], sent_at, now)
        self._waiting.add(next_look_at(sent_at, now), row, sent_at, tries)
        return replace(outcome, error=self._said.get(row.code, outcome.error))

    def _look_behind(self, row: PlanRow, refused: RowOutcome) -> RowOutcome:
        """A refusal may be for what an earlier call of this row made after all: then it is there.

        What cannot be read now stays unknown, to be read by the next run.
        """
        try:
            found, readable = self._look(row)
        except (LineClosed, AuthFailed, ConfigurationError):
            self._outcomes.append(replace(refused, kind="unknown", at=self._clock.now()))
            raise
        if found is not None:
            return found
        return refused if readable else replace(refused, kind="unknown", at=self._clock.now())

    def _look(self, row: PlanRow, *, last: bool = False) -> tuple[RowOutcome | None, bool]:
        """The proven outcome, if any, and whether the read could disprove the effect.

        Args:
            row: row of the plan.
            last: this run does not look again, so that what a list does not tell is asked for by
                its code. A few of a run are: each that is not there is an error answer.
        """
        if self._effect.missing(row) is not None:
            return None, False
        found, asked_at = self._listed.pop(row.code, (None, self._clock.now()))
        untold = found is not None and found.finding == "unreadable" and last
        if untold and self._untold_asked < self._policy.error_budget // 2:
            self._untold_asked += 1
            found = None
        if found is None or found.finding == "different":
            # What a list shows in another form, a read by code shows as it is.
            self._current = row
            asked_at = self._clock.now()
            try:
                found = self._effect.look(row, self._effect.request_for(row))
            finally:
                self._current = None
        if found.text:
            self._said[row.code] = found.text
        target = self._endpoint.deletes or self._endpoint.name
        before = self._ledger.last_confirmed_at(row.code, target)
        if before is not None and asked_at < before + timedelta(seconds=STALE_SECONDS):
            # The read may show what stood there before that change, and it may look alike.
            return None, True
        now = self._clock.now()
        since = self._since.get(row.code, now)
        return proven(row, found, now, since), self._disproves(row, found)

    def _disproves(self, row: PlanRow, found: ReadBack) -> bool:
        """Whether a read that shows no effect is able to: if a second call would make a second
        record, only an absence is."""
        if self._endpoint.repeatable or row.action == "delete" or row.omie_id is not None:
            return found.finding != "unreadable"
        return found.finding == "absent"

    def _take_waiting(self, *, send_again: bool) -> None:
        """Deal with the row whose time comes first: read it back, or send it (again)."""
        item = self._waiting.pop()
        self._flush()
        why = texts.WAITS_FOR_PROOF if item.sent_at is not None else texts.WAITS_FOR_TURN
        self._wait((item.due - self._clock.now()).total_seconds(), f"{why} ({item.row.code})")
        self._check()
        if item.sent_at is not None and item.row.code in self._by_lot:
            self._list_again(item.row)
        if item.sent_at is not None and not self._settled_as_unsent(item, item.sent_at):
            return
        if not send_again:
            return
        if item.tries >= _MAX_TRIES:
            self._outcomes.append(RowOutcome(item.row, "held", error=texts.NEVER_ARRIVED))
            return
        row = self._compared_again(item.row)
        if row is None:
            return
        fingerprint = self._effect.request_for(row).fingerprint
        if self._intents.write([row], [fingerprint], self._clock.now()):
            try:
                # While it waited, somebody may have closed in Omie what it changes.
                if not self._closed(row):
                    self._send_one(row, item.tries + 1)
            except (LineClosed, AuthFailed, ConfigurationError):
                self._close_unsent([row])
                raise

    def _settled_as_unsent(self, item: WaitingRow, sent_at: datetime) -> bool:
        """True when the read-back proves that the call had no effect; its intent is closed then."""
        found, readable = self._look(item.row, last=item.tries >= _MAX_TRIES)
        if found is not None:
            self._settle(found)
            if item.row.left_open:
                self.looked_up += 1
                if found.kind in DELIVERED:
                    self.recovered.append(found)
            return False
        now = self._clock.now()
        self._intents.mark_read_back([item.row.code], sent_at, now)
        enough = conclusive_seconds(self._endpoint)
        if item.row.code in self._by_lot:
            # Nobody knows how long Omie works on a lot.
            enough = UNREPEATABLE_SECONDS
        if not readable or (now - sent_at).total_seconds() < enough:
            if item.tries < _MAX_TRIES:
                due = max(next_look_at(sent_at, now), sent_at + timedelta(seconds=enough))
                self._waiting.add(due, item.row, sent_at, item.tries + 1)
            return False
        self._intents.close_as_not_sent([item.row.code], now)
        self._by_lot.discard(item.row.code)
        self._lots.read_back(item.row, there=False)
        self.looked_up += item.row.left_open
        return True

    def _close_unsent(self, rows: Sequence[PlanRow]) -> None:
        """Close the intents of rows that were refused at the door; an unknown one stays open."""
        settled = {outcome.row.number for outcome in self._outcomes}
        settled |= {conflict.row.number for conflict in self._conflicts}
        unsent = [row.code for row in rows if row.number not in settled]
        self._intents.close_as_not_sent(unsent, self._clock.now())

    def _flush(self) -> None:
        if not self._outcomes and not self._attempts and not self._conflicts:
            return
        outcomes, attempts, conflicts = self._outcomes, self._attempts, self._conflicts
        self._outcomes, self._attempts, self._conflicts = [], [], []
        now = self._clock.now()
        self._scope.refuse(conflicts, now, store=True)
        self._ledger.write_outcomes(outcomes, attempts, now)


def _told(fault: LineClosed) -> str:
    """Why nothing leaves, and where the road is at fault, what to do."""
    if isinstance(fault, Unreachable):
        return f"{fault.detail.text}. {fault.detail.fix}"
    return fault.detail.text
