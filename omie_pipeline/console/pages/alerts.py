"""Alerts that are on, and what they mean."""

from __future__ import annotations

from fastapi import APIRouter
from fastapi.responses import HTMLResponse

from omie_pipeline.alerts.deduplication import open_alerts
from omie_pipeline.console.access.roles import Permission
from omie_pipeline.console.visit import AnyVisit
from omie_pipeline.texts.console import alerts as texts

router = APIRouter()


@router.get("/avisos")
def alerts(visit: AnyVisit) -> HTMLResponse:
    """What was on at the last evaluation, of the empresas of the person."""
    found = [
        one for one in open_alerts(visit.seen.engine) if visit.may(Permission.SEE, one.empresa)
    ]
    return visit.page("alerts.html", texts, title=texts.TITLE, alerts=found)
