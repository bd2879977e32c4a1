"""Plans: what would be sent, read, approved in one's name, rejected, and applied."""

from __future__ import annotations

import json
from typing import Annotated, Any, Final
from urllib.parse import quote

from fastapi import APIRouter, Depends, Form
from fastapi.responses import HTMLResponse, RedirectResponse, Response
from starlette.exceptions import HTTPException

from omie_pipeline.app.plans import approve_plan, reject_plan
from omie_pipeline.catalog import REGISTRY
from omie_pipeline.console.access.roles import Permission
from omie_pipeline.console.actions import Done, perform
from omie_pipeline.console.forms import Sent, sent_by
from omie_pipeline.console.visit import Visit, needing
from omie_pipeline.console.works import start
from omie_pipeline.errors import ConfigurationError
from omie_pipeline.plans.model import StoredPlan
from omie_pipeline.plans.shown import masked
from omie_pipeline.plans.store import list_plans, plan_rows, read_plan
from omie_pipeline.texts.console import plans as texts
from omie_pipeline.validation.model import label, sentence

router = APIRouter()
_PAGE: Final = 50
_STAYS: Final = ("quarantined", "held", "waiting")

Reading = Annotated[Visit, Depends(needing(Permission.PLAN))]
Approving = Annotated[Sent, Depends(sent_by(Permission.APPROVE))]
Digest = Annotated[str, Form(max_length=200)]


@router.get("/e/{empresa}/planos")
def plans(visit: Reading, todos: bool = False) -> HTMLResponse:
    """The newest plans of an empresa that wait for a person; or all of them."""
    found = list_plans(visit.seen.engine, [visit.empresa], _PAGE, open_only=not todos)
    return visit.page(
        "plans.html",
        texts,
        title=texts.TITLE,
        plans=found,
        everything=todos,
        here=_here(visit.empresa),
    )


@router.get("/e/{empresa}/planos/{plan_id}")
def plan(visit: Reading, plan_id: str, aviso: str = "") -> HTMLResponse:
    """What one plan would do, and what may be done about it."""
    found = _found(visit, plan_id)
    rows = list(plan_rows(visit.seen.engine, found.plan_id, _PAGE))
    shown = rows if visit.may(Permission.NAMES) else [masked(one) for one in rows]
    return visit.page(
        "plan.html",
        texts,
        title=f"{texts.PLAN} {found.plan_id}",
        plan=found,
        rows=shown,
        page=_PAGE,
        stays=_STAYS,
        title_of=lambda name: REGISTRY[name].title if name in REGISTRY else name,
        field_of=lambda name: sentence(label(name)),
        value_of=_value,
        notice=texts.NOTICES.get(aviso, ""),
        is_good=aviso != "mudou",
        here=f"{_here(visit.empresa)}/{found.plan_id}",
        list_of=_here(visit.empresa),
        may_approve=all(
            visit.may(Permission.APPROVE, empresa)
            for empresa in {part.empresa for part in found.parts}
        ),
    )


@router.post("/e/{empresa}/planos/{plan_id}/aprovar")
def approve(form: Approving, plan_id: str, digest: Digest, over: str = Form("")) -> Response:
    """Approve what was shown, in the name of the person.

    Args:
        form: of a person who may approve.
        plan_id: of the plan.
        digest: of the rows that the page showed.
        over: the person read what guardrails say.
    """
    visit, found = form.visit, _to_decide(form, plan_id)

    def do() -> Done:
        if found.digest != digest:
            return Done(result={"notice": "mudou"})
        by = visit.person.name
        done = approve_plan(visit.backstage.acting, plan_id, by, over_guardrails=bool(over))
        return Done(after={"state": done.state, "digest": done.digest})

    return _decide(form, "plan_approve", found, do, "aprovado")


@router.post("/e/{empresa}/planos/{plan_id}/recusar")
def reject(
    form: Approving, plan_id: str, why: Annotated[str, Form(min_length=1, max_length=500)]
) -> Response:
    """Say no to a plan, and why."""
    visit, found = form.visit, _to_decide(form, plan_id)

    def do() -> Done:
        done = reject_plan(visit.backstage.acting, plan_id, visit.person.name, why.strip())
        return Done(after={"state": done.state})

    return _decide(form, "plan_reject", found, do, "recusado")


@router.post("/e/{empresa}/planos/{plan_id}/aplicar")
def apply(form: Approving, plan_id: str, digest: Digest) -> Response:
    """Have an approved plan sent, by a process of its own."""
    found, acting = _to_decide(form, plan_id), form.visit.backstage.acting
    here = f"{_here(form.visit.empresa)}/{found.plan_id}"
    if found.digest != digest or found.state != "approved":
        return RedirectResponse(f"{here}?aviso=mudou", 303)
    start(acting.engine, acting.clock, form.asked("apply_plan", plan=found.plan_id))
    return RedirectResponse(f"{here}?aviso=aplicando", 303)


def _decide(form: Sent, what: str, found: StoredPlan, do: Any, notice: str) -> Response:
    """Do it once and go back to the plan.

    Args:
        form: what was sent.
        what: kind of the action.
        found: the plan as it was.
        do: does it.
        notice: what the page says then, unless the action says another.
    """
    acting = form.visit.backstage.acting
    action = perform(acting.engine, acting.clock, form.asked(what, plan=found.plan_id), do)
    told = action.result.get("notice", notice)
    return RedirectResponse(f"{_here(form.visit.empresa)}/{found.plan_id}?aviso={told}", 303)


def _to_decide(form: Sent, plan_id: str) -> StoredPlan:
    """A plan that this person may decide on: for every empresa that it touches."""
    found = _found(form.visit, plan_id)
    for part in found.parts:
        form.visit.need(Permission.APPROVE, part.empresa)
    return found


def _found(visit: Visit, plan_id: str) -> StoredPlan:
    try:
        found = read_plan(visit.seen.engine, plan_id)
    except ConfigurationError:
        raise HTTPException(404) from None
    if not any(part.empresa == visit.empresa for part in found.parts):
        raise HTTPException(404)
    for part in found.parts:
        visit.need(Permission.PLAN, part.empresa)
    return found


def _here(empresa: str) -> str:
    return f"/e/{quote(empresa, safe='')}/planos"


def _value(value: Any) -> str:
    if value in (None, ""):
        return texts.NOTHING
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False, default=str)
