"""What starts runs by itself."""

from __future__ import annotations

import uuid
from datetime import UTC, date, datetime, timedelta

import dagster as dg
import pytest
import sqlalchemy as sa

from omie_pipeline.app.deployment import Deployment
from omie_pipeline.app.push_all import pending_dates
from omie_pipeline.assets.pools import ensure_pools
from omie_pipeline.assets.retries import retried_as_omie_says
from omie_pipeline.clock import SystemClock
from omie_pipeline.errors import (
    FaultDetail,
    GuardrailStopped,
    RecordRejected,
    RetryLater,
    TakenOver,
    Unreachable,
)
from omie_pipeline.postgres.locks import lane
from omie_pipeline.postgres.tables import binding, block, ledger, run
from omie_pipeline.sensors.push_schedules import last_complete_sync
from omie_pipeline.sensors.ranges import date_ranges
from omie_pipeline.switches.decisions import Switches
from omie_pipeline.switches.pauses import change_pause

DAY = timedelta(days=1)


def _hold(
    engine: sa.Engine, endpoint: str, partition: str, until: datetime | None, code: str = "Blocked"
) -> None:
    with engine.begin() as connection:
        connection.execute(
            sa.insert(ledger).values(
                empresa="principal",
                endpoint=endpoint,
                codigo_integracao=f"X-{partition}",
                state="held",
                partition=partition,
                error_code=code,
                held_until=until,
                run_id="r",
                updated_at=datetime.now(UTC) - timedelta(hours=1),
            )
        )


def _requests(definitions: dg.Definitions) -> list[dg.RunRequest]:
    sensor = definitions.resolve_sensor_def("retomar_retidas")
    with dg.DagsterInstance.ephemeral() as instance:
        context = dg.build_sensor_context(
            instance=instance, resources=definitions.resources, definitions=definitions
        )
        return list(sensor.evaluate_tick(context).run_requests or [])


@pytest.mark.slow
def test_held_rows_resume_when_their_wait_is_over(
    deployed: dg.Definitions, engine: sa.Engine
) -> None:
    past = datetime.now(UTC) - timedelta(minutes=1)
    _hold(engine, "contas_receber", "2026-01-03", past)
    _hold(engine, "contas_receber", "2026-01-05", past)
    (request,) = _requests(deployed)
    assert request.job_name == "lancamentos"
    assert request.asset_selection == [dg.AssetKey(["push", "contas_receber"])]
    assert request.tags["dagster/asset_partition_range_start"] == "2026-01-03|principal"
    assert request.tags["dagster/asset_partition_range_end"] == "2026-01-05|principal"
    assert request.tags["omie_pipeline/only_held"] == "true"


@pytest.mark.slow
def test_nothing_resumes_of_an_empresa_that_rests_or_an_endpoint_that_is_off(
    deployed: dg.Definitions, engine: sa.Engine
) -> None:
    now = datetime.now(UTC)
    _hold(engine, "contas_receber", "2026-01-03", now - DAY, code="empresa_paused")
    change_pause(engine, "principal", "pause", "férias", "ANA", now)
    assert _requests(deployed) == []
    change_pause(engine, "principal", "resume", "", "ANA", now)
    assert len(_requests(deployed)) == 1
    Switches(engine).decide("principal", "contas_receber", "state", "off", "ANA", now)
    assert _requests(deployed) == []


@pytest.mark.slow
def test_nothing_resumes_before_its_time_or_under_a_block(
    deployed: dg.Definitions, engine: sa.Engine
) -> None:
    _hold(engine, "clientes", "principal", datetime.now(UTC) + timedelta(minutes=20))
    assert _requests(deployed) == []
    with engine.begin() as connection:
        connection.execute(sa.update(ledger).values(held_until=datetime.now(UTC) - DAY))
    assert len(_requests(deployed)) == 1
    with engine.begin() as connection:
        now = datetime.now(UTC)
        connection.execute(
            sa.insert(block).values(scope="s", until=now + DAY, reason="425", seen_at=now)
        )
    # The block of another key holds nothing back.
    assert len(_requests(deployed)) == 1
    with engine.begin() as connection:
        mine = {"empresa": "principal", "scope": "s", "host": "127.0.0.1"}
        connection.execute(sa.insert(binding).values(mine))
    assert _requests(deployed) == []


@pytest.mark.slow
def test_a_run_that_died_hides_no_held_row(deployed: dg.Definitions, engine: sa.Engine) -> None:
    _hold(engine, "contas_receber", "2026-01-03", None, code="OutcomeUnknown")
    with engine.begin() as connection:
        connection.execute(
            sa.insert(run).values(
                run_id="morta",
                empresa="principal",
                endpoint="contas_receber",
                trigger="ui",
                state="running",
                started_at=datetime.now(UTC) - DAY,
            )
        )
    with lane(engine, "push:principal:contas_receber", SystemClock()):
        assert _requests(deployed) == []  # alive: it holds its lane
    assert len(_requests(deployed)) == 1


@pytest.mark.slow
@pytest.mark.parametrize("code", ["reference", "GuardrailStopped", "partial_success"])
def test_rows_that_wait_for_a_person_do_not_resume_by_themselves(
    deployed: dg.Definitions, engine: sa.Engine, code: str
) -> None:
    _hold(engine, "contas_pagar", "2026-01-03", None, code=code)
    assert _requests(deployed) == []


