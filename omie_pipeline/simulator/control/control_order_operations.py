"""``/_control/`` on orders and their notes: JSON in, the control object's words out."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict
from typing import Any

from omie_pipeline.simulator import seeds
from omie_pipeline.simulator.control import Control

Body = dict[str, Any]
Handler = Callable[[Control, Body], object]


def _app(body: Body) -> str:
    return str(body.get("app_key", seeds.APP_KEY))


def notes(control: Control, body: Body) -> object:
    """``{code}``."""
    return {"notes": [asdict(note) for note in control.notes(body["code"], app_key=_app(body))]}


def settlements(control: Control, body: Body) -> object:
    """``{code, endpoint?}``."""
    endpoint = body.get("endpoint", "contas_receber")
    return {"settlements": control.settlements(body["code"], endpoint, app_key=_app(body))}


def reject_next_note(control: Control, body: Body) -> object:
    """``{reason}``."""
    control.reject_next_note(body["reason"], app_key=_app(body))
    return {}


def city_hall_down(control: Control, body: Body) -> object:
    """``{down?}``."""
    control.city_hall_down(bool(body.get("down", True)))
    return {}


def settle_notes(control: Control, body: Body) -> object:
    """``{}``."""
    control.settle_notes(app_key=_app(body))
    return {}


def cancel_note_of(control: Control, body: Body) -> object:
    """``{code, reason?}``."""
    control.cancel_note_of(body["code"], reason=body.get("reason", ""), app_key=_app(body))
    return {}


CHANGES: dict[str, Handler] = {
    "reject_next_note": reject_next_note,
    "city_hall_down": city_hall_down,
    "settle_notes": settle_notes,
    "cancel_note_of": cancel_note_of,
}
"""What the city hall or a person does."""

OTHERS: dict[str, Handler] = {"notes": notes, "settlements": settlements}
