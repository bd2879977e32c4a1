"""How far a step is, while it goes on: a line at each tenth, and a tag of the run."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime

import dagster as dg
import sqlalchemy as sa

from omie_pipeline.assets.run_tags import PROGRESS_TAG
from omie_pipeline.clock import SystemClock
from omie_pipeline.config.settings import clinic_zone
from omie_pipeline.progress import Headway, Steps, told
from omie_pipeline.resources.executors import executor_kind
from omie_pipeline.texts import dagster as texts

_LOG = logging.getLogger("omie_pipeline.progress")


@contextmanager
def telling_headway(
    context: dg.AssetExecutionContext, label: str
) -> Iterator[Callable[[Headway], None]]:
    """What a step's use case tells its figures to, for as long as it goes on.

    Dagster keeps every line for ever, so most figures are not told; metadata come with the end of a
    step only, but a run's tags show at once, in the list of runs too. At the end the tag says that.

    Args:
        context: of the step.
        label: the endpoint or the table.
    """
    steps, tag = Steps(), _ProgressTag(context)

    def tell(headway: Headway) -> None:
        if not steps.is_due(headway):
            return
        said = f"{label}: {told(headway, tag.zone)}"
        context.log.info(said)
        tag.write(headway.at, said)

    ended = texts.STEP_STOPPED
    try:
        yield tell
        ended = texts.STEP_DONE
    finally:
        if tag.written:
            tag.write(SystemClock().now(), f"{label}: {ended}")


class _ProgressTag:
    """The tag of one run. Figures for a screen end no step, whatever becomes of them.

    Attributes:
        written: whether it was.
    """

    def __init__(self, context: dg.AssetExecutionContext) -> None:
        self.zone = clinic_zone()
        self.written = False
        self._context = context
        # Dagster reads a run and writes all its tags: two processes would undo each other's, and
        # Dagster's own among them.
        self._alone = executor_kind(context.run.tags) == "one_process"

    def write(self, at: datetime, said: str) -> None:
        # Dagster's for a server that does not answer; it belongs to none of its errors.
        from dagster_postgres.utils import DagsterPostgresException

        if not self._alone:
            return
        # With its hour: Dagster copies tags to a run that repeats this one.
        value = f"{at.astimezone(self.zone):%d/%m %H:%M} {said}"
        try:
            self._context.instance.add_run_tags(self._context.run.run_id, {PROGRESS_TAG: value})
        except (sa.exc.SQLAlchemyError, dg.DagsterError, DagsterPostgresException) as error:
            _LOG.warning("%s", type(error).__name__)
            return
        self.written = True
