"""The demo itself: both jobs through Dagster, then the table, the worst rows, what to type next."""

from __future__ import annotations

import contextlib
import os
import threading
import time
import uuid
from collections.abc import Mapping
from datetime import date
from typing import Any

import dagster as dg
import sqlalchemy as sa
from rich.console import Console
from rich.table import Table

from omie_pipeline.app.deployment import Deployment
from omie_pipeline.app.notes import follow_open_notes
from omie_pipeline.assets.jobs import FACTS_JOB, REGISTERS_JOB, STATUS_JOB
from omie_pipeline.assets.pools import ensure_pools
from omie_pipeline.assets.run_tags import TRIGGER_TAG
from omie_pipeline.cli.sandbox import LAST_DATE, START_DATE, demo_home, give_sample_defaults
from omie_pipeline.omie.masking import mask_text
from omie_pipeline.postgres.engine import warehouse_errors
from omie_pipeline.postgres.tables import nfse
from omie_pipeline.push.report import last_runs
from omie_pipeline.push.rows_to_fix import STATE_WORDS, worst_rows
from omie_pipeline.resources.dagster_home import prepare_dagster_home
from omie_pipeline.sensors.ranges import range_tags
from omie_pipeline.texts.cli import machine as texts

# The demo's last step: the notes of the billed orders, until the simulated city hall answered.

CITY_HALL_SECONDS = 2.0
"""How long the demo's simulated city hall takes."""
_SHOWN = 3
_QUESTIONS = 500
"""Enough for the links of every note of the sample."""


def follow_notes(console: Console, deployment: Deployment, empresa: str) -> None:
    """Ask once about all open notes, store their files, and show what came of them."""
    time.sleep(CITY_HALL_SECONDS)
    follow_open_notes(deployment, empresa, most_questions=_QUESTIONS, at_once=True)
    with warehouse_errors(), deployment.engine.connect() as connection:
        by_state = connection.execute(
            sa.select(nfse.c.state, sa.func.count())
            .where(nfse.c.empresa == empresa)
            .group_by(nfse.c.state)
            .order_by(nfse.c.state)
        ).all()
        issued = connection.execute(
            sa.select(nfse.c.numero, nfse.c.cod_int_os, nfse.c.valor, nfse.c.url_pdf)
            .where(nfse.c.empresa == empresa, nfse.c.state == "issued")
            .order_by(nfse.c.numero)
            .limit(_SHOWN)
        ).all()
    told = ", ".join(f"{number} {state}" for state, number in by_state) or "nenhuma"
    console.print(texts.notes(told))
    if not issued:
        return
    table = Table(title=texts.FIRST_NOTES)
    for title in (texts.NUMBER, texts.ORDER, "PDF"):
        table.add_column(title, no_wrap=True)
    for note in issued:
        table.add_row(note.numero, note.cod_int_os, note.url_pdf or "-")
    console.print(table)


EMPRESA = "principal"
_POLL_SECONDS = 0.5
_WORST = 5
_QUIET = {"loggers": {"console": {"config": {"log_level": "CRITICAL"}}}}
_COLUMNS = {
    "selecionadas": "selected",
    "entregues": "delivered",
    "inalteradas": "unchanged",
    "rejeitadas": "rejected",
    "quarentena": "quarantined",
    "retidas": "held",
    "chamadas": "calls",
    "segundos": "seconds",
}


def run_demo(console: Console, base_url: str) -> bool:
    """Run everything inside the sandbox's environment; false when a step failed."""
    deployment = Deployment()
    engine = deployment.engine  # migrated: Dagster's schema must be there before Dagster
    prepare_dagster_home(deployment.settings.home)
    os.environ.update(deployment.dagster_environment())
    give_sample_defaults(deployment)
    console.print(texts.simulated_at(base_url))
    try:
        succeeded = _run_jobs(console)
        if succeeded:
            console.print(texts.STEP_5)
            follow_notes(console, deployment, EMPRESA)
            succeeded = _make_status_pages(console)
        _tell(console, deployment)
    finally:
        engine.dispose()
        if deployment.warehouse.embedded is not None:
            deployment.warehouse.embedded.stop_if_started_here()
    return succeeded


