"""Once a day dbt makes everything anew and runs its tests, whatever stands.

Each job that makes models does so in its first scheduled run of a day; if that one fails, in the
next, and until one got through.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from zoneinfo import ZoneInfo

import dagster as dg

from omie_pipeline.assets.run_tags import FULL_TAG, trigger_of

_FAILED = (
    dg.DagsterRunStatus.FAILURE,
    dg.DagsterRunStatus.CANCELING,
    dg.DagsterRunStatus.CANCELED,
)


def full_tags(
    instance: dg.DagsterInstance,
    job: str,
    whose: Mapping[str, str],
    at: datetime,
    zone: ZoneInfo,
) -> dict[str, str]:
    """What a run is told that is to make everything; empty if one of its day did, or is at it.

    Args:
        instance: which knows the runs.
        job: name of the job.
        whose: the tag by which runs of the same empresa are found.
        at: when the run is due.
        zone: the clinic's, whose days are meant.
    """
    midnight = at.astimezone(zone).replace(hour=0, minute=0, second=0, microsecond=0)
    of_the_day = dg.RunsFilter(
        job_name=job, tags={**whose, FULL_TAG: "true"}, created_after=midnight
    )
    # What a person starts may be of a few models only.
    done = any(
        run.status not in _FAILED and trigger_of(run.tags) != "ui"
        for run in instance.get_runs(of_the_day)
    )
    return {} if done else {FULL_TAG: "true"}
