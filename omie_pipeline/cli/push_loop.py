"""What ``push``, ``retry`` and ``reconcile`` say while ``app.push_all`` goes on."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager, redirect_stdout
from dataclasses import dataclass
from typing import TYPE_CHECKING

from omie_pipeline.catalog import Endpoint
from omie_pipeline.cli.errors import print_error
from omie_pipeline.cli.model_report import computed_columns_told
from omie_pipeline.cli.output import say
from omie_pipeline.cli.progress import push_progress
from omie_pipeline.cli.push_report import lots_told
from omie_pipeline.cli.references import say_reading
from omie_pipeline.errors import EmpresaPaused, OmieFault
from omie_pipeline.texts.cli import models as model_texts
from omie_pipeline.texts.cli import push as texts

if TYPE_CHECKING:
    from omie_pipeline.app.deployment import Deployment, Progress
    from omie_pipeline.app.push_all import EndpointResult, PushListener, PushRequest
    from omie_pipeline.payload import PayloadModel
    from omie_pipeline.push.report import PushReport


@dataclass(frozen=True, slots=True)
class PushResult:
    """What came of it.

    Attributes:
        failed: an endpoint or an empresa stopped, or a report does not agree with the ledger; each
            was printed on stderr.
    """

    reports: tuple[PushReport, ...]
    failed: bool


def deliver(
    deployment: Deployment, wanted: PushRequest, on_report: Callable[[PushReport], None]
) -> PushResult:
    """Push everything wanted, and say what the reports do not.

    Raises:
        ConfigurationError, ModelError, WarehouseError: before any call, or at once.
    """
    from omie_pipeline.app.push_all import push_all

    reports: list[PushReport] = []
    failed = False
    for result in push_all(deployment, wanted, push_listener()):
        if result.report is not None:
            reports.append(result.report)
            on_report(result.report)
        told = tell(result, dry_run=wanted.options.dry_run)
        # One of several that rests is no failure of the others.
        rests = isinstance(result.error, EmpresaPaused) and len(wanted.empresas) > 1
        failed = (told and not rests) or failed
        if wanted.options.dry_run and result.report is not None:
            tell_time(deployment, result.endpoint, result.report.would_send)
    return PushResult(tuple(reports), failed)


def push_listener() -> PushListener:
    """What the terminal says while endpoints are pushed."""
    from omie_pipeline.app.push_all import PushListener

    return PushListener(on_model=_tell_computed, on_list=say_reading, sending=_sending)


def tell_time(deployment: Deployment, endpoint: Endpoint, rows: int) -> None:
    """Say how long so many rows take to send, where that is worth knowing."""
    from omie_pipeline.progress import plan_told

    if told := plan_told(rows, deployment.pace(endpoint)):
        say(f"{endpoint.name}: {told}")


def _tell_computed(endpoint: Endpoint, model: PayloadModel) -> None:
    if model.computed:
        say(f"{endpoint.name}: {computed_columns_told(model)}")


@contextmanager
def _sending(empresa: str, endpoint: Endpoint) -> Iterator[Progress]:
    # Whatever a library prints must not end up between the objects of --json.
    with push_progress(_label(empresa, endpoint)) as progress, redirect_stdout(sys.stderr):
        yield progress


def _label(empresa: str, endpoint: Endpoint) -> str:
    return f"{endpoint.name} ({empresa})"


def tell(result: EndpointResult, *, dry_run: bool, one_record: bool = False) -> bool:
    """Say what came of one endpoint; true when it failed or its report cannot be trusted.

    Args:
        result: what came of it.
        dry_run: nothing was sent on purpose.
        one_record: its door says itself where a record is that nothing was selected of.
    """
    label = _label(result.empresa, result.endpoint)
    if result.behind:
        say(texts.not_sent_behind(label=label, behind=", ".join(result.behind)))
    if result.unread_list is not None and isinstance(result.error, OmieFault):
        say(
            model_texts.list_unread(
                needed_by=label, reference=result.unread_list, empresa=result.empresa
            )
        )
    if result.error is not None:
        print_error(result.error, about=label)
        return True
    if result.report is None:
        return False
    if result.report.switched_off:
        say(f"{label}: {result.report.switched_off}")
        return False
    if result.report.total.selected == 0 and not one_record:
        say(texts.no_rows(label))
    failed = _tell_report(result.report, label, dry_run=dry_run)
    if result.report.line_down:
        say(texts.no_way_to_omie(result.empresa))
    return failed


def _tell_report(report: PushReport, label: str, *, dry_run: bool) -> bool:
    """Say what the counts do not; true when the report cannot be trusted."""
    if report.recovered:
        say(texts.recovered(label=label, rows=report.recovered))
    if report.new_only:
        say(texts.new_only(label))
    if report.left_out:
        say(texts.fields_left_out(label=label, fields=", ".join(report.left_out)))
    if report.stopped_by:
        say(texts.stopped(label=label, reason=report.stopped_by))
    for told in lots_told(report.lots):
        say(f"{label}: {told}")
    if dry_run:
        say(texts.dry_run(label=label, rows=report.would_send))
        for reason in report.would_stop:
            say(texts.would_stop(label=label, reason=reason))
        if report.lot_rows:
            say(texts.would_go_in_lots(label=label, most=report.lot_rows))
        if report.total.held:
            say(texts.held_for_client(label=label, rows=report.total.held))
        return False
    if report.closes:
        return False
    say(texts.accounts_differ(label=label, run=report.run_id))
    return True
