"""The code location: composes assets, jobs, schedules and sensors, and nothing else.

Loads without any variable set; what a run needs is read when it runs.
"""

from __future__ import annotations

import dagster as dg

from omie_pipeline.assets.extract import extract_asset
from omie_pipeline.assets.jobs import pipeline_jobs
from omie_pipeline.assets.mapping import mapping_assets
from omie_pipeline.assets.partitions import partitions_for
from omie_pipeline.assets.push import push_asset
from omie_pipeline.assets.references import reference_assets
from omie_pipeline.catalog import WRITABLE
from omie_pipeline.resources.dagster_resource import DeploymentResource
from omie_pipeline.resources.dbt import ensure_manifest
from omie_pipeline.resources.deployment import Deployment
from omie_pipeline.sensors.resume import resume_sensor
from omie_pipeline.sensors.schedule import after_registers_sensor, registers_schedule


def build() -> dg.Definitions:
    """Everything, from the settings of this process."""
    deployment = Deployment()
    partitions = partitions_for(deployment.settings, deployment.empresas)
    sources = deployment.sources
    extracted = not deployment.reads_in_place
    jobs = pipeline_jobs(sources, extracted=extracted)
    registers_job, facts_job = jobs
    schedule = registers_schedule(deployment.settings, registers_job, deployment.empresas)
    return dg.Definitions(
        assets=[
            *([extract_asset(table, partitions) for table in sources] if extracted else []),
            mapping_assets(ensure_manifest(deployment.settings)),
            *reference_assets(partitions),
            *(push_asset(endpoint, partitions) for endpoint in WRITABLE),
        ],
        jobs=jobs,
        schedules=[schedule],
        sensors=[
            after_registers_sensor(registers_job, facts_job),
            resume_sensor(registers_job, facts_job),
        ],
        resources={"deployment": DeploymentResource()},
    )


defs = build()
