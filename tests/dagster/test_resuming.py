"""A block in the middle of a load: one knock after its end, and no proven month read twice."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import dagster as dg
import pytest

from omie_pipeline.imports import range
from omie_pipeline.imports.status import stopped_readings
from omie_pipeline.simulator.engine.planned_faults import PlannedFault
from tests.dagster.mirror_world import (
    EMPRESA,
    FACTS,
    MirrorWorld,
    mirror_definitions,
    today,
)

RESUME, METHOD = "retomar_leituras", "ListarContasReceber"


@pytest.fixture
def months(mirror: MirrorWorld, monkeypatch: pytest.MonkeyPatch) -> MirrorWorld:
    """The same empresa over three months, and so much that a load is read month by month."""
    monkeypatch.setattr(range, "_AT_ONCE", 1)
    start = (today().replace(day=1) - timedelta(days=40)).replace(day=1)
    monkeypatch.setenv("OMIE_PIPELINE_START_DATE", start.isoformat())
    world = MirrorWorld(mirror.simulator, mirror.engine, mirror_definitions(), mirror.instance)
    for ago in (0, (today() - start).days):
        world.seed(ago)
    return world


def _load(world: MirrorWorld, *, fails: bool) -> dg.ExecuteInProcessResult:
    first = (today() - _start(world)).days
    return world.run(["contas_receber"], first, fails=fails)


def _start(world: MirrorWorld) -> date:
    days = world.definitions.resolve_job_def(FACTS).partitions_def
    assert days is not None
    return date.fromisoformat(str(days.get_first_partition_key()).split("|")[0])


def _blocked_load(world: MirrorWorld) -> None:
    """The first month gets through, after a look at the whole; the second meets a block."""
    control = world.simulator.control
    fault = PlannedFault("blocked_425", method=METHOD, seconds=1200)

    def after_the_first_month() -> None:
        control.between_pages(METHOD, 1, lambda: control.next_faults(fault))

    control.between_pages(METHOD, 1, after_the_first_month)
    result = _load(world, fails=True)
    assert not result.success
    (failure,) = (event for event in result.all_events if event.is_step_failure)
    told = failure.step_failure_data.user_failure_data
    assert told is not None
    assert "retomar_leituras" in str(told.description)
    assert "até" in str(told.description)


@pytest.mark.slow
def test_a_block_stops_the_load_and_the_sensor_goes_on_with_it(months: MirrorWorld) -> None:
    _blocked_load(months)
    asked = months.calls()
    assert months.tick(RESUME).run_requests == []  # still closed
    assert months.calls() == asked

    months.simulator.control.clear_faults()
    months.block_is_over()
    (request,) = months.tick(RESUME).run_requests
    assert request.asset_selection == [dg.AssetKey(["omie", "contas_receber"])]
    (same,) = months.tick(RESUME).run_requests
    assert same.run_key == request.run_key  # one period, one request, restart or not
    assert months.calls() == asked

    months.simulator.control.clear_calls()
    assert months.request(request).success
    proven = _start(months).strftime("%d/%m/%Y")
    assert proven not in {
        call.param["filtrar_por_data_de"] for call in months.simulator.control.calls()
    }
    assert months.rows("SELECT count(*) FROM omie.contas_receber") == [(2,)]
    assert months.tick(RESUME).run_requests == []


@pytest.mark.slow
def test_several_tables_stopped_by_one_block_knock_once(months: MirrorWorld) -> None:
    _blocked_load(months)
    stopped = {"until": datetime.now(UTC), "run": "segunda"}
    months.execute(
        "INSERT INTO omie_sync.import_run (run_id, empresa, table_name, mode, trigger, state,"
        " started_at, finished_at, error_class) VALUES (:run, 'principal', 'clientes', 'full',"
        " 'ui', 'stopped', :until, :until, 'Blocked')",
        **stopped,
    )
    months.block_is_over()
    (request,) = months.tick(RESUME).run_requests
    months.instance.add_run(
        dg.DagsterRun(
            job_name=request.job_name,
            status=dg.DagsterRunStatus.STARTED,
            tags=request.tags,
            asset_selection=frozenset(request.asset_selection),
        )
    )
    assert months.tick(RESUME).run_requests == []


def test_a_killed_load_goes_on_too(mirror: MirrorWorld) -> None:
    began = datetime.now(UTC) - timedelta(minutes=3)
    mirror.execute(
        "INSERT INTO omie_sync.import_run (run_id, empresa, table_name, mode, trigger, state,"
        " started_at, window_from, window_to) VALUES ('morta', 'principal', 'contas_pagar',"
        " 'full', 'ui', 'running', :began, :first, :last)",
        began=began,
        first=mirror.day(4),
        last=mirror.day(1),
    )
    (request,) = mirror.tick(RESUME).run_requests
    assert request.tags["dagster/asset_partition_range_start"] == f"{mirror.day(4)}|{EMPRESA}"
    assert request.tags["dagster/asset_partition_range_end"] == f"{mirror.day(1)}|{EMPRESA}"
    assert datetime.fromisoformat(request.tags["omie_pipeline/not_before"]) == began


def test_every_range_that_was_stopped_goes_on(mirror: MirrorWorld) -> None:
    began = datetime.now(UTC) - timedelta(minutes=30)
    for number, (first, last, state) in enumerate(
        [(8, 7, "stopped"), (6, 5, "stopped"), (6, 5, "stopped"), (3, 2, "done")]
    ):
        mirror.execute(
            "INSERT INTO omie_sync.import_run (run_id, empresa, table_name, mode, trigger, state,"
            " started_at, finished_at, window_from, window_to, error_class) VALUES (:run,"
            " 'principal', 'contas_pagar', 'full', 'ui', :state, :at, :at, :first, :last, :kind)",
            run=f"r{number}",
            state=state,
            at=began + timedelta(minutes=number),
            first=mirror.day(first),
            last=mirror.day(last),
            kind="Blocked" if state == "stopped" else None,
        )
    found = stopped_readings(mirror.engine, datetime.now(UTC))
    # Attempts at one range are one; what the first of them proved still stands.
    assert [(one.run_id, one.first, one.since) for one in found] == [
        ("r0", mirror.day(8), began),
        ("r2", mirror.day(6), began + timedelta(minutes=1)),
    ]


def test_our_own_budget_of_errors_is_waited_out(mirror: MirrorWorld) -> None:
    now = datetime.now(UTC)
    mirror.execute(
        "INSERT INTO omie_sync.import_run (run_id, empresa, table_name, mode, trigger, state,"
        " started_at, finished_at, error_class) VALUES ('r', 'principal', 'clientes',"
        " 'incremental', 'ui', 'stopped', :at, :at, 'BudgetSpent')",
        at=now,
    )
    assert stopped_readings(mirror.engine, now + timedelta(minutes=29)) == []
    assert len(stopped_readings(mirror.engine, now + timedelta(minutes=31))) == 1


def _stopped(world: MirrorWorld, run_id: str, table: str, at: datetime) -> None:
    world.execute(
        "INSERT INTO omie_sync.import_run (run_id, empresa, table_name, mode, trigger, state,"
        " started_at, finished_at, window_from, window_to, error_class) VALUES (:run,"
        " 'principal', :table, 'full', 'ui', 'stopped', :at, :at, :first, :last, 'Blocked')",
        run=run_id,
        table=table,
        at=at,
        first=world.day(8),
        last=world.day(1),
    )


@pytest.mark.slow
def test_what_another_reading_proved_meanwhile_is_resumed_once(mirror: MirrorWorld) -> None:
    mirror.seed(5)
    _stopped(mirror, "a", "contas_receber", datetime.now(UTC) - timedelta(minutes=30))
    assert mirror.run(["contas_receber"], 9).success  # a larger range: another row
    mirror.a_minute_later()
    (request,) = mirror.tick(RESUME).run_requests
    asked = mirror.calls()
    assert mirror.request(request).success
    assert mirror.calls() == asked
    newest = "SELECT state, complete, window_from, window_to FROM omie_sync.import_run ORDER BY"
    assert mirror.rows(f"{newest} started_at DESC LIMIT 1") == [
        ("done", True, mirror.day(8), mirror.day(1))
    ]
    assert mirror.tick(RESUME).run_requests == []


def test_a_resumption_that_had_its_run_does_not_hide_the_others(mirror: MirrorWorld) -> None:
    began = datetime.now(UTC) - timedelta(minutes=30)
    _stopped(mirror, "a", "contas_receber", began)
    _stopped(mirror, "b", "contas_pagar", began + timedelta(minutes=1))
    (first,) = mirror.tick(RESUME).run_requests
    assert first.run_key is not None
    mirror.instance.add_run(
        dg.DagsterRun(
            job_name=first.job_name,
            status=dg.DagsterRunStatus.FAILURE,
            tags={**first.tags, "dagster/run_key": first.run_key},
            asset_selection=frozenset(first.asset_selection),
        )
    )
    (second,) = mirror.tick(RESUME).run_requests
    assert second.asset_selection == [dg.AssetKey(["omie", "contas_pagar"])]