@pytest.mark.slow
def test_the_schedule_asks_for_every_empresa(deployed: dg.Definitions) -> None:
    schedule = deployed.resolve_schedule_def("sincronizacao")
    assert schedule.cron_schedule == "0 */6 * * *"
    assert schedule.execution_timezone == "America/Sao_Paulo"
    with dg.instance_for_test() as instance:
        context = dg.build_schedule_context(
            instance=instance,
            scheduled_execution_time=datetime(2026, 1, 5, 6, tzinfo=UTC),
            repository_def=deployed.get_repository_def(),
            resources=deployed.resources,
        )
        (request,) = schedule.evaluate_tick(context).run_requests or []
    assert request.partition_key == "principal"


def test_pending_dates_are_changed_unfinished_and_today(
    deployed: dg.Definitions, engine: sa.Engine
) -> None:
    deployment = Deployment()
    never = datetime.now(UTC) + DAY
    today = max(pending_dates(deployment, "principal", never))
    _hold(engine, "contas_pagar", "2026-02-14", None, code="reference")
    dates = pending_dates(deployment, "principal", never)
    assert date(2026, 2, 14) in dates
    assert today in dates
    assert all(day >= date(2026, 1, 1) for day in dates)


@pytest.mark.slow
def test_dates_whose_rows_were_deleted_are_pending(
    deployed: dg.Definitions, engine: sa.Engine
) -> None:
    deployment = Deployment()
    never = datetime.now(UTC) + DAY
    (table,) = (one for one in deployment.sources if one.name == "despesas")
    deployment.extract(table, "principal")
    before = pending_dates(deployment, "principal", never)
    day = next(date(2026, 1, n) for n in range(1, 32) if date(2026, 1, n) not in before)
    with engine.begin() as connection:
        connection.execute(
            sa.text(
                "insert into clinic_raw.despesas (_empresa, empresa, id, data, _extracted_at) "
                "values ('principal', 'principal', 'apagada-na-clinica', :day, now())"
            ),
            {"day": day.isoformat()},
        )
    assert set(pending_dates(deployment, "principal", never)) == {*before, day}


def _fact_run(instance: dg.DagsterInstance, sync: str, part: str, status: str) -> None:
    instance.add_run(
        dg.DagsterRun(
            job_name="lancamentos",
            run_id=str(uuid.uuid4()),
            status=dg.DagsterRunStatus(status),
            tags={
                "omie_pipeline/sync": sync,
                "omie_pipeline/empresa": "principal",
                "dagster/asset_partition_range_start": part,
            },
        )
    )


def test_a_sync_counts_only_when_all_its_facts_got_through() -> None:
    early, late = "2026-01-05T06:00:00+00:00", "2026-01-05T12:00:00+00:00"
    with dg.DagsterInstance.ephemeral() as instance:
        since = last_complete_sync(instance, "lancamentos", "principal")
        assert since.year == 1970
        _fact_run(instance, early, "2026-01-04|principal", "SUCCESS")
        _fact_run(instance, late, "2026-01-04|principal", "SUCCESS")
        _fact_run(instance, late, "2025-11-02|principal", "FAILURE")
        since = last_complete_sync(instance, "lancamentos", "principal")
        assert since == datetime.fromisoformat(early)
        _fact_run(instance, late, "2025-11-02|principal", "SUCCESS")  # run again by hand
        since = last_complete_sync(instance, "lancamentos", "principal")
        assert since == datetime.fromisoformat(late)
        assert last_complete_sync(instance, "lancamentos", "outra").year == 1970


def test_every_pool_has_its_limit_before_a_run_asks() -> None:
    with dg.DagsterInstance.ephemeral() as instance:
        ensure_pools(instance)
        ensure_pools(instance)
        known = instance.event_log_storage.get_concurrency_keys()
        assert {"dbt", "extract", "omie_clientes", "omie_contas_receber"} <= set(known)
        assert instance.event_log_storage.get_concurrency_info("dbt").slot_count == 1


def test_dates_become_few_ranges() -> None:
    first = date(2026, 1, 1)
    assert date_ranges([]) == []
    assert date_ranges([first, first + DAY, first + 5 * DAY]) == [(first, first + 5 * DAY)]
    apart = [first, first + 30 * DAY]
    assert date_ranges(apart) == [(day, day) for day in apart]
    many = [first + 30 * n * DAY for n in range(6)]
    assert date_ranges(many) == [(many[0], many[-1])]


def test_a_guardrail_fails_the_step_and_says_how_to_approve() -> None:
    with pytest.raises(dg.Failure) as failure, retried_as_omie_says():
        raise GuardrailStopped(("80 exclusões, mais que 50 (max_deletes)",))
    assert "omie_pipeline/approve=true" in (failure.value.description or "")
    assert "80 exclusões" in (failure.value.description or "")
    assert not failure.value.allow_retries


def test_only_retry_later_becomes_a_dagster_retry() -> None:
    with pytest.raises(dg.RetryRequested) as retry, retried_as_omie_says():
        raise RetryLater(FaultDetail("ocupado"), 17.0)
    assert retry.value.seconds_to_wait == 17.0
    with pytest.raises(dg.RetryRequested) as retry, retried_as_omie_says():
        raise TakenOver("outra execução")
    assert retry.value.seconds_to_wait == 0
    gone = Unreachable(FaultDetail("Conexão recusada", fix="Confira."), "refused")
    with pytest.raises(dg.RetryRequested), retried_as_omie_says():
        raise gone
    gone.known = True
    with pytest.raises(dg.Failure) as failure, retried_as_omie_says():
        raise gone
    assert not failure.value.allow_retries
    with pytest.raises(RecordRejected), retried_as_omie_says():
        raise RecordRejected(FaultDetail("CPF inválido"))
