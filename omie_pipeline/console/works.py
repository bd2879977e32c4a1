"""Long actions: what a person started, and what a process of its own does (``console.worker``)."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable, Mapping
from dataclasses import asdict, replace
from datetime import date
from typing import Final

import sqlalchemy as sa

from omie_pipeline.app.build import BuildRequest, build, reads_clinic
from omie_pipeline.app.deployment import Deployment
from omie_pipeline.app.notes import cancel_note, issue_note, wait_for_note
from omie_pipeline.app.plans import apply_plan
from omie_pipeline.app.push_all import PushRequest, push_all
from omie_pipeline.app.recategorise import recategorise
from omie_pipeline.app.sync_all import StepResult, sync_all
from omie_pipeline.app.sync_one import SyncedRecord, SyncRequest, sync_one
from omie_pipeline.catalog import REGISTRY, WRITABLE
from omie_pipeline.clock import Clock
from omie_pipeline.config.settings import project_root
from omie_pipeline.console.access.people import find_person
from omie_pipeline.console.actions import (
    Action,
    Asked,
    Done,
    ask,
    begin,
    end,
    find_action,
    note_progress,
)
from omie_pipeline.errors import OmiePipelineError
from omie_pipeline.omie.masking import mask_text
from omie_pipeline.postgres.locks import lane_if_free, lanes_held
from omie_pipeline.push.report import Counts, PushOptions
from omie_pipeline.push.rows_to_fix import worst_rows
from omie_pipeline.status.history import ListFilter
from omie_pipeline.status.to_correct import STATES, rows_in_state
from omie_pipeline.texts import app as app_texts
from omie_pipeline.texts.console import common as texts

Tell = Callable[[StepResult], None]


def start(engine: sa.Engine, clock: Clock, asked: Asked) -> None:
    """Remember a long action and start the process that does it; once, however often it is asked.

    Args:
        engine: the warehouse.
        clock: the deployment's.
        asked: by whom and what; its kind is one of :data:`WORKS`.
    """
    if ask(engine, clock, asked):
        launch(asked.action_id)


def launch(action_id: str) -> None:
    """Start the process of an action. It goes on when the console ends."""
    subprocess.Popen(  # noqa: S603 - our own command
        [sys.executable, "-m", "omie_pipeline.console.worker", action_id],
        cwd=project_root(),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )


def run(deployment: Deployment, action_id: str) -> bool:
    """Do a long action, if nobody is at it; whether it went well.

    Args:
        deployment: the composed deployment.
        action_id: of an action that was asked for.
    """
    engine, clock = deployment.engine, deployment.clock
    with lane_if_free(engine, _lane(action_id)) as mine:
        action = find_action(engine, action_id)
        if mine is None or action is None or action.over:
            return False
        begin(engine, clock, action_id)
        steps: list[StepResult] = []

        def tell(one: StepResult) -> None:
            steps.append(one)
            note_progress(engine, action_id, _told(steps))

        try:
            well = WORKS[action.kind](deployment, action, tell)
        except OmiePipelineError as error:
            steps.append(StepResult("push", error=str(error)))
            well = False
        end(engine, clock, action_id, "done" if well else "failed", _told(steps))
        return well


def close_dead(engine: sa.Engine, clock: Clock, actions: tuple[Action, ...]) -> None:
    """Remember as failed what was begun and whose process is gone.

    What it had sent is in the ledger; asking for the same again goes on from there.

    Args:
        engine: the warehouse.
        clock: the deployment's.
        actions: some that are not over.
    """
    begun = [one.action_id for one in actions if one.state == "running" and one.kind in WORKS]
    alive = lanes_held(engine, map(_lane, begun))
    for action_id in begun:
        if _lane(action_id) not in alive:
            # Looked at once more: a process ends its row before it lets go of its lane.
            found = find_action(engine, action_id)
            if found is not None and not found.over:
                interrupted = Done(result={"error": texts.INTERRUPTED})
                end(engine, clock, action_id, "failed", interrupted)


def _told(steps: list[StepResult]) -> Done:
    """The report of a long action: parts that moved something, or stopped."""
    told = [asdict(one) | {"error": mask_text(one.error)} for one in steps]
    return Done(result={"steps": [one for one in told if any(one[k] for k in _SAYS)]})


_SAYS: Final = ("rows", "refused", "error")


def _lane(action_id: str) -> str:
    return f"console:{action_id}"


def _sync(deployment: Deployment, action: Action, tell: Tell) -> bool:
    return sync_all(deployment, action.empresa, _BY, tell)


def _retry(deployment: Deployment, action: Action, tell: Tell) -> bool:
    """Send again what was refused or waits, of one endpoint or of all; or rows by their codes."""
    name = action.subject.get("endpoint")
    endpoints = (REGISTRY[str(name)],) if name else tuple(WRITABLE)
    wanted = PushRequest(
        (action.empresa,),
        endpoints,
        PushOptions(trigger=_BY),
        unfinished_only=True,
        codes=tuple(action.subject.get("codes") or ()),
    )
    return _push(deployment, wanted, tell)


def _push(deployment: Deployment, wanted: PushRequest, tell: Tell) -> bool:
    well = True
    for one in push_all(deployment, wanted):
        counts = one.report.total if one.report else None
        error = str(one.error) if one.error else one.report.stopped_by if one.report else ""
        well = well and not error
        tell(
            StepResult(
                "push",
                one.endpoint.name,
                counts.delivered if counts else 0,
                counts.rejected + counts.quarantined if counts else 0,
                error,
            )
        )
    return well


def _issue(deployment: Deployment, action: Action, tell: Tell) -> bool:
    """Bill an order, in the name of who asked; the note is followed afterwards."""
    code = str(action.subject["code"])
    report = issue_note(deployment, action.empresa, code, action.by, _BY)
    refused = report.total.rejected + report.total.quarantined
    step = StepResult("push", _BILLING, report.total.delivered, refused, report.stopped_by or "")
    tell(step)
    return not refused and not report.stopped_by and not report.total.held


def _cancel(deployment: Deployment, action: Action, tell: Tell) -> bool:
    """Ask Omie to cancel an order and its note."""
    found = cancel_note(deployment, action.empresa, str(action.subject["code"]))
    tell(StepResult("push", _BILLING, int(found.result == "cancelled")))
    return found.result in ("cancelled", "requested")


def _wait(deployment: Deployment, action: Action, tell: Tell) -> bool:
    """Ask again and again until the city hall has answered, for some minutes."""
    note = wait_for_note(deployment, action.empresa, str(action.subject["code"]))
    tell(StepResult("import", _BILLING, int(note.state == "issued")))
    return True


_BILLING: Final = "faturar_os"


def _sync_record(deployment: Deployment, action: Action, tell: Tell) -> bool:
    """One record from the clinic to Omie; well if it is there as the clinic has it."""
    endpoint = REGISTRY[str(action.subject["endpoint"])]
    wanted = SyncRequest(
        action.empresa, endpoint, str(action.subject["code"]), PushOptions(trigger=_BY)
    )
    well = True
    for one in sync_one(deployment, wanted):
        counts = one.result.report.total if one.result.report else Counts("")
        error = str(one.result.error or "") or _stays(deployment, action.empresa, one)
        if not one.in_model and not counts.selected:
            error = error or texts.GONE_AT_CLINIC
        well = well and not error
        refused = counts.rejected + counts.quarantined
        name = f"{one.endpoint.name} {one.key}"
        tell(StepResult("push", name, counts.delivered + counts.unchanged, refused, error))
    return well


def _stays(deployment: Deployment, empresa: str, one: SyncedRecord) -> str:
    """Why a record that was pushed is not in Omie; ``""`` if it is."""
    report = one.result.report
    if report is None:
        return ""
    if report.stopped_by:
        return report.stopped_by
    worst = worst_rows(deployment.engine, empresa, one.endpoint.name, report.run_id, limit=1)
    return f"{worst[0].reason} {worst[0].fix}".strip() if worst else ""


def _send_cause(deployment: Deployment, action: Action, tell: Tell) -> bool:
    """Read the clinic again, and send the rows that did not get through for one cause."""
    subject, empresa = action.subject, action.empresa
    wanted = ListFilter((empresa,), (str(subject["endpoint"]),), why=str(subject["why"] or ""))
    state = next(one for one in STATES if one == subject["state"])
    entries = rows_in_state(deployment.engine, state, replace(wanted, limit=_MOST_ROWS))
    if reads_clinic(deployment, (empresa,)):
        made = build(deployment, BuildRequest((empresa,)))
        if not made.made:
            tell(StepResult("build", error=app_texts.BUILD_FAILED))
            return False
    codes = tuple(dict.fromkeys(one.code for one in entries))
    if not codes:
        return True
    request = PushRequest(
        (empresa,), (REGISTRY[wanted.endpoints[0]],), PushOptions(trigger=_BY), codes=codes
    )
    return _push(deployment, request, tell)


_MOST_ROWS: Final = 5_000
"""Rows of one cause that are sent again at once; a sync takes the others."""


def _apply_plan(deployment: Deployment, action: Action, tell: Tell) -> bool:
    """Send exactly what an approved plan says, in the name of the person."""
    with deployment.engine.connect() as connection:
        person = find_person(connection, action.by)
    by = person.name if person else action.by
    done = apply_plan(deployment, str(action.subject["plan"]), by)
    for one in done.results:
        counts = one.report.total if one.report else None
        error = str(one.error) if one.error else one.report.stopped_by if one.report else ""
        refused = counts.rejected + counts.quarantined if counts else 0
        delivered = counts.delivered if counts else 0
        tell(StepResult("push", one.endpoint.name, delivered, refused, error))
    return done.plan.state == "applied"


def _recategorise(deployment: Deployment, action: Action, tell: Tell) -> bool:
    """Make a plan of what mappings change in what Omie has already."""
    first = date.fromisoformat(str(action.subject["date_from"]))
    made = recategorise(deployment, (action.empresa,), first, action.by)
    rows = made.plan.leaving if made.plan else 0
    tell(StepResult("plan", made.plan.plan_id if made.plan else "", rows))
    return True


_BY: Final = "console"

WORKS: Final[Mapping[str, Callable[[Deployment, Action, Tell], bool]]] = {
    "sync": _sync,
    "retry": _retry,
    "issue": _issue,
    "cancel": _cancel,
    "wait": _wait,
    "sync_record": _sync_record,
    "send_cause": _send_cause,
    "apply_plan": _apply_plan,
    "recategorise": _recategorise,
}
"""Kinds of long actions, and what does them."""
