"""Every six hours, daily at midnight, or by hand: registers first, then the facts that changed."""

from collections import defaultdict
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime

import dagster as dg

from omie_pipeline.app.push_all import NO_SYNC, pending_dates
from omie_pipeline.assets.pools import ensure_pools
from omie_pipeline.assets.run_tags import EMPRESA_TAG, SYNC_TAG
from omie_pipeline.config.settings import Settings
from omie_pipeline.resources.connections import ClinicResource, WarehouseResource
from omie_pipeline.resources.dagster_internals import PARTITION_TAG, RANGE_START_TAG, AssetJob
from omie_pipeline.sensors.full_builds import full_tags
from omie_pipeline.sensors.ranges import date_ranges, range_tags
from omie_pipeline.switches.pauses import pause_in_force, pauses_in_force
from omie_pipeline.texts import dagster as texts

_CRON = {"6h": "0 */6 * * *", "daily": "0 0 * * *", "manual": "0 0 * * *"}
_LOOKED_BACK = 200


def registers_schedule(
    settings: Settings, job: AssetJob, empresas: Sequence[str]
) -> dg.ScheduleDefinition:
    """One run of the registers job per empresa; the facts follow by sensor.

    ``OMIE_PIPELINE_SCHEDULE=manual`` leaves it in the UI, stopped, with nothing to start it.
    """

    @dg.schedule(
        name="sincronizacao",
        job=job,
        cron_schedule=_CRON[settings.schedule],
        execution_timezone=settings.time_zone,
        default_status=dg.DefaultScheduleStatus.STOPPED,
        description="Envia cadastros e, em seguida, os lançamentos que mudaram.",
    )
    def sincronizacao(
        context: dg.ScheduleEvaluationContext, warehouse: WarehouseResource
    ) -> Iterator[dg.RunRequest | dg.SkipReason]:
        paused = pauses_in_force(warehouse.open().engine, empresas)
        if len(paused) == len(empresas):
            yield dg.SkipReason(texts.all_paused("; ".join(one.told for one in paused.values())))
            return
        at = context.scheduled_execution_time
        moment = at.isoformat()
        for empresa in empresas:
            if empresa in paused:
                continue
            whose = {PARTITION_TAG: empresa}
            full = full_tags(context.instance, job.name, whose, at, settings.zone)
            yield dg.RunRequest(
                run_key=f"{empresa}:{moment}",
                partition_key=empresa,
                tags={SYNC_TAG: moment, **full},
            )

    return sincronizacao


def after_registers_sensor(registers_job: AssetJob, facts_job: AssetJob) -> dg.SensorDefinition:
    """When a scheduled registers run is done, run the facts of the dates that need it."""

    @dg.run_status_sensor(
        name="lancamentos_apos_cadastros",
        run_status=dg.DagsterRunStatus.SUCCESS,
        monitored_jobs=[registers_job],
        request_job=facts_job,
        default_status=dg.DefaultSensorStatus.RUNNING,
        description="Depois dos cadastros de uma sincronização, envia as datas com mudanças.",
    )
    def lancamentos_apos_cadastros(
        context: dg.RunStatusSensorContext, clinic: ClinicResource, warehouse: WarehouseResource
    ) -> Iterator[dg.RunRequest | dg.SkipReason]:
        run = context.dagster_run
        if SYNC_TAG not in run.tags:
            yield dg.SkipReason(texts.STARTED_BY_HAND)
            return
        ensure_pools(context.instance)
        empresa, this_sync = run.tags[PARTITION_TAG], run.tags[SYNC_TAG]
        paused = pause_in_force(warehouse.open(clinic).engine, empresa)
        if paused is not None:
            yield dg.SkipReason(texts.empresa_paused(paused.told))
            return
        since = last_complete_sync(context.instance, facts_job.name, empresa)
        opened, whose = warehouse.open(clinic), {EMPRESA_TAG: empresa}
        at, zone = opened.clock.now(), opened.settings.zone
        # Before the first is asked for: every range is told the same. Today always is in one.
        full = full_tags(context.instance, facts_job.name, whose, at, zone)
        for first, last in date_ranges(pending_dates(opened, empresa, since)):
            yield dg.RunRequest(
                run_key=f"{run.run_id}:{first}:{last}",
                tags={
                    **range_tags(first, last, empresa),
                    SYNC_TAG: this_sync,
                    **whose,
                    **full,
                },
            )

    return lancamentos_apos_cadastros


def last_complete_sync(instance: dg.DagsterInstance, facts_job: str, empresa: str) -> datetime:
    """The newest sync whose facts were all delivered; the epoch if there is none.

    What changed since then is looked at again: a sync that failed half-way loses no date.
    """
    records = instance.get_run_records(
        dg.RunsFilter(job_name=facts_job, tags={EMPRESA_TAG: empresa}), limit=_LOOKED_BACK
    )
    wanted: defaultdict[str, set[str]] = defaultdict(set)
    done: defaultdict[str, set[str]] = defaultdict(set)
    for run in (record.dagster_run for record in records):
        moment, part = run.tags.get(SYNC_TAG), run.tags.get(RANGE_START_TAG, "")
        if moment is None:
            continue
        wanted[moment].add(part)
        if run.status == dg.DagsterRunStatus.SUCCESS:
            done[moment].add(part)
    if len(records) == _LOOKED_BACK and wanted:
        # The oldest sync may have runs beyond what was read: it proves nothing.
        del wanted[min(wanted)]
    complete = [datetime.fromisoformat(m) for m, parts in wanted.items() if parts <= done[m]]
    return max((m.astimezone(UTC) for m in complete), default=NO_SYNC)
