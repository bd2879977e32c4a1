"""Resume what was stopped once the stop is over: held rows and readings."""

from collections.abc import Iterator
from datetime import date

import dagster as dg

from omie_pipeline.app.deployment import Deployment
from omie_pipeline.assets.imports import mirror_key
from omie_pipeline.assets.jobs import MirrorJobs
from omie_pipeline.assets.pools import ensure_pools
from omie_pipeline.assets.push import push_key
from omie_pipeline.assets.run_tags import (
    EMPRESA_TAG,
    HELD_TAG,
    MODE_TAG,
    NOT_BEFORE_TAG,
    RESUME_TAG,
)
from omie_pipeline.catalog import REGISTRY
from omie_pipeline.catalog.lists import MIRROR, STATEMENT
from omie_pipeline.clock import BRASILIA
from omie_pipeline.imports.status import StoppedReading, stopped_readings
from omie_pipeline.push.unfinished import Resumable, resumable
from omie_pipeline.resources.connections import WarehouseResource
from omie_pipeline.resources.dagster_internals import RUN_KEY_TAG, AssetJob
from omie_pipeline.sensors.active_runs import UNFINISHED, tables_being_read
from omie_pipeline.sensors.ranges import range_tags
from omie_pipeline.switches.pauses import pauses_in_force
from omie_pipeline.texts import dagster as texts


def resume_sensor(registers_job: AssetJob, facts_job: AssetJob) -> dg.SensorDefinition:
    """One run per endpoint that has held rows whose wait is over; only those rows are sent."""

    @dg.sensor(
        name="retomar_retidas",
        jobs=[registers_job, facts_job],
        minimum_interval_seconds=60,
        default_status=dg.DefaultSensorStatus.RUNNING,
        description="Reenvia as linhas retidas quando o bloqueio do Omie termina.",
    )
    def retomar_retidas(
        context: dg.SensorEvaluationContext,
        warehouse: WarehouseResource,
    ) -> Iterator[dg.RunRequest | dg.SkipReason]:
        ensure_pools(context.instance)
        opened = warehouse.open()
        found = resumable(opened.engine, opened.clock.now())
        mine = [one for one in found if one.empresa in opened.empresas]
        stops = {one: opened.switches.stops(one.empresa, one.endpoint) for one in mine}
        if not found:
            yield dg.SkipReason(texts.NOTHING_HELD)
        elif mine and all(stops.values()):
            reasons = dict.fromkeys(stop[0] for stop in stops.values() if stop)
            yield dg.SkipReason(texts.all_paused("; ".join(reasons)))
        for item in mine:
            if stops[item] is None:
                yield from _requests(item, registers_job.name, facts_job.name, opened)

    return retomar_retidas


def _requests(
    item: Resumable, registers_job: str, facts_job: str, deployment: Deployment
) -> Iterator[dg.RunRequest]:
    endpoint = REGISTRY[item.endpoint]
    common = {HELD_TAG: "true"}
    run_key = f"{item.empresa}:{item.endpoint}:{item.stamp}"
    if endpoint.grain == "register":
        yield dg.RunRequest(
            run_key=run_key,
            job_name=registers_job,
            partition_key=item.empresa,
            asset_selection=[push_key(endpoint)],
            asset_check_keys=[],
            tags=common,
        )
        return
    # Rows from before a start date that was moved are in no partition any more.
    start = deployment.settings.start_date
    first = max(date.fromisoformat(item.partition_from), start)
    last = date.fromisoformat(item.partition_to)
    if last < start:
        return
    yield dg.RunRequest(
        run_key=run_key,
        job_name=facts_job,
        asset_selection=[push_key(endpoint)],
        asset_check_keys=[],
        tags={**common, **range_tags(first, last, item.empresa)},
    )


def resume_readings_sensor(jobs: MirrorJobs) -> dg.SensorDefinition:
    """One reading of an empresa at a time: the first one probes for all that a block stopped."""

    @dg.sensor(
        name="retomar_leituras",
        jobs=[jobs.registers, jobs.facts],
        minimum_interval_seconds=60,
        default_status=dg.DefaultSensorStatus.RUNNING,
        description="Continua as leituras que um bloqueio do Omie ou uma queda interrompeu.",
    )
    def retomar_leituras(
        context: dg.SensorEvaluationContext, warehouse: WarehouseResource
    ) -> Iterator[dg.RunRequest | dg.SkipReason]:
        ensure_pools(context.instance)
        opened = warehouse.open()
        asked: set[str] = set()
        paused = pauses_in_force(opened.engine, opened.empresas)
        for item in stopped_readings(opened.engine, opened.clock.now()):
            if item.empresa in asked or item.empresa in paused:
                continue
            if not _may_resume(item, opened, context.instance):
                continue
            asked.add(item.empresa)
            yield _reading_request(item, opened, jobs)
        if not asked:
            told = "; ".join(one.told for one in paused.values())
            yield dg.SkipReason(texts.all_paused(told) if told else texts.NOTHING_TO_RESUME)

    return retomar_leituras


def _may_resume(item: StoppedReading, deployment: Deployment, instance: dg.DagsterInstance) -> bool:
    if item.empresa not in deployment.empresas or item.table not in (*MIRROR, STATEMENT):
        return False
    if item.table in deployment.switches.unread_lists(item.empresa):
        return False
    if item.last is not None and item.last < deployment.settings.start_date:
        return False
    mine = dg.RunsFilter(statuses=UNFINISHED, tags={RESUME_TAG: item.empresa})
    # Dagster starts a key once: one that had its run would only keep the others from theirs.
    before = dg.RunsFilter(tags={RUN_KEY_TAG: _run_key(item)})
    if instance.get_runs(mine, limit=1) or instance.get_runs(before, limit=1):
        return False
    return item.table not in tables_being_read(instance, item.empresa)


def _run_key(item: StoppedReading) -> str:
    return f"{item.empresa}:{item.table}:{item.mode}:{item.run_id}"


def _reading_request(
    item: StoppedReading, deployment: Deployment, jobs: MirrorJobs
) -> dg.RunRequest:
    tags = {
        MODE_TAG: item.mode,
        NOT_BEFORE_TAG: item.since.isoformat(),
        EMPRESA_TAG: item.empresa,
        RESUME_TAG: item.empresa,
    }
    run_key = _run_key(item)
    keys = [mirror_key(item.table)]
    if item.table != STATEMENT and MIRROR[item.table].grain == "register":
        return dg.RunRequest(
            run_key=run_key,
            job_name=jobs.registers.name,
            partition_key=item.empresa,
            asset_selection=keys,
            asset_check_keys=[],
            tags=tags,
        )
    today = deployment.clock.now().astimezone(BRASILIA).date()
    first = last = today
    if item.mode == "full" and item.first is not None and item.last is not None:
        first = max(item.first, deployment.settings.start_date)
        last = min(item.last, today)
    return dg.RunRequest(
        run_key=run_key,
        job_name=jobs.facts.name,
        asset_selection=keys,
        asset_check_keys=[],
        tags={**tags, **range_tags(first, last, item.empresa)},
    )
