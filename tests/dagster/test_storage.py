"""Dagster's events in the warehouse: few connections, written together, and none of them lost."""

from collections.abc import Iterator
from typing import Any

import dagster as dg
import pytest
import sqlalchemy as sa
from sqlalchemy.pool import NullPool, QueuePool

from omie_pipeline.config.addresses import dagster_postgres_url
from omie_pipeline.resources.dagster_storage import WarehouseEvents, WarehouseStorage

DAYS = dg.DailyPartitionsDefinition("2026-01-01", end_date="2026-01-06")
KEY = dg.AssetKey("recebidos")
_RANGE = {
    "dagster/asset_partition_range_start": "2026-01-01",
    "dagster/asset_partition_range_end": "2026-01-05",
}


@dg.multi_asset(
    specs=[dg.AssetSpec(KEY, partitions_def=DAYS)],
    check_specs=[
        dg.AssetCheckSpec(name, asset=KEY, partitions_def=DAYS) for name in ("fecha", "aceitas")
    ],
    can_subset=True,
)
def recebidos(context: dg.AssetExecutionContext) -> Iterator[Any]:
    for day in context.partition_keys:
        context.add_asset_metadata({"dia": day}, asset_key=KEY, partition_key=day)
    yield dg.MaterializeResult(KEY)
    for day in context.partition_keys:
        for name in ("fecha", "aceitas"):
            yield dg.AssetCheckEvaluation(
                asset_key=KEY,
                check_name=name,
                passed=day != "2026-01-03" or name == "fecha",
                metadata={},
                partition=day,
            )


@pytest.fixture
def instance(engine: sa.Engine, database_url: str) -> Iterator[dg.DagsterInstance]:
    """An instance over a migrated warehouse, as ``dagster.yaml`` makes one."""
    storage = {
        "module": "omie_pipeline.resources.dagster_storage",
        "class": "WarehouseStorage",
        "config": {"postgres_url": dagster_postgres_url(database_url)},
    }
    with dg.instance_for_test(overrides={"storage": {"custom": storage}}) as made:
        yield made


def run(instance: dg.DagsterInstance, *, announced: bool = False) -> dg.ExecuteInProcessResult:
    chosen = dg.AssetSelection.assets(KEY)
    job = dg.define_asset_job("um", chosen if announced else chosen.without_checks())
    definitions = dg.Definitions(assets=[recebidos], jobs=[job])
    return definitions.resolve_job_def("um").execute_in_process(
        instance=instance, tags=_RANGE, raise_on_error=False
    )


def told(engine: sa.Engine, run_id: str) -> list[str]:
    """Kinds of the events of partitions, in the order in which they are stored."""
    query = sa.text(
        "SELECT dagster_event_type FROM dagster.event_logs WHERE run_id = :run ORDER BY id"
    )
    with engine.connect() as connection:
        return [kind for kind in connection.scalars(query, {"run": run_id}) if kind]


def verdicts(engine: sa.Engine, run_id: str) -> list[tuple[Any, ...]]:
    query = sa.text(
        "SELECT check_name, c.partition, execution_status, e.id IS NOT NULL"
        " FROM dagster.asset_check_executions c LEFT JOIN dagster.event_logs e"
        " ON e.id = c.evaluation_event_storage_id"
        " AND e.dagster_event_type = 'ASSET_CHECK_EVALUATION'"
        " WHERE c.run_id = :run ORDER BY 1, 2"
    )
    with engine.connect() as connection:
        return [tuple(row) for row in connection.execute(query, {"run": run_id})]


EXPECTED = [
    (name, f"2026-01-0{day}", "FAILED" if (day, name) == (3, "aceitas") else "SUCCEEDED", True)
    for name in ("aceitas", "fecha")
    for day in range(1, 6)
]


