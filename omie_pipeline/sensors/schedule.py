"""Every six hours, daily at midnight, or by hand: registers first, then the facts that changed."""

from collections.abc import Iterator, Sequence
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import dagster as dg

from omie_pipeline.assets.jobs import AssetJob
from omie_pipeline.assets.partitions import TIMEZONE
from omie_pipeline.catalog import WRITABLE
from omie_pipeline.resources.dagster_resource import DeploymentResource
from omie_pipeline.resources.deployment import Deployment
from omie_pipeline.resources.settings import Settings
from omie_pipeline.sensors.ranges import date_ranges, range_tags
from omie_pipeline.warehouse.unfinished import unfinished_dates

_CRON = {"6h": "0 */6 * * *", "daily": "0 0 * * *", "manual": "0 0 * * *"}
SYNC_TAG = "omie_pipeline/sincronizacao"
_OVERLAP = timedelta(minutes=10)


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
        execution_timezone=TIMEZONE,
        default_status=dg.DefaultScheduleStatus.STOPPED,
        description="Envia cadastros e, em seguida, os lançamentos que mudaram.",
    )
    def sincronizacao(context: dg.ScheduleEvaluationContext) -> Iterator[dg.RunRequest]:
        moment = context.scheduled_execution_time.isoformat()
        for empresa in empresas:
            yield dg.RunRequest(
                run_key=f"{empresa}:{moment}", partition_key=empresa, tags={SYNC_TAG: moment}
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
        context: dg.RunStatusSensorContext, deployment: DeploymentResource
    ) -> Iterator[dg.RunRequest | dg.SkipReason]:
        run = context.dagster_run
        if SYNC_TAG not in run.tags:
            yield dg.SkipReason("Execução manual: os lançamentos ficam para quem a iniciou")
            return
        empresa = run.tags["dagster/partition"]
        since = datetime.fromisoformat(run.tags[SYNC_TAG]).astimezone(UTC)
        dates = pending_dates(deployment.open(), empresa, _last_sync(context, empresa, since))
        for first, last in date_ranges(dates):
            yield dg.RunRequest(
                run_key=f"{run.run_id}:{first}:{last}",
                tags={**range_tags(first, last, empresa), SYNC_TAG: run.tags[SYNC_TAG]},
            )

    return lancamentos_apos_cadastros


def pending_dates(deployment: Deployment, empresa: str, since: datetime) -> list[date]:
    """Dates with changed rows in the clinic, with unfinished rows in the ledger, and today."""
    settings = deployment.settings
    today = datetime.now(ZoneInfo(TIMEZONE)).date()
    dates = {today}
    with deployment.clinic(empresa) as clinic:
        for table in deployment.sources:
            if table.grain == "fact" and table.name not in clinic.missing_tables([table]):
                dates.update(clinic.changed_dates(table, since - _OVERLAP, empresa))
    facts = [endpoint.name for endpoint in WRITABLE if endpoint.grain == "fact"]
    dates.update(unfinished_dates(deployment.engine, empresa, facts))
    start = settings.start_date
    if settings.include_before_start and any(day < start for day in dates):
        dates.add(start)
    return sorted(day for day in dates if start <= day <= today)


def _last_sync(context: dg.RunStatusSensorContext, empresa: str, this_sync: datetime) -> datetime:
    """When the facts of this empresa were last synced by schedule; the epoch when never."""
    runs = context.instance.get_run_records(
        dg.RunsFilter(
            statuses=[dg.DagsterRunStatus.SUCCESS],
            tags={"dagster/partition": empresa},
            job_name=context.dagster_run.job_name,
        ),
        limit=20,
    )
    earlier = [
        datetime.fromisoformat(record.dagster_run.tags[SYNC_TAG]).astimezone(UTC)
        for record in runs
        if SYNC_TAG in record.dagster_run.tags
        and record.dagster_run.run_id != context.dagster_run.run_id
    ]
    before = [moment for moment in earlier if moment < this_sync]
    return max(before, default=datetime(1970, 1, 2, tzinfo=UTC))
