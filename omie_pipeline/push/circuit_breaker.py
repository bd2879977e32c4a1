"""When an endpoint stops, because going on would only do harm."""

from __future__ import annotations

from omie_pipeline.payload.rows import RowOutcome
from omie_pipeline.push.policy import EndpointPolicy

_BROKEN_IN_A_ROW = 3
_UNREACHABLE = "O Omie não responde como deve: o restante fica retido para a próxima execução"
_FIRST_REFUSAL = "Envio interrompido na primeira recusa (partial_success desligado)"


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
            raise StopSending(_UNREACHABLE, "unreachable")
        if outcome.kind == "rejected" and not self._policy.partial_success:
            raise StopSending(_FIRST_REFUSAL, "partial_success")
