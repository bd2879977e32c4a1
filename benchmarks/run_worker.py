"""Dagster's side of the measures of runs, as a process of its own.

``prepare`` makes Dagster's folder and schema, and the sample's defaults. ``create`` makes runs, of
which each line of standard input tells job, tags and configuration, and prints for each what a
launcher would hand to the process of the run.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any


def prepare() -> None:
    """What ``omie-pipeline dev`` does before the first server."""
    from omie_pipeline.app.deployment import Deployment
    from omie_pipeline.cli.sandbox import give_sample_defaults
    from omie_pipeline.resources.dagster_home import prepare_dagster_home
    from omie_pipeline.resources.dbt import ensure_manifest

    deployment = Deployment()
    assert deployment.engine is not None
    prepare_dagster_home(deployment.settings.home)
    give_sample_defaults(deployment)
    ensure_manifest(deployment.settings)
    print(json.dumps(dict(deployment.dagster_environment())))


def create() -> None:
    """Runs that nobody has started yet."""
    import dagster as dg
    from dagster._core.definitions.reconstruct import ReconstructableRepository
    from dagster._grpc.types import ExecuteRunArgs
    from dagster._serdes import serialize_value

    from omie_pipeline.assets.pools import ensure_pools

    made: list[dict[str, str]] = []
    with dg.DagsterInstance.get() as instance:
        ensure_pools(instance)
        for line in sys.stdin:
            wanted: dict[str, Any] = json.loads(line)
            module = wanted.get("module", "omie_pipeline.definitions")
            repository = ReconstructableRepository.for_module(module, "defs", str(Path.cwd()))
            job = repository.get_reconstructable_job(wanted["job"])
            run = instance.create_run_for_job(
                job.get_definition(),
                tags=wanted["tags"],
                run_config=wanted.get("config", {}),
                job_code_origin=job.get_python_origin(),
            )
            handed = ExecuteRunArgs(job.get_python_origin(), run.run_id, instance.get_ref())
            made.append({"run_id": run.run_id, "args": serialize_value(handed)})
    print(json.dumps(made))


if __name__ == "__main__":
    {"prepare": prepare, "create": create}[sys.argv[1]]()
