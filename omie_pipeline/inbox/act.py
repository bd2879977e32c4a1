"""Events into readings: which lists to read again, and which events that settles.

An event is a trigger, never the truth. Any number of events, in any order, ask for one reading of
each list they concern; what the list then says is what counts.
"""

from __future__ import annotations

import uuid
from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import Literal, Protocol

import sqlalchemy as sa

from omie_pipeline.catalog.lists import MIRROR, STATEMENT
from omie_pipeline.catalog.topics import NamedRows, action_of, rule_for
from omie_pipeline.clock import Clock
from omie_pipeline.errors import Blocked, OmiePipelineError, RetryLater, WarehouseError
from omie_pipeline.inbox.events import (
    KnownRow,
    Verdict,
    WaitingEvent,
    blocked_until,
    claim,
    due_tables,
    known_rows,
    settle,
)
from omie_pipeline.texts import inbox as texts

# What proves that an event is settled, and which days its readings have to cover.

_JOINED_GAP = timedelta(days=7)


def day_ranges(days: set[date]) -> list[tuple[date, date]]:
    """Days as inclusive ranges; gaps of up to a week are read along rather than asked apart."""
    ranges: list[tuple[date, date]] = []
    for day in sorted(days):
        if ranges and day - ranges[-1][1] <= _JOINED_GAP:
            ranges[-1] = (ranges[-1][0], day)
        else:
            ranges.append((day, day))
    return ranges


def by_named(
    table: str,
    concerned: list[WaitingEvent],
    wanted: Callable[[WaitingEvent, NamedRows], bool],
) -> dict[NamedRows, list[WaitingEvent]]:
    """Events of one list by the place that holds the rows they name."""
    groups: dict[NamedRows, list[WaitingEvent]] = {}
    for event in concerned:
        rule = rule_for(event.topic)
        for named in rule.named if rule is not None else ():
            if named.table == table and wanted(event, named):
                groups.setdefault(named, []).append(event)
    return groups


def removes(event: WaitingEvent, named: NamedRows) -> bool:
    """Whether the event says that the named rows may be gone."""
    return not named.stays and action_of(event.topic) == "removed"


def days_of(rows: Mapping[str, list[KnownRow]]) -> set[date]:
    """Days of the rows that still stand."""
    return {
        row.data_particao
        for found in rows.values()
        for row in found
        if row.excluido_em is None and row.data_particao is not None
    }


@dataclass(frozen=True)
class EventsOfRow:
    """What the events of one round say of the same rows.

    Attributes:
        first_at: when each id was named first; a row that proves the first event may still lack
            what a later one tells of.
        removed: ids that an event says are gone.
    """

    named: NamedRows
    first_at: Mapping[str, datetime]
    removed: frozenset[str]

    @classmethod
    def of(cls, named: NamedRows, some: list[WaitingEvent]) -> EventsOfRow:
        """From the events that name rows in the same place."""
        first_at: dict[str, datetime] = {}
        removed: set[str] = set()
        for event in some:
            ids = event.records.get(named.table, ())
            for one in ids:
                first_at[one] = min(event.received_at, first_at.get(one, event.received_at))
            if removes(event, named):
                removed.update(ids)
        return cls(named, first_at, frozenset(removed))

    def settles(
        self, event: WaitingEvent, rows: Mapping[str, list[KnownRow]], *, late: bool
    ) -> bool:
        """Whether a complete reading settles the event.

        Args:
            rows: what the mirror holds after the reading, by id.
            late: the question was asked when reads could no longer lag behind the event.
        """
        ids = event.records.get(self.named.table, ())
        if removes(event, self.named):
            left = [row for one in ids for row in rows.get(one, ()) if row.excluido_em is None]
            return late or (bool(ids) and not left)
        wanted = [one for one in ids if one not in self.removed or rows.get(one)]
        if ids and all(self._fresh(one, event, rows.get(one, ())) for one in wanted):
            return True
        return late and (not self.named.must or all(rows.get(one) for one in wanted))

    def _fresh(self, one: str, event: WaitingEvent, found: Sequence[KnownRow]) -> bool:
        """A question asked after the event brought the row, or it is gone."""
        if event.received_at > self.first_at[one]:
            return False
        return any(row.lido_em >= event.received_at or row.excluido_em is not None for row in found)


STALE_READS = timedelta(seconds=60)
"""Reads lag behind writes for up to about a minute (omie-api.md#stale-reads)."""
NEXT_READING = timedelta(seconds=61)
MAX_ATTEMPTS = 5
_AFTER_FAILURE = timedelta(minutes=10)
_LEASE = timedelta(minutes=5)
_MONEY = "movimentacoes"

