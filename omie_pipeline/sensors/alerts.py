"""Send alerts, every minute, about what is wrong by the warehouse and Dagster."""

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

import dagster as dg

from omie_pipeline.alerts.channels import notify_channels
from omie_pipeline.alerts.conditions import KINDS, evaluate_alerts, resting_alerts, told_moment
from omie_pipeline.alerts.deduplication import Alert, open_of
from omie_pipeline.alerts.send import send_alerts
from omie_pipeline.assets.run_tags import EMPRESA_TAG
from omie_pipeline.resources.connections import WarehouseResource
from omie_pipeline.resources.dagster_internals import PARTITION_TAG, RANGE_START_TAG
from omie_pipeline.status.health import told_by_tables
from omie_pipeline.switches.pauses import pauses_in_force
from omie_pipeline.texts import dagster as texts
from omie_pipeline.texts.alerts import NO_CHANNEL

DEAD_RUN = "execucao"
_ENDED = [dg.DagsterRunStatus.SUCCESS, dg.DagsterRunStatus.FAILURE]
_LOOKED_BACK = 50
_INTERVAL_SECONDS = 60


def alerts_sensor(job_names: Sequence[str]) -> dg.SensorDefinition:
    """The sensor ``alertas``; failed runs of ``job_names`` raise alerts."""

    @dg.sensor(
        name="alertas",
        minimum_interval_seconds=_INTERVAL_SECONDS,
        default_status=dg.DefaultSensorStatus.RUNNING,
        description="Avisa por e-mail, Slack ou SMS do que falhou e de quando passou.",
    )
    def alertas(
        context: dg.SensorEvaluationContext, warehouse: WarehouseResource
    ) -> Iterator[dg.SkipReason]:
        opened = warehouse.open()
        channels = notify_channels(opened.settings, opened.config)
        if not channels:
            yield dg.SkipReason(NO_CHANNEL)
            return
        now = opened.clock.now()
        ended = ended_runs(context.instance, job_names, opened.empresas)
        failed = {one.run_id: one for one in ended.values() if one.failed}
        paused = pauses_in_force(opened.engine, opened.empresas)
        active = [name for name in opened.empresas if name not in paused]
        known = told_by_tables(opened.engine, failed)
        alerts = [
            *evaluate_alerts(
                opened.engine,
                opened.empresas,
                opened.config.policies,
                now,
                opened.settings.longest_silence,
                opened.config.targets,
                opened.switches,
            ),
            *(
                _alert(one)
                for one in failed.values()
                if one.run_id not in known and one.empresa not in paused
            ),
            *still_failed(context.instance, open_of(opened.engine, DEAD_RUN), ended, active),
        ]
        resting = resting_alerts(opened.engine, opened.empresas, opened.switches)
        sent = send_alerts(opened.engine, alerts, channels, now, (*KINDS, DEAD_RUN), resting)
        if sent is None:
            yield dg.SkipReason(texts.ANOTHER_SENDS)
            return
        told = sum(one.ok for one in sent)
        yield dg.SkipReason(texts.alerts_sent(alerts=len(alerts), sent=told, messages=len(sent)))

    return alertas


@dataclass(frozen=True, slots=True)
class EndedRun:
    """The newest ended run of a job for an empresa (``""``: its tags do not say)."""

    job: str
    empresa: str
    run_id: str
    failed: bool
    ended_at: datetime


def ended_runs(
    instance: dg.DagsterInstance, job_names: Sequence[str], empresas: Collection[str]
) -> dict[str, EndedRun]:
    """The newest ended run of each job and empresa, by the key of its alert.

    It sees the last ended runs of each job: enough for all that ended since the minute before. What
    is not among them has not changed (:func:`still_failed`). A cancelled run counts for nothing.
    """
    found: dict[str, EndedRun] = {}
    for job in job_names:
        records = instance.get_run_records(
            dg.RunsFilter(job_name=job, statuses=_ENDED), limit=_LOOKED_BACK
        )
        for record in records:
            one = _ended_run(job, record, _empresa(record.dagster_run.tags, empresas))
            found.setdefault(_key(job, one.empresa), one)
    return found


def still_failed(
    instance: dg.DagsterInstance,
    on: Iterable[Alert],
    ended: Mapping[str, EndedRun],
    empresas: Collection[str],
) -> Iterator[Alert]:
    """Alerts that were on, and of whose job and empresa no later run is known to have passed.

    Args:
        instance: the instance of Dagster.
        on: alerts that are open.
        ended: alerts of the last ended runs, which were raised already.
        empresas: the configured empresas.
    """
    for alert in on:
        if alert.key in ended or (alert.empresa and alert.empresa not in empresas):
            continue
        job = alert.key.split(":")[1]
        newer = [
            _ended_run(job, record, alert.empresa)
            for tag in (EMPRESA_TAG, PARTITION_TAG)
            if alert.empresa
            for record in instance.get_run_records(
                dg.RunsFilter(job_name=job, statuses=_ENDED, tags={tag: alert.empresa}), limit=1
            )
        ]
        passed = [one.ended_at for one in newer if not one.failed]
        if not passed or max(passed) <= alert.since:
            yield alert


def _ended_run(job: str, record: dg.RunRecord, empresa: str) -> EndedRun:
    run = record.dagster_run
    failed = run.status == dg.DagsterRunStatus.FAILURE
    return EndedRun(job, empresa, run.run_id, failed, _ended_at(record))


def _key(job: str, empresa: str) -> str:
    return f"{DEAD_RUN}:{job}:{empresa}"


def _empresa(tags: Mapping[str, str], empresas: Collection[str]) -> str:
    """The empresa a run was for; ``""`` if its tags do not say."""
    for tag in (EMPRESA_TAG, RANGE_START_TAG, PARTITION_TAG):
        name = tags.get(tag, "").rsplit("|", 1)[-1]
        if name in empresas:
            return name
    return ""


def _ended_at(record: dg.RunRecord) -> datetime:
    if record.end_time is None:
        return record.create_timestamp
    return datetime.fromtimestamp(record.end_time, UTC)


def _alert(one: EndedRun) -> Alert:
    about = f"{one.empresa}: " if one.empresa else ""
    return Alert(
        _key(one.job, one.empresa),
        one.empresa,
        DEAD_RUN,
        texts.run_failed(about=about, job=one.job),
        texts.run_failed_fix(told_moment(one.ended_at)),
        one.ended_at,
    )
