"""Many new records in one call: an unproven way of sending, behind a policy (docs/adr/0036).

What leaves in a lot, what its answer says of each record, and when lots are given up. Nothing of
an answer is believed that does not fit what was sent: what it leaves open is read back.
"""

from __future__ import annotations

from collections import Counter, deque
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any

from omie_pipeline.catalog import Endpoint
from omie_pipeline.catalog.faults import bare
from omie_pipeline.catalog.limits import FAULT_WINDOW_SECONDS, LOT_BYTES
from omie_pipeline.clock import Clock
from omie_pipeline.errors import (
    AlreadyExists,
    FaultDetail,
    OutcomeUnknown,
    RecordRejected,
    RetryLater,
)
from omie_pipeline.omie import CallRecord, OmieClient, wire
from omie_pipeline.payload import Attempt, Kind, PlanRow, RowOutcome
from omie_pipeline.push.effects import RecordEffect, Request
from omie_pipeline.push.effects.record import as_id
from omie_pipeline.push.policy import EndpointPolicy
from omie_pipeline.push.send import Sender, attempt_of
from omie_pipeline.texts import push as texts

LEAST_ROWS = 10
"""Fewer new rows go one by one: the proven way costs no more there than a lot and its proof."""

_NUMBER = "lote"
_STATUS, _WORDS = "codigo_status", "descricao_status"
_CREATED, _UPDATED = ("cadastrad", "incluid"), ("alterad",)
_SPLIT_SHARE = 2
_LEFT_TO_OTHERS = 1


@dataclass(frozen=True, slots=True)
class LotTally:
    """What became of the lots of one run.

    Attributes:
        calls: lots that Omie took, may have taken, or refused whole. One that it turned away for a
            while (busy, say) is none: its rows left again one by one.
        rows: that left in lots which Omie took, or may have taken.
        singly: that left one by one.
        refused: lots that Omie refused whole, and that left again in parts.
        left_open: rows that the answer to a lot did not settle, and that were read back.
        found: of these, those that the reading proved to be in Omie.
        not_there: of these, those that the reading proved not to be there; they left singly.
        given_up: why no more lots left, ``""`` while they did.
        paused: lots rested for a while, as Omie's limit of errors was near.
    """

    calls: int = 0
    rows: int = 0
    singly: int = 0
    refused: int = 0
    left_open: int = 0
    found: int = 0
    not_there: int = 0
    given_up: str = ""
    paused: bool = False

    @property
    def unsettled(self) -> int:
        """Rows of which no reading has said anything that proves it: the next run looks again."""
        return self.left_open - self.found - self.not_there

    def to_json(self) -> dict[str, Any]:
        """The keys ``--json`` promises."""
        return {**asdict(self), "unsettled": self.unsettled}


@dataclass(frozen=True, slots=True)
class LotReading:
    """What the answer to a lot says of its rows.

    Attributes:
        settled: confirmed, or refused in Omie's words.
        unclear: to be read back before anything is said or repeated.
        singly: nothing happened, and what is to be done only a call of their own can tell.
        strange: why nothing of the answer is believed, ``""`` where it fits what was sent.
    """

    settled: list[RowOutcome] = field(default_factory=list)
    unclear: list[RowOutcome] = field(default_factory=list)
    singly: list[PlanRow] = field(default_factory=list)
    strange: str = ""