Mode = Literal["full", "incremental"]


class Reading(Protocol):
    """What this module needs to know of a finished reading."""

    @property
    def complete(self) -> bool:
        """Omie's own total was reached."""

    @property
    def reused(self) -> bool:
        """Nothing was asked: an earlier reading was late enough."""


class ImportTable(Protocol):
    """``Deployment.import_table``, as far as it is used here."""

    def __call__(
        self,
        name: str,
        empresa: str,
        *,
        mode: Mode,
        date_from: date | None = None,
        date_to: date | None = None,
        trigger: str = "webhook",
        dagster_run_id: str | None = None,
        not_before: datetime | None = None,
    ) -> Reading:
        """Read one list again."""


@dataclass(frozen=True, slots=True)
class InboxReport:
    """What one round did.

    Attributes:
        readings: readings asked for.
        failures: list and class of the error that ended its reading.
        blocked_until: end of a block under which nothing was asked.
    """

    empresa: str
    events: int = 0
    done: int = 0
    pending: int = 0
    no_record: int = 0
    readings: int = 0
    failures: tuple[tuple[str, str], ...] = ()
    blocked_until: datetime | None = None


@dataclass(slots=True)
class _Round:
    """State of one round: which lists of which event are settled, and what failed."""

    settled: defaultdict[str, set[str]] = field(default_factory=lambda: defaultdict(set))
    unproven: set[str] = field(default_factory=set)
    wait_until: dict[str, datetime] = field(default_factory=dict)
    failures: dict[str, str] = field(default_factory=dict)
    readings: int = 0


