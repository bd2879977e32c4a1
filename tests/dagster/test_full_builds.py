"""Once a day each job that makes models has dbt make and test them all."""

from __future__ import annotations

import uuid
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace
from typing import Any

import dagster as dg
import pytest
import sqlalchemy as sa

from omie_pipeline.app.deployment import Deployment
from omie_pipeline.assets.jobs import mirror_jobs
from omie_pipeline.assets.run_tags import EMPRESA_TAG, FULL_TAG, SYNC_TAG
from omie_pipeline.clock import BRASILIA
from omie_pipeline.config.empresas import PipelineConfig
from omie_pipeline.config.settings import Settings
from omie_pipeline.resources.connections import (
    ClinicResource,
    Connection,
    WarehouseResource,
    connections,
)
from omie_pipeline.resources.dagster_internals import PARTITION_TAG
from omie_pipeline.sensors import push_schedules
from omie_pipeline.sensors.full_builds import full_tags
from omie_pipeline.sensors.import_schedules import mirror_schedules

# Dagster notes itself when a run was made: by the clock of this machine.
NOW = datetime.now(UTC)
FULL = {FULL_TAG: "true"}
WHOSE = {EMPRESA_TAG: "sul"}
BY_SENSOR = {"dagster/sensor_name": "lancamentos_apos_cadastros"}
BY_SCHEDULE = {"dagster/schedule_name": "sincronizacao"}
OURS = {**WHOSE, **FULL, **BY_SENSOR}


@pytest.fixture
def instance() -> Iterator[dg.DagsterInstance]:
    with dg.DagsterInstance.ephemeral() as made:
        yield made


@pytest.fixture
def stored() -> Iterator[dg.DagsterInstance]:
    """One that a schedule can open."""
    with dg.instance_for_test() as made:
        yield made


def _run(
    instance: dg.DagsterInstance,
    tags: Mapping[str, str],
    status: dg.DagsterRunStatus = dg.DagsterRunStatus.SUCCESS,
    job: str = "lancamentos",
) -> dg.DagsterRun:
    return instance.add_run(
        dg.DagsterRun(job_name=job, run_id=str(uuid.uuid4()), status=status, tags=dict(tags))
    )


def _due(instance: dg.DagsterInstance, at: datetime = NOW) -> Mapping[str, str]:
    return full_tags(instance, "lancamentos", WHOSE, at, BRASILIA)


@pytest.mark.parametrize("status", ["SUCCESS", "STARTING", "STARTED"])
def test_a_run_that_made_everything_today_or_is_at_it_is_enough(
    instance: dg.DagsterInstance, status: str
) -> None:
    assert _due(instance) == FULL
    _run(instance, OURS, dg.DagsterRunStatus(status))
    assert _due(instance) == {}
    assert _due(instance, NOW + timedelta(days=1)) == FULL


@pytest.mark.parametrize("status", ["FAILURE", "CANCELING", "CANCELED"])
def test_after_one_that_failed_the_next_makes_everything(
    instance: dg.DagsterInstance, status: str
) -> None:
    _run(instance, OURS, dg.DagsterRunStatus(status))
    assert _due(instance) == FULL
    _run(instance, OURS)
    assert _due(instance) == {}


def test_other_runs_are_no_reason_to_leave_it_out(instance: dg.DagsterInstance) -> None:
    _run(instance, {**WHOSE, **BY_SENSOR})  # did without dbt
    _run(instance, {**WHOSE, **FULL})  # somebody's, of a model maybe
    _run(instance, {**OURS, EMPRESA_TAG: "norte"})
    _run(instance, OURS, job="conciliacao")
    assert _due(instance) == FULL


def _config() -> tuple[Settings, PipelineConfig]:
    empresas = [
        {"nome": "sul", "app_key_env": "K", "app_secret_env": "S", "clinic_url_env": "CLINICA"}
    ]
    return Settings(), PipelineConfig.model_validate({"empresas": empresas})


