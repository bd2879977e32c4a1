"""What follows when one endpoint, or one list of Omie, stops: here for every door.

| it stops because                               | of a push, it also stops        | of an import | Dagster tries it again  |
|------------------------------------------------|---------------------------------|--------------|-------------------------|
| a guardrail refused the plan                   | what has it as a prerequisite   | –            | no: a person approves   |
| the policy asks for approval                   | what has it as a prerequisite   | –            | no: a person approves   |
| a stored plan does not stand any more          | everything                      | –            | no: another plan        |
| another run took the lane (`TakenOver`)        | what has it as a prerequisite   | nothing else | at once                 |
| Omie asked for a wait (`RetryLater`)           | the empresa                     | nothing else | after that wait         |
| Omie cannot be reached (`Unreachable`)         | the empresa                     | the empresa  | after a minute, if new  |
| Omie blocked the key (`Blocked`)               | the empresa, if not yet sending | the empresa  | no: a sensor resumes it |
| a method has to rest (`BudgetSpent`, `Paused`) | the empresa, if not yet sending | nothing else | no: a sensor resumes it |
| Omie refused the key (`AuthFailed`)            | the empresa                     | the empresa  | no: a person changes it |
| any other answer of Omie                       | the empresa                     | nothing else | no                      |
| a person paused the empresa (`EmpresaPaused`)  | the empresa                     | the empresa  | no: a person resumes it |
| a switch says not to read it (`SwitchedOff`)   | –                               | nothing else | no                      |
| settings, models or the warehouse              | everything                      | everything   | no                      |

What has an endpoint as a prerequisite is said by `catalog.relations.prerequisites_of`. A push that was
sending when it was stopped ends with a report: it has held the rows it could not send, and the next
endpoints are tried, which under a block hold theirs without a call. Only if Omie could not be reached
(``line_down``) the empresa ends there. Another empresa has another key, and goes on in any case but
the last.
"""  # noqa: E501 - a table

from __future__ import annotations

from typing import Final, Literal

from omie_pipeline.errors import (
    ApprovalNeeded,
    AuthFailed,
    BudgetSpent,
    EmpresaPaused,
    GuardrailStopped,
    LineClosed,
    OmieFault,
    OmiePipelineError,
    Paused,
    RetryLater,
    SwitchedOff,
    TakenOver,
    Unreachable,
)
from omie_pipeline.push.report import PushReport

Reach = Literal["nothing", "dependents", "empresa", "all"]
"""What else stops: nothing, what depends on it, the rest of the empresa, or everything at once."""

RECONNECT_SECONDS: Final = 60.0


def after_push(outcome: PushReport | OmiePipelineError) -> Reach:
    """What else stops once an endpoint of an empresa ended with a report or an error."""
    if isinstance(outcome, PushReport):
        return "empresa" if outcome.line_down else "nothing"
    if isinstance(outcome, (GuardrailStopped, ApprovalNeeded, TakenOver)):
        return "dependents"
    return "empresa" if isinstance(outcome, (OmieFault, EmpresaPaused)) else "all"


def after_import(error: OmiePipelineError) -> Reach:
    """What else stops once the reading of one list of an empresa ended with an error.

    Our own limit and a pause are one method's; a block, a refused key and a road that is down are
    those of the whole empresa.
    """
    if isinstance(error, (BudgetSpent, Paused, TakenOver, SwitchedOff)):
        return "nothing"
    if isinstance(error, (LineClosed, AuthFailed, EmpresaPaused)):
        return "empresa"
    return "nothing" if isinstance(error, OmieFault) else "all"


def after_probe(error: OmieFault) -> Reach:
    """What else stops once the cheap look for changes of one list ended with an error.

    Every closed line ends the empresa's round, our own limit and a pause too: the next round comes
    in ten minutes.
    """
    return "empresa" if isinstance(error, (LineClosed, AuthFailed)) else "nothing"


def retry_wait(error: OmiePipelineError) -> float | None:
    """Seconds after which the same step may be tried again by itself; ``None``: not by itself.

    A block is no retry: the sensors resume what it stopped when it ends; a call before would
    extend it. Where an earlier step has found already that nobody is there, they resume it too: a
    run of many steps would else wait anew in each.
    """
    if isinstance(error, RetryLater):
        return error.wait_seconds
    if isinstance(error, TakenOver):
        # The new holder has the lane: the retry waits for it and finds what is left.
        return 0
    if isinstance(error, Unreachable) and not error.known:
        return RECONNECT_SECONDS
    return None