@pytest.mark.slow
@pytest.mark.parametrize("announced", [False, True])
def test_every_partition_has_its_events_before_the_step_succeeded(
    instance: dg.DagsterInstance, engine: sa.Engine, announced: bool
) -> None:
    done = run(instance, announced=announced)
    assert done.success
    kinds = told(engine, done.run_id)
    made = [kinds.index("ASSET_MATERIALIZATION"), kinds.index("ASSET_CHECK_EVALUATION")]
    assert kinds.count("ASSET_MATERIALIZATION") == 5
    assert kinds.count("ASSET_CHECK_EVALUATION") == 10
    assert made == sorted(made)
    assert kinds.index("STEP_SUCCESS") > max(
        index for index, kind in enumerate(kinds) if kind == "ASSET_CHECK_EVALUATION"
    )
    assert verdicts(engine, done.run_id) == EXPECTED
    assert instance.get_materialized_partitions(KEY) == set(DAYS.get_partition_keys())
    days = {one.partition_key for one in instance.fetch_materializations(KEY, limit=9).records}
    assert days == set(DAYS.get_partition_keys())


@pytest.mark.slow
def test_a_run_opens_a_connection_for_each_storage_and_no_more(
    instance: dg.DagsterInstance,
) -> None:
    opened: list[object] = []
    run(instance)  # each is open now
    sa.event.listen(sa.Engine, "connect", lambda *_: opened.append(1))
    assert run(instance).success
    assert len(opened) <= 1, "an overflow is closed after its use"


@pytest.mark.slow
def test_a_connection_that_the_server_ended_is_opened_again(
    instance: dg.DagsterInstance, engine: sa.Engine
) -> None:
    assert run(instance).success
    with engine.connect() as connection:
        connection.execute(
            sa.text(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
                " WHERE datname = current_database() AND pid <> pg_backend_pid()"
            )
        )
    done = run(instance)
    assert done.success
    assert verdicts(engine, done.run_id) == EXPECTED


@pytest.mark.slow
def test_verdicts_that_cannot_be_written_fail_the_step(
    instance: dg.DagsterInstance, engine: sa.Engine
) -> None:
    assert run(instance).success
    with engine.begin() as connection:
        connection.execute(
            sa.text(
                "ALTER TABLE dagster.asset_check_executions ADD CHECK (partition <> '2026-01-04')"
                " NOT VALID"
            )
        )
    with pytest.raises(sa.exc.IntegrityError):
        run(instance)
    with engine.begin() as connection:
        connection.execute(
            sa.text(
                "ALTER TABLE dagster.asset_check_executions"
                " DROP CONSTRAINT asset_check_executions_partition_check"
            )
        )
    failed = instance.get_runs(limit=1)[0].run_id
    assert instance.all_logs(failed), "it asks, and what waited is written"
    assert verdicts(engine, failed) == EXPECTED
    assert told(engine, failed).count("ASSET_CHECK_EVALUATION") == 10


@pytest.mark.slow
def test_materializations_that_are_written_again_are_there_once(
    instance: dg.DagsterInstance, engine: sa.Engine
) -> None:
    """Dagster writes the events first, and apart from them what its page of the asset shows."""
    assert run(instance).success
    with engine.begin() as connection:
        last = "SELECT md5(last_materialization) FROM dagster.asset_keys"
        digest = connection.scalar(sa.text(last))
        connection.execute(
            sa.text(
                "ALTER TABLE dagster.asset_keys ADD CONSTRAINT refused"
                f" CHECK (md5(last_materialization) = '{digest}')"
            )
        )
    with pytest.raises(sa.exc.IntegrityError):
        run(instance)
    with engine.begin() as connection:
        connection.execute(sa.text("ALTER TABLE dagster.asset_keys DROP CONSTRAINT refused"))
    failed = instance.get_runs(limit=1)[0].run_id
    assert instance.all_logs(failed), "it asks, and what waited is written"
    assert told(engine, failed).count("ASSET_MATERIALIZATION") == 5


@pytest.mark.slow
def test_behind_a_pooler_no_connection_is_kept(database_url: str, engine: sa.Engine) -> None:
    direct = WarehouseStorage(dagster_postgres_url(database_url))
    pooled = WarehouseStorage(dagster_postgres_url(database_url, pooled=True))
    kept, let_go = direct.event_log_storage, pooled.event_log_storage
    assert isinstance(kept, WarehouseEvents)
    assert isinstance(let_go, WarehouseEvents)
    assert isinstance(kept._engine.pool, QueuePool)
    assert isinstance(let_go._engine.pool, NullPool)
    for one in (direct, pooled):
        one.event_log_storage.dispose()
        one.run_storage._engine.dispose()
        one.schedule_storage._engine.dispose()
