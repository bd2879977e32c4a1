"""How a run's steps are carried out: by its size, in one process, without taking a core to wait."""

import os
import threading
import time
from collections.abc import Iterator, Mapping
from typing import Any

import dagster as dg
import pytest
import sqlalchemy as sa

from omie_pipeline.config.addresses import dagster_postgres_url
from omie_pipeline.errors import ConfigurationError
from omie_pipeline.resources.executors import EXECUTOR_TAG, MANY_DAYS, executor_kind, run_executor


def days(first: str, last: str) -> dict[str, str]:
    return {
        "dagster/asset_partition_range_start": f"{first}|principal",
        "dagster/asset_partition_range_end": f"{last}|principal",
    }


@pytest.mark.parametrize(
    ("tags", "kind"),
    [
        ({"dagster/partition": "principal"}, "one_process"),
        ({"dagster/partition": "2026-01-05|principal"}, "one_process"),
        (days("2026-01-01", "2026-01-01"), "one_process"),
        (days("2026-01-01", "2026-04-01"), "one_process"),
        (days("2026-01-01", "2026-04-02"), "process_per_step"),
        ({**days("2026-01-01", "2026-04-02"), EXECUTOR_TAG: "one_process"}, "one_process"),
        ({EXECUTOR_TAG: "process_per_step"}, "process_per_step"),
        (
            {
                "dagster/asset_partition_range_start": "norte",
                "dagster/asset_partition_range_end": "sul",
            },
            "one_process",
        ),
        ({}, "one_process"),
    ],
)
def test_a_load_of_many_days_gets_processes_and_a_sync_does_not(
    tags: Mapping[str, str], kind: str
) -> None:
    assert MANY_DAYS == 92
    assert executor_kind(tags) == kind


def test_a_tag_that_names_no_way_is_refused() -> None:
    with pytest.raises(ConfigurationError, match="one_process ou process_per_step"):
        executor_kind({EXECUTOR_TAG: "threads"})


@dg.asset
def a(context: dg.AssetExecutionContext) -> dg.MaterializeResult[None]:
    return dg.MaterializeResult(metadata={"pid": os.getpid()})


@dg.asset
def fails() -> None:
    raise dg.Failure("não")


@dg.asset(deps=[a])
def after_a() -> dg.MaterializeResult[None]:
    return dg.MaterializeResult(metadata={"pid": os.getpid()})


@dg.asset(deps=[fails])
def after_the_failure() -> None:
    raise AssertionError("its step before failed")


@dg.asset(pool="um_de_cada_vez")
def waits() -> None: ...


@dg.repository(default_executor_def=run_executor)
def repository() -> list[Any]:
    everything = [a, after_a, fails, after_the_failure, waits]
    return [
        *dg.with_resources(everything, {}),
        dg.define_asset_job("todos", dg.AssetSelection.all() - dg.AssetSelection.assets(waits)),
        dg.define_asset_job("espera", dg.AssetSelection.assets(waits)),
    ]


def todos() -> dg.JobDefinition:
    return repository.get_job("todos")


def espera() -> dg.JobDefinition:
    return repository.get_job("espera")


@pytest.fixture
def instance(
    engine: sa.Engine, database_url: str, monkeypatch: pytest.MonkeyPatch
) -> Iterator[dg.DagsterInstance]:
    monkeypatch.setenv("WAREHOUSE_URL", database_url)
    storage = {
        "module": "omie_pipeline.resources.dagster_storage",
        "class": "WarehouseStorage",
        "config": {"postgres_url": dagster_postgres_url(database_url)},
    }
    pools = {"default_limit": 1, "granularity": "op"}
    settings = {"storage": {"custom": storage}, "concurrency": {"pools": pools}}
    with dg.instance_for_test(overrides=settings) as made:
        yield made


@pytest.mark.slow
def test_a_step_that_fails_takes_along_only_what_depends_on_it(
    instance: dg.DagsterInstance,
) -> None:
    done = dg.execute_job(dg.reconstructable(todos), instance=instance)
    assert not done.success
    ended = {
        event.step_key: event.event_type_value
        for event in done.all_events
        if event.event_type_value in ("STEP_SUCCESS", "STEP_FAILURE", "STEP_START")
    }
    assert ended == {"a": "STEP_SUCCESS", "after_a": "STEP_SUCCESS", "fails": "STEP_FAILURE"}


@pytest.mark.slow
def test_every_step_runs_in_the_process_of_the_run(instance: dg.DagsterInstance) -> None:
    dg.execute_job(dg.reconstructable(todos), instance=instance)
    for name in ("a", "after_a"):
        event = instance.get_latest_materialization_event(dg.AssetKey(name))
        assert event is not None
        assert event.asset_materialization is not None
        assert event.asset_materialization.metadata["pid"].value == os.getpid()


@pytest.mark.slow
def test_a_run_that_waits_for_a_pool_takes_no_core(instance: dg.DagsterInstance) -> None:
    """Another run holds the pool for two seconds and a half."""
    storage = instance.event_log_storage
    storage.set_concurrency_slots("um_de_cada_vez", 1)
    storage.claim_concurrency_slot("um_de_cada_vez", "another", "waits")
    free = threading.Timer(2.5, storage.free_concurrency_slots_for_run, ["another"])
    free.start()
    began, used = time.monotonic(), time.process_time()
    done = dg.execute_job(dg.reconstructable(espera), instance=instance)
    assert done.success
    assert time.monotonic() - began > 2
    assert time.process_time() - used < 1.5
    free.join()
