"""Send again what Omie provably lost: what is found, set back and pushed, in this order."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial

from omie_pipeline.app.deployment import Deployment
from omie_pipeline.app.push_all import PushRequest
from omie_pipeline.catalog import REGISTRY
from omie_pipeline.push.report import PushOptions
from omie_pipeline.reconcile.resend import LostRows, Reconciler


def lost_rows(deployment: Deployment, empresas: Sequence[str]) -> tuple[LostRows, ...]:
    """Delivered rows that Omie does not have: of each empresa, endpoint by endpoint."""
    reconciler = _reconciler(deployment)
    return tuple(lost for name in empresas for lost in reconciler.gone(name))


def set_back(
    deployment: Deployment,
    proved: Sequence[LostRows],
    on_wait: Callable[[LostRows], None] = lambda _: None,
    on_set_back: Callable[[LostRows, int], None] = lambda *_: None,
) -> tuple[PushRequest, ...]:
    """Set back the proved rows; returns what sends them again, and all that resumes by itself.

    Everything is set back before anything is sent: a push that stops leaves no row that only a
    second reconciliation would find. A missing key is found before the first row is touched. The
    requests are for ``push_all``, one for each empresa with its own endpoints.

    Args:
        deployment: the composed deployment.
        proved: what ``lost_rows`` found and a person agreed to.
        on_wait: a push of the same endpoint goes first.
        on_set_back: so many rows were set back.

    Raises:
        ConfigurationError: a key is missing; nothing was changed.
    """
    for lost in proved:
        deployment.access(lost.empresa)
    reconciler = _reconciler(deployment)
    for lost in proved:
        rows = reconciler.set_back(lost, partial(on_wait, lost))
        on_set_back(lost, rows)
    return tuple(
        PushRequest(
            (empresa,),
            tuple(REGISTRY[lost.endpoint] for lost in proved if lost.empresa == empresa),
            PushOptions(trigger="cli"),
            date_from=deployment.settings.start_date,
            held_only=True,
        )
        for empresa in dict.fromkeys(lost.empresa for lost in proved)
    )


def _reconciler(deployment: Deployment) -> Reconciler:
    return Reconciler(deployment.engine, deployment.clock, deployment.settings.start_date)
