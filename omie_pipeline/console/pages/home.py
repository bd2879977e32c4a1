"""The first page: where each empresa stands, what needs a person, and what goes on."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from typing import Annotated, Any

from fastapi import APIRouter, Depends
from fastapi.responses import RedirectResponse, Response
from markupsafe import Markup

from omie_pipeline.app.overview import EmpresaOverview, overview
from omie_pipeline.console.access.roles import Permission
from omie_pipeline.console.actions import actions_of
from omie_pipeline.console.charts import bars
from omie_pipeline.console.forms import Sent, sent_by
from omie_pipeline.console.visit import AnyVisit, Visit
from omie_pipeline.console.works import close_dead, start
from omie_pipeline.postgres.work import works_under_way
from omie_pipeline.progress import Headway, told
from omie_pipeline.texts import progress as progress_texts
from omie_pipeline.texts.console import home as texts

router = APIRouter()
_LATEST = 8
_DIGEST_SIGNS = 16


@router.get("/")
def home(visit: AnyVisit) -> Response:
    """A card for each empresa of the person."""
    if visit.person.must_change:
        return RedirectResponse("/senha", 303)
    cards = overview(visit.seen, visit.empresas)
    return visit.page(
        "home.html", texts, title=texts.TITLE, cards=cards, chart=_chart, **_going_on(visit)
    )


@router.get("/andamento")
def going_on(visit: AnyVisit, seen: str = "") -> Response:
    """What goes on, as the first page asks for it again and again; nothing where it stands there
    already, so that what a person opened stays open."""
    part = _going_on(visit)
    if part["digest"] == seen:
        return Response(status_code=204)
    return visit.page("works_again.html", texts, **part)


@router.post("/e/{empresa}/sincronizar")
def sync(form: Annotated[Sent, Depends(sent_by(Permission.SEND))]) -> Response:
    """Start a sync of one empresa."""
    acting = form.visit.backstage.acting
    start(acting.engine, acting.clock, form.asked("sync"))
    return RedirectResponse("/", 303)


def _going_on(visit: Visit) -> dict[str, object]:
    seen, zone = visit.seen, visit.seen.settings.zone
    now = seen.clock.now()
    unfinished = actions_of(seen.engine, visit.empresas, unfinished=True)
    close_dead(visit.backstage.acting.engine, seen.clock, unfinished)

    def so_far(headway: Headway) -> str:
        return told(headway, zone, now)

    page = visit.page(
        "works.html",
        texts,
        works=works_under_way(seen.engine, visit.empresas, now),
        actions=actions_of(seen.engine, visit.empresas, limit=_LATEST),
        told=so_far,
        work_kinds=progress_texts.KINDS,
        sum_of=_sum_of,
    )
    digest = hashlib.sha256(page.body).hexdigest()[:_DIGEST_SIGNS]
    # What a template of ours rendered is escaped already.
    part = Markup(bytes(page.body).decode())  # noqa: S704
    return {"works_part": part, "digest": digest}


def _sum_of(steps: Sequence[Mapping[str, Any]], step: str, what: str) -> int:
    return sum(int(one[what]) for one in steps if one["step"] == step)


def _chart(card: EmpresaOverview) -> Markup:
    return bars(
        [
            (f"{one.day:%d/%m}", {texts.DELIVERED: one.delivered, texts.REFUSED: one.refused})
            for one in card.days
        ]
    )
