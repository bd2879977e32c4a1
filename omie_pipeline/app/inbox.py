"""Webhook events into readings: what may be read now, and one round over what is due."""

from __future__ import annotations

from functools import partial

from omie_pipeline.app.deployment import Deployment
from omie_pipeline.inbox.act import InboxReport, InboxRound
from omie_pipeline.inbox.events import blocked_until
from omie_pipeline.switches.pauses import pause_in_force


def process_inbox(
    deployment: Deployment,
    empresa: str,
    tables: list[str] | None = None,
    dagster_run_id: str | None = None,
) -> InboxReport:
    """Read again what the events of ``empresa`` ask for.

    Args:
        deployment: the composed deployment.
        empresa: the empresa whose rows are meant.
        tables: lists to work on; all that are due by default.
        dagster_run_id: id of the run in Dagster, if it has one.

    Raises:
        WarehouseError: the database is gone.
    """
    inbox = InboxRound(
        deployment.engine,
        # Omie itself said that something changed: what no schedule reads is read all the same.
        partial(deployment.import_table, needed=True),
        deployment.clock,
        empresa,
        deployment.scope(empresa),
    )
    return inbox.run(tables, dagster_run_id)


def may_read(deployment: Deployment, empresa: str) -> bool:
    """Whether events of the empresa may be acted upon: it is known, has a key, does not
    rest, and Omie has not closed it."""
    if empresa not in deployment.empresas or not deployment.has_credentials(empresa):
        return False
    if pause_in_force(deployment.engine, empresa) is not None:
        return False
    now = deployment.clock.now()
    return blocked_until(deployment.engine, deployment.scope(empresa), now) is None
