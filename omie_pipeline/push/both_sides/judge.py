"""Who wins, as a run asks it: over the plan, and again for each batch right before it leaves."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any

from omie_pipeline.catalog.model import two_sided, value_at, with_value, without_value
from omie_pipeline.clock import Clock
from omie_pipeline.omie import wire
from omie_pipeline.payload import (
    COMPARED,
    LEFT_OUT,
    REPLACED,
    SETTLED,
    PayloadModel,
    PlanRow,
    RowOutcome,
)
from omie_pipeline.postgres.engine import warehouse_errors
from omie_pipeline.push.both_sides.compare import (
    BY_POLICY,
    Compared,
    OmieSide,
    Sides,
    compare,
)
from omie_pipeline.push.both_sides.memory import (
    SETTLES,
    Remembered,
    Told,
    Written,
    close_left,
    close_passed,
    forget,
    learn,
    mirror_of,
    note,
    remember,
    remembered,
    sides_in_mirror,
    tell_beside,
    told_of,
    write_compared,
)
from omie_pipeline.push.both_sides.overwritten import note_overwritten
from omie_pipeline.push.checks import PlanCheck
from omie_pipeline.push.conflicts import conflito
from omie_pipeline.push.effects import ReadBack, RecordEffect
from omie_pipeline.push.effects.record import changed_in, resolved_where_known
from omie_pipeline.push.ledger import Commit
from omie_pipeline.push.plan import RefusedRow, Scope, refused_row
from omie_pipeline.push.policy import EndpointPolicy, Wins
from omie_pipeline.texts import push as texts

_MARKS = (LEFT_OUT, REPLACED, COMPARED)

Read = Callable[[PlanRow], wire.Json | ReadBack]
Wait = Callable[[float, str], None]


@dataclass(slots=True)
class Judged:
    """What becomes of some rows.

    Attributes:
        to_send: rows that leave, without the fields that are not sent.
        outcomes: of rows of which nothing is to be sent, or of which nothing could be seen.
        refused: rows of which a person has to decide.
    """

    to_send: list[PlanRow] = field(default_factory=list)
    outcomes: list[RowOutcome] = field(default_factory=list)
    refused: list[RefusedRow] = field(default_factory=list)


class BothSides:
    """Compares the rows of one run with Omie, where its policy says who wins; idle elsewhere."""

    def __init__(
        self, scope: Scope, effect: RecordEffect, policy: EndpointPolicy, clock: Clock
    ) -> None:
        self._scope = scope
        self._endpoint = scope.endpoint
        self._effect = effect
        self._clock = clock
        self._wins = policy.wins or Wins()
        self._fields = two_sided(scope.endpoint) if policy.wins is not None else ()
        self._mirror = mirror_of(scope.endpoint)
        self._asked: dict[str, RefusedRow] = {}
        self.reads = 0

    @property
    def active(self) -> bool:
        """Whether anything is compared."""
        return bool(self._fields)

    def learn(self, model: PayloadModel) -> None:
        """Learn both sides of what was delivered before anybody asked who wins."""
        if self.active:
            learn(self._scope.engine, self._scope.run_id, model, self._scope.empresa)

    def at_plan(self, check: PlanCheck) -> None:
        """Compare the plan with the copy of Omie where that is new enough. What has nothing to send
        is unchanged; ``reads`` says how many rows are to be read right before their call. What a
        person has to decide waits for :meth:`refuse`."""
        if not self.active:
            return
        for rows in check.rows():
            self._effect.load(rows)
            judged = self._judge(rows, None, store=check.store)
            check.hold(judged.outcomes)
            self._asked |= {one.row.code: one for one in judged.refused}
            planned = {row.number: row for row in rows}
            changed = [
                row
                for row in judged.to_send
                if row.left_out or row.left_out != planned[row.number].left_out
            ]
            write_compared(self._scope.engine, self._scope.run_id, changed)

    def refuse(self, check: PlanCheck) -> int:
        """Quarantine what a person has to decide, and how many rows that was. A row that does not
        leave for another reason tells both: its título is settled, say."""
        if not self._asked:
            return 0
        refused_rows = 0
        beside = dict(self._asked)
        for rows in check.rows():
            mine = [self._asked[row.code] for row in rows if row.code in self._asked]
            check.refuse(mine)
            refused_rows += len(mine)
            for one in mine:
                beside.pop(one.row.code)
        if check.store and beside:
            scope = self._scope
            reasons = {code: one.reasons for code, one in beside.items()}
            tell_beside(scope.engine, scope.run_id, scope.empresa, self._endpoint.name, reasons)
        return refused_rows

    def as_sent(self, rows: Sequence[PlanRow]) -> Mapping[int, PlanRow]:
        """Planned rows by number as they would leave, as far as the copy of Omie tells: without
        the fields of which Omie's value stands. Nothing is noted."""
        if not self.active or not rows:
            return {}
        self._effect.load(rows)
        judged = self._judge(rows, None, store=False)
        return {row.number: row for row in judged.to_send}

    def close_left(self) -> None:
        """End what nobody has to decide any more, and tell what earlier changes of ours replaced:
        not every list is read."""
        if self.active:
            scope, now = self._scope, self._clock.now()
            close_left(scope.engine, scope.empresa, self._endpoint.name, now)
            note_overwritten(scope.engine, scope.empresa, self._endpoint, scope.run_id, now)

    def before_sending(self, rows: Sequence[PlanRow], read: Read, wait: Wait) -> Judged:
        """Compare rows once more right before they leave; what the copy of Omie is too old for is
        read, one call each.

        Raises:
            LineClosed, AuthFailed, ConfigurationError: nothing can be read.
        """
        self._effect.load(rows)
        return self._judge(rows, (read, wait), store=True)

    def on_commit(self, commit: Commit) -> None:
        """Remember both sides of what Omie confirmed, and tell what was replaced or kept, within
        the transaction of the outcome."""
        if not self.active:
            return
        empresa, name = self._scope.empresa, self._endpoint.name
        done = [one for one in commit.outcomes if one.kind in SETTLED and one.row.code]
        gone = [one.row.code for one in done if one.row.action == "delete"]
        forget(commit.connection, empresa, name, gone, commit.now)
        # What was decided before any call, and not by us, is as it was.
        kept = [
            one
            for one in done
            if one.row.action != "delete" and (commit.sent or one.kind == "unchanged")
        ]
        remember(commit.connection, empresa, name, [_written(one) for one in kept], commit.now)
        for mark, state in ((LEFT_OUT, "kept_omie"), (REPLACED, "kept_clinica")):
            told = [
                (one.row.code, field, values)
                for one in kept
                for field, values in (one.row.extra.get(mark) or {}).items()
                # What a person decided is told already, and so is what was so before.
                if values["by"] == BY_POLICY and values["news"]
            ]
            note(commit.connection, empresa, name, told, state, commit.run_id, commit.now)

    def _judge(
        self, rows: Sequence[PlanRow], asking: tuple[Read, Wait] | None, *, store: bool
    ) -> Judged:
        judged = Judged()
        changes = [row for row in rows if self._is_change(row)]
        numbers = {row.number for row in changes}
        known, shown = self._known(changes)
        asked: dict[str, dict[str, Told]] = {}
        compared: set[str] = set()
        for row in rows:
            one = known.get(row.code) if row.number in numbers else None
            if one is None:
                judged.to_send.append(row)
                continue
            omie = shown.get(row.omie_id or 0)
            if omie is None:
                if asking is None:
                    self.reads += 1
                    judged.to_send.append(row)
                    continue
                found = self._read(row, one, *asking)
                if isinstance(found, RowOutcome):
                    judged.outcomes.append(found)
                    continue
                if found is None:
                    # Somebody deleted it: it is made anew, whole.
                    judged.to_send.append(_unmarked(row))
                    continue
                omie = found
            result = compare(self._sides(row, one, omie), self._wins)
            compared.add(row.code)
            if open_fields := _told(result, "ask", omie):
                asked[row.code] = open_fields
                reason = conflito(self._endpoint.name, row.code, list(open_fields))
                judged.refused.append(refused_row(row, [reason]))
                continue
            left = _marked(row, result, omie, self._endpoint.value_field)
            if left.left_out and result.sends is False and one.settled:
                judged.outcomes.append(
                    RowOutcome(left, "unchanged", row.omie_id, at=one.confirmed_at, called=False)
                )
                continue
            judged.to_send.append(left)
        if store:
            self._note(compared, asked)
        return judged

    def _is_change(self, row: PlanRow) -> bool:
        return (
            row.omie_id is not None
            and row.action == "upsert"
            and bool(row.code)
            and self._effect.missing(row) is None
        )

    def _known(
        self, rows: Sequence[PlanRow]
    ) -> tuple[Mapping[str, Remembered], Mapping[int, OmieSide]]:
        """What is remembered of the rows, and what the copy of Omie shows of them."""
        if not rows:
            return {}, {}
        empresa = self._scope.empresa
        with warehouse_errors(), self._scope.engine.connect() as connection:
            known = remembered(connection, empresa, self._endpoint.name, {row.code for row in rows})
            if self._mirror is None:
                return known, {}
            confirmed = {
                row.omie_id: known[row.code].confirmed_at
                for row in rows
                if row.omie_id is not None and row.code in known
            }
            since = self._clock.now() - timedelta(minutes=self._wins.minutes)
            return known, sides_in_mirror(connection, self._mirror, empresa, confirmed, since)

    def _read(
        self, row: PlanRow, known: Remembered, read: Read, wait: Wait
    ) -> OmieSide | RowOutcome | None:
        """The record as Omie has it now; ``None`` if it is gone, held if nothing can be seen."""
        last = max(known.confirmed_at, self._told_of(row) or known.confirmed_at)
        early = (last + SETTLES - self._clock.now()).total_seconds()
        if early > 0:
            wait(early, texts.READ_BEFORE_CHANGE)
        asked_at = self._clock.now()
        found = read(row)
        if isinstance(found, ReadBack):
            if found.finding == "absent":
                return None
            return RowOutcome(
                row, "held", row.omie_id, error=texts.NOT_SEEN, error_code="unreadable",
                called=False,
            )  # fmt: skip
        at, by = changed_in(found)
        return OmieSide(found, at, by, asked_at)

    def _told_of(self, row: PlanRow) -> datetime | None:
        """When Omie last told of a change of the record, which a read may not show for a while."""
        if row.omie_id is None:
            return None
        with warehouse_errors(), self._scope.engine.connect() as connection:
            return told_of(connection, self._scope.empresa, self._endpoint.name, row.omie_id)

    def _sides(self, row: PlanRow, known: Remembered, omie: OmieSide) -> Sides:
        base = known.base
        if base is not None:
            base = replace(base, clinic=self._on_the_wire(base.clinic))
        return Sides(
            self._fields,
            self._on_the_wire(row.whole),
            omie,
            base,
            known.confirmed_at,
            frozenset({*row.filled, *row.left_out}),
            known.decisions,
        )

    def _on_the_wire(self, payload: Mapping[str, Any]) -> Mapping[str, Any]:
        """A payload with ids for markers and dates as Omie writes them; a marker that has no id any
        more stays one, and so differs."""
        known = resolved_where_known(payload, self._effect.ids)
        return wire.to_wire(known, self._endpoint.payload, self._endpoint.service)

    def _note(self, compared: set[str], asked: Mapping[str, Mapping[str, Told]]) -> None:
        if not compared:
            return
        scope, now = self._scope, self._clock.now()
        told = [
            (code, field, values)
            for code, found in asked.items()
            for field, values in found.items()
        ]
        still_open = {(code, field) for code, field, _ in told}
        with warehouse_errors(), scope.engine.begin() as connection:
            who = (scope.empresa, self._endpoint.name)
            close_passed(connection, *who, compared, still_open, now)
            note(connection, *who, told, "open", scope.run_id, now)