class InboxRound:
    """Reads the lists that the events of one empresa ask for.

    Args:
        import_table: reads one list; see :class:`ImportTable`.
        scope: digest of the empresa's key, under which a block is remembered.
    """

    def __init__(
        self, engine: sa.Engine, import_table: ImportTable, clock: Clock, empresa: str, scope: str
    ) -> None:
        self._engine = engine
        self._import_table = import_table
        self._clock = clock
        self._empresa = empresa
        self._scope = scope

    def run(
        self, tables: Sequence[str] | None = None, dagster_run_id: str | None = None
    ) -> InboxReport:
        """One round over the events that wait for ``tables`` (default: all that are due).

        If a list cannot be read, its events wait, and the report says so.

        Raises:
            WarehouseError: the database is gone; the events come back after some minutes.
        """
        now = self._clock.now()
        until = blocked_until(self._engine, self._scope, now)
        if until is not None:
            return InboxReport(self._empresa, blocked_until=until)
        wanted = self._due(now) if tables is None else [t for t in MIRROR if t in tables]
        run_id = dagster_run_id or str(uuid.uuid4())
        waiting = claim(self._engine, self._empresa, wanted, now, until=now + _LEASE, run_id=run_id)
        round_ = _Round()
        for table in wanted:
            concerned = [event for event in waiting if table in event.missing]
            if concerned:
                self._read(table, concerned, round_, dagster_run_id)
        verdicts = [self._verdict(event, round_) for event in waiting]
        settle(self._engine, self._empresa, verdicts, self._clock.now(), run_id)
        if any(_MONEY in event.missing for event in waiting) and _MONEY not in round_.failures:
            self._follow_money(round_, dagster_run_id)
        return _report(self._empresa, verdicts, round_)

    def _follow_money(self, round_: _Round, run: str | None) -> None:
        """The statements of the accounts whose money moved; no event waits for them."""
        try:
            self._import_table(
                STATEMENT,
                self._empresa,
                mode="incremental",
                date_from=None,
                date_to=None,
                trigger="webhook",
                dagster_run_id=run,
                not_before=self._clock.now(),
            )
        except WarehouseError:
            raise
        except OmiePipelineError as error:
            round_.failures[STATEMENT] = type(error).__name__

    def _due(self, now: datetime) -> list[str]:
        due = [one for one in due_tables(self._engine, now) if one.empresa == self._empresa]
        return list(due[0].tables) if due else []

    def _read(
        self, table: str, concerned: list[WaitingEvent], round_: _Round, run: str | None
    ) -> None:
        """Read one list as its events ask, and note which of them that settles."""
        asked_at = self._clock.now()
        not_before = min(max(event.next_at for event in concerned), asked_at)
        try:
            readings = self._ask(table, concerned, not_before, run)
        except WarehouseError:
            raise
        except Blocked as fault:
            self._failed(table, concerned, round_, type(fault).__name__, fault.until)
            return
        except RetryLater as fault:
            wait = max(timedelta(seconds=fault.wait_seconds), NEXT_READING)
            self._failed(table, concerned, round_, type(fault).__name__, asked_at + wait)
            return
        except OmiePipelineError as error:
            until = asked_at + _AFTER_FAILURE
            self._failed(table, concerned, round_, type(error).__name__, until)
            return
        round_.readings += len(readings)
        if all(reading.complete for reading in readings):
            reused = any(reading.reused for reading in readings)
            self._judge(table, concerned, not_before if reused else asked_at, round_)
        else:
            round_.unproven.update(event.message_id for event in concerned)

    def _failed(
        self,
        table: str,
        concerned: list[WaitingEvent],
        round_: _Round,
        kind: str,
        until: datetime,
    ) -> None:
        round_.failures[table] = kind
        for event in concerned:
            known = round_.wait_until.get(event.message_id, until)
            round_.wait_until[event.message_id] = max(known, until)

    def _ask(
        self, table: str, concerned: list[WaitingEvent], not_before: datetime, run: str | None
    ) -> list[Reading]:
        """The readings of one list; none if only ids are gone that the mirror never had."""

        def ask(mode: Mode, date_from: date | None = None, date_to: date | None = None) -> Reading:
            return self._import_table(
                table,
                self._empresa,
                mode=mode,
                date_from=date_from,
                date_to=date_to,
                trigger="webhook",
                dagster_run_id=run,
                not_before=not_before,
            )

        whole, days, changed = self._needs(table, concerned)
        readings = [ask("full", first, last) for first, last in day_ranges(days)]
        if whole:
            readings.append(ask("full"))
        elif changed:
            readings.append(ask("incremental"))
        return readings

    def _needs(self, table: str, concerned: list[WaitingEvent]) -> tuple[bool, set[date], bool]:
        """Whether the whole register, which days, and whether the changes are to be read."""
        mirror = MIRROR[table]
        whole, changed = False, False
        days: set[date] = set()
        for named, some in by_named(table, concerned, removes).items():
            rows = self._known(named, some)
            nameless = any(not event.records.get(table) for event in some)
            if mirror.grain == "register":
                whole = (
                    whole
                    or nameless
                    or any(r.excluido_em is None for found in rows.values() for r in found)
                )
            else:
                days |= days_of(rows)
                changed = changed or nameless
        for named, some in by_named(table, concerned, lambda e, n: not removes(e, n)).items():
            changed = True
            if mirror.grain == "fact" and mirror.call.changed is None:
                # No window shows a change: the days of the rows themselves have to be read.
                days |= days_of(self._known(named, some))
        # The título of a settlement that was undone stands in another row, and has changed with it.
        return whole, days, changed or bool(days and mirror.derived)

    def _known(self, named: NamedRows, some: list[WaitingEvent]) -> dict[str, list[KnownRow]]:
        ids = [one for event in some for one in event.records.get(named.table, ())]
        return known_rows(self._engine, self._empresa, named, ids) if ids else {}

    def _judge(
        self, table: str, concerned: list[WaitingEvent], asked_at: datetime, round_: _Round
    ) -> None:
        for named, some in by_named(table, concerned, lambda _e, _n: True).items():
            rows = self._known(named, some)
            told = EventsOfRow.of(named, some)
            for event in some:
                late = asked_at >= event.received_at + STALE_READS
                if told.settles(event, rows, late=late):
                    round_.settled[event.message_id].add(table)
                else:
                    round_.unproven.add(event.message_id)

    def _verdict(self, event: WaitingEvent, round_: _Round) -> Verdict:
        missing = tuple(
            table for table in event.missing if table not in round_.settled[event.message_id]
        )
        if not missing:
            return Verdict(event.message_id, "done", (), event.attempts + 1, None)
        failed = sorted({round_.failures[table] for table in missing if table in round_.failures})
        attempts = event.attempts + (event.message_id in round_.unproven)
        if attempts >= MAX_ATTEMPTS and not failed:
            reason = texts.not_seen(", ".join(missing))
            return Verdict(event.message_id, "no_record", missing, attempts, None, reason)
        # What another run is to read is due at once; what was just read, in a minute.
        read_now = event.message_id in round_.unproven or failed
        again = self._clock.now() + NEXT_READING if read_now else event.next_at
        again = max(again, round_.wait_until.get(event.message_id, again))
        told = ", ".join(failed)
        return Verdict(event.message_id, "pending", missing, attempts, again, told)


def _report(empresa: str, verdicts: Sequence[Verdict], round_: _Round) -> InboxReport:
    states = [verdict.state for verdict in verdicts]
    return InboxReport(
        empresa,
        events=len(verdicts),
        done=states.count("done"),
        pending=states.count("pending"),
        no_record=states.count("no_record"),
        readings=round_.readings,
        failures=tuple(sorted(round_.failures.items())),
    )
