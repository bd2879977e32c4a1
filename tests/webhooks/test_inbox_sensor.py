"""The sensor and the job: one run per empresa, none on top of another, none under a block."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import dagster as dg
import pytest
import sqlalchemy as sa

from omie_pipeline.app.deployment import Deployment
from omie_pipeline.assets.run_tags import TABLES_TAG
from omie_pipeline.catalog import REGISTRY
from omie_pipeline.inbox.events import INSERT_EVENTS, as_arrays
from omie_pipeline.omie.rate_limiter import scope_of
from omie_pipeline.resources.connections import connections
from omie_pipeline.sensors.inbox import inbox_job, inbox_sensor
from omie_pipeline.simulator.engine.limits import Limits
from omie_pipeline.simulator.engine.server import Simulator, running_simulator
from omie_pipeline.webhooks.message import NotStored, read_message
from tests.webhooks.bodies import body
from tests.webhooks.conftest import DOOR


@pytest.fixture
def simulator() -> Iterator[Simulator]:
    with running_simulator(limits=Limits.off()) as running:
        yield running


@pytest.fixture
def definitions(
    simulator: Simulator, database_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> dg.Definitions:
    for name, value in {
        "OMIE_APP_KEY": simulator.app_key,
        "OMIE_APP_SECRET": simulator.app_secret,
        "OMIE_BASE_URL": simulator.base_url,
        "WAREHOUSE_URL": database_url,
        "OMIE_PIPELINE_HOME": str(tmp_path),
    }.items():
        monkeypatch.setenv(name, value)
    return dg.Definitions(
        jobs=[inbox_job], sensors=[inbox_sensor()], resources=connections(Deployment())
    )


def _arrive(engine: sa.Engine, topic: str, event: object, received_at: datetime) -> None:
    new = read_message(body(topic, event), DOOR, received_at)
    assert not isinstance(new, NotStored)
    with engine.begin() as connection:
        connection.exec_driver_sql(INSERT_EVENTS, as_arrays([new]))


def _requests(definitions: dg.Definitions, instance: dg.DagsterInstance) -> list[dg.RunRequest]:
    context = dg.build_sensor_context(
        instance=instance, resources=definitions.resources, definitions=definitions
    )
    sensor = definitions.resolve_sensor_def("eventos_do_omie")
    return list(sensor.evaluate_tick(context).run_requests or [])


def _states(engine: sa.Engine) -> list[str]:
    with engine.connect() as connection:
        return list(connection.execute(sa.text("SELECT state FROM omie_inbox.events")).scalars())


def test_events_become_one_run_that_reads_and_settles_them(
    definitions: dg.Definitions, engine: sa.Engine
) -> None:
    now = datetime.now(UTC)
    for _ in range(3):
        _arrive(engine, "Categoria.Alterada", {"codigo": "1.01.02"}, now)
    with dg.DagsterInstance.ephemeral() as instance:
        (request,) = _requests(definitions, instance)
        assert request.tags[TABLES_TAG] == "categorias"
        job = definitions.resolve_job_def("eventos")
        result = job.execute_in_process(
            instance=instance, run_config=request.run_config, tags=request.tags
        )
        assert result.success
    assert _states(engine) == ["done"] * 3
    with engine.connect() as connection:
        here = connection.execute(sa.text("SELECT count(*) FROM omie.categorias")).scalar_one()
        run = connection.execute(sa.text("SELECT DISTINCT run_id FROM omie_inbox.events")).scalar()
    assert here > 0
    assert run == result.run_id


def test_no_run_is_piled_on_one_that_reads_the_same(
    definitions: dg.Definitions, engine: sa.Engine
) -> None:
    _arrive(engine, "Categoria.Alterada", {"codigo": "1"}, datetime.now(UTC))
    with dg.DagsterInstance.ephemeral() as instance:
        (first,) = _requests(definitions, instance)
        job = definitions.resolve_job_def("eventos")
        instance.create_run_for_job(
            job, run_config=first.run_config, tags=first.tags, status=dg.DagsterRunStatus.STARTED
        )
        assert _requests(definitions, instance) == []
        _arrive(engine, "Projeto.Alterado", {"codigo": 1}, datetime.now(UTC))
        (second,) = _requests(definitions, instance)
        assert second.tags[TABLES_TAG] == "projetos"
        assert second.run_key != first.run_key


def test_what_a_failed_run_left_behind_is_asked_for_again(
    definitions: dg.Definitions, engine: sa.Engine
) -> None:
    _arrive(engine, "Categoria.Alterada", {"codigo": "1"}, datetime.now(UTC))
    with dg.DagsterInstance.ephemeral() as instance:
        (first,) = _requests(definitions, instance)
        (again,) = _requests(definitions, instance)
        assert again.run_key == first.run_key
        job = definitions.resolve_job_def("eventos")
        instance.create_run_for_job(
            job, run_config=first.run_config, tags=first.tags, status=dg.DagsterRunStatus.FAILURE
        )
        (later,) = _requests(definitions, instance)
        assert later.run_key != first.run_key


def test_under_a_block_and_for_strangers_there_is_no_run(
    definitions: dg.Definitions, engine: sa.Engine, simulator: Simulator
) -> None:
    now = datetime.now(UTC)
    _arrive(engine, "Categoria.Alterada", {"codigo": "1"}, now)
    with engine.begin() as connection:
        connection.execute(
            sa.text("INSERT INTO omie_sync.block VALUES (:s, :u, '425', now())"),
            {"s": scope_of(simulator.app_key), "u": now + timedelta(minutes=5)},
        )
        connection.execute(
            sa.text(
                "INSERT INTO omie_inbox.events (empresa, message_id, topic, received_at, raw, "
                "records, tables, missing, state, next_at) SELECT 'vendida', message_id, "
                "topic, received_at, raw, records, tables, missing, state, next_at "
                "FROM omie_inbox.events"
            )
        )
    with dg.DagsterInstance.ephemeral() as instance:
        assert _requests(definitions, instance) == []


def test_a_list_that_cannot_be_read_fails_the_run_and_keeps_the_event(
    definitions: dg.Definitions, engine: sa.Engine, simulator: Simulator
) -> None:
    _arrive(engine, "Categoria.Alterada", {"codigo": "1"}, datetime.now(UTC))
    simulator.control.suspend()
    with dg.DagsterInstance.ephemeral() as instance:
        (request,) = _requests(definitions, instance)
        job = definitions.resolve_job_def("eventos")
        with pytest.raises(dg.Failure, match="categorias"):
            job.execute_in_process(
                instance=instance, run_config=request.run_config, tags=request.tags
            )
    assert _states(engine) == ["pending"]
    assert "categorias" in REGISTRY


def test_old_events_are_deleted_by_the_sensor(
    definitions: dg.Definitions, engine: sa.Engine
) -> None:
    _arrive(engine, "CRM.Tarefa.Incluida", {"id": 1}, datetime.now(UTC) - timedelta(days=31))
    with dg.DagsterInstance.ephemeral() as instance:
        assert _requests(definitions, instance) == []
    assert _states(engine) == []
