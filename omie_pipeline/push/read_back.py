"""After an unclear answer: read the record back before anything is repeated.

A read right after a write can be stale for up to a minute and the same read twice within 60
seconds is refused (omie-api.md#stale-reads): finding what was sent proves that it arrived,
but finding it absent or different proves something only once that time is over.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from omie_pipeline.catalog import Endpoint
from omie_pipeline.payload.rows import Kind, PlanRow, RowOutcome
from omie_pipeline.push.effects import Found

STALE_SECONDS = 61.0
_UNREPEATABLE_SECONDS = 300.0
_CLOCKS_APART = timedelta(minutes=10)
"""How much later than Omie's our clock may be; beyond it a record of ours counts as another's."""


def conclusive_seconds(endpoint: Endpoint) -> float:
    """Age from which an absence proves that a call had no effect.

    A call whose answer was lost may still be at work for up to a minute (omie-api.md#stale-reads).
    If a second call would make a second record, five are waited.
    """
    return STALE_SECONDS if endpoint.repeatable or endpoint.deletes else _UNREPEATABLE_SECONDS


def next_look_at(sent_at: datetime, read_at: datetime) -> datetime:
    """When a second read may be asked."""
    return max(sent_at, read_at) + timedelta(seconds=STALE_SECONDS)


def is_ours(found: Found, since: datetime) -> bool:
    """Whether a record that was found can only have been made by a call since ``since``."""
    young = found.born_at is None or found.born_at >= since - _CLOCKS_APART
    return found.untouched and young


def proven(row: PlanRow, found: Found, now: datetime, since: datetime) -> RowOutcome | None:
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
