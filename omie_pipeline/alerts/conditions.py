"""Which alerts are open, from what the warehouse knows.

Texts are Portuguese and made of names of endpoints, tables and empresas, numbers and times: never
of a row, a person or a secret.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterator, Sequence
from datetime import datetime, timedelta

import sqlalchemy as sa

from omie_pipeline.alerts.deduplication import Alert, open_of
from omie_pipeline.catalog import WRITABLE
from omie_pipeline.catalog.lists import MIRROR, STATEMENT
from omie_pipeline.catalog.nfse import OPEN, NfseLimits, city_name
from omie_pipeline.clock import BRASILIA
from omie_pipeline.list_mapping.model import ALL
from omie_pipeline.list_mapping.unusable import Unusable, unusable
from omie_pipeline.nfse.state import NoteState, in_state
from omie_pipeline.outbox.targets import target_states
from omie_pipeline.push.both_sides.decide import overwritten
from omie_pipeline.push.policy import Policies
from omie_pipeline.status.health import (
    DONE,
    FinishedRun,
    QuarantinedRows,
    What,
    closed_keys,
    failing_since,
    incomplete_since,
    last_started,
    newest_ended,
    quarantined_rows,
    waiting_events,
)
from omie_pipeline.switches.decisions import Switches
from omie_pipeline.switches.pauses import pauses_in_force
from omie_pipeline.texts import alerts as texts

# Alerts about notes: refused by the city hall, or under way for too long.
#
# Texts name empresas, cities, numbers and times, never an order or a person.

STUCK_NOTES = "nfse_stuck"
REJECTED_NOTES = "nfse_rejected"
NOTE_KINDS = (STUCK_NOTES, REJECTED_NOTES)


def note_alerts(
    engine: sa.Engine, empresas: Sequence[str], limits: NfseLimits, now: datetime
) -> list[Alert]:
    """Every alert of :data:`NOTE_KINDS` that is on at ``now``.

    Args:
        engine: the warehouse.
        empresas: the empresas whose notes are looked at.
        limits: minutes, by city.
        now: time of the check.

    Raises:
        WarehouseError: the database is gone.
    """
    return [*_stuck(engine, empresas, limits, now), *_refused(engine, empresas)]


def _stuck(
    engine: sa.Engine, empresas: Sequence[str], limits: NfseLimits, now: datetime
) -> Iterator[Alert]:
    late: defaultdict[tuple[str, str], list[NoteState]] = defaultdict(list)
    for note in in_state(engine, empresas, OPEN):
        if now - note.billed_at > limits.limit_of(note.municipio):
            late[note.empresa, city_name(note.municipio or "")].append(note)
    for (empresa, city), notes in sorted(late.items()):
        since = min(note.billed_at for note in notes)
        where = city or texts.UNKNOWN_CITY
        minutes = limits.limit_of(notes[0].municipio).total_seconds() // 60
        wrong = sum(note.state == "error" for note in notes)
        told = texts.notes_without_order(wrong) if wrong else ""
        yield Alert(
            f"{STUCK_NOTES}:{empresa}:{city}",
            empresa,
            STUCK_NOTES,
            texts.notes_unanswered(empresa=empresa, notes=len(notes), city=where, minutes=minutes),
            texts.notes_unanswered_fix(since=_moment(since), wrong=told),
            since,
        )


def _refused(engine: sa.Engine, empresas: Sequence[str]) -> Iterator[Alert]:
    by_empresa: defaultdict[str, list[NoteState]] = defaultdict(list)
    for note in in_state(engine, empresas, ["rejected"]):
        by_empresa[note.empresa].append(note)
    for empresa, notes in sorted(by_empresa.items()):
        since = min(note.changed_at for note in notes)
        yield Alert(
            f"{REJECTED_NOTES}:{empresa}",
            empresa,
            REJECTED_NOTES,
            texts.notes_rejected(empresa=empresa, notes=len(notes)),
            texts.notes_rejected_fix(_moment(since)),
            since,
        )


def _moment(at: datetime) -> str:
    return at.astimezone(BRASILIA).strftime("%d/%m/%Y %H:%M")


FAILED_SYNC = "failed_sync"
REJECTED_ROWS = "rejected_rows"
BLOCK = "blocked"
STUCK_INBOX = "stuck_inbox"
COUNTS = "counts"
AUTH = "key_refused"
QUARANTINED_ROWS = "quarantined_rows"
SILENCE = "silence"
OVERWRITTEN = "overwritten"
UNUSABLE_MAPPING = "unusable_mapping"
TARGET_BEHIND = "target_behind"
KINDS = (FAILED_SYNC, REJECTED_ROWS, QUARANTINED_ROWS, BLOCK, STUCK_INBOX, COUNTS, AUTH, SILENCE,
         OVERWRITTEN, UNUSABLE_MAPPING, TARGET_BEHIND, *NOTE_KINDS)  # fmt: skip
"""The kinds that :func:`evaluate_alerts` looks for."""

STUCK_AFTER = timedelta(minutes=15)
BEHIND_AFTER = timedelta(hours=1)
"""So long a change may wait for a target before people are told."""

_REASONS = 3
_PUSHED = [endpoint.name for endpoint in WRITABLE]
_READ = [*MIRROR, STATEMENT]
_AUTH_FAILED = "AuthFailed"


def evaluate_alerts(
    engine: sa.Engine,
    empresas: Sequence[str],
    policies: Policies,
    now: datetime,
    longest_silence: timedelta | None = None,
    targets: Collection[tuple[str, str]] = (),
    switches: Switches | None = None,
) -> list[Alert]:
    """Every alert of :data:`KINDS` that is on at ``now``; nothing is written or sent.

    Args:
        engine: the warehouse.
        empresas: the empresas that are looked at.
        policies: policy by endpoint.
        now: time of the check.
        longest_silence: so long the schedule leaves between two runs at the most; ``None`` if
            there is no schedule.
        targets: empresa and name of each target of the way back that is in use.
        switches: what is exported; nobody is alerted of what is switched off.

    A paused empresa is left alone.

    Raises:
        WarehouseError: the database is gone.
    """
    paused = pauses_in_force(engine, empresas)
    empresas = [name for name in empresas if name not in paused]
    found = [
        *_conditions(engine, empresas, policies, now, longest_silence),
        *_behind(engine, empresas, targets, now),
    ]
    off = _off(switches or Switches(engine), empresas)
    return [one for one in found if (one.empresa, _pushed_by(one)) not in off]


def resting_alerts(
    engine: sa.Engine, empresas: Sequence[str], switches: Switches | None = None
) -> frozenset[str]:
    """Keys of open alerts that :func:`evaluate_alerts` does not look for at present: their empresa
    is paused, or what they are about is switched off. They have not ended.

    Args:
        engine: the warehouse.
        empresas: the empresas that are looked at.
        switches: what is exported.

    Raises:
        WarehouseError: the database is gone.
    """
    open_ = open_of(engine)
    if not open_:
        return frozenset()
    paused = pauses_in_force(engine, empresas)
    off = _off(switches or Switches(engine), empresas)
    return frozenset(
        one.key for one in open_ if one.empresa in paused or (one.empresa, _pushed_by(one)) in off
    )


def _off(switches: Switches, empresas: Sequence[str]) -> set[tuple[str, str]]:
    return {
        (one.empresa, one.endpoint) for one in switches.all(empresas, _PUSHED) if not one.exports
    }


def _pushed_by(alert: Alert) -> str:
    """The endpoint whose push an alert is about; ``""`` if it is about none."""
    names = alert.key.split(":")
    if alert.kind == FAILED_SYNC and names[1] != "push":
        return ""
    return names[-1] if alert.kind in (FAILED_SYNC, REJECTED_ROWS, QUARANTINED_ROWS) else ""


def _conditions(
    engine: sa.Engine,
    empresas: Sequence[str],
    policies: Policies,
    now: datetime,
    longest_silence: timedelta | None,
) -> list[Alert]:
    pushes = newest_ended(engine, "push", empresas, _PUSHED)
    readings = newest_ended(engine, "import", empresas, _READ, each=2)
    newest = _first_of_each(readings)
    return [
        *_blocks(engine, empresas, now),
        *_auth(empresas, [*pushes, *newest]),
        *_failed(engine, "push", pushes),
        *_failed(engine, "import", newest),
        *_rejected(pushes, policies),
        *_quarantined(engine, empresas, policies),
        *_silent(engine, empresas, now, longest_silence),
        *_overwritten(engine, empresas),
        *_unclosed(engine, readings),
        *_stuck_events(engine, empresas, now),
        *_unusable(engine, empresas, now),
        *note_alerts(engine, empresas, policies.nfse, now),
    ]


def told_moment(at: datetime) -> str:
    """A time as it is in São Paulo."""
    return at.astimezone(BRASILIA).strftime("%d/%m/%Y %H:%M")


def _blocks(engine: sa.Engine, empresas: Sequence[str], now: datetime) -> Iterator[Alert]:
    for one in closed_keys(engine, empresas, now):
        yield Alert(
            f"{BLOCK}:{one.empresa}",
            one.empresa,
            BLOCK,
            texts.key_blocked(empresa=one.empresa, until=told_moment(one.until)),
            texts.key_blocked_fix(told_moment(one.since)),
            one.since,
        )


def _auth(empresas: Sequence[str], newest: Sequence[FinishedRun]) -> Iterator[Alert]:
    """The key is refused, and nothing has got through to Omie since."""
    for empresa in empresas:
        mine = [one for one in newest if one.empresa == empresa]
        refused = [one.started_at for one in mine if one.error_class == _AUTH_FAILED]
        # A push that had nothing to send made no call: it proves nothing about the key.
        passed = [
            one.started_at
            for one in mine
            if one.state == DONE and (one.complete is not None or one.calls)
        ]
        if not refused or (passed and max(passed) > max(refused)):
            continue
        since = min(at for at in refused if not passed or at > max(passed))
        yield Alert(
            f"{AUTH}:{empresa}",
            empresa,
            AUTH,
            texts.key_refused(empresa),
            texts.key_refused_fix(told_moment(since)),
            since,
        )


def _failed(engine: sa.Engine, what: What, newest: Sequence[FinishedRun]) -> Iterator[Alert]:
    task = texts.THE_PUSH if what == "push" else texts.THE_READING
    for one in newest:
        if not one.failed or one.error_class == _AUTH_FAILED:
            continue
        cause, fix = texts.CAUSES.get(one.error_class, texts.OTHER_CAUSE)
        since = failing_since(engine, what, one)
        yield Alert(
            f"{FAILED_SYNC}:{what}:{one.empresa}:{one.name}",
            one.empresa,
            FAILED_SYNC,
            texts.run_failed(empresa=one.empresa, task=task, table=one.name),
            texts.run_failed_fix(since=told_moment(since), cause=cause, fix=one.fix or fix),
            since,
        )


def _rejected(pushes: Sequence[FinishedRun], policies: Policies) -> Iterator[Alert]:
    for one in pushes:
        limit = policies.of(one.name).max_rejected_share
        if not one.selected or one.rejected / one.selected <= limit:
            continue
        yield Alert(
            f"{REJECTED_ROWS}:{one.empresa}:{one.name}",
            one.empresa,
            REJECTED_ROWS,
            texts.rows_rejected(
                empresa=one.empresa, rejected=one.rejected, selected=one.selected, table=one.name
            ),
            texts.rows_rejected_fix(started_at=told_moment(one.started_at), limit=limit),
            one.started_at,
        )


def _quarantined(engine: sa.Engine, empresas: Sequence[str], policies: Policies) -> Iterator[Alert]:
    """Rows that wait for a person, the commonest reasons first."""
    found: dict[tuple[str, str], list[QuarantinedRows]] = {}
    for one in quarantined_rows(engine, empresas):
        found.setdefault((one.empresa, one.endpoint), []).append(one)
    for (empresa, endpoint), reasons in found.items():
        rows, limit = sum(one.rows for one in reasons), policies.of(endpoint).tell_quarantined
        if not limit or rows < limit:
            continue
        told = "; ".join(f"{one.field} ({one.rule}): {one.rows}" for one in reasons[:_REASONS])
        left = sum(one.rows for one in reasons[_REASONS:])
        since = min(one.since for one in reasons)
        yield Alert(
            f"{QUARANTINED_ROWS}:{empresa}:{endpoint}",
            empresa,
            QUARANTINED_ROWS,
            texts.rows_quarantined(empresa=empresa, rows=rows, endpoint=endpoint),
            texts.quarantined_since(since=told_moment(since), reasons=told)
            + (texts.other_reasons(left) if left else "")
            + texts.rows_quarantined_fix(endpoint),
            since,
        )


def _overwritten(engine: sa.Engine, empresas: Sequence[str]) -> Iterator[Alert]:
    """A change in Omie was replaced between our look at the record and our own change."""
    for one in overwritten(engine, empresas):
        yield Alert(
            f"{OVERWRITTEN}:{one.empresa}:{one.endpoint}",
            one.empresa,
            OVERWRITTEN,
            texts.changes_overwritten(
                empresa=one.empresa, records=one.records, endpoint=one.endpoint
            ),
            texts.changes_overwritten_fix(told_moment(one.since)),
            one.since,
        )


def _silent(
    engine: sa.Engine, empresas: Sequence[str], now: datetime, longest: timedelta | None
) -> Iterator[Alert]:
    """What the schedule should have started and did not."""
    if longest is None:
        return
    tasks: tuple[tuple[What, str], ...] = (("push", texts.SENT), ("import", texts.READ_FROM_OMIE))
    for what, task in tasks:
        for empresa, last in last_started(engine, what, empresas, now).items():
            if now - last <= longest:
                continue
            yield Alert(
                f"{SILENCE}:{what}:{empresa}",
                empresa,
                SILENCE,
                texts.nothing_runs(empresa=empresa, task=task, last=told_moment(last)),
                texts.nothing_runs_fix(longest.total_seconds() / 3600),
                last,
            )


def _unclosed(engine: sa.Engine, readings: Sequence[FinishedRun]) -> Iterator[Alert]:
    """The two newest readings both ended without meeting Omie's total."""
    by_table: dict[tuple[str, str], list[FinishedRun]] = {}
    for one in readings:
        by_table.setdefault((one.empresa, one.name), []).append(one)
    for (empresa, name), last in by_table.items():
        if len(last) < 2 or any(one.state != DONE or one.complete is not False for one in last):
            continue
        since = incomplete_since(engine, last[0])
        yield Alert(
            f"{COUNTS}:{empresa}:{name}",
            empresa,
            COUNTS,
            texts.counts_differ(empresa=empresa, table=name),
            texts.counts_differ_fix(since=told_moment(since), table=name),
            since,
        )