class Lots:
    """The lots of one run.

    Args:
        sender: for what an outcome says.

    Attributes:
        proved: a lot of this run was read back whole and stood there as it was sent.
        given_up: why no more lots leave in this run, ``""`` while they do.
        sent: how many rows left in lots.
        calls: how many lots left, less those that Omie turned away for a while.
        refused: how many of them were refused whole.
        most_rows: the most in one lot; 0 if none may leave.
    """

    def __init__(
        self,
        client: OmieClient,
        endpoint: Endpoint,
        effect: RecordEffect,
        policy: EndpointPolicy,
        clock: Clock,
        sender: Sender,
    ) -> None:
        self._client = client
        self._endpoint = endpoint
        self._effect = effect
        self.most_rows = policy.lote
        self._error_budget = policy.error_budget
        self._clock = clock
        self._sender = sender
        self._number = 0
        self._errors: deque[datetime] = deque()
        self._closed_until: datetime | None = None
        self.proved = False
        self.given_up = ""
        self.sent = 0
        self.calls = 0
        self.refused = 0
        self._left_open: dict[str, bool | None] = {}
        self._paused = False

    # What became of them.

    def leave_open(self, rows: Sequence[PlanRow]) -> None:
        """The answer to a lot did not settle these: they are read back."""
        for row in rows:
            self._left_open.setdefault(row.code, None)

    def read_back(self, row: PlanRow, *, there: bool) -> None:
        """A reading proved whether a row is there. What was proved first counts."""
        if self._left_open.get(row.code, there) is None:
            self._left_open[row.code] = there

    def tally(self, singly: int) -> LotTally:
        """What became of the lots until now.

        Args:
            singly: rows that left one by one.
        """
        proved = Counter(self._left_open.values())
        return LotTally(
            calls=self.calls,
            rows=self.sent,
            singly=singly,
            refused=self.refused,
            left_open=len(self._left_open),
            found=proved[True],
            not_there=proved[False],
            given_up=self.given_up,
            paused=self._paused,
        )

    # What leaves together.

    def parted(
        self, rows: Sequence[PlanRow], sent_before: Collection[str]
    ) -> tuple[list[list[PlanRow]], list[PlanRow]]:
        """The rows that leave in lots, and those that leave one by one.

        Only what makes a new record goes in a lot. A change may meet a settlement, an adopted
        record has no code, and what was refused or unclear before would spoil the lot for others.
        """
        if not self.open:
            return [], list(rows)
        times = Counter(row.code for row in rows)
        new = [
            row
            for row in rows
            if row.action == "upsert"
            and row.omie_id is None
            and not (row.adopted or row.refused_before or row.left_open)
            and times[row.code] == 1
            and row.code not in sent_before
        ]
        lots = [lot for lot in self._sized(new) if len(lot) >= LEAST_ROWS]
        together = {row.number for lot in lots for row in lot}
        return lots, [row for row in rows if row.number not in together]

    @property
    def open(self) -> bool:
        """Whether a lot may leave now."""
        if not self.most_rows or self.given_up:
            return False
        return self._closed_until is None or self._closed_until <= self._clock.now()

    def _sized(self, rows: Sequence[PlanRow]) -> Iterator[list[PlanRow]]:
        lot: list[PlanRow] = []
        size = 0
        for row in rows:
            bytes_ = len(wire.dumps(self._effect.request_for(row).param).encode())
            if lot and (len(lot) >= self.most_rows or size + bytes_ > LOT_BYTES):
                yield lot
                lot, size = [], 0
            lot.append(row)
            size += bytes_
        if lot:
            yield lot

    def request(self, rows: Sequence[PlanRow]) -> Request:
        """The one call that these rows mean."""
        self._number += 1
        items = [self._effect.request_for(row).param for row in rows]
        param = {_NUMBER: self._number, self._endpoint.lot_array: items}
        return Request(self._endpoint.service, self._endpoint.lot, param)

    # What an answer says.

    def read(self, rows: Sequence[PlanRow], request: Request, answer: wire.Json) -> LotReading:
        """Take each row's own status for its outcome, if the answer fits what was sent."""
        statuses = answer.get(self._endpoint.lot_statuses)
        entries = statuses if isinstance(statuses, list) else []
        strange = self._strange(rows, request, answer, entries)
        if strange:
            self._count_error()
            unclear = [self._unknown(row, strange) for row in rows]
            return LotReading(unclear=unclear, strange=strange)
        by_code = {self._code_in(entry): entry for entry in entries}
        items = dict(zip((row.code for row in rows), self._items(request), strict=True))
        good = _is_zero(answer.get(_STATUS))
        found = LotReading()
        for row in rows:
            entry = by_code.get(row.code)
            if entry is None:
                found.unclear.append(self._unknown(row, texts.LOT_SAYS_NOTHING))
            elif _is_zero(entry.get(_STATUS)):
                self._take_good(found, row, entry, trusted=good)
            else:
                self._take_bad(found, row, entry, items[row.code])
        refused = any(not _is_zero(entry.get(_STATUS)) for entry in entries)
        if refused or not good:
            self._client.count_refusals(self._endpoint.lot)
            self._count_error()
        return found

    def _items(self, request: Request) -> list[wire.Json]:
        items: list[wire.Json] = request.param[self._endpoint.lot_array]
        return items

    def _code_in(self, entry: Any) -> str:
        value = entry.get(self._endpoint.integration_key) if isinstance(entry, Mapping) else None
        return str(value or "").strip()

    def _strange(
        self, rows: Sequence[PlanRow], request: Request, answer: wire.Json, entries: list[Any]
    ) -> str:
        """What an answer says that cannot be of this lot."""
        echoed = answer.get(_NUMBER)
        if echoed is not None and str(echoed) != str(request.param[_NUMBER]):
            return texts.LOT_OF_ANOTHER
        codes = Counter(self._code_in(entry) for entry in entries)
        if any(code not in {row.code for row in rows} for code in codes):
            return texts.LOT_NAMES_ANOTHER
        ids = Counter(as_id(entry.get(self._endpoint.omie_key)) for entry in entries)
        ids.pop(None, None)
        if any(times > 1 for times in (*codes.values(), *ids.values())):
            return texts.LOT_NAMES_ONE_TWICE
        return ""

    def _take_good(
        self, found: LotReading, row: PlanRow, entry: Mapping[str, Any], *, trusted: bool
    ) -> None:
        """Confirmed, where the status says which record it is, and whether it is new."""
        omie_id = as_id(entry.get(self._endpoint.omie_key))
        words = bare(str(entry.get(_WORDS) or "")).casefold()
        created = any(word in words for word in _CREATED)
        updated = any(word in words for word in _UPDATED)
        if not trusted or omie_id is None or created == updated:
            found.unclear.append(self._unknown(row, texts.LOT_SAYS_TOO_LITTLE))
            return
        kind: Kind = "created" if created else "updated"
        found.settled.append(RowOutcome(row, kind, omie_id, at=self._clock.now()))

    def _take_bad(
        self, found: LotReading, row: PlanRow, entry: Mapping[str, Any], item: wire.Json
    ) -> None:
        text, code = str(entry.get(_WORDS) or ""), str(entry.get(_STATUS) or "").strip()
        if not code:
            found.unclear.append(self._unknown(row, texts.LOT_SAYS_TOO_LITTLE))
            return
        fault = self._client.fault_of_item(text, code, item)
        if isinstance(fault, (RetryLater, AlreadyExists)):
            found.singly.append(row)
        elif isinstance(fault, RecordRejected):
            found.settled.append(self._sender.failed(row, "rejected", fault))
        else:
            found.unclear.append(self._sender.failed(row, "unknown", fault, at_now=True))

    def _unknown(self, row: PlanRow, text: str) -> RowOutcome:
        fault = OutcomeUnknown(FaultDetail(text, "lote"))
        return self._sender.failed(row, "unknown", fault, at_now=True)

    def unproved(self, said: RowOutcome, text: str) -> RowOutcome:
        """What an answer calls delivered, and no reading has proved.

        Args:
            said: the outcome that the answer tells of.
            text: why it is not believed.
        """
        return replace(self._unknown(said.row, text), at=said.at)

    # A lot that was refused whole, and when lots are given up.

    def parts(self, rows: Sequence[PlanRow]) -> tuple[Sequence[PlanRow], ...]:
        """The parts in which a lot of two rows or more that was refused whole goes again.

        Each refusal is an error of the method, of which ten close it. Half of what we allow
        ourselves may be spent on looking for bad rows by halves; beyond it a refused lot goes row
        by row, and before the last one lots are given up until the oldest error is forgotten.
        """
        self.refused += 1
        self._count_error()
        if len(self._errors) > self._error_budget // _SPLIT_SHARE:
            return tuple([row] for row in rows)
        middle = len(rows) // 2
        return rows[:middle], rows[middle:]

    def close_until(self, until: datetime) -> None:
        """The method has no error left to spend: rows go one by one, by a method that has."""
        self._closed_until, self._paused = until, True

    def give_up(self, why: str) -> None:
        """No lot leaves any more in this run."""
        self.given_up = why

    def count_error(self) -> None:
        """A lot met an error that is none of its rows'."""
        self._count_error()

    def _count_error(self) -> None:
        now, window = self._clock.now(), timedelta(seconds=FAULT_WINDOW_SECONDS)
        self._errors.append(now)
        while self._errors[0] <= now - window:
            self._errors.popleft()
        if len(self._errors) >= self._error_budget - _LEFT_TO_OTHERS:
            self._closed_until, self._paused = self._errors[0] + window, True


