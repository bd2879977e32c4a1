"""Checks of a partitioned asset: one verdict for each partition, so that none hides another.

Dagster can plan the checks of a run beforehand. What was planned and never evaluated is red, though
nothing is wrong with the data, and over a range of days every plan repeats all the days of the
range. So the jobs select the assets without their checks (:func:`unplanned`); a verdict counts all
the same once it is given.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

import dagster as dg

from omie_pipeline.resources.dagster_internals import TargetMaterialization
from omie_pipeline.texts import dagster as texts

Metadata = dict[str, dg.MetadataValue | int | float | str]


def in_order(told: Metadata, order: Sequence[str]) -> Metadata:
    """Metadata in the order in which a person asks for it, which Dagster's pages keep.

    Args:
        told: what is known of this partition.
        order: every name that there may be.
    """
    return {name: told[name] for name in sorted(told, key=order.index)}


@dataclass(frozen=True, slots=True)
class Verdict:
    """What one check says of one partition."""

    check: str
    passed: bool
    description: str
    severity: dg.AssetCheckSeverity = dg.AssetCheckSeverity.WARN
    metadata: Metadata = field(default_factory=dict)


def check_specs(
    key: dg.AssetKey,
    descriptions: Mapping[str, str],
    partitions: dg.PartitionsDefinition[str],
) -> list[dg.AssetCheckSpec]:
    """The checks of an asset, partitioned as the asset is."""
    return [
        dg.AssetCheckSpec(name, asset=key, description=text, partitions_def=partitions)
        for name, text in descriptions.items()
    ]


def unplanned(keys: Collection[dg.AssetKey]) -> dg.AssetSelection:
    """These assets for a job, which gives their verdicts without having announced them."""
    return dg.AssetSelection.assets(*keys).without_checks()


def refuse_check_alone(context: dg.AssetExecutionContext) -> None:
    """Dagster's page offers to run a check by itself; ours look at what a run has just done.

    Raises:
        dg.Failure: nothing was done.
    """
    if not context.selected_asset_keys:
        raise dg.Failure(
            texts.LOOK_AT_A_RUN,
            allow_retries=False,
        )


def evaluations(
    context: dg.AssetExecutionContext,
    key: dg.AssetKey,
    verdicts: Mapping[str, Sequence[Verdict]],
) -> Iterator[dg.AssetCheckEvaluation]:
    """The verdicts of each partition as Dagster's events; to be yielded after the asset's result.

    Args:
        verdicts: by partition key.
    """
    targets = _materialized(context.instance, key, list(verdicts))
    for partition, told in verdicts.items():
        for one in told:
            yield dg.AssetCheckEvaluation(
                asset_key=key,
                check_name=one.check,
                passed=one.passed,
                severity=one.severity,
                description=one.description,
                metadata=_plain(one),
                target_materialization_data=targets.get(partition),
                partition=partition,
            )


def _plain(one: Verdict) -> Mapping[str, dg.MetadataValue]:
    # AssetCheckResult turns plain values into Dagster's own; AssetCheckEvaluation does not.
    return dg.AssetCheckResult(passed=one.passed, metadata=one.metadata).metadata


def _materialized(
    instance: dg.DagsterInstance, key: dg.AssetKey, partitions: list[str]
) -> dict[str, TargetMaterialization]:
    """Partition -> its newest materialization."""
    found: dict[str, TargetMaterialization] = {}
    # The run's own are the newest ones; a partition that it did not make is asked for by itself.
    newest = instance.fetch_materializations(
        dg.AssetRecordsFilter(asset_key=key, asset_partitions=partitions), limit=len(partitions)
    )
    _remember(found, newest.records)
    for partition in partitions:
        if partition not in found:
            alone = dg.AssetRecordsFilter(asset_key=key, asset_partitions=[partition])
            _remember(found, instance.fetch_materializations(alone, limit=1).records)
    return found


def _remember(
    found: dict[str, TargetMaterialization], records: Sequence[dg.EventLogRecord]
) -> None:
    for record in records:
        if record.partition_key is not None:
            target = TargetMaterialization(
                storage_id=record.storage_id, run_id=record.run_id, timestamp=record.timestamp
            )
            found.setdefault(record.partition_key, target)
