"""One tree of errors, grouped by what to do next.

``OmieFault`` and its children are what Omie (or the road to it) answered; the other branches are
what is wrong on our side of the wire. Nothing in here may hold a request body: the body holds the
secret.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime


class OmiePipelineError(Exception):
    """Root of everything this package raises on purpose."""


class ConfigurationError(OmiePipelineError):
    """A setting is missing or wrong: tell the person, make no call."""


class WarehouseError(OmiePipelineError):
    """The warehouse cannot be reached or cannot be written: stop at once, send nothing."""


class TakenOver(WarehouseError):
    """Another run took this one's place while it had lost its lock: it stops, and writes nothing.

    Repeating is safe: whatever this run left open is read back before anything is sent again.
    """


class ModelError(OmiePipelineError):
    """A payload model is missing, lacks its key or has a column Omie does not know."""


class ModelMisfit(ModelError):
    """A payload model that is there, and whose columns are not those of its endpoint."""


class GuardrailStopped(OmiePipelineError):
    """A guardrail refused the plan before the first call; ``--approve`` lets one run through."""

    def __init__(self, reasons: tuple[str, ...], commonest: tuple[str, ...] = ()) -> None:
        """``commonest`` says why most rows were refused; it may quote the source."""
        super().__init__("; ".join(reasons))
        self.reasons = reasons
        self.commonest = commonest


class ApprovalNeeded(OmiePipelineError):
    """The policy asks a person before such a plan is sent: its rows are held, and it is stored."""

    def __init__(self, plan_id: str, text: str) -> None:
        super().__init__(text)
        self.plan_id = plan_id


class PlanRefused(OmiePipelineError):
    """A stored plan is not what would be sent now, or may not be applied: nothing was sent.

    Attributes:
        plan_id: of the stored plan.
        differences: what differs, row by row, the first of them.
    """

    def __init__(self, plan_id: str, text: str, differences: tuple[str, ...] = ()) -> None:
        super().__init__(text)
        self.plan_id = plan_id
        self.differences = differences


class EmpresaPaused(OmiePipelineError):
    """A person paused the empresa: nothing of it is sent or read until it is resumed."""


class SwitchedOff(OmiePipelineError):
    """A person switched off what was asked for; nothing was sent or read."""


@dataclass(frozen=True, slots=True)
class FaultDetail:
    """What came back, in Omie's own words.

    Attributes:
        text: ``faultstring`` after JSON and HTML unescaping, keys redacted.
        code: ``faultcode`` without the ``SOAP-ENV:`` prefix, ``""`` when there was none.
        http_status: HTTP status, ``0`` when no answer came.
        fix: what a person can do about it, in Portuguese.
    """

    text: str
    code: str = ""
    http_status: int = 0
    fix: str = ""


class OmieFault(OmiePipelineError):
    """Omie, or the road to it, did not do what was asked."""

    def __init__(self, detail: FaultDetail) -> None:
        super().__init__(detail.text)
        self.detail = detail


class RetryLater(OmieFault):
    """Redundant, busy, rate limited or unreachable: nothing happened, ask again after a wait."""

    def __init__(self, detail: FaultDetail, wait_seconds: float) -> None:
        super().__init__(detail)
        self.wait_seconds = wait_seconds


class TurnedAway(RetryLater):
    """Busy, rate limited or no connection: Omie did not take the request in, so the very same one
    may go again after the wait."""


class Busy(TurnedAway):
    """The method is serving another request of this key: fewer at once."""


class Passing(RetryLater):
    """Omie refused what it takes minutes before and after: the very same request once more, and a
    second refusal stands."""


class Overloaded(RetryLater):
    """Omie's server broke over the answer to a read: a smaller page may pass."""


class Broken(RetryLater):
    """The answer to a read was lost, cut off or none of Omie's: what it would have said is not
    known. The same question would be redundant, so another one with the same answer goes, if there
    is one."""


class Redundant(RetryLater):
    """An identical request left less than a minute ago; asking again restarts that minute."""


class LineClosed(OmieFault):
    """Nothing leaves on this line now: hold the rest, and come back later."""


class Unreachable(LineClosed):
    """Omie cannot be reached: no connection, so nothing was sent. It is never a row's fault.

    Attributes:
        kind: one of a fixed set of words, see ``omie_pipeline.omie.wire``.
        known: somebody else had given up a little while before, so that one attempt was enough.
    """

    def __init__(self, detail: FaultDetail, kind: str) -> None:
        super().__init__(detail)
        self.kind = kind
        self.known = False


class Blocked(LineClosed):
    """Omie closed the key: stop every lane until ``until`` and make no call before."""

    def __init__(self, detail: FaultDetail, until: datetime) -> None:
        super().__init__(detail)
        self.until = until


class BudgetSpent(Blocked):
    """Our own limit on errors of one method is reached; Omie would block at the next ones."""


class Paused(Blocked):
    """Omie asked this method for a longer wait than a run waits for; other methods may go on."""


class RecordRejected(OmieFault):
    """This row is wrong; the others can go on."""


class RecordNotFound(RecordRejected):
    """Omie has no record under this key."""


class AlreadyExists(RecordRejected):
    """Omie has this record already.

    Attributes:
        omie_id: id of the record that Omie has, ``None`` when the text does not name it.
        integration_code: its integration code, ``""`` when it has none.
        by_document: true when the clash is the CPF/CNPJ, false when it is the integration code.
    """

    def __init__(
        self,
        detail: FaultDetail,
        *,
        omie_id: int | None,
        integration_code: str,
        by_document: bool,
    ) -> None:
        super().__init__(detail)
        self.omie_id = omie_id
        self.integration_code = integration_code
        self.by_document = by_document


class Empty(OmieFault):
    """No rows: a normal end of a listing."""


class OutcomeUnknown(OmieFault):
    """The call may have taken effect: read back before anything is repeated."""


class AuthFailed(OmieFault):
    """Key or secret refused: stop, never retry."""


class UnknownFault(OmieFault):
    """A fault no rule knows: reject the row; several in a row stop the run."""
