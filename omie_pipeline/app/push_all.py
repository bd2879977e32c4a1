"""Push empresa by empresa, endpoint by endpoint: what comes first, and what a stop leaves out."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Final

from omie_pipeline.app.consequences import Reach, after_push
from omie_pipeline.app.deployment import Deployment, Progress
from omie_pipeline.catalog import WRITABLE, Endpoint
from omie_pipeline.catalog.relations import REVERSALS, SETTLEMENTS, prerequisites_of
from omie_pipeline.errors import OmiePipelineError
from omie_pipeline.payload import PayloadModel, Selection, load_payload_model
from omie_pipeline.push.policy import EndpointPolicy
from omie_pipeline.push.report import PushOptions, PushReport
from omie_pipeline.push.unfinished import unfinished_dates
from omie_pipeline.status.endpoints import was_read
from omie_pipeline.validation.values import needs_lists

NO_SYNC: Final = datetime(1970, 1, 2, tzinfo=UTC)
"""Before every sync: all that the clinic has may be new."""

_OVERLAP: Final = timedelta(minutes=10)


CodesOf = Mapping[tuple[str, str], tuple[str, ...]]
"""Empresa and name of an endpoint -> integration codes: the same code may stand in several."""


@dataclass(frozen=True, slots=True)
class PushRequest:
    """What is to be pushed.

    Attributes:
        endpoints: in the order of ``catalog.WRITABLE``: what others name comes before them.
        date_from, date_to: business dates of facts, the start date already applied.
        key: one integration code only.
        codes: only these integration codes; empty for any.
        unfinished_only: only rows that were rejected or held.
        held_only: only rows that are held and wait for no person.
    """

    empresas: tuple[str, ...]
    endpoints: tuple[Endpoint, ...]
    options: PushOptions
    date_from: date | None = None
    date_to: date | None = None
    key: str | None = None
    unfinished_only: bool = False
    held_only: bool = False
    codes: tuple[str, ...] = ()
    codes_of: CodesOf | None = None

    def wants(self, empresa: str, endpoint: str) -> bool:
        """Whether any row of an endpoint of an empresa is meant."""
        return self.codes_of is None or bool(self.codes_of.get((empresa, endpoint)))

    def selection(self, empresa: str, endpoint: str) -> Selection:
        """The rows of one endpoint of one empresa that are meant."""
        codes = self.codes if self.codes_of is None else self.codes_of.get((empresa, endpoint), ())
        return Selection(
            empresa,
            date_from=self.date_from,
            date_to=self.date_to,
            key=self.key,
            unfinished_only=self.unfinished_only,
            held_only=self.held_only,
            approved=self.options.approve,
            codes=codes,
        )


@dataclass(frozen=True, slots=True)
class EndpointResult:
    """One endpoint of one empresa: its report, or why there is none.

    Attributes:
        report: what was pushed.
        error: why it stopped without a report.
        unread_list: the list it needs and whose reading ended in ``error``.
        behind: endpoints that stopped before and that it depends on, so that it was not tried.
        reach: what else stopped because of it.
    """

    empresa: str
    endpoint: Endpoint
    report: PushReport | None = None
    error: OmiePipelineError | None = None
    unread_list: str | None = None
    behind: tuple[str, ...] = ()
    reach: Reach = "nothing"


@dataclass(frozen=True, slots=True)
class PushListener:
    """What a door may say while it goes on; without it, nothing is said.

    Attributes:
        on_model: the payload model of an endpoint is good; nothing has left yet.
        on_list: a list (name, empresa) that an endpoint needs was never read, and is read now.
        sending: entered around the push of one endpoint; gives the callbacks of its progress.
    """

    on_model: Callable[[Endpoint, PayloadModel], None] = lambda *_: None
    on_list: Callable[[str, str], None] = lambda *_: None
    sending: Callable[[str, Endpoint], AbstractContextManager[Progress]] = lambda *_: nullcontext(
        Progress()
    )


def push_all(
    deployment: Deployment, request: PushRequest, listener: PushListener | None = None
) -> Iterator[EndpointResult]:
    """Push everything that was asked for, each endpoint when the one before it is done.

    A missing key or a bad model is found before the first call. What one endpoint leaves out when
    it stops is decided by :func:`omie_pipeline.app.consequences.after_push`: those that depend on
    it are named with what they are ``behind``; the others of an empresa that ended are left out;
    the next empresa is pushed all the same.

    Args:
        deployment: the composed deployment.
        request: what is to be pushed.
        listener: is told what goes on meanwhile.

    Raises:
        ConfigurationError, ModelError, WarehouseError: before any call, or at once.
    """
    listener = listener or PushListener()
    for empresa in request.empresas:
        deployment.access(empresa)
    for endpoint in request.endpoints:
        listener.on_model(endpoint, load_payload_model(deployment.engine, endpoint))
    for empresa in request.empresas:
        yield from _push_empresa(deployment, request, empresa, listener)


def _push_empresa(
    deployment: Deployment, request: PushRequest, empresa: str, listener: PushListener
) -> Iterator[EndpointResult]:
    stopped: set[str] = set()
    for endpoint in request.endpoints:
        if not request.wants(empresa, endpoint.name):
            continue
        if behind := sorted(prerequisites_of(endpoint) & stopped):
            stopped.add(endpoint.name)
            yield EndpointResult(empresa, endpoint, behind=tuple(behind), reach="dependents")
            continue
        result = _push_endpoint(deployment, request, empresa, endpoint, listener)
        yield result
        if result.reach == "empresa":
            return
        if result.reach == "dependents":
            stopped.add(endpoint.name)


def _push_endpoint(
    deployment: Deployment,
    request: PushRequest,
    empresa: str,
    endpoint: Endpoint,
    listener: PushListener,
) -> EndpointResult:
    being_read = None
    try:
        for name in lists_before(endpoint):
            if not was_read(deployment.engine, name, empresa):
                being_read = name
                listener.on_list(name, empresa)
                deployment.refresh_reference(name, empresa)
        being_read = None
        with listener.sending(empresa, endpoint) as progress:
            report = deployment.push(
                endpoint.name, request.selection(empresa, endpoint.name), request.options, progress
            )
    except OmiePipelineError as error:
        if (reach := after_push(error)) == "all":
            raise
        return EndpointResult(empresa, endpoint, error=error, unread_list=being_read, reach=reach)
    return EndpointResult(empresa, endpoint, report, reach=after_push(report))


def lists_before(endpoint: Endpoint) -> tuple[str, ...]:
    """Lists of Omie without which rows of the endpoint cannot be validated: they are read first.

    ``push_all`` reads those that were never read; in Dagster they are assets upstream.
    """
    return tuple(sorted(needs_lists(endpoint)))


def endpoints_before(endpoint: Endpoint, policy: EndpointPolicy) -> tuple[str, ...]:
    """Endpoints of the same sync that are pushed before this one, where both are.

    Those whose records it names or takes away; and before títulos the reversals of their
    settlements, where a settled título may change (``on_settled: undo``).
    """
    before = [target for _, target in endpoint.references] + list(endpoint.points_at)
    if endpoint.deletes and endpoint.effect != "settlement":
        before.append(endpoint.deletes)
    if policy.on_settled == "undo" and endpoint.name in SETTLEMENTS:
        before.append(REVERSALS[SETTLEMENTS[endpoint.name].name].name)
    return tuple(dict.fromkeys(before))


def pending_dates(deployment: Deployment, empresa: str, since: datetime) -> list[date]:
    """Business dates that a sync pushes: with rows that changed, came or went, or are unfinished in
    the ledger, and today.

    Args:
        deployment: the composed deployment.
        empresa: the empresa whose rows are meant.
        since: when the last complete sync began; ``NO_SYNC`` if there was none.
    """
    from omie_pipeline.clinic.changed_dates import moved_dates  # brings Arrow

    settings = deployment.settings
    today = deployment.clock.now().astimezone(settings.zone).date()
    dates = {today}
    if since > NO_SYNC:
        # A day on which no sync got through may have rows that were typed before it.
        first = max(since.astimezone(settings.zone).date(), settings.start_date)
        dates |= {first + timedelta(days=n) for n in range((today - first).days + 1)}
    with deployment.clinic(empresa) as clinic:
        for table in deployment.sources:
            if table.grain == "fact" and table.name not in clinic.missing_tables([table]):
                dates.update(clinic.changed_dates(table, since - _OVERLAP, empresa))
                dates.update(moved_dates(clinic, table, deployment.engine, empresa))
    facts = [endpoint.name for endpoint in WRITABLE if endpoint.grain == "fact"]
    dates.update(unfinished_dates(deployment.engine, empresa, facts))
    start = settings.start_date
    if settings.include_before_start and any(day < start for day in dates):
        dates.add(start)
    return sorted(day for day in dates if start <= day <= today)
