"""Plans that a person reads before anything is sent: made by a dry run, approved, and applied.

A plan is stored with every row as it would leave. Applying it plans anew and sends only what stands
as it was approved; whatever differs by then ends it before the first call.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import Final

from omie_pipeline import decimal_json
from omie_pipeline.app.consequences import Reach, after_push
from omie_pipeline.app.deployment import Deployment, Progress
from omie_pipeline.app.push_all import CodesOf, EndpointResult, PushListener, PushRequest, push_all
from omie_pipeline.catalog import REGISTRY, Endpoint
from omie_pipeline.catalog.relations import prerequisites_of
from omie_pipeline.clock import BRASILIA
from omie_pipeline.errors import ConfigurationError, OmiePipelineError, PlanRefused
from omie_pipeline.imports.state import read_cursor
from omie_pipeline.payload import Selection
from omie_pipeline.plans import store
from omie_pipeline.plans.comparison import AppliedPlan, Comparison
from omie_pipeline.plans.deletions import (
    DELETED_BY,
    Deletion,
    deletions_model,
    write_deletions,
)
from omie_pipeline.plans.model import OPEN, SWITCHED_OFF, PlanPart, StoredPlan, StoredRow
from omie_pipeline.plans.omie_records import copy_of
from omie_pipeline.plans.recording import PlanRecorder
from omie_pipeline.plans.shown import PlanFile, masked, row_record
from omie_pipeline.push.dependents import KnownRecords
from omie_pipeline.push.effects import ReadBack, effect_for
from omie_pipeline.push.report import PushOptions, PushReport
from omie_pipeline.texts import plans as texts

PERSON: Final = "person"
_MOST_WAITING: Final = 100


@dataclass(frozen=True, slots=True)
class PlanRequest:
    """What is to be planned.

    Attributes:
        endpoints: in the order of ``catalog.WRITABLE``.
        by: who wants the plan.
        date_from, date_to: business dates of facts.
        key: one integration code only.
        codes: only these integration codes; empty for any.
        codes_of: empresa and name of the endpoint -> only these codes; others are left out whole.
        subject: what it is about, in Portuguese; ``""``: said by its endpoints.
        origin: ``person``, or the use case that makes it.
        read_omie: read first what changed in Omie, of lists that were read before.
    """

    empresas: tuple[str, ...]
    endpoints: tuple[Endpoint, ...]
    by: str
    date_from: date | None = None
    date_to: date | None = None
    key: str | None = None
    codes: tuple[str, ...] = ()
    codes_of: CodesOf | None = None
    subject: str = ""
    origin: str = PERSON
    read_omie: bool = True


def make_plan(
    deployment: Deployment, request: PlanRequest, listener: PushListener | None = None
) -> StoredPlan:
    """Store what a push would do, without a call that writes.

    What one endpoint leaves out when it stops is as in a push; a part without a plan says why.

    Args:
        deployment: the composed deployment.
        request: what is to be planned.
        listener: is told what goes on meanwhile.

    Raises:
        ConfigurationError, ModelError, WarehouseError: nothing was stored.
    """
    if request.read_omie:
        _read_changes(deployment, request.empresas, request.endpoints)
    names = tuple(endpoint.name for endpoint in request.endpoints)
    plan_id = store.begin_plan(
        deployment.engine,
        subject=request.subject or ", ".join(names),
        origin=request.origin,
        empresas=request.empresas,
        endpoints=names,
        by=request.by,
        now=deployment.clock.now(),
    )
    wanted = PushRequest(
        request.empresas,
        request.endpoints,
        PushOptions(dry_run=True, gate=PlanRecorder(plan_id)),
        date_from=request.date_from,
        date_to=request.date_to,
        key=request.key,
        codes=request.codes,
        codes_of=request.codes_of,
    )
    try:
        for result in push_all(deployment, wanted, listener):
            _keep_error(deployment, plan_id, wanted, result)
    except OmiePipelineError:
        store.remove_plan(deployment.engine, plan_id)
        raise
    return store.finish_plan(deployment.engine, plan_id)


def plan_deletions(
    deployment: Deployment,
    empresa: str,
    deletions: Sequence[Deletion],
    by: str,
    *,
    subject: str,
    origin: str = PERSON,
) -> StoredPlan:
    """Store a plan that deletes títulos which a person chose, ours or others', and nothing else.

    Args:
        deployment: the composed deployment.
        empresa: whose they are.
        deletions: the títulos.
        by: who wants it.
        subject: what it is about, in Portuguese.
        origin: ``person``, or the use case that makes it.

    Raises:
        OmiePipelineError: nothing was stored.
    """
    engine = deployment.engine
    names = list(dict.fromkeys(DELETED_BY[one.titles].name for one in deletions))
    _read_changes(deployment, [empresa], [REGISTRY[name] for name in names])
    plan_id = store.begin_plan(
        engine,
        subject=subject,
        origin=origin,
        empresas=[empresa],
        endpoints=names,
        by=by,
        now=deployment.clock.now(),
    )
    options = PushOptions(dry_run=True, gate=PlanRecorder(plan_id))
    try:
        for name, keys in write_deletions(engine, plan_id, empresa, deletions).items():
            model = deletions_model(plan_id, REGISTRY[name])
            deployment.push(name, Selection(empresa, codes=keys), options, given=model)
    except OmiePipelineError:
        store.remove_plan(engine, plan_id)
        raise
    return store.finish_plan(engine, plan_id)


def _keep_error(
    deployment: Deployment, plan_id: str, wanted: PushRequest, result: EndpointResult
) -> None:
    """A part of which there is no plan says why; the plan goes on as a push would."""
    off = result.report.switched_off if result.report is not None else ""
    if result.report is not None and not off:
        return
    error = off or str(result.error or texts.behind(", ".join(result.behind)))
    store.write_part(
        deployment.engine,
        plan_id,
        wanted.selection(result.empresa, result.endpoint.name),
        result.endpoint.name,
        selected=0,
        unchanged=0,
        stops=(),
        basis=SWITCHED_OFF if off else {},
        error=error,
    )


def approve_plan(
    deployment: Deployment, plan_id: str, by: str, *, over_guardrails: bool = False
) -> StoredPlan:
    """Record who approves a plan.

    Args:
        deployment: the composed deployment.
        plan_id: its id.
        by: who approves.
        over_guardrails: in spite of what guardrails say.

    Raises:
        PlanRefused: it was approved or ended before, a part of it has no plan, or guardrails stop
            it and nobody said that they may be passed.
        ConfigurationError: nobody is named.
    """
    by = _named(by)
    found = store.read_plan(deployment.engine, plan_id)
    refusal = _why_not_approved(found, over_guardrails=over_guardrails)
    if not refusal:
        now = deployment.clock.now()
        who = (deployment.engine, found.plan_id, by, now)
        if store.approve(*who, over_guardrails=over_guardrails and bool(found.stops)):
            return store.read_plan(deployment.engine, found.plan_id)
        refusal = _why_not_approved(
            store.read_plan(deployment.engine, found.plan_id), over_guardrails=over_guardrails
        )
    raise PlanRefused(found.plan_id, refusal)


def _why_not_approved(found: StoredPlan, *, over_guardrails: bool) -> str:
    if found.state == "approved":
        return texts.approved_before(
            plan_id=found.plan_id, by=found.approved_by, at=_told(found.approved_at)
        )
    if found.state != "made":
        return _ended(found)
    if failed := [part for part in found.parts if part.error and not part.off]:
        return texts.part_without_plan(
            plan_id=found.plan_id,
            endpoint=failed[0].endpoint,
            empresa=failed[0].empresa,
            error=failed[0].error,
        )
    if not found.leaving:
        return texts.nothing_to_approve(found.plan_id)
    if found.stops and not over_guardrails:
        return texts.guardrails_stop(plan_id=found.plan_id, stops="; ".join(found.stops))
    return ""


def reject_plan(deployment: Deployment, plan_id: str, by: str, why: str) -> StoredPlan:
    """Record that a person says no to a plan, approved or not: it is over.

    Args:
        deployment: the composed deployment.
        plan_id: its id.
        by: who says no.
        why: in their own words; ``""`` for none.

    Raises:
        PlanRefused: it was over before.
        ConfigurationError: nobody is named.
    """
    by = _named(by)
    engine, now = deployment.engine, deployment.clock.now()
    found = store.read_plan(engine, plan_id)
    told = texts.rejected_by(by=by, why=why) if why else texts.rejected_without_words(by)
    if not store.end_plan(engine, found.plan_id, "refused", now, told):
        raise PlanRefused(found.plan_id, _ended(store.read_plan(engine, found.plan_id)))
    return store.read_plan(engine, found.plan_id)


def _told(at: datetime | None) -> str:
    return f"{at.astimezone(BRASILIA):%d/%m/%Y %H:%M}" if at is not None else "?"


def _ended(found: StoredPlan) -> str:
    if found.state == "applied":
        return texts.applied_before(
            plan_id=found.plan_id, by=found.applied_by, at=_told(found.ended_at)
        )
    return texts.ended_before(
        plan_id=found.plan_id, why=found.ended_why or texts.NOT_WHOLE, at=_told(found.ended_at)
    )


@dataclass(frozen=True, slots=True)
class PlanApplied:
    """What applying a plan came to.

    Attributes:
        plan: as it is stored now.
        results: of the endpoints that were pushed; empty if nothing was left to send.
        before: rows that were confirmed already, by an earlier run.
        ended_before: it had been applied whole; nothing was looked at.
        refused: why it ended behind the endpoints of ``results``, which were sent.
    """

    plan: StoredPlan
    results: tuple[EndpointResult, ...] = ()
    before: int = 0
    ended_before: bool = False
    refused: PlanRefused | None = None


def apply_plan(
    deployment: Deployment,
    plan_id: str,
    by: str,
    listener: PushListener | None = None,
    *,
    options: PushOptions | None = None,
) -> PlanApplied:
    """Send exactly what an approved plan says, or nothing.

    Every part is planned anew and held against the stored one before the first call, and once more
    while its lane is held. What an interrupted run left open is settled as ever; what was
    delivered is not sent again.

    Args:
        deployment: the composed deployment.
        plan_id: its id.
        by: who applies it.
        listener: is told what goes on meanwhile.
        options: how the pushes are asked for.

    Raises:
        PlanRefused: it is not approved, was ended, or something that it touches has changed since;
            nothing was sent.
        OmiePipelineError: a part could not be planned; nothing was sent.
    """
    engine, told = deployment.engine, listener or PushListener()
    found = store.read_plan(engine, plan_id)
    if found.state == "applied":
        return PlanApplied(found, ended_before=True)
    how = replace(options or PushOptions(), approve=False, dry_run=False)
    before = sum(one.done for one in _begun(deployment, found, by, how, told))
    results: list[EndpointResult] = []
    try:
        for result in _send_parts(deployment, found, how, told):
            results.append(result)
    except PlanRefused as refused:
        store.end_plan(engine, found.plan_id, "refused", deployment.clock.now(), str(refused))
        if not results:
            raise
        ended = store.read_plan(engine, found.plan_id)
        return PlanApplied(ended, tuple(results), before, refused=refused)
    held = any(one.report is not None and one.report.total.held for one in results)
    over = all(_is_over(result) for result in results)
    if over and (not held or _nothing_left(deployment, found.plan_id, how, told)):
        store.end_plan(engine, found.plan_id, "applied", deployment.clock.now())
    return PlanApplied(store.read_plan(engine, found.plan_id), tuple(results), before)


def _begun(
    deployment: Deployment, found: StoredPlan, by: str, how: PushOptions, told: PushListener
) -> list[Comparison]:
    """Begin to apply a plan: held against what is, part by part, without a call that writes."""
    engine, by = deployment.engine, _named(by)
    if found.state == "made":
        raise PlanRefused(found.plan_id, texts.not_approved(found.plan_id))
    if found.state != "approved":
        raise PlanRefused(found.plan_id, _ended(found))
    _read_changes(
        deployment,
        sorted({part.empresa for part in found.parts}),
        [REGISTRY[part.endpoint] for part in _planned(found)],
    )
    if not store.begin_applying(engine, found.plan_id, by, deployment.clock.now()):
        raise PlanRefused(found.plan_id, _ended(store.read_plan(engine, found.plan_id)))
    try:
        compared = _check_parts(deployment, found, how, told)
        for part, one in compared:
            _read_unread(deployment, found, part, one.unread)
    except PlanRefused as refused:
        store.end_plan(engine, found.plan_id, "refused", deployment.clock.now(), str(refused))
        raise
    return [one for _, one in compared]


def _read_unread(
    deployment: Deployment,
    found: StoredPlan,
    part: PlanPart,
    unread: Sequence[tuple[str, int]],
) -> None:
    """Read the records that the copy of Omie never had: one that was changed since the plan was
    made, or is gone, ends the plan."""
    endpoint = REGISTRY[REGISTRY[part.endpoint].deletes or part.endpoint]
    if not unread or not endpoint.read or not endpoint.read_omie_key:
        return
    with deployment.client(part.empresa) as client:
        known = KnownRecords(deployment.engine, part.empresa)
        effect = effect_for(endpoint, client, known)
        for code, omie_id in unread:
            at = effect.last_change(omie_id)
            if isinstance(at, ReadBack) and at.finding != "absent":
                raise ConfigurationError(texts.not_readable(plan_id=found.plan_id, code=code))
            if isinstance(at, ReadBack) or (at is not None and at > found.made_at):
                told = texts.row_differs(code=code, why=texts.OMIE_CHANGED)
                text = texts.plan_changed(
                    plan_id=found.plan_id,
                    endpoint=part.endpoint,
                    empresa=part.empresa,
                    count=1,
                    first=told,
                )
                raise PlanRefused(found.plan_id, text, (told,))


def apply_part(
    deployment: Deployment,
    plan_id: str,
    by: str,
    selection: Selection,
    endpoint: str,
    options: PushOptions,
    progress: Progress | None = None,
) -> PushReport:
    """Send what an approved plan has of one endpoint of one empresa, within some dates.

    The whole plan is held against what is before the first call, as :func:`apply_plan` does it;
    it is over once no row of it is left.

    Args:
        deployment: the composed deployment.
        plan_id: its id.
        by: who applies it.
        selection: empresa and dates.
        endpoint: its name.
        options: how the push is asked for.
        progress: callbacks.

    Raises:
        PlanRefused: as :func:`apply_plan`, or the plan has nothing of this endpoint and empresa.
        OmiePipelineError: as a push.
    """
    engine, told = deployment.engine, PushListener()
    found = store.read_plan(engine, plan_id)
    part = _part_of(found, selection.empresa, endpoint)
    if found.state == "applied":
        raise PlanRefused(found.plan_id, _ended(found))
    how = replace(options, approve=False, dry_run=False)
    _begun(deployment, found, by, how, told)
    only = replace(part.selection, date_from=selection.date_from, date_to=selection.date_to)
    gate, mine = AppliedPlan(found), progress or Progress()
    try:
        report = _push(
            deployment, found, replace(part, selection=only), replace(how, gate=gate), mine
        )
        _refuse_switched_off(found, report)
    except PlanRefused as refused:
        store.end_plan(engine, found.plan_id, "refused", deployment.clock.now(), str(refused))
        raise
    store.remember_run(engine, found.plan_id, part.empresa, part.endpoint, report.run_id)
    if _nothing_left(deployment, found.plan_id, how, told):
        store.end_plan(engine, found.plan_id, "applied", deployment.clock.now())
    return report


def _part_of(found: StoredPlan, empresa: str, endpoint: str) -> PlanPart:
    for part in found.parts:
        if (part.empresa, part.endpoint) == (empresa, endpoint):
            return part
    raise PlanRefused(
        found.plan_id,
        texts.not_of_this_plan(plan_id=found.plan_id, endpoint=endpoint, empresa=empresa),
    )


def waiting_plans(deployment: Deployment, empresa: str, endpoint: str) -> tuple[StoredPlan, ...]:
    """Open plans with rows of one endpoint of one empresa, the newest first."""
    found = store.list_plans(deployment.engine, [empresa], _MOST_WAITING, open_only=True)
    return tuple(
        one
        for one in found
        if any((part.empresa, part.endpoint) == (empresa, endpoint) for part in one.parts)
    )


def _is_over(result: EndpointResult) -> bool:
    """Whether every row of a part was answered, or waits for another record."""
    return result.report is not None and not result.report.stopped_by


def _nothing_left(
    deployment: Deployment, plan_id: str, how: PushOptions, told: PushListener
) -> bool:
    """Whether every row of a plan was delivered, was rejected to a run of it, or waits for another
    record: a row whose answer is not known is left."""
    found = store.read_plan(deployment.engine, plan_id)
    try:
        compared = _check_parts(deployment, found, how, told)
    except PlanRefused:
        # Something changed just now: who applies it once more is told what.
        return False
    return all(one.left == one.answered for _, one in compared)


def _planned(found: StoredPlan) -> list[PlanPart]:
    """The parts that have a plan: what was switched off then is not sent, whatever is said now."""
    return [part for part in found.parts if not part.error]


def _check_parts(
    deployment: Deployment, found: StoredPlan, how: PushOptions, told: PushListener
) -> list[tuple[PlanPart, Comparison]]:
    """Hold every part of a plan against what is; refuses it where any part differs."""
    compared = []
    for part in _planned(found):
        gate = AppliedPlan(found)
        options = replace(how, dry_run=True, gate=gate)
        with told.sending(part.empresa, REGISTRY[part.endpoint]) as progress:
            report = _push(deployment, found, part, options, progress)
        _refuse_switched_off(found, report)
        if gate.compared is not None:
            compared.append((part, gate.compared))
    return compared


def _refuse_switched_off(found: StoredPlan, report: PushReport) -> None:
    """A run that looked at nothing has sent nothing, and found nothing left to send."""
    if report.switched_off:
        raise PlanRefused(found.plan_id, report.switched_off)


def _push(
    deployment: Deployment,
    found: StoredPlan,
    part: PlanPart,
    options: PushOptions,
    progress: Progress,
) -> PushReport:
    given = deletions_model(found.plan_id, REGISTRY[part.endpoint]) if part.given else None
    return deployment.push(part.endpoint, part.selection, options, progress, given=given)


def _send_parts(
    deployment: Deployment, found: StoredPlan, how: PushOptions, told: PushListener
) -> Iterator[EndpointResult]:
    stopped: dict[str, set[str]] = {}
    ended: set[str] = set()
    for part in _planned(found):
        endpoint, mine = REGISTRY[part.endpoint], stopped.setdefault(part.empresa, set())
        behind = prerequisites_of(endpoint) & mine
        if part.empresa in ended or behind:
            mine.add(part.endpoint)
            yield EndpointResult(
                part.empresa, endpoint, behind=tuple(sorted(behind)), reach="dependents"
            )
            continue
        result = _send_part(deployment, found, part, how, told)
        yield result
        if result.reach == "empresa":
            ended.add(part.empresa)
        elif result.reach == "dependents":
            mine.add(part.endpoint)


def _send_part(
    deployment: Deployment,
    found: StoredPlan,
    part: PlanPart,
    how: PushOptions,
    told: PushListener,
) -> EndpointResult:
    endpoint = REGISTRY[part.endpoint]
    options = replace(how, gate=AppliedPlan(found))
    try:
        with told.sending(part.empresa, endpoint) as progress:
            report = _push(deployment, found, part, options, progress)
    except OmiePipelineError as error:
        reach: Reach = after_push(error)
        if reach == "all":
            raise
        return EndpointResult(part.empresa, endpoint, error=error, reach=reach)
    _refuse_switched_off(found, report)
    store.remember_run(deployment.engine, found.plan_id, part.empresa, part.endpoint, report.run_id)
    return EndpointResult(part.empresa, endpoint, report, reach=after_push(report))


def _read_changes(
    deployment: Deployment, empresas: Iterable[str], endpoints: Iterable[Endpoint]
) -> None:
    """Read what changed in Omie since, of the lists that these endpoints touch and that were read
    before: a list that was never read has nothing to compare with."""
    lists = dict.fromkeys(
        mirror.name for endpoint in endpoints if (mirror := copy_of(endpoint)) is not None
    )
    for empresa in empresas:
        for name in lists:
            if read_cursor(deployment.engine, empresa, name).read_until is not None:
                deployment.import_table(name, empresa, mode="incremental", needed=True)


def of_file(deployment: Deployment, content: PlanFile) -> StoredPlan:
    """The stored plan that a file tells of.

    Args:
        deployment: the composed deployment.
        content: what the file says.

    Raises:
        ConfigurationError: the stored plan has other rows, or while it may still be applied, the
            file says something else of one: somebody would read what is not what is sent.
    """
    found = store.read_plan(deployment.engine, content.plan_id)
    if content.digest != found.digest:
        raise ConfigurationError(texts.other_file(found.plan_id))
    if found.state in OPEN:
        rows = list(store.plan_rows(deployment.engine, found.plan_id))
        told = _as_written(content.rows)
        if told not in (_as_written(rows), _as_written(masked(one) for one in rows)):
            raise ConfigurationError(texts.changed_file(found.plan_id))
    return found


def _as_written(rows: Iterable[StoredRow]) -> list[str]:
    return sorted(decimal_json.dumps(row_record(one)) for one in rows)


def _named(by: str) -> str:
    """Who decides: a name, since it is asked for afterwards.

    Raises:
        ConfigurationError: there is none.
    """
    if not by.strip():
        raise ConfigurationError(texts.NAME_NEEDED)
    return by.strip()
