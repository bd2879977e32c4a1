"""The code location: composes assets, jobs, schedules and sensors, and nothing else.

Loads without any variable set; what a run needs is read when it runs.
"""

from __future__ import annotations

import gc

# What is loaded here stays: to look for garbage in it meanwhile takes a sixth of the time.
gc.disable()

import dagster as dg

from omie_pipeline.app.deployment import Deployment
from omie_pipeline.assets.extract import extract_asset
from omie_pipeline.assets.imports import mirror_assets
from omie_pipeline.assets.jobs import mirror_jobs, pipeline_jobs
from omie_pipeline.assets.mapping import mapping_assets, source_specs
from omie_pipeline.assets.nfse import nfse
from omie_pipeline.assets.partitions import partitions_for
from omie_pipeline.assets.push import push_asset
from omie_pipeline.assets.reconciliation import reconciliation_asset
from omie_pipeline.assets.status import situacao
from omie_pipeline.assets.way_back import saida
from omie_pipeline.catalog import WRITABLE
from omie_pipeline.resources.connections import connections
from omie_pipeline.resources.dbt import dbt_resource, ensure_manifest
from omie_pipeline.resources.executors import run_executor
from omie_pipeline.sensors.alerts import alerts_sensor
from omie_pipeline.sensors.changes import watch_sensors
from omie_pipeline.sensors.import_schedules import mirror_schedules
from omie_pipeline.sensors.inbox import inbox_job, inbox_sensor
from omie_pipeline.sensors.nfse import nfse_sensor
from omie_pipeline.sensors.push_schedules import after_registers_sensor, registers_schedule
from omie_pipeline.sensors.resume import resume_readings_sensor, resume_sensor
from omie_pipeline.sensors.status import status_sensor
from omie_pipeline.sensors.way_back import way_back_sensor


def build() -> dg.Definitions:
    """Everything, from the settings of this process."""
    return build_with(run_executor)


def build_with(executor: dg.ExecutorDefinition) -> dg.Definitions:
    """The same with another executor: the measures compare ours with Dagster's own."""
    deployment = Deployment()
    settings, empresas = deployment.settings, deployment.empresas
    told_back = any(one.saida is not None for one in deployment.config.empresas)
    partitions = partitions_for(settings, empresas)
    sources = deployment.sources
    extracted = not deployment.reads_in_place
    registers_job, facts_job = pipeline_jobs(sources, extracted=extracted)
    back = mirror_jobs()
    asset_jobs = [registers_job, facts_job, *back.all()]
    manifest = ensure_manifest(settings)
    mapping = mapping_assets(manifest, settings.schemas)
    assets = [
        *([extract_asset(table, partitions) for table in sources] if extracted else []),
        mapping,
        *mirror_assets(partitions),
        *(
            push_asset(endpoint, deployment.policy(endpoint.name), partitions)
            for endpoint in WRITABLE
        ),
        reconciliation_asset(partitions),
        situacao,
        nfse,
        *([saida] if told_back else []),
    ]
    made = {key for one in assets for key in one.keys}
    read_only = source_specs(manifest, settings.schemas, set(mapping.dependency_keys) - made)
    return dg.Definitions(
        assets=[*assets, *read_only],
        jobs=[*asset_jobs, inbox_job],
        schedules=[
            registers_schedule(settings, registers_job, empresas),
            *mirror_schedules(settings, back, deployment.config),
        ],
        sensors=[
            after_registers_sensor(registers_job, facts_job),
            resume_sensor(registers_job, facts_job),
            resume_readings_sensor(back),
            *watch_sensors(back),
            inbox_sensor(),
            nfse_sensor(),
            status_sensor(),
            *([way_back_sensor()] if told_back else []),
            alerts_sensor([inbox_job.name, *(job.name for job in asset_jobs)]),
        ],
        resources={**connections(deployment), "dbt": dbt_resource(settings)},
        executor=executor,
    )


try:
    defs = build()
    gc.freeze()
finally:
    # The code server lives on to show why they could not be made.
    gc.enable()
