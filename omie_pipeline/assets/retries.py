"""What a step does with an error: retry after Omie's own wait, or fail with what to do next."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import dagster as dg

from omie_pipeline.assets.run_tags import APPROVE_TAG
from omie_pipeline.config.settings import clinic_zone
from omie_pipeline.errors import (
    AuthFailed,
    Blocked,
    GuardrailStopped,
    RetryLater,
    TakenOver,
    Unreachable,
)

_MAX_RETRIES = 3
_RECONNECT_SECONDS = 60.0


@contextmanager
def retried_as_omie_says() -> Iterator[None]:
    """Turn ``RetryLater`` and ``TakenOver`` into Dagster's retry, and what a person must decide
    into a failure.

    A block is no retry: the sensors resume what it stopped when it ends; a call before would
    extend it. Where an earlier step has found already that nobody is there, they resume it too: a
    run of many steps would else wait anew in each.
    """
    try:
        yield
    except RetryLater as fault:
        raise dg.RetryRequested(
            max_retries=_MAX_RETRIES, seconds_to_wait=fault.wait_seconds
        ) from fault
    except TakenOver as lost:
        # The new holder has the lane: the retry waits for it and finds what is left.
        raise dg.RetryRequested(max_retries=_MAX_RETRIES, seconds_to_wait=0) from lost
    except Unreachable as gone:
        if gone.known:
            raise dg.Failure(
                description=f"{gone.detail.text}, como já visto há pouco. {gone.detail.fix} O que "
                "já foi lido fica; o resto continua sozinho depois (sensor retomar_leituras).",
                allow_retries=False,
            ) from gone
        raise dg.RetryRequested(
            max_retries=_MAX_RETRIES, seconds_to_wait=_RECONNECT_SECONDS
        ) from gone
    except Blocked as closed:
        until = closed.until.astimezone(clinic_zone())
        raise dg.Failure(
            description=f"{closed.detail.text}, até {until:%d/%m/%Y %H:%M}. O que já foi lido "
            "fica; o resto continua sozinho depois disso (sensor retomar_leituras).",
            metadata={"bloqueado_ate": until.isoformat()},
            allow_retries=False,
        ) from closed
    except GuardrailStopped as stopped:
        lines = "\n".join(f"- {reason}" for reason in stopped.reasons)
        raise dg.Failure(
            description=f"Nada foi enviado: {stopped}. Se estiver certo, execute de novo com a "
            f"tag {APPROVE_TAG}=true.",
            metadata={"motivos": dg.MetadataValue.md(lines)},
            allow_retries=False,
        ) from stopped
    except AuthFailed as refused:
        raise dg.Failure(
            description=f"{refused.detail.text} {refused.detail.fix}", allow_retries=False
        ) from refused
