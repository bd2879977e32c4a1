"""After an unclear answer: read the record back before anything is repeated.

A read right after a write can be stale for up to a minute and the same read twice within 60
seconds is refused (PROTOCOL sections 2 and 9, REAL): finding what was sent proves that it arrived,
but finding it absent or different proves something only once that time is over.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal

from omie_pipeline.catalog import Endpoint
from omie_pipeline.errors import Empty, RecordNotFound, RecordRejected, RetryLater, UnknownFault
from omie_pipeline.omie import OmieClient, wire
from omie_pipeline.sync.sending import Request
from omie_pipeline.warehouse.rows import PlanRow, RowOutcome

STALE_SECONDS = 61.0

Finding = Literal["arrived", "absent", "different", "unreadable"]


def conclusive_at(sent_at: datetime, read_at: datetime) -> datetime:
    """When a second read may be asked and an absence means something."""
    return max(sent_at, read_at) + timedelta(seconds=STALE_SECONDS)


@dataclass(frozen=True, slots=True)
class Found:
    """What a read showed.

    Attributes:
        untouched: the record was never changed since it was created.
    """

    finding: Finding
    omie_id: int | None = None
    untouched: bool = False


def read_back(client: OmieClient, endpoint: Endpoint, row: PlanRow, request: Request) -> Found:
    """What Omie holds under the row's integration code."""
    if row.action == "delete" and row.omie_id is not None:
        key: wire.Json = {endpoint.read_omie_key: row.omie_id}
    else:
        key = {endpoint.integration_key: row.codigo_integracao}
    try:
        record = client.read(endpoint.service, endpoint.read, key)
    except (RecordNotFound, Empty):
        return Found("absent")
    except (RetryLater, UnknownFault, RecordRejected):
        return Found("unreadable")
    omie_id = int(str(record.get(endpoint.omie_key) or 0)) or None
    if row.action == "delete" or omie_id is None:
        return Found("different" if omie_id else "unreadable", omie_id)
    sent = {name: value for name, value in request.param.items() if endpoint.record.field(name)}
    same = wire.same_record(sent, record)
    return Found("arrived" if same else "different", omie_id, _untouched(record))


def _untouched(record: wire.Json) -> bool:
    audit = record.get("info")
    if not isinstance(audit, dict):
        return True
    created, changed = (
        (audit.get("dInc"), audit.get("hInc")),
        (audit.get("dAlt"), audit.get("hAlt")),
    )
    return created == changed or not any(changed)


def proven(row: PlanRow, found: Found, now: datetime) -> RowOutcome | None:
    """The outcome a finding proves: what was sent is there, or what was deleted is gone.

    A record that somebody has changed since its creation was there before us: it counts as
    updated, so that no later run takes it for one of ours and deletes it.
    """
    if row.action == "delete":
        gone = found.finding == "absent"
        return RowOutcome(row, "deleted", row.omie_id, at=now) if gone else None
    if found.finding != "arrived":
        return None
    created = found.untouched and found.omie_id != row.omie_id
    return RowOutcome(row, "created" if created else "updated", found.omie_id, at=now)
