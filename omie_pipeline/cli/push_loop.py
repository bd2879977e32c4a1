"""The loop behind ``push`` and ``retry``: empresa by empresa, endpoint by endpoint."""

from __future__ import annotations

import sys
from collections.abc import Callable
from contextlib import redirect_stdout
from dataclasses import dataclass
from typing import TYPE_CHECKING

from omie_pipeline.catalog import Endpoint
from omie_pipeline.catalog.relations import needed_by
from omie_pipeline.cli.errors import print_error
from omie_pipeline.cli.model_report import computed_columns_told
from omie_pipeline.cli.output import say
from omie_pipeline.cli.progress import push_progress
from omie_pipeline.cli.references import read_lists_once
from omie_pipeline.cli.selection import Dates
from omie_pipeline.errors import GuardrailStopped, OmieFault, TakenOver
from omie_pipeline.texts.cli import push as texts

if TYPE_CHECKING:
    from omie_pipeline.app.deployment import Deployment
    from omie_pipeline.push.report import PushOptions, PushReport


@dataclass(frozen=True, slots=True)
class PushRequest:
    """What is to be pushed.

    Attributes:
        dates: business dates of facts, the start date already applied.
        key: one integration code only.
        unfinished_only: only rows that were rejected or held.
        held_only: only rows that are held and wait for no person.
        empresa_asked, dates_asked: a person named them, so that finding nothing is worth telling.
    """

    empresas: tuple[str, ...]
    endpoints: tuple[Endpoint, ...]
    dates: Dates
    options: PushOptions
    key: str | None = None
    unfinished_only: bool = False
    held_only: bool = False
    empresa_asked: bool = False
    dates_asked: bool = False

    def partition(self, empresa: str, endpoint: Endpoint) -> str:
        """Name of the partition of a selection without rows."""
        return empresa if endpoint.grain == "register" else self.dates.partition()


@dataclass(frozen=True, slots=True)
class PushResult:
    """What came of it.

    Attributes:
        failed: an empresa was stopped by its key or the road to Omie, an endpoint by a guardrail or
            by another run, or a report does not agree with the ledger; each was printed on stderr.
    """

    reports: tuple[PushReport, ...]
    failed: bool


def deliver(
    deployment: Deployment, wanted: PushRequest, on_report: Callable[[PushReport], None]
) -> PushResult:
    """Push everything wanted; an empresa that is stopped does not stop the others.

    A guardrail, and another run that took the lane while this one had lost its lock, stop an
    endpoint and those that depend on it (``needed_by``); Omie's own trouble, and a road on which
    nobody is there, stop the empresa.

    Raises:
        ConfigurationError, ModelError, WarehouseError: before any call, or at once.
    """
    _check_before_any_call(deployment, wanted)
    reports: list[PushReport] = []
    failed = False
    for empresa in wanted.empresas:
        stopped: set[str] = set()
        for endpoint in wanted.endpoints:
            label = f"{endpoint.name} ({empresa})"
            if behind := sorted(needed_by(endpoint) & stopped):
                stopped.add(endpoint.name)
                say(texts.not_sent_behind(label=label, behind=", ".join(behind)))
                continue
            try:
                report = _push_one(deployment, wanted, empresa, endpoint, label)
            except (GuardrailStopped, TakenOver) as error:
                print_error(error, about=label)
                failed = True
                stopped.add(endpoint.name)
                continue
            except OmieFault as error:
                print_error(error, about=label)
                failed = True
                break
            reports.append(report)
            on_report(report)
            failed = _tell(report, label, wanted) or failed
            if report.line_down:
                say(texts.no_way_to_omie(empresa))
                break
    return PushResult(tuple(reports), failed)


def _check_before_any_call(deployment: Deployment, wanted: PushRequest) -> None:
    """Name every missing key and every bad model while nothing has left yet."""
    from omie_pipeline.payload.models import load_payload_model

    for empresa in wanted.empresas:
        deployment.access(empresa)
    for endpoint in wanted.endpoints:
        model = load_payload_model(deployment.engine, endpoint)
        if model.computed:
            say(f"{endpoint.name}: {computed_columns_told(model)}")


def _push_one(
    deployment: Deployment, wanted: PushRequest, empresa: str, endpoint: Endpoint, label: str
) -> PushReport:
    from omie_pipeline.payload.models import Selection
    from omie_pipeline.validation.values import needs_lists

    if not endpoint.deletes:
        read_lists_once(deployment, empresa, sorted(needs_lists(endpoint)), label)
    selection = Selection(
        empresa,
        date_from=wanted.dates.first,
        date_to=wanted.dates.last,
        key=wanted.key,
        unfinished_only=wanted.unfinished_only,
        held_only=wanted.held_only,
        approved=wanted.options.approve,
    )
    # Whatever a library prints must not end up between the objects of --json.
    with push_progress(label) as progress, redirect_stdout(sys.stderr):
        return deployment.push(endpoint.name, selection, wanted.options, progress)


def _tell(report: PushReport, label: str, wanted: PushRequest) -> bool:
    """Say what the counts do not; true when the report cannot be trusted."""
    if report.recovered:
        say(texts.recovered(label=label, rows=report.recovered))
    if report.stopped_by:
        say(texts.stopped(label=label, reason=report.stopped_by))
    if report.total.selected == 0:
        say(texts.no_rows(label))
    if wanted.options.dry_run:
        say(texts.dry_run(label=label, rows=report.would_send))
        for reason in report.would_stop:
            say(texts.would_stop(label=label, reason=reason))
        if report.total.held:
            say(texts.held_for_client(label=label, rows=report.total.held))
        return False
    if report.closes:
        return False
    say(texts.accounts_differ(label=label, run=report.run_id))
    return True
