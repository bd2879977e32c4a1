"""The push assets: one per writable endpoint of the catalog."""

from collections.abc import Iterator, Mapping

import dagster as dg

from omie_pipeline.app.deployment import Deployment, Progress
from omie_pipeline.app.plans import apply_part, waiting_plans
from omie_pipeline.app.push_all import endpoints_before, lists_before
from omie_pipeline.assets.checks import check_specs, evaluations, in_order, refuse_check_alone
from omie_pipeline.assets.imports import mirror_key
from omie_pipeline.assets.labels import OWNERS, TO_OMIE
from omie_pipeline.assets.partitions import DATE, EMPRESA, Partitions, covered
from omie_pipeline.assets.pools import push_pool
from omie_pipeline.assets.progress import telling_headway
from omie_pipeline.assets.push_report import (
    DESCRIPTIONS,
    ORDER,
    count_metadata,
    plan_verdict,
    run_metadata,
    verdicts_of,
    worst_metadata,
)
from omie_pipeline.assets.retries import approval_failure, retried_as_omie_says
from omie_pipeline.assets.run_tags import (
    APPROVE_TAG,
    HELD_TAG,
    PLAN_TAG,
    TRUE,
    UNFINISHED_TAG,
    person_of,
    trigger_of,
)
from omie_pipeline.catalog import REGISTRY, Endpoint
from omie_pipeline.errors import ApprovalNeeded
from omie_pipeline.payload import Selection
from omie_pipeline.plans.store import read_plan
from omie_pipeline.push.policy import EndpointPolicy
from omie_pipeline.push.report import Counts, PushOptions, PushReport, recovery_told, total
from omie_pipeline.resources.connections import OmieResource, WarehouseResource
from omie_pipeline.texts import dagster as texts

GROUP = "omie_envio"


def push_key(endpoint: Endpoint) -> dg.AssetKey:
    """``push/<endpoint>``."""
    return dg.AssetKey(["push", endpoint.name])


def push_asset(
    endpoint: Endpoint, policy: EndpointPolicy, partitions: Partitions
) -> dg.AssetsDefinition:
    """The asset that delivers one endpoint's payload model to Omie."""
    facts = endpoint.grain == "fact"
    key = push_key(endpoint)
    partitions_def = partitions.days if facts else partitions.empresas

    @dg.multi_asset(
        name=key.to_python_identifier(),
        specs=[
            dg.AssetSpec(
                key,
                group_name=GROUP,
                deps=_upstream(endpoint, policy, partitions),
                partitions_def=partitions_def,
                kinds={"omie"},
                owners=OWNERS,
                tags=TO_OMIE,
                description=f"Delivers to Omie the rows of `omie_payload.{endpoint.model}` that "
                f"it has not confirmed yet (*{endpoint.title}*).",
            )
        ],
        check_specs=check_specs(key, DESCRIPTIONS, partitions_def),
        can_subset=True,
        backfill_policy=dg.BackfillPolicy.single_run(),
        pool=push_pool(endpoint),
    )
    def push(
        context: dg.AssetExecutionContext, omie: OmieResource, warehouse: WarehouseResource
    ) -> Iterator[dg.MaterializeResult[None] | dg.AssetCheckEvaluation]:
        refuse_check_alone(context)
        what, opened, tags = covered(context), warehouse.open(omie), context.run.tags
        selection = Selection(
            what.empresa,
            what.date_from,
            what.date_to,
            unfinished_only=tags.get(UNFINISHED_TAG) in TRUE,
            held_only=tags.get(HELD_TAG) in TRUE,
            approved=tags.get(APPROVE_TAG) in TRUE,
        )
        options = PushOptions(
            trigger=trigger_of(tags),
            approve=tags.get(APPROVE_TAG) in TRUE,
            dagster_run_id=context.run.run_id,
            data_docs_dir=opened.data_docs_dir,
        )
        asked: ApprovalNeeded | None = None
        with retried_as_omie_says(), telling_headway(context, endpoint.name) as told:
            progress = Progress(
                on_wait=lambda: context.log.info(texts.PUSH_WAITS),
                on_headway=told,
                on_recovering=lambda codes, until: context.log.info(recovery_told(codes, until)),
            )
            plan_id, by = tags.get(PLAN_TAG), person_of(tags, context.run.run_id)
            try:
                report = _sent(opened, endpoint, selection, options, progress, plan_id, by)
            except ApprovalNeeded as error:
                asked = error
        if asked is not None:
            plan = read_plan(opened.engine, asked.plan_id)
            verdict = plan_verdict([plan], endpoint.name, what.empresa)
            asking = {name: [verdict] for name in context.partition_keys}
            yield from evaluations(context, key, asking)
            raise approval_failure(asked)
        waiting = plan_verdict(
            waiting_plans(opened, what.empresa, endpoint.name), endpoint.name, what.empresa
        )
        counts = _counts_by_key(context, report)
        _tell(context, key, opened, report, counts)
        yield dg.MaterializeResult(key)
        rules = opened.policy(endpoint.name)
        given = {
            name: [*verdicts_of(report, rules, part), waiting] for name, part in counts.items()
        }
        yield from evaluations(context, key, given)

    return push