@pytest.fixture
def warehouse(engine: sa.Engine, database_url: str, monkeypatch: pytest.MonkeyPatch) -> Connection:
    """Schedules ask it which empresas rest."""
    monkeypatch.setenv("WAREHOUSE_URL", database_url)
    return connections(Deployment())["warehouse"]


def _asked(
    instance: dg.DagsterInstance, schedule: dg.ScheduleDefinition, warehouse: Connection
) -> list[Mapping[str, str]]:
    with dg.build_schedule_context(
        instance=instance, scheduled_execution_time=NOW, resources={"warehouse": warehouse}
    ) as context:
        return [one.tags for one in schedule(context) if isinstance(one, dg.RunRequest)]


def test_the_sync_makes_everything_in_the_first_run_of_a_day(
    stored: dg.DagsterInstance, warehouse: Connection
) -> None:
    settings, _ = _config()
    job = dg.define_asset_job("cadastros")
    schedule = push_schedules.registers_schedule(settings, job, ["sul"])
    (tags,) = _asked(stored, schedule, warehouse)
    assert tags[FULL_TAG] == "true"
    _run(stored, {**tags, **BY_SCHEDULE, PARTITION_TAG: "sul"}, job="cadastros")
    (tags,) = _asked(stored, schedule, warehouse)
    assert FULL_TAG not in tags


def test_so_do_the_jobs_that_make_the_views_over_the_copy_of_omie(
    stored: dg.DagsterInstance, warehouse: Connection
) -> None:
    settings, config = _config()
    jobs = mirror_jobs()
    found = {one.name: one for one in mirror_schedules(settings, jobs, config)}
    made = {"espelho_mudancas", "conferencia_completa", "conciliacao_diaria"}
    for name in (*made, "espelho"):
        (tags,) = _asked(stored, found[name], warehouse)
        assert (FULL_TAG in tags) is (name in made), name
    scheduled = {**WHOSE, **FULL, **BY_SCHEDULE}
    _run(stored, scheduled, job=jobs.facts.name)
    for name in (*made, "espelho"):
        (tags,) = _asked(stored, found[name], warehouse)
        assert (FULL_TAG in tags) is (name == "conciliacao_diaria"), name


class _Warehouse(WarehouseResource):
    def open(self, *_: Any) -> Any:
        clock = SimpleNamespace(now=lambda: NOW)
        settings = SimpleNamespace(zone=BRASILIA)
        return SimpleNamespace(clock=clock, settings=settings, engine=None)


def test_facts_are_made_anew_in_the_first_sync_of_a_day_that_reaches_them(
    instance: dg.DagsterInstance, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whatever their registers were told: those of midnight may have got through, facts not."""
    days = [NOW.date() - timedelta(days=60), NOW.date()]
    monkeypatch.setattr(push_schedules, "pending_dates", lambda *_: days)
    monkeypatch.setattr(push_schedules, "pause_in_force", lambda *_: None)
    registers, facts = dg.define_asset_job("cadastros"), dg.define_asset_job("lancamentos")
    sensor = push_schedules.after_registers_sensor(registers, facts)
    done = _run(instance, {SYNC_TAG: NOW.isoformat(), PARTITION_TAG: "sul"}, job="cadastros")
    event = dg.DagsterEvent(dg.DagsterEventType.RUN_SUCCESS.value, "cadastros")

    def asked() -> list[Mapping[str, str]]:
        context = dg.build_run_status_sensor_context(
            sensor_name=sensor.name,
            dagster_event=event,
            dagster_instance=instance,
            dagster_run=done,
            resources={"clinic": ClinicResource(), "warehouse": _Warehouse()},
        )
        told: Any = sensor(context)
        return [one.tags for one in told]

    first = asked()
    assert [tags.get(FULL_TAG) for tags in first] == ["true", "true"]
    _run(instance, {**first[0], **BY_SENSOR}, dg.DagsterRunStatus.FAILURE)
    assert [tags.get(FULL_TAG) for tags in asked()] == ["true", "true"]
    _run(instance, {**first[0], **BY_SENSOR})
    assert [tags.get(FULL_TAG) for tags in asked()] == [None, None]
