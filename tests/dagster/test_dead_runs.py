"""Runs that were killed before their process gave a first sign of life."""

from __future__ import annotations

import time
from collections.abc import Iterator

import dagster as dg
import pytest
import sqlalchemy as sa

from omie_pipeline.postgres.run_workers import give_sign, this_process
from omie_pipeline.resources.dagster_internals import WorkerStatus
from omie_pipeline.resources.run_workers import WatchedRunLauncher, end_dead_runs


@dg.job
def cadastros() -> None:
    """A job of that name, of which runs are made and none is launched."""


@pytest.fixture
def instance(engine: sa.Engine, monkeypatch: pytest.MonkeyPatch) -> Iterator[dg.DagsterInstance]:
    """An instance whose launcher asks the test's warehouse."""
    launcher = WatchedRunLauncher()
    launcher.__dict__["_engine"] = engine
    with dg.DagsterInstance.ephemeral() as made:
        launcher.register_instance(made)
        monkeypatch.setattr(type(made), "run_launcher", property(lambda _: launcher))
        yield made


def begun(instance: dg.DagsterInstance, seconds_ago: float, *kinds: str) -> dg.DagsterRun:
    """A run of which these events were written so long ago."""
    run = instance.create_run_for_job(cadastros)
    for kind in kinds:
        event = dg.DagsterEvent(event_type_value=kind, job_name="cadastros", message="")
        instance.report_dagster_event(event, run.run_id, timestamp=time.time() - seconds_ago)
    found = instance.get_run_by_id(run.run_id)
    assert found is not None
    return found


STARTING = ("PIPELINE_STARTING",)
STARTED = ("PIPELINE_STARTING", "PIPELINE_START")


@pytest.mark.parametrize("kinds", [STARTING, STARTED])
@pytest.mark.parametrize(("ago", "gone"), [(50.0, False), (70.0, True)])
def test_a_minute_without_a_first_sign_is_enough(
    instance: dg.DagsterInstance, kinds: tuple[str, ...], ago: float, gone: bool
) -> None:
    run = begun(instance, ago, *kinds)
    status = instance.run_launcher.check_run_worker_health(run).status
    assert (status == WorkerStatus.NOT_FOUND) is gone
    assert [one.run_id for one in end_dead_runs(instance)] == ([run.run_id] if gone else [])
    now = instance.get_run_by_id(run.run_id)
    assert now is not None
    assert (now.status == dg.DagsterRunStatus.FAILURE) is gone


def test_a_process_that_gave_a_sign_is_believed(
    instance: dg.DagsterInstance, engine: sa.Engine
) -> None:
    run = begun(instance, 3600.0, *STARTED)
    give_sign(engine, run.run_id, this_process())
    assert end_dead_runs(instance) == []
