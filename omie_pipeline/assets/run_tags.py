"""The tags of a run that say what it is to do, and who started it."""

from __future__ import annotations

from collections.abc import Mapping

TRIGGER_TAG = "omie_pipeline/trigger"
EMPRESA_TAG = "omie_pipeline/empresa"
MODE_TAG = "omie_pipeline/mode"
"""``full`` (default) or ``incremental``: how Omie is read."""
NOT_BEFORE_TAG = "omie_pipeline/not_before"
"""ISO moment: what a question asked since then has proven is not asked again."""


def trigger_of(tags: Mapping[str, str]) -> str:
    """Who started a run, for the history."""
    if TRIGGER_TAG in tags:
        return tags[TRIGGER_TAG]
    if "dagster/schedule_name" in tags:
        return "schedule"
    return "sensor" if "dagster/sensor_name" in tags else "ui"
