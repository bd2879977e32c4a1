"""The tags of a run that say what it is to do, and who started it."""

from __future__ import annotations

from collections.abc import Mapping

from omie_pipeline.texts import dagster as texts

TRIGGER_TAG = "omie_pipeline/trigger"
EMPRESA_TAG = "omie_pipeline/empresa"
MODE_TAG = "omie_pipeline/mode"
"""``full`` (default) or ``incremental``: how Omie is read."""
APPROVE_TAG = "omie_pipeline/approve"
"""``true``: a person approved what a guardrail stopped."""
PLAN_TAG = "omie_pipeline/plan"
"""Number of an approved plan: a run sends what it shows of the assets that it makes, or nothing."""
BY_TAG = "omie_pipeline/by"
"""Name of the person who applies the plan: Dagster itself knows nobody."""
FULL_TAG = "omie_pipeline/full"
"""``true``: dbt makes all models anew and tests them, whatever stands."""
HELD_TAG = "omie_pipeline/only_held"
"""``true``: only rows that an earlier run held."""
UNFINISHED_TAG = "omie_pipeline/only_pending"
"""``true``: only rows that are not delivered yet."""
TABLES_TAG = "omie_pipeline/tables"
"""Lists that a run reads again because webhook events named them."""
SYNC_TAG = "omie_pipeline/sync"
"""Moment at which the schedule began: its runs of registers and of facts belong together."""
RESUME_TAG = "omie_pipeline/resume"
"""Empresa of a reading that goes on where it stopped."""
DIRECTION_TAG = "omie_pipeline/direction"
"""Of an asset: ``to_omie``, ``from_omie`` or ``both``."""
PROGRESS_TAG = "omie_pipeline/progress"
"""How far the run was, and when: written by long steps while they go on."""
NOT_BEFORE_TAG = "omie_pipeline/not_before"
"""ISO moment: what a question asked since then has proven is not asked again."""
TRUE = ("true", "sim", "1")
"""Values by which a tag says yes."""


def trigger_of(tags: Mapping[str, str]) -> str:
    """Who started a run, for the history."""
    if TRIGGER_TAG in tags:
        return tags[TRIGGER_TAG]
    if "dagster/schedule_name" in tags:
        return "schedule"
    return "sensor" if "dagster/sensor_name" in tags else "ui"


def person_of(tags: Mapping[str, str], run_id: str) -> str:
    """Who applies a plan by a run: the name of its tag, else the run, by which they are found.

    Args:
        tags: of the run.
        run_id: Dagster's id of it.
    """
    return tags.get(BY_TAG, "").strip() or texts.somebody_by_run(run_id[:8])
