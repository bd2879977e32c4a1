"""Omie's limits, and the answer a pacer gives within them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

OMIE_CALLS_PER_MINUTE = 240
"""Omie's own ceiling for one key and method (omie-api.md#calls-a-minute)."""
OMIE_CALLS_PER_MINUTE_IP = 960
"""Omie's own ceiling for one IP address."""
CALLS_PER_MINUTE = 235
"""What we keep to of Omie's 240 unless a deployment says otherwise; the margin is for clocks."""
CALLS_PER_MINUTE_IP = 940
"""What we keep to of Omie's 960."""
ERROR_BUDGET = 8
"""Errors of one method after which we stop by ourselves, before the ten at which
Omie blocks the key (omie-api.md#blocks)."""

REDUNDANT_SECONDS = 60.0
"""An identical request inside this time is refused, and asking restarts it (official, seen)."""

FAULT_WINDOW_SECONDS = 1800.0
"""Errors of one method older than this no longer count towards a block (omie-api.md#blocks)."""

PROBE_SECONDS = 60.0
"""When a block expires, one probe call is allowed; all others wait this many seconds for its
result."""

LOT_RECORDS = 50
"""The most records in one lot: official for clientes, for other lots no document says a number."""
LOT_BYTES = 200_000
"""The most bytes of a lot's records (guess): no document says a number, and fifty have a tenth."""

BURST = 4
"""Calls that may leave at once after a pause; over any minute it adds three to the rate."""


@dataclass(frozen=True, slots=True)
class Admission:
    """The answer to "may this call leave?".

    Attributes:
        wait_seconds: the slot is reserved and begins after this wait.
        redundant_seconds: an identical request left less than 60 s ago; no slot was taken.
        blocked_until: the key is closed; no slot was taken.
        budget_until: the method's error budget is spent until then; no slot was taken.
        paused_until: Omie asked this method to wait until then, for ``paused_reason``, which is
            ``paused_seconds`` from the moment of asking; no slot was taken.
        probe: this is the first call after a block; its caller reports the result.
    """

    wait_seconds: float = 0.0
    redundant_seconds: float = 0.0
    blocked_until: datetime | None = None
    budget_until: datetime | None = None
    probe: bool = False
    paused_seconds: float = 0.0
    paused_until: datetime | None = None
    paused_reason: str = ""