def _stuck_events(engine: sa.Engine, empresas: Sequence[str], now: datetime) -> Iterator[Alert]:
    for one in waiting_events(engine, empresas, now - STUCK_AFTER):
        yield Alert(
            f"{STUCK_INBOX}:{one.empresa}",
            one.empresa,
            STUCK_INBOX,
            texts.events_wait(
                empresa=one.empresa, number=one.number, minutes=STUCK_AFTER.seconds // 60
            ),
            texts.events_wait_fix(told_moment(one.oldest_at)),
            one.oldest_at,
        )


def _unusable(engine: sa.Engine, empresas: Sequence[str], now: datetime) -> Iterator[Alert]:
    """Mappings to codes that Omie dropped: what is not sent yet, and needs them, cannot go."""
    by_empresa: dict[str, list[Unusable]] = {}
    for one in unusable(engine, empresas):
        by_empresa.setdefault(one.mapped.key.empresa, []).append(one)
    for empresa, found in by_empresa.items():
        codes = ", ".join(dict.fromkeys(one.mapped.code for one in found[:_REASONS]))
        yield Alert(
            f"{UNUSABLE_MAPPING}:{empresa}",
            "" if empresa == ALL else empresa,
            UNUSABLE_MAPPING,
            texts.mapping_unusable(empresa=empresa, number=len(found)),
            texts.mapping_unusable_fix(codes),
            now,
        )


def _behind(
    engine: sa.Engine,
    empresas: Sequence[str],
    targets: Collection[tuple[str, str]],
    now: datetime,
) -> Iterator[Alert]:
    """Targets of the way back for which a change has waited too long."""
    for one in target_states(engine, empresas) if targets else ():
        since = one.behind_since
        if (one.empresa, one.target) not in targets or since is None or now - since < BEHIND_AFTER:
            continue
        yield Alert(
            f"{TARGET_BEHIND}:{one.empresa}:{one.target}",
            one.empresa,
            TARGET_BEHIND,
            texts.target_behind(
                empresa=one.empresa, target=texts.TARGETS[one.target], number=one.behind
            ),
            texts.target_behind_fix(since=told_moment(since), error=one.error or texts.NO_ERROR),
            since,
        )


def _first_of_each(readings: Sequence[FinishedRun]) -> list[FinishedRun]:
    newest: dict[tuple[str, str], FinishedRun] = {}
    for one in readings:
        newest.setdefault((one.empresa, one.name), one)
    return list(newest.values())
