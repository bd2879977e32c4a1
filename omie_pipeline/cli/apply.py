"""``omie-pipeline apply``: sends exactly what an approved plan shows, or nothing."""

from __future__ import annotations

from typing import TYPE_CHECKING

import typer

from omie_pipeline.cli.errors import FAILED, UNFINISHED, print_error
from omie_pipeline.cli.outbox import tell_back
from omie_pipeline.cli.output import count, emit, moment, say, show
from omie_pipeline.cli.plan import PlanArgument, meant_plan
from omie_pipeline.cli.push_loop import push_listener, tell
from omie_pipeline.cli.push_report import (
    report_lines,
    show_next_step,
    show_reports,
    show_worst,
    unfinished,
    worst_of,
)
from omie_pipeline.cli.selection import ByOption, JsonOption, decider
from omie_pipeline.errors import PlanRefused
from omie_pipeline.texts.cli import plan as texts

if TYPE_CHECKING:
    from omie_pipeline.app.plans import PlanApplied


def apply(plan_id: PlanArgument, by: ByOption = None, as_json: JsonOption = False) -> None:
    """Envia exatamente o que um plano aprovado mostra; se algo mudou, não envia nada."""
    from omie_pipeline.app.deployment import Deployment
    from omie_pipeline.app.plans import apply_plan

    deployment = Deployment()
    try:
        done = apply_plan(deployment, meant_plan(deployment, plan_id), decider(by), push_listener())
    except PlanRefused as refused:
        _say_refused(refused)
        raise typer.Exit(FAILED) from None
    failed = [tell(result, dry_run=False) for result in done.results]
    reports = tuple(result.report for result in done.results if result.report is not None)
    if as_json:
        _emit(done)
    else:
        _say_before(done)
        if reports:
            show_reports(reports)
            show_worst(worst_of(deployment.engine, reports))
            show_next_step(reports, dry_run=False)
        _say_end(done)
    if done.refused is not None:
        _say_refused(done.refused)
    tell_back(deployment, sorted({one.empresa for one in done.results}))
    if any(failed) or done.refused is not None:
        raise typer.Exit(FAILED)
    if done.plan.state != "applied" or unfinished(reports):
        raise typer.Exit(UNFINISHED)


def _say_refused(refused: PlanRefused) -> None:
    print_error(refused)
    if refused.differences:
        say(texts.WHAT_CHANGED)
        for one in refused.differences:
            say(f"  {one}")


def _emit(done: PlanApplied) -> None:
    from omie_pipeline.plans.shown import plan_record

    emit(plan_record(done.plan) | {"before": done.before})
    for result in done.results:
        if result.report is not None:
            for line in report_lines(result.report, result.empresa, dry_run=False):
                emit(line)


def _say_before(done: PlanApplied) -> None:
    stored = done.plan
    if done.ended_before:
        say(
            texts.applied_already(
                plan_id=stored.plan_id, by=stored.applied_by, at=moment(stored.ended_at)
            )
        )
    elif done.before:
        say(texts.delivered_before(rows=count(done.before)))


def _say_end(done: PlanApplied) -> None:
    if done.ended_before or done.refused is not None:
        return
    plan_id = done.plan.plan_id
    applied = done.plan.state == "applied"
    show(texts.plan_done(plan_id=plan_id) if applied else texts.plan_goes_on(plan_id))