def _run_jobs(console: Console) -> bool:
    console.print(texts.STEP_2)
    from omie_pipeline.definitions import defs  # reads the environment when imported

    tags = {TRIGGER_TAG: "demo"}
    days = range_tags(date.fromisoformat(START_DATE), date.fromisoformat(LAST_DATE), EMPRESA)
    with dg.DagsterInstance.get() as instance:
        _close_killed_runs(instance)
        ensure_pools(instance)
        console.print(texts.STEP_3)
        if not _run_job(console, instance, defs, REGISTERS_JOB, EMPRESA, tags):
            return False
        console.print(texts.STEP_4)
        return _run_job(console, instance, defs, FACTS_JOB, None, {**tags, **days})


def _make_status_pages(console: Console) -> bool:
    """What Dagster's catalog shows first: how everything stands, and the notes."""
    from omie_pipeline.definitions import defs

    with dg.DagsterInstance.get() as instance:
        return _run_job(console, instance, defs, STATUS_JOB, None, {TRIGGER_TAG: "demo"})


def _close_killed_runs(instance: dg.DagsterInstance) -> None:
    """End the runs of a demo that was killed: they would hold their pools for ever."""
    going = [dg.DagsterRunStatus.STARTED, dg.DagsterRunStatus.STARTING]
    for run in instance.get_runs(dg.RunsFilter(statuses=going, tags={TRIGGER_TAG: "demo"})):
        instance.report_run_failed(run, texts.INTERRUPTED)
        instance.event_log_storage.free_concurrency_slots_for_run(run.run_id)


def _run_job(
    console: Console,
    instance: dg.DagsterInstance,
    defs: dg.Definitions,
    name: str,
    partition: str | None,
    tags: Mapping[str, str],
) -> bool:
    """Execute one job in this process and tell each asset as it is done."""
    run_id, finished = str(uuid.uuid4()), threading.Event()
    teller = threading.Thread(target=_tell_progress, args=(console, instance, run_id, finished))
    teller.start()
    # dbt writes its own story to standard output: it goes to a file of the demo.
    log = demo_home() / f"{name}.log"
    with log.open("w", encoding="utf-8") as file, contextlib.redirect_stdout(file):
        try:
            result = defs.resolve_job_def(name).execute_in_process(
                instance=instance,
                partition_key=partition,
                tags=dict(tags),
                run_id=run_id,
                run_config=_QUIET,
                raise_on_error=False,
            )
        finally:
            finished.set()
            teller.join()
    for event in result.all_events:
        if event.is_step_failure:
            error = event.step_failure_data.error
            cause = error.cause if error and error.cause else error
            console.print(
                f"      ✗ {event.step_key}: {cause.message if cause else ''}", style="red"
            )
            console.print(texts.whole_log(log))
    return result.success


def _tell_progress(
    console: Console, instance: dg.DagsterInstance, run_id: str, finished: threading.Event
) -> None:
    """Print every asset of the run once, as soon as its first materialization is stored."""
    cursor: str | None = None
    told: set[str] = set()
    while True:
        last_look = finished.wait(_POLL_SECONDS)
        page = instance.get_records_for_run(
            run_id, cursor, of_type=dg.DagsterEventType.ASSET_MATERIALIZATION
        )
        cursor = page.cursor
        for record in page.records:
            event = record.event_log_entry.dagster_event
            key = event.asset_key.to_user_string() if event and event.asset_key else ""
            if key and key not in told:
                told.add(key)
                console.print(f"      ✓ {key}")
        if last_look and not page.has_more:
            return


def _tell(console: Console, deployment: Deployment) -> None:
    console.print(texts.STEP_6)
    table = Table(title=texts.CLINIC_TO_OMIE)
    table.add_column("endpoint", no_wrap=True)
    for column in _COLUMNS:
        table.add_column(column, justify="right", no_wrap=True)
    worst = []
    for run in last_runs(deployment.engine, EMPRESA):
        if not run.total("selected"):
            continue
        table.add_row(run.endpoint, *(_cell(run.total(key)) for key in _COLUMNS.values()))
        worst += worst_rows(deployment.engine, EMPRESA, run.endpoint, run.run_id, _WORST)
    console.print(table)
    if worst:
        console.print(texts.WORST_ROWS, style="bold")
    for row in worst[:_WORST]:
        head = f"  {row.codigo_integracao} ({STATE_WORDS[row.state]})"
        console.print(f"{head}: {mask_text(row.reason)}")
        console.print(f"      → {row.fix}")
    console.print(texts.NEXT_STEPS)


def _cell(value: Any) -> str:
    text = f"{value:,.1f}" if isinstance(value, float) else f"{value:,}"
    return text.translate(str.maketrans(",.", ".,"))
