"""After an unclear answer: read the record back before anything is repeated.

A read right after a write can be stale for up to a minute and the same read twice within 60
seconds is refused (PROTOCOL sections 2 and 9, REAL): finding what was sent proves that it arrived,
but finding it absent or different proves something only once that time is over.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Literal

from omie_pipeline.catalog import Endpoint
from omie_pipeline.errors import Empty, RecordNotFound, RecordRejected, RetryLater, UnknownFault
from omie_pipeline.omie import OmieClient, wire
from omie_pipeline.sync.sending import Request
from omie_pipeline.warehouse.rows import Kind, PlanRow, RowOutcome

STALE_SECONDS = 61.0

Finding = Literal["arrived", "absent", "different", "unreadable"]


def conclusive_at(sent_at: datetime, read_at: datetime) -> datetime:
    """When a second read may be asked and an absence means something."""
    return max(sent_at, read_at) + timedelta(seconds=STALE_SECONDS)


def read_back(
    client: OmieClient, endpoint: Endpoint, row: PlanRow, request: Request
) -> tuple[Finding, int | None]:
    """What Omie holds under the row's integration code, and its id."""
    if row.action == "delete" and row.omie_id is not None:
        key: wire.Json = {endpoint.read_omie_key: row.omie_id}
    else:
        key = {endpoint.integration_key: row.codigo_integracao}
    try:
        record = client.read(endpoint.service, endpoint.read, key)
    except (RecordNotFound, Empty):
        return "absent", None
    except (RetryLater, UnknownFault, RecordRejected):
        return "unreadable", None
    omie_id = int(str(record.get(endpoint.omie_key) or 0)) or None
    if row.action == "delete":
        return "different", omie_id
    sent = {name: value for name, value in request.param.items() if endpoint.record.field(name)}
    same = all(wire.same_value(value, record.get(name)) for name, value in sent.items())
    return ("arrived" if same else "different"), omie_id


def proven(row: PlanRow, finding: Finding, omie_id: int | None, now: datetime) -> RowOutcome | None:
    """The outcome a finding proves: what was sent is there, or what was deleted is gone."""
    if row.action == "delete":
        return RowOutcome(row, "deleted", row.omie_id, at=now) if finding == "absent" else None
    if finding != "arrived":
        return None
    kind: Kind = "created" if row.omie_id is None else "updated"
    return RowOutcome(row, kind, omie_id, at=now)
