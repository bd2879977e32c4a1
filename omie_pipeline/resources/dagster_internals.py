"""What Dagster gives no public name: the only module that imports from its inside.

The tags are strings of ours, since they stand in stored runs and in what people filter by; a test
holds them equal to Dagster's.
"""

from __future__ import annotations

# The only way to tie a check's verdict to its partition's materialization.
from dagster._core.definitions.asset_checks.asset_check_evaluation import (
    AssetCheckEvaluationTargetMaterializationData as TargetMaterialization,
)

# What dg.define_asset_job returns.
from dagster._core.definitions.unresolved_asset_job_definition import (
    UnresolvedAssetJobDefinition as AssetJob,
)

# What a launcher answers to Dagster's monitoring of runs.
from dagster._core.launcher.base import CheckRunHealthResult, WorkerStatus

__all__ = [
    "PARTITION_TAG",
    "RANGE_END_TAG",
    "RANGE_START_TAG",
    "RUN_KEY_TAG",
    "AssetJob",
    "CheckRunHealthResult",
    "TargetMaterialization",
    "WorkerStatus",
]

PARTITION_TAG = "dagster/partition"
RANGE_START_TAG = "dagster/asset_partition_range_start"
RANGE_END_TAG = "dagster/asset_partition_range_end"
RUN_KEY_TAG = "dagster/run_key"
