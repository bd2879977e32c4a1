"""Who should know is told: every minute, what the warehouse and Dagster say is wrong."""

from collections.abc import Collection, Iterator, Mapping, Sequence
from datetime import UTC, datetime

import dagster as dg
from dagster._core.storage.tags import ASSET_PARTITION_RANGE_START_TAG, PARTITION_NAME_TAG

from omie_pipeline.resources.dagster_resource import DeploymentResource
from omie_pipeline.resources.notifying import NO_CHANNEL, notify_channels
from omie_pipeline.sync.alerts import KINDS, evaluate_alerts, told_moment
from omie_pipeline.sync.telling import deliver
from omie_pipeline.warehouse.latest import told_by_tables
from omie_pipeline.warehouse.notifications import Alert

DEAD_RUN = "execucao"
_EMPRESA_TAG = "omie_pipeline/empresa"
_ENDED = [dg.DagsterRunStatus.SUCCESS, dg.DagsterRunStatus.FAILURE]
_LOOKED_BACK = 50
_INTERVAL_SECONDS = 60


def alerts_sensor(job_names: Sequence[str]) -> dg.SensorDefinition:
    """The sensor ``alertas``; ``job_names`` are the jobs whose failed runs are told of."""

    @dg.sensor(
        name="alertas",
        minimum_interval_seconds=_INTERVAL_SECONDS,
        default_status=dg.DefaultSensorStatus.RUNNING,
        description="Avisa por e-mail, Slack ou SMS do que falhou e de quando passou.",
    )
    def alertas(
        context: dg.SensorEvaluationContext, deployment: DeploymentResource
    ) -> Iterator[dg.SkipReason]:
        opened = deployment.open()
        channels = notify_channels(opened.settings, opened.config)
        if not channels:
            yield dg.SkipReason(NO_CHANNEL)
            return
        now = opened.clock.now()
        ended = failed_runs(context.instance, job_names, opened.empresas)
        known = told_by_tables(opened.engine, ended)
        alerts = [
            *evaluate_alerts(opened.engine, opened.empresas, opened.config.policies, now),
            *(alert for run_id, alert in ended.items() if run_id not in known),
        ]
        sent = deliver(opened.engine, alerts, channels, now, (*KINDS, DEAD_RUN))
        if sent is None:
            yield dg.SkipReason("Outro processo está avisando agora")
            return
        told = sum(one.ok for one in sent)
        yield dg.SkipReason(f"{len(alerts)} alertas; {told} de {len(sent)} mensagens entregues")

    return alertas


def failed_runs(
    instance: dg.DagsterInstance, job_names: Sequence[str], empresas: Collection[str]
) -> dict[str, Alert]:
    """Jobs whose newest ended run of an empresa failed, by the id of that run.

    It sees the last 50 ended runs of each job; a cancelled run counts for nothing.
    """
    found: dict[str, Alert] = {}
    for job in job_names:
        records = instance.get_run_records(
            dg.RunsFilter(job_name=job, statuses=_ENDED), limit=_LOOKED_BACK
        )
        seen: set[str] = set()
        for record in records:
            run = record.dagster_run
            empresa = _empresa(run.tags, empresas)
            if empresa not in seen and run.status == dg.DagsterRunStatus.FAILURE:
                found[run.run_id] = _alert(job, empresa, _ended_at(record))
            seen.add(empresa)
    return found


def _empresa(tags: Mapping[str, str], empresas: Collection[str]) -> str:
    """The empresa a run was for; ``""`` where its tags do not say."""
    for tag in (_EMPRESA_TAG, ASSET_PARTITION_RANGE_START_TAG, PARTITION_NAME_TAG):
        name = tags.get(tag, "").rsplit("|", 1)[-1]
        if name in empresas:
            return name
    return ""


def _ended_at(record: dg.RunRecord) -> datetime:
    if record.end_time is None:
        return record.create_timestamp
    return datetime.fromtimestamp(record.end_time, UTC)


def _alert(job: str, empresa: str, since: datetime) -> Alert:
    about = f"{empresa}: " if empresa else ""
    return Alert(
        f"{DEAD_RUN}:{job}:{empresa}",
        empresa,
        DEAD_RUN,
        f"{about}a execução {job} do Dagster falhou",
        f"Em {told_moment(since)}. O que fazer: abra a execução no Dagster (Runs), veja a etapa em "
        "vermelho e repita.",
        since,
    )
