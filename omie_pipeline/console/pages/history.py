"""What happened: runs and readings, and what people did, newest first."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Annotated, Any, Final, Literal
from urllib.parse import urlencode

from fastapi import APIRouter, Query
from fastapi.responses import HTMLResponse
from starlette.exceptions import HTTPException

from omie_pipeline.catalog import REGISTRY
from omie_pipeline.console.access.roles import Permission
from omie_pipeline.console.paging import PAGE, place_in, place_of
from omie_pipeline.console.visit import AnyVisit, Visit
from omie_pipeline.omie.masking import mask_text
from omie_pipeline.status.deeds import Deed, Place, deeds
from omie_pipeline.status.history import (
    ListFilter,
    ReadingEntry,
    RunEntry,
    recent_readings,
    recent_runs,
)
from omie_pipeline.texts.console import history as texts
from omie_pipeline.texts.validation import LABELS as FIELDS

router = APIRouter()
_OF_PEOPLE: Final = frozenset({"conflict"})
"""Logs whose values may be a person's name, document or contact."""
View = Literal["people", "sent", "read"]


@dataclass(frozen=True, slots=True)
class Line:
    """A line of the page.

    Attributes:
        details: label and words.
        state: of a run, ``""`` of what people did.
    """

    at: datetime
    empresa: str
    by: str
    what: str
    details: tuple[tuple[str, str], ...] = ()
    before: str = ""
    after: str = ""
    state: str = ""
    error: str = ""


@router.get("/historico")
def history(
    visit: AnyVisit,
    ver: View = "people",
    empresa_escolhida: Annotated[str, Query(alias="de", max_length=80)] = "",
    antes: Annotated[str, Query(max_length=200)] = "",
) -> HTMLResponse:
    """What happened in the empresas of the person, or in one of them."""
    seen = tuple(one for one in visit.empresas if visit.may(Permission.SEE, one))
    if empresa_escolhida and empresa_escolhida not in seen:
        raise HTTPException(404)
    empresas = (empresa_escolhida,) if empresa_escolhida else seen
    lines, last = _LISTS[ver](visit, empresas, _place(antes))
    chosen = {"ver": ver} | ({"de": empresa_escolhida} if empresa_escolhida else {})
    older = f"?{urlencode({**chosen, 'antes': last})}" if last else ""
    return visit.page(
        "history.html",
        texts,
        title=texts.TITLE,
        lines=lines,
        view=ver,
        empresas=seen,
        chosen=empresa_escolhida,
        older=older,
        newest=f"?{urlencode(chosen)}" if antes else "",
    )


def _place(text: str) -> Place | None:
    """Where the page before ended."""
    found = place_in(text)
    return None if found is None else Place(*found)


def _ending(at: datetime, key: str, lines: Sequence[object]) -> str:
    return place_of(at, key) if len(lines) == PAGE else ""


def _sent(visit: Visit, empresas: tuple[str, ...], after: Place | None) -> tuple[list[Line], str]:
    found = recent_runs(visit.seen.engine, _filter(empresas, after)) if empresas else ()
    lines = [_run(one) for one in found]
    return lines, _ending(found[-1].started_at, found[-1].run_id, found) if found else ""


def _read(visit: Visit, empresas: tuple[str, ...], after: Place | None) -> tuple[list[Line], str]:
    found = recent_readings(visit.seen.engine, _filter(empresas, after)) if empresas else ()
    lines = [_reading(one) for one in found]
    return lines, _ending(found[-1].started_at, found[-1].run_id, found) if found else ""


def _people(visit: Visit, empresas: tuple[str, ...], after: Place | None) -> tuple[list[Line], str]:
    found = deeds(visit.seen.engine, empresas, after=after, limit=PAGE)
    lines = [_deed(one, names=visit.may(Permission.NAMES, one.empresa)) for one in found]
    return lines, _ending(found[-1].at, found[-1].key, found) if found else ""


_LISTS: Final = {"people": _people, "sent": _sent, "read": _read}


def _filter(empresas: tuple[str, ...], after: Place | None) -> ListFilter:
    place = (after.at, after.key) if after else None
    return ListFilter(empresas, limit=PAGE, after=place)


def _run(one: RunEntry) -> Line:
    return Line(
        one.started_at,
        one.empresa,
        texts.TRIGGERS.get(one.trigger, one.trigger),
        name_of(one.endpoint),
        after=_counted(one.counts),
        state=one.state,
        error=mask_text(one.error),
    )


def _reading(one: ReadingEntry) -> Line:
    incomplete = one.state == "done" and one.complete is False
    return Line(
        one.started_at,
        one.empresa,
        texts.TRIGGERS.get(one.trigger, one.trigger),
        name_of(one.table),
        after=_counted(one.counts),
        state="incomplete" if incomplete else one.state,
        error=texts.INCOMPLETE
        if incomplete
        else " ".join(part for part in (mask_text(one.error), one.fix) if part),
    )


def _counted(counts: Mapping[str, int]) -> str:
    told = [f"{counts[name]} {words}" for name, words in texts.COUNTS.items() if counts.get(name)]
    return ", ".join(told) or texts.NO_ROWS


def _deed(one: Deed, *, names: bool) -> Line:
    hidden = one.source in _OF_PEOPLE and not names
    return Line(
        one.at,
        one.empresa,
        one.by,
        texts.DEEDS.get(f"{one.source}:{one.action}", one.action),
        tuple(
            (texts.SUBJECTS[name], _about(name, value))
            for name, value in one.subject.items()
            if name in texts.SUBJECTS and value not in (None, "", [])
        ),
        texts.HIDDEN if hidden and one.before is not None else _value(one, one.before),
        texts.HIDDEN if hidden and one.after is not None else _value(one, one.after),
        error=mask_text(one.error),
    )


def name_of(table: str) -> str:
    """What an endpoint or a list of Omie's is called."""
    if table in texts.LISTS:
        return texts.LISTS[table]
    return REGISTRY[table].title if table in REGISTRY else table


def _about(name: str, value: Any) -> str:
    """A part of what something was about, in words where there are some."""
    if name == "endpoint":
        return name_of(str(value))
    return FIELDS.get(str(value), str(value)) if name == "field" else _written(value)


def _value(deed: Deed, value: Any) -> str:
    """What stood or was decided; settings of switches have words."""
    if deed.source == "switch" and isinstance(value, str):
        return texts.SWITCHED.get(value, value)
    return _written(value)


def _written(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, Mapping):
        return ", ".join(f"{name}: {_written(part)}" for name, part in value.items())
    if isinstance(value, list):
        return ", ".join(map(_written, value))
    return str(value)
