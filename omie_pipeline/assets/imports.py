"""Reading Omie: one asset per table of Omie, and the statement of the accounts.

A run without a tag reads the whole of what its partitions cover (a backfill is the first load);
with ``omie_pipeline/mode=incremental`` it reads what changed since the last time, whatever its
partition, and marks the older days that it touched as materialized too.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Literal

import dagster as dg

from omie_pipeline.app.deployment import Deployment
from omie_pipeline.assets.checks import (
    Metadata,
    check_specs,
    evaluations,
    in_order,
    refuse_check_alone,
)
from omie_pipeline.assets.import_checks import (
    DESCRIPTIONS,
    ORDER,
    STATEMENT_DESCRIPTIONS,
    list_verdicts,
    partition_metadata,
    reading_metadata,
    statement_table,
    statement_verdict,
)
from omie_pipeline.assets.labels import FROM_OMIE, OWNERS
from omie_pipeline.assets.partitions import DATE, EMPRESA, Partitions, RunScope, covered
from omie_pipeline.assets.pools import reading_pool
from omie_pipeline.assets.progress import telling_headway
from omie_pipeline.assets.retries import retried_as_omie_says
from omie_pipeline.assets.run_tags import MODE_TAG, NOT_BEFORE_TAG, trigger_of
from omie_pipeline.catalog.lists import MIRROR, STATEMENT, MirrorTable
from omie_pipeline.errors import ConfigurationError
from omie_pipeline.imports.bank_statement import cash_checks
from omie_pipeline.imports.report import ImportProgress, ImportReport
from omie_pipeline.imports.state import PartitionState, partition_states
from omie_pipeline.resources.connections import OmieResource, WarehouseResource
from omie_pipeline.texts import dagster as texts

_WHOLE = "all"
_MADE_BEFORE = "categorias"
"""Rows are held against this list and this pipeline adds to it: it is read after that."""


def mirror_key(name: str) -> dg.AssetKey:
    """``omie/<name>``: the key that dbt's source of the same name has."""
    return dg.AssetKey(["omie", name])


def group_of(family: str) -> str:
    """Group of a family's assets."""
    return f"omie_{family}"


def mirror_assets(partitions: Partitions) -> list[dg.AssetsDefinition]:
    """All lists of the catalog, and the statement."""
    lists = [_list_asset(mirror, partitions) for mirror in MIRROR.values()]
    return [*lists, _statement_asset(partitions)]


def _list_asset(mirror: MirrorTable, partitions: Partitions) -> dg.AssetsDefinition:
    facts, key = mirror.grain == "fact", mirror_key(mirror.name)
    how = "by day of creation (notes by day of issue)" if facts else "the whole list each time"

    partitions_def = partitions.days if facts else partitions.empresas

    @dg.multi_asset(
        name=key.to_python_identifier(),
        specs=[
            dg.AssetSpec(
                key,
                group_name=group_of(mirror.family),
                deps=[["push", mirror.name]] if mirror.name == _MADE_BEFORE else [],
                partitions_def=partitions_def,
                kinds={"omie"},
                owners=OWNERS,
                tags=FROM_OMIE,
                description=f"Reads *{mirror.title}* from Omie into `omie.{mirror.table}`, {how}.",
            )
        ],
        check_specs=check_specs(key, DESCRIPTIONS, partitions_def),
        can_subset=True,
        backfill_policy=dg.BackfillPolicy.single_run(),
        pool=reading_pool(mirror.name),
    )
    def read(
        context: dg.AssetExecutionContext, omie: OmieResource, warehouse: WarehouseResource
    ) -> Iterator[dg.MaterializeResult[None] | dg.AssetCheckEvaluation]:
        refuse_check_alone(context)
        what, opened = covered(context), warehouse.open(omie)
        report = _read(context, opened, mirror.name, what)
        states = _states(opened, mirror, what, report)
        _tell(context, key, what, report, states)
        yield dg.MaterializeResult(key)
        given = {
            name: list_verdicts(report, state)
            for state in states
            if (name := _partition_key(context, what, state.partition)) is not None
        }
        yield from evaluations(context, key, given)

    return read


