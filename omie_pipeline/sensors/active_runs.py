"""What is queued or running now, so that no run is started beside another."""

from __future__ import annotations

from dagster import DagsterInstance, DagsterRun, DagsterRunStatus, RunsFilter

from omie_pipeline.assets.jobs import MIRROR_FACTS_JOB, MIRROR_REGISTERS_JOB
from omie_pipeline.catalog.lists import MIRROR, STATEMENT
from omie_pipeline.resources.dagster_internals import PARTITION_TAG, RANGE_START_TAG

UNFINISHED = [
    DagsterRunStatus.QUEUED,
    DagsterRunStatus.NOT_STARTED,
    DagsterRunStatus.STARTING,
    DagsterRunStatus.STARTED,
    DagsterRunStatus.CANCELING,
]


def tables_being_read(instance: DagsterInstance, empresa: str) -> frozenset[str]:
    """Tables of the mirror that an unfinished run of this empresa is to read."""
    runs = instance.get_runs(RunsFilter(statuses=UNFINISHED))
    return frozenset(
        name for run in runs if _empresa_of(run) in (empresa, "") for name in _tables_of(run)
    )


def _tables_of(run: DagsterRun) -> list[str]:
    if run.asset_selection is not None:
        chosen = {tuple(key.path) for key in run.asset_selection}
        return [name for name in (*MIRROR, STATEMENT) if ("omie", name) in chosen]
    grain = {MIRROR_REGISTERS_JOB: "register", MIRROR_FACTS_JOB: "fact"}.get(run.job_name)
    names = [name for name, mirror in MIRROR.items() if mirror.grain == grain]
    return [*names, STATEMENT] if grain == "fact" else names


def _empresa_of(run: DagsterRun) -> str:
    """Last part of its partition, ``""`` if it has none."""
    for tag in (PARTITION_TAG, RANGE_START_TAG):
        if tag in run.tags:
            return run.tags[tag].rsplit("|", 1)[-1]
    return ""
