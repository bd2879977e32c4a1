"""What a step does with an error: retry after Omie's own wait, or fail with what to do next."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import dagster as dg

from omie_pipeline.app.consequences import retry_wait
from omie_pipeline.assets.run_tags import APPROVE_TAG
from omie_pipeline.config.settings import clinic_zone
from omie_pipeline.errors import (
    ApprovalNeeded,
    AuthFailed,
    Blocked,
    EmpresaPaused,
    GuardrailStopped,
    OmiePipelineError,
    PlanRefused,
    Unreachable,
)
from omie_pipeline.texts import dagster as texts

_MAX_RETRIES = 3


@contextmanager
def retried_as_omie_says() -> Iterator[None]:
    """Turn what goes on by itself (``app.consequences.retry_wait``) into Dagster's retry, and what
    a person must decide or a sensor resumes into a failure.
    """
    try:
        yield
    except OmiePipelineError as error:
        wait = retry_wait(error)
        if wait is not None:
            raise dg.RetryRequested(max_retries=_MAX_RETRIES, seconds_to_wait=wait) from error
        failure = _failure(error)
        if failure is None:
            raise
        raise failure from error


def _failure(error: OmiePipelineError) -> dg.Failure | None:
    """The failure that says what follows and what to do; ``None``: the error itself says it all."""
    if isinstance(error, Unreachable):
        return dg.Failure(
            description=texts.unreachable(text=error.detail.text, fix=error.detail.fix),
            allow_retries=False,
        )
    if isinstance(error, Blocked):
        until = error.until.astimezone(clinic_zone())
        return dg.Failure(
            description=texts.blocked(text=error.detail.text, until=until),
            metadata={"bloqueado_ate": until.isoformat()},
            allow_retries=False,
        )
    if isinstance(error, GuardrailStopped):
        lines = "\n".join(f"- {reason}" for reason in error.reasons)
        return dg.Failure(
            description=texts.stopped_by_guardrail(why=str(error), tag=APPROVE_TAG),
            metadata={"motivos": dg.MetadataValue.md(lines)},
            allow_retries=False,
        )
    if isinstance(error, (ApprovalNeeded, PlanRefused)):
        return approval_failure(error)
    if isinstance(error, EmpresaPaused):
        return dg.Failure(description=texts.empresa_paused(str(error)), allow_retries=False)
    if isinstance(error, AuthFailed):
        return dg.Failure(
            description=f"{error.detail.text} {error.detail.fix}", allow_retries=False
        )
    return None


def approval_failure(error: ApprovalNeeded | PlanRefused) -> dg.Failure:
    """The failure of a step that waits for a person's word about a plan, or lost it."""
    return dg.Failure(
        description=str(error), metadata={"plano": error.plan_id}, allow_retries=False
    )