def attempts_of(
    record: CallRecord, endpoint: Endpoint, rows: Sequence[PlanRow], at: datetime
) -> list[Attempt]:
    """The masked trace of a lot, as one of each of its records, so that to show or erase what was
    sent of one person touches nobody else's. The time that the call took stands at the first.

    Args:
        record: the call.
        endpoint: declaration of what left.
        rows: its records, in the order in which they left.
        at: time of the call.
    """
    items = record.request.get(endpoint.lot_array) or []
    answer = record.response or {}
    statuses = answer.get(endpoint.lot_statuses)
    by_code = {
        entry.get(endpoint.integration_key): entry
        for entry in (statuses if isinstance(statuses, list) else [])
        if isinstance(entry, Mapping)
    }
    whole = {name: value for name, value in answer.items() if name != endpoint.lot_statuses}
    found = []
    for place, row in enumerate(rows):
        one = CallRecord(
            record.method,
            {_NUMBER: record.request.get(_NUMBER), **items[place]},
            {**whole, **(by_code.get(row.code) or {})} if record.response is not None else None,
            record.http_status,
            record.fault,
            0.0 if place else record.duration_ms,
        )
        found.append(attempt_of(one, row, at))
    return found


def without_rows(record: CallRecord, endpoint: Endpoint) -> CallRecord:
    """The trace of a list that was read for a lot: its rows are of whomever, and many."""
    if record.response is None:
        return record
    kept = {name: value for name, value in record.response.items() if name != endpoint.list_array}
    return replace(record, response=kept)


def _is_zero(status: Any) -> bool:
    """``"0"`` is the only good status (omie-api.md#status-in-the-answer)."""
    text = str(status if status is not None else "").strip()
    return bool(text) and not text.strip("0")