def _sent(
    opened: Deployment,
    endpoint: Endpoint,
    selection: Selection,
    options: PushOptions,
    progress: Progress,
    plan_id: str | None,
    by: str,
) -> PushReport:
    """What is to be sent, or what an approved plan has of it."""
    if plan_id is None:
        return opened.push(endpoint.name, selection, options, progress)
    return apply_part(opened, plan_id, by, selection, endpoint.name, options, progress)


def _counts_by_key(context: dg.AssetExecutionContext, report: PushReport) -> dict[str, Counts]:
    """Partition key -> its rows: of all that the run covers, and of others it took rows along from.

    Rows of a day that is no partition (before the start date, or without a date) are those of the
    last one that the run covers: nothing that was refused is in no partition's counts.
    """
    parts = {part.partition: part for part in report.partitions}
    names = context.partition_keys
    found = {name: parts.pop(day := name.split("|")[0], Counts(day)) for name in names}
    days = context.assets_def.partitions_def
    if isinstance(days, dg.MultiPartitionsDefinition):
        for day in list(parts):
            name = dg.MultiPartitionKey({DATE: day, EMPRESA: report.empresa})
            if days.has_partition_key(name):
                found[name] = parts.pop(day)
    if parts:
        found[names[-1]] = total([found[names[-1]], *parts.values()])
    return found


def _tell(
    context: dg.AssetExecutionContext,
    key: dg.AssetKey,
    opened: Deployment,
    report: PushReport,
    counts: Mapping[str, Counts],
) -> None:
    """To each partition its own counts and rows; what concerns the run, to the last one only."""
    worst = worst_metadata(opened.engine, report)
    names = context.partition_keys
    for name in names:
        told = count_metadata(counts[name]) | worst.get(name.split("|")[0], {})
        if name == names[-1]:
            told |= run_metadata(opened.engine, report)
        told["execucao"] = report.run_id
        context.add_asset_metadata(in_order(told, ORDER), asset_key=key, partition_key=name)


def _upstream(
    endpoint: Endpoint, policy: EndpointPolicy, partitions: Partitions
) -> list[dg.AssetDep]:
    """What comes before: the payload model, Omie's lists, and the records it points at."""
    mapping = partitions.per_empresa if endpoint.grain == "fact" else None
    lists = [mirror_key(name) for name in lists_before(endpoint)]
    deps = [dg.AssetDep(["omie_payload", endpoint.model])]
    deps += [dg.AssetDep(key, partition_mapping=mapping) for key in lists]
    for name in endpoints_before(endpoint, policy):
        target = REGISTRY[name]
        crosses = mapping if target.grain == "register" else None
        deps.append(dg.AssetDep(push_key(target), partition_mapping=crosses))
    return deps
