"""The asset graph as text: what one sees of it in Dagster, one line for each asset's facts.

``make generate`` writes it to ``tests/dagster/asset_graph.json``; a test compares it, so that a
change of a key, a dependency, a partition, a check, an owner or a job shows in the review.
"""

from __future__ import annotations

import json
import os
import sys
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import dagster as dg

SNAPSHOT = Path(__file__).parents[2] / "tests" / "dagster" / "asset_graph.json"
STAGING = "canonica"
_OF_AN_INSTALLATION = ("OMIE_", "WAREHOUSE_URL", "CLINIC_URL")


def asset_graph_text(definitions: dg.Definitions) -> str:
    """The graph of these definitions as JSON, sorted throughout."""
    found = {
        "assets": _assets(definitions),
        "jobs": _jobs(definitions),
        "schedules": _schedules(definitions),
        "sensors": _sensors(definitions),
    }
    return json.dumps(found, indent=1, sort_keys=True, ensure_ascii=False) + "\n"


def _assets(definitions: dg.Definitions) -> dict[str, Any]:
    graph = definitions.resolve_asset_graph()
    checks: dict[str, list[str]] = {}
    for check in graph.asset_check_keys:
        checks.setdefault(check.asset_key.to_user_string(), []).append(check.name)
    found: dict[str, Any] = {}
    for key in graph.get_all_asset_keys():
        node, name = graph.get(key), key.to_user_string()
        found[name] = {
            "checks": sorted(checks.get(name, [])),
            "deps": sorted(parent.to_user_string() for parent in node.parent_keys),
            "group": node.group_name,
            "kinds": sorted(node.kinds),
            "made_here": node.is_materializable,
            "owners": sorted(node.owners),
            "partitions": _partitions(node.partitions_def),
            "pools": sorted(node.pools or ()),
            "tags": _own_tags(node.tags),
        }
    return found


def _own_tags(tags: Mapping[str, str]) -> dict[str, str]:
    """Without those by which Dagster notes the kinds."""
    return {name: value for name, value in tags.items() if not name.startswith("dagster/kind/")}


def _partitions(definition: dg.PartitionsDefinition[str] | None) -> Any:
    """The kind, not the keys: those grow with the days."""
    import dagster as dg

    if isinstance(definition, dg.MultiPartitionsDefinition):
        return {one.name: _partitions(one.partitions_def) for one in definition.partitions_defs}
    return None if definition is None else type(definition).__name__


def _jobs(definitions: dg.Definitions) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for job in definitions.get_repository_def().get_all_jobs():
        # Dagster's own, for what a person selects by hand.
        if job.name.startswith("__"):
            continue
        keys = job.asset_layer.executable_asset_keys
        found[job.name] = sorted(key.to_user_string() for key in keys)
    return found


def _schedules(definitions: dg.Definitions) -> dict[str, Any]:
    return {
        one.name: {
            "cron": one.cron_schedule,
            "job": one.job_name,
            "starts": one.default_status.value,
            "time_zone": one.execution_timezone,
        }
        for one in definitions.get_repository_def().schedule_defs
    }


def _sensors(definitions: dg.Definitions) -> dict[str, Any]:
    return {
        one.name: {
            "every_seconds": one.minimum_interval_seconds,
            "jobs": sorted(target.job_name for target in one.targets),
            "starts": one.default_status.value,
        }
        for one in definitions.get_repository_def().sensor_defs
    }


def main() -> int:
    """Write the snapshot, as an installation without a variable of its own has the graph."""
    for name in [one for one in os.environ if one.startswith(_OF_AN_INSTALLATION)]:
        del os.environ[name]
    with tempfile.TemporaryDirectory() as folder:
        os.environ |= {
            "OMIE_PIPELINE_HOME": folder,
            "OMIE_PIPELINE_MODELS": f"{folder}/none",
            "OMIE_PIPELINE_STAGING": STAGING,
        }
        from omie_pipeline.config import settings

        # A developer's own .env shapes no committed file.
        settings.env_file = lambda: Path(folder) / ".env"
        from omie_pipeline.definitions import defs

        SNAPSHOT.write_text(asset_graph_text(defs), encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
