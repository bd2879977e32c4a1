"""Recognize runs whose process is gone, which Dagster's own launcher cannot do.

The process of a run gives a sign every few seconds, in the warehouse. Dagster's monitoring asks the
launcher about each run that is going on, and ends as failed those whose process is gone.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from functools import cached_property

import dagster as dg
import sqlalchemy as sa

from omie_pipeline.app.deployment import Deployment
from omie_pipeline.errors import OmiePipelineError, WarehouseError
from omie_pipeline.postgres.run_workers import (
    SIGN_EVERY_SECONDS,
    Life,
    give_sign,
    life_of,
    sign_off,
    this_process,
)
from omie_pipeline.resources.dagster_internals import CheckRunHealthResult, WorkerStatus
from omie_pipeline.texts import dagster as texts

_UNSEEN_SECONDS = 60.0
"""A run that began and whose process never reported: it died in between. Between the two there
is the executor's start only, a few seconds; one that takes longer loses only its place, since the
run that takes it waits for its lanes."""

_WITH_A_PROCESS = [
    dg.DagsterRunStatus.STARTING,
    dg.DagsterRunStatus.STARTED,
    dg.DagsterRunStatus.CANCELING,
]

_LOG = logging.getLogger(__name__)


class WatchedRunLauncher(dg.DefaultRunLauncher):
    """Dagster's launcher, which also knows whether the process of a run is still alive."""

    @cached_property
    def _engine(self) -> sa.Engine:
        return Deployment().engine

    @property
    def supports_check_run_worker_health(self) -> bool:
        """Dagster asks once it knows that there is an answer."""
        return True

    def check_run_worker_health(self, run: dg.DagsterRun) -> CheckRunHealthResult:
        """Whether the process of a run is alive; if that cannot be known now, yes."""
        try:
            life = life_of(self._engine, run.run_id)
        except OmiePipelineError as error:
            return CheckRunHealthResult(WorkerStatus.RUNNING, str(error))
        if life is Life.UNKNOWN:
            life = Life.DEAD if self._seconds_going_on(run) > _UNSEEN_SECONDS else Life.ALIVE
        status = WorkerStatus.NOT_FOUND if life is Life.DEAD else WorkerStatus.RUNNING
        return CheckRunHealthResult(status, texts.GONE if life is Life.DEAD else None)

    def _seconds_going_on(self, run: dg.DagsterRun) -> float:
        """Since the run began; since its process was asked for, where it did not."""
        record = self._instance.get_run_record_by_id(run.run_id)
        since = record.start_time if record is not None else None
        if since is None and run.status == dg.DagsterRunStatus.STARTING:
            since = self._instance.get_run_stats(run.run_id).launch_time
        return 0.0 if since is None else datetime.now(UTC).timestamp() - since


@contextmanager
def signs_of_life(run_id: str) -> Iterator[None]:
    """A sign at once, and every ten seconds until the end, from a thread of its own.

    A database that does not answer stops no run: the sign is given the next time.
    """
    engine, me, ended = Deployment().engine, this_process(), threading.Event()

    def sign() -> None:
        try:
            give_sign(engine, run_id, me)
        except WarehouseError as error:
            _LOG.warning("%s", error)

    def go_on() -> None:
        while not ended.wait(SIGN_EVERY_SECONDS):
            sign()

    sign()
    beating = threading.Thread(target=go_on, name=texts.SIGN_OF_LIFE, daemon=True)
    beating.start()
    try:
        yield
    finally:
        ended.set()
        beating.join()
        try:
            sign_off(engine, run_id)
        except WarehouseError as error:
            _LOG.warning("%s", error)
        engine.dispose()


def end_dead_runs(instance: dg.DagsterInstance) -> list[dg.DagsterRun]:
    """End as failed what is going on only on paper; the runs that it ended.

    The same as Dagster's monitoring does while the daemon is up; at a start nobody has to wait
    for it. So a run whose process was only asked for has a minute here, not the three that a slow
    machine may need to load the definitions: what asked for it ended with the servers.
    """
    launcher = instance.run_launcher
    if not launcher.supports_check_run_worker_health:
        return []
    ended = []
    for run in instance.get_runs(dg.RunsFilter(statuses=_WITH_A_PROCESS)):
        if launcher.check_run_worker_health(run).status != WorkerStatus.NOT_FOUND:
            continue
        if run.status == dg.DagsterRunStatus.CANCELING:
            instance.report_run_canceled(run, texts.GONE)
        else:
            instance.report_run_failed(run, texts.GONE)
        ended.append(run)
    return ended
