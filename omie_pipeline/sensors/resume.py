"""Resumes held rows when what held them is over: a block, a spent budget, an unclear answer."""

from collections.abc import Iterator
from datetime import date

import dagster as dg

from omie_pipeline.assets.jobs import AssetJob
from omie_pipeline.assets.pools import ensure_pools
from omie_pipeline.assets.push import HELD_TAG, push_key
from omie_pipeline.catalog import REGISTRY
from omie_pipeline.resources.dagster_resource import DeploymentResource
from omie_pipeline.resources.deployment import Deployment
from omie_pipeline.sensors.ranges import range_tags
from omie_pipeline.warehouse.unfinished import Resumable, resumable


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
        deployment: DeploymentResource,
    ) -> Iterator[dg.RunRequest | dg.SkipReason]:
        ensure_pools(context.instance)
        opened = deployment.open()
        found = resumable(opened.engine, opened.clock.now())
        if not found:
            yield dg.SkipReason("Nada retido que possa seguir agora")
        for item in found:
            if item.empresa in opened.empresas:
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
            tags=common,
        )
        return
    # Rows from before a start date that was moved are in no partition any more.
    start = deployment.settings.start_date
    first = max(date.fromisoformat(item.particao_from), start)
    last = date.fromisoformat(item.particao_to)
    if last < start:
        return
    yield dg.RunRequest(
        run_key=run_key,
        job_name=facts_job,
        asset_selection=[push_key(endpoint)],
        tags={**common, **range_tags(first, last, item.empresa)},
    )