def _statement_asset(partitions: Partitions) -> dg.AssetsDefinition:
    key = mirror_key(STATEMENT)
    accounts = dg.AssetDep(mirror_key("contas_correntes"), partition_mapping=partitions.per_empresa)

    @dg.multi_asset(
        name=key.to_python_identifier(),
        specs=[
            dg.AssetSpec(
                key,
                group_name=group_of("movimentacoes"),
                deps=[accounts, dg.AssetDep(mirror_key("movimentacoes"))],
                partitions_def=partitions.days,
                kinds={"omie"},
                owners=OWNERS,
                tags=FROM_OMIE,
                description="Reads from Omie into `omie.extrato`: balances and lines by account "
                "and month, as Omie itself computes them; each reading covers whole months.",
            )
        ],
        check_specs=check_specs(key, STATEMENT_DESCRIPTIONS, partitions.days),
        can_subset=True,
        backfill_policy=dg.BackfillPolicy.single_run(),
        pool=reading_pool(STATEMENT),
    )
    def read(
        context: dg.AssetExecutionContext, omie: OmieResource, warehouse: WarehouseResource
    ) -> Iterator[dg.MaterializeResult[None] | dg.AssetCheckEvaluation]:
        refuse_check_alone(context)
        what, opened = covered(context), warehouse.open(omie)
        report = _read(context, opened, STATEMENT, what)
        if report.window_from is None or report.window_to is None:
            raise ConfigurationError(texts.STATEMENT_WITHOUT_RANGE)
        found = cash_checks(
            opened.engine, what.empresa, report.window_from.replace(day=1), report.window_to
        )
        accounts = dg.MetadataValue.md(statement_table(found))
        _tell(context, key, what, report, [], {"contas_e_meses": accounts})
        yield dg.MaterializeResult(key)
        days = {name: date.fromisoformat(name.split("|")[0]) for name in context.partition_keys}
        given = {name: [statement_verdict(found, day)] for name, day in days.items()}
        yield from evaluations(context, key, given)

    return read


@dataclass(frozen=True, slots=True)
class _ReadingMode:
    """What a run's tags ask for."""

    mode: Literal["full", "incremental"]
    not_before: datetime | None


def _asked(context: dg.AssetExecutionContext) -> _ReadingMode:
    tags = context.run.tags
    mode, moment = tags.get(MODE_TAG, "full"), tags.get(NOT_BEFORE_TAG)
    if mode not in ("full", "incremental"):
        raise ConfigurationError(texts.mode_tag(tag=MODE_TAG, mode=mode))
    try:
        not_before = datetime.fromisoformat(moment) if moment else None
    except ValueError:
        raise ConfigurationError(texts.moment_tag(tag=NOT_BEFORE_TAG, moment=moment)) from None
    if not_before is None and context.retry_number:
        # What this very run proved before Omie said "later" is not asked again.
        record = context.instance.get_run_record_by_id(context.run.run_id)
        not_before = record.create_timestamp if record else None
    return _ReadingMode("incremental" if mode == "incremental" else "full", not_before)


def _read(
    context: dg.AssetExecutionContext, opened: Deployment, name: str, what: RunScope
) -> ImportReport:
    asked = _asked(context)
    # What changed is asked by day of change: the partitions say nothing about it.
    first, last = (what.date_from, what.date_to) if asked.mode == "full" else (None, None)
    with retried_as_omie_says(), telling_headway(context, name) as told:
        return opened.import_table(
            name,
            what.empresa,
            mode=asked.mode,
            date_from=first,
            date_to=last,
            trigger=trigger_of(context.run.tags),
            dagster_run_id=context.run.run_id,
            not_before=asked.not_before,
            progress=ImportProgress(on_headway=told),
        )


def _states(
    opened: Deployment, mirror: MirrorTable, what: RunScope, report: ImportReport
) -> list[PartitionState]:
    """Every partition that the run covers, proved or touched."""
    names = {part.partition for part in report.partitions} | set(_covered_names(what))
    names.update(day.isoformat() for day in report.days)
    return partition_states(opened.engine, mirror, what.empresa, names)


def _covered_names(what: RunScope) -> Iterable[str]:
    if what.date_from is None or what.date_to is None:
        return (_WHOLE,)
    first, last = what.date_from.toordinal(), what.date_to.toordinal()
    return (date.fromordinal(number).isoformat() for number in range(first, last + 1))


def _tell(
    context: dg.AssetExecutionContext,
    key: dg.AssetKey,
    what: RunScope,
    report: ImportReport,
    states: Sequence[PartitionState],
    more: Metadata | None = None,
) -> None:
    """To each partition its counts, to one that the run does not cover as a materialization of its
    own. What concerns the reading as a whole, to the last of the run's only.

    Args:
        context: of the run.
        key: of the asset.
        what: what the run covers.
        report: of the reading.
        states: of every partition that was proved or touched.
        more: what else there is of the reading as a whole.
    """
    names = context.partition_keys
    told: dict[str, Metadata] = {name: {"leitura": report.run_id} for name in names}
    for state in states:
        name, counts = _partition_key(context, what, state.partition), partition_metadata(state)
        if name in told:
            told[name] |= counts
        elif name is not None:
            counts = in_order(counts, ORDER)
            context.log_event(dg.AssetMaterialization(key, partition=name, metadata=counts))
    told[names[-1]] |= reading_metadata(report, states) | (more or {})
    for name, found in told.items():
        context.add_asset_metadata(in_order(found, ORDER), asset_key=key, partition_key=name)


def _partition_key(context: dg.AssetExecutionContext, what: RunScope, partition: str) -> str | None:
    """Dagster's name of a partition of the mirror; ``None`` if it has none."""
    if partition == _WHOLE:
        return what.empresa
    name = dg.MultiPartitionKey({DATE: partition, EMPRESA: what.empresa})
    days = context.assets_def.partitions_def
    known = isinstance(days, dg.MultiPartitionsDefinition) and days.has_partition_key(name)
    return name if known else None
