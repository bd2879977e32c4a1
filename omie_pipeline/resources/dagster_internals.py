"""What Dagster gives no public name: the only module that imports from its inside.

The tags are strings of ours, since they stand in stored runs and in what people filter by; a test
holds them equal to Dagster's.
"""

from __future__ import annotations

import time

import sqlalchemy as sa

# The only way to tie a check's verdict to its partition's materialization.
from dagster._core.definitions.asset_checks.asset_check_evaluation import (
    AssetCheckEvaluationTargetMaterializationData as TargetMaterialization,
)

# What dg.define_asset_job returns.
from dagster._core.definitions.unresolved_asset_job_definition import (
    UnresolvedAssetJobDefinition as AssetJob,
)

# What a step claims its place in a pool with.
from dagster._core.execution.plan.instance_concurrency_context import InstanceConcurrencyContext

# What a launcher answers to Dagster's monitoring of runs.
from dagster._core.launcher.base import CheckRunHealthResult, WorkerStatus

# What Dagster remembers of a verdict.
from dagster._core.storage.asset_check_execution_record import (
    AssetCheckExecutionRecordStatus as CheckStatus,
)

__all__ = [
    "PARTITION_TAG",
    "RANGE_END_TAG",
    "RANGE_START_TAG",
    "RUN_KEY_TAG",
    "AssetJob",
    "CheckRunHealthResult",
    "CheckStatus",
    "TargetMaterialization",
    "WorkerStatus",
    "check_executions",
    "event_log",
    "sleep_between_claims",
]

PARTITION_TAG = "dagster/partition"
RANGE_START_TAG = "dagster/asset_partition_range_start"
RANGE_END_TAG = "dagster/asset_partition_range_end"
RUN_KEY_TAG = "dagster/run_key"


def event_log() -> sa.Table:
    """Dagster's table of events; asked for where it is needed, since much comes along with it."""
    from dagster._core.storage.event_log.schema import SqlEventLogStorageTable

    return SqlEventLogStorageTable


def check_executions() -> sa.Table:
    """Dagster's table of verdicts, from which its pages read."""
    from dagster._core.storage.event_log.schema import AssetCheckExecutionsTable

    return AssetCheckExecutionsTable


def sleep_between_claims() -> None:
    """Let a run whose next step waits for its pool sleep until it may ask again.

    Dagster takes the least of zero and what is left, so that the process of the run asks itself
    without a pause and takes a whole core, for as long as another run holds the pool.
    """

    def left(self: InstanceConcurrencyContext) -> float:
        now = time.time()
        waits = [at - now for at in self._pending_timeouts.values()]
        return max(0.0, min(waits, default=0.0))

    InstanceConcurrencyContext.interval_to_next_pending_claim_check = left  # type: ignore[method-assign]
