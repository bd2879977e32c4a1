"""The calls the simulator has seen, without secrets."""

from __future__ import annotations

from collections import Counter, deque
from dataclasses import dataclass, field
from datetime import datetime

from omie_pipeline.simulator.wire import JsonObject

_KEPT_CALLS = 200_000


@dataclass(frozen=True, slots=True)
class Call:
    """One call seen.

    Attributes:
        number: rises by one with each call; not reset by a clear.
        param: the parameters with exact decimals, never the secret.
        at: simulated time.
        http_status: 0 when no answer was given (cut or hung).
        fault_text: ``faultstring`` or its like, ``""`` for a success.
        planned: kind of the planned fault that hit this call, ``""`` for none.
        committed: did the call change or read anything, whatever was answered?
    """

    number: int
    method: str
    app_key: str
    param: JsonObject = field(repr=False)
    at: datetime
    http_status: int
    fault_text: str = ""
    fault_code: str = ""
    planned: str = ""
    committed: bool = False
    is_read: bool = False

    @property
    def ok(self) -> bool:
        """Answered, and without a fault."""
        return self.http_status == 200 and not self.fault_text


class CallLog:
    """The last calls, oldest first."""

    def __init__(self) -> None:
        self._calls: deque[Call] = deque(maxlen=_KEPT_CALLS)
        self._count = 0

    def next_number(self) -> int:
        self._count += 1
        return self._count

    def add(self, call: Call) -> None:
        self._calls.append(call)

    def clear(self) -> None:
        self._calls.clear()

    def seen(
        self, *, method: str = "", app_key: str = "", after: int = 0, failed: bool | None = None
    ) -> tuple[Call, ...]:
        """Calls that pass every filter given; ``after`` is a call's number.

        Args:
            method: the method of the calls, ``""`` for any.
            app_key: key of the simulated app.
            after: number of a call.
            failed: only failures, only successes, or ``None`` for both.
        """
        return tuple(
            call
            for call in self._calls
            if method in {"", call.method}
            and app_key in {"", call.app_key}
            and call.number > after
            and failed in {None, not call.ok}
        )

    def by_method(self) -> dict[str, int]:
        """Number of calls of each method."""
        return dict(Counter(call.method for call in self._calls))
