"""Webhook events into readings: one run per empresa, however many events wait."""

from collections.abc import Iterator
from typing import Any

import dagster as dg

from omie_pipeline.app.inbox import may_read, process_inbox
from omie_pipeline.assets.run_tags import EMPRESA_TAG, TABLES_TAG
from omie_pipeline.inbox.events import DueTables, due_tables, purge
from omie_pipeline.resources.connections import OmieResource, WarehouseResource
from omie_pipeline.texts import dagster as texts

_UNFINISHED = [
    dg.DagsterRunStatus.QUEUED,
    dg.DagsterRunStatus.NOT_STARTED,
    dg.DagsterRunStatus.STARTING,
    dg.DagsterRunStatus.STARTED,
    dg.DagsterRunStatus.CANCELING,
]
_INTERVAL_SECONDS = 15


class InboxConfig(dg.Config):
    """What one run is to read again."""

    empresa: str
    tables: list[str]


@dg.op(name="reler_tabelas")
def read_again(
    context: dg.OpExecutionContext,
    config: InboxConfig,
    omie: OmieResource,
    warehouse: WarehouseResource,
) -> None:
    """One round; it fails if a list could not be read, so that Dagster shows it.

    Args:
        context: of the run.
        config: the empresa and its lists.
        omie: what is asked.
        warehouse: where the events wait.
    """
    report = process_inbox(warehouse.open(omie), config.empresa, config.tables, context.run_id)
    context.add_output_metadata(
        {
            "eventos": report.events,
            "feitos": report.done,
            "pendentes": report.pending,
            "sem_registro": report.no_record,
            "releituras": report.readings,
        }
    )
    if report.failures:
        told = ", ".join(f"{table} ({kind})" for table, kind in report.failures)
        raise dg.Failure(texts.events_not_read(told))


@dg.job(
    name="eventos",
    description="Lê de novo as tabelas que os eventos (webhooks) do Omie citam.",
)
def inbox_job() -> None:
    """One step: a round over the events of one empresa."""
    read_again()


def inbox_sensor() -> dg.SensorDefinition:
    """One run per empresa that has events due, over the lists that no run is reading yet."""

    @dg.sensor(
        name="eventos_do_omie",
        job=inbox_job,
        minimum_interval_seconds=_INTERVAL_SECONDS,
        default_status=dg.DefaultSensorStatus.RUNNING,
        description="Lê de novo o que os eventos (webhooks) do Omie dizem que mudou.",
    )
    def eventos_do_omie(
        context: dg.SensorEvaluationContext, omie: OmieResource, warehouse: WarehouseResource
    ) -> Iterator[dg.RunRequest | dg.SkipReason]:
        opened = warehouse.open(omie)
        now = opened.clock.now()
        purge(opened.engine, now, opened.settings.inbox_keep_days)
        requests = [
            request
            for due in due_tables(opened.engine, now)
            if may_read(opened, due.empresa)
            for request in _requests(context.instance, due)
        ]
        yield from requests
        if not requests:
            yield dg.SkipReason(texts.NO_EVENT_DUE)

    return eventos_do_omie


def _requests(instance: dg.DagsterInstance, due: DueTables) -> Iterator[dg.RunRequest]:
    going, last_run = _runs(instance, due.empresa)
    tables = [table for table in due.tables if table not in going]
    if not tables:
        return
    config: dict[str, Any] = {"empresa": due.empresa, "tables": tables}
    yield dg.RunRequest(
        # With the last run in it: what a run left behind is asked for again.
        run_key=f"{due.empresa}:{due.newest.isoformat()}:{last_run}",
        run_config={"ops": {"reler_tabelas": {"config": config}}},
        tags={EMPRESA_TAG: due.empresa, TABLES_TAG: ",".join(tables)},
    )


def _runs(instance: dg.DagsterInstance, empresa: str) -> tuple[set[str], str]:
    """Lists that unfinished runs are to read, and the id of the newest run of all."""
    tags = {EMPRESA_TAG: empresa}
    unfinished = instance.get_runs(
        dg.RunsFilter(job_name=inbox_job.name, tags=tags, statuses=_UNFINISHED)
    )
    going = {name for run in unfinished for name in run.tags.get(TABLES_TAG, "").split(",")}
    newest = instance.get_runs(dg.RunsFilter(job_name=inbox_job.name, tags=tags), limit=1)
    return going, newest[0].run_id if newest else ""
