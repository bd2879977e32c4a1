"""The pages, a file for each: its routes, and what its template is given."""

from __future__ import annotations

from typing import Final

from fastapi import APIRouter

from omie_pipeline.console.pages import (
    alerts,
    conflicts,
    correct,
    enter,
    history,
    home,
    mapping,
    money,
    notes,
    people,
    plans,
    record,
    settings,
)

PAGES: Final[tuple[APIRouter, ...]] = (
    enter.router,
    home.router,
    history.router,
    settings.router,
    conflicts.router,
    notes.router,
    correct.router,
    record.router,
    money.router,
    people.router,
    alerts.router,
    mapping.router,
    plans.router,
)
"""In the order in which addresses are tried."""