def _told(result: Compared, verdict: str, omie: OmieSide) -> dict[str, Told]:
    """The fields of one verdict, as they are kept with the row."""
    at = omie.changed_at.isoformat() if omie.changed_at else None
    return {
        one.field: {
            "by": one.by,
            "news": one.news,
            "policy": one.policy,
            "clinic_old": one.clinic_old,
            "clinic_new": one.clinic_new,
            "omie_old": one.omie_old,
            "omie_new": one.omie_new,
            "omie_changed_at": at,
            "omie_changed_by": omie.changed_by or None,
        }
        for one in result.of(verdict)
    }


def _unmarked(row: PlanRow) -> PlanRow:
    """The row as the clinic has it, whatever an earlier comparison left out."""
    extra = {name: value for name, value in row.extra.items() if name not in _MARKS}
    return replace(row, payload=row.whole, extra=extra)


def _marked(row: PlanRow, result: Compared, omie: OmieSide, value_field: str) -> PlanRow:
    """The row without the fields of which Omie's value stands, and with what is to be told.

    Args:
        row: row of the plan.
        result: of its comparison.
        omie: what it was compared with.
        value_field: the sum in R$ of a título: a change of category has to name it
            (omie-api.md#refused-fields), so Omie's own is sent.
    """
    whole, filled = row.whole, row.filled
    payload = whole
    left: dict[str, Told] = {}
    for name, told in _told(result, "leave_out", omie).items():
        left[name] = {**told, "clinic": value_at(whole, name)}
        if name == value_field:
            payload = {**payload, name: told["omie_new"]}
        else:
            payload = without_value(payload, name)
        filled = tuple(one for one in filled if one != name)
    marks: dict[str, Any] = {LEFT_OUT: left, REPLACED: _told(result, "replace", omie)}
    marks[COMPARED] = {
        "at": omie.read_at.isoformat(),
        "changed_by": omie.changed_by or None,
        "changed_at": omie.changed_at and omie.changed_at.isoformat(),
    }
    extra = dict(_unmarked(row).extra)
    extra |= {name: value for name, value in marks.items() if value}
    # What the last comparison took out of them is emptied again, if it is to be.
    again = tuple(name for name in row.left_out if name not in left and name not in filled)
    return replace(row, payload=payload, extra=extra, filled=(*filled, *again))


def _written(outcome: RowOutcome) -> Written:
    left = outcome.row.left_out
    seen: dict[str, Any] = {}
    for name, told in left.items():
        seen = dict(with_value(seen, name, told["omie_new"]))
    return Written(
        outcome.row.code,
        outcome.row.whole,
        {name: str(told["by"]) for name, told in left.items()},
        seen,
        sent=outcome.kind != "unchanged",
        compared=outcome.row.extra.get(COMPARED),
    )
