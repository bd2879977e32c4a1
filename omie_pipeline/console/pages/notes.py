"""Notes: where each stands, its taxes, its files; issue, cancel, wait."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from typing import Annotated, Final, Literal
from urllib.parse import quote, urlencode

from fastapi import APIRouter, Depends, Form, Query
from fastapi.responses import HTMLResponse, RedirectResponse, Response
from starlette.exceptions import HTTPException

from omie_pipeline.app.notes import note_file, note_taxes
from omie_pipeline.catalog.limits import REDUNDANT_SECONDS
from omie_pipeline.catalog.nfse import OPEN, State
from omie_pipeline.config.hidden import hide_secrets
from omie_pipeline.console.access.roles import Permission
from omie_pipeline.console.actions import actions_of
from omie_pipeline.console.forms import Sent, sent_by
from omie_pipeline.console.paging import PAGE, place_in, place_of
from omie_pipeline.console.visit import Visit, needing
from omie_pipeline.console.works import start
from omie_pipeline.errors import ConfigurationError, OmieFault
from omie_pipeline.nfse.archive import stored_files
from omie_pipeline.nfse.billing import correction_for
from omie_pipeline.nfse.state import NoteState, counts, page_of_notes, states, transitions
from omie_pipeline.nfse.taxes import Taxes
from omie_pipeline.push.dependents import KnownRecords
from omie_pipeline.texts.console import notes as texts

router = APIRouter()
_ORDERS: Final = "ordens_servico"
View = Literal["all", "open", "issued", "rejected", "cancelled"]
_STATES: Final[Mapping[View, tuple[State, ...]]] = {
    "all": (),
    "open": OPEN,
    "issued": ("issued",),
    "rejected": ("rejected",),
    "cancelled": ("cancelled", "deleted"),
}
_LATEST: Final = 5
_REMEMBERED: Final = timedelta(seconds=REDUNDANT_SECONDS + 1)
_MOST_REMEMBERED: Final = 100
_TYPES: Final = {"pdf": "application/pdf", "xml": "application/xml"}
Looking = Annotated[Visit, Depends(needing(Permission.SEE))]
Issuing = Annotated[Sent, Depends(sent_by(Permission.ISSUE))]


@router.get("/e/{empresa}/notas")
def notes(
    visit: Looking, ver: View = "all", antes: Annotated[str, Query(max_length=200)] = ""
) -> HTMLResponse:
    """The notes of an empresa, those that changed last first."""
    engine, empresa = visit.seen.engine, visit.empresa
    found = page_of_notes(engine, empresa, _STATES[ver], place_in(antes), PAGE)
    numbers = {one.state: one.notes for one in counts(engine, [empresa])}
    older = ""
    if len(found) == PAGE:
        last = place_of(found[-1].changed_at, found[-1].cod_int_os)
        older = f"?{urlencode({'ver': ver, 'antes': last})}"
    return visit.page(
        "notes.html",
        texts,
        title=f"{texts.TITLE}: {empresa}",
        empresa=empresa,
        notes=found,
        fix=_fix,
        view=ver,
        numbers={
            view: sum(numbers.get(one, 0) for one in (names or numbers))
            for view, names in _STATES.items()
        },
        older=older,
        newest=f"?{urlencode({'ver': ver})}" if antes else "",
    )


@router.get("/e/{empresa}/nota")
def find_note(visit: Looking, os: Annotated[str, Query(max_length=60)]) -> Response:
    """The page of an order whose code was typed."""
    code = os.strip()
    _known(visit, code)
    return RedirectResponse(_address(visit.empresa, code), 303)


@router.get("/e/{empresa}/notas/{code}")
def note(visit: Looking, code: str) -> HTMLResponse:
    """Everything that is known of one note; nothing is asked of Omie."""
    engine, empresa = visit.seen.engine, visit.empresa
    found = _known(visit, code)
    asked = [
        one
        for one in actions_of(engine, [empresa], limit=PAGE)
        if one.kind in texts.ASKED_KINDS and one.subject.get("code") == code
    ]
    return visit.page(
        "note.html",
        texts,
        title=texts.title_of(code),
        empresa=empresa,
        code=code,
        note=found,
        fix=_fix(found) if found else "",
        steps=transitions(engine, empresa, code),
        kinds=_kinds(visit, found) if found else (),
        asked=asked[:_LATEST],
        may_issue=visit.may(Permission.ISSUE)
        and (found is None or found.state in ("rejected", "error")),
        may_cancel=visit.may(Permission.ISSUE)
        and found is not None
        and found.state not in ("cancelled", "deleted")
        and found.cancellation_requested_at is None,
        may_wait=visit.may(Permission.ISSUE) and found is not None and found.state in OPEN,
    )


@router.get("/e/{empresa}/notas/{code}/impostos")
def taxes(visit: Annotated[Visit, Depends(needing(Permission.ISSUE))], code: str) -> HTMLResponse:
    """The taxes of an order, as Omie has them, and the form that issues its note."""
    _known(visit, code)
    told, problem = None, ""
    try:
        told = _taxes(visit, code)
    except OmieFault as fault:
        problem = hide_secrets(fault.detail.text)
    return visit.page(
        "note_taxes.html",
        texts,
        title=texts.title_of(code),
        empresa=visit.empresa,
        code=code,
        taxes=told,
        problem=problem,
    )


@router.post("/e/{empresa}/notas/{code}/emitir")
def issue(form: Issuing, code: str, sure: Annotated[str, Form(max_length=10)] = "") -> Response:
    """Bill the order: the note is issued."""
    _known(form.visit, code)
    if not sure:
        raise ConfigurationError(texts.CONFIRM_NEEDED)
    return _started(form, "issue", code)


@router.post("/e/{empresa}/notas/{code}/cancelar")
def cancel(form: Issuing, code: str, reason: Annotated[str, Form(max_length=300)] = "") -> Response:
    """Cancel the order and its note."""
    _billed(form.visit, code)
    if not reason.strip():
        raise ConfigurationError(texts.REASON_NEEDED)
    return _started(form, "cancel", code, reason=reason.strip())


@router.post("/e/{empresa}/notas/{code}/esperar")
def wait(form: Issuing, code: str) -> Response:
    """Ask Omie until the city hall has answered."""
    _billed(form.visit, code)
    return _started(form, "wait", code)


@router.get("/e/{empresa}/notas/{code}/arquivo/{kind}")
def file(
    visit: Annotated[Visit, Depends(needing(Permission.NAMES))],
    code: str,
    kind: Literal["pdf", "xml"],
) -> Response:
    """The PDF or XML of a note: fetched here, so that no browser follows a link from elsewhere."""
    found = _billed(visit, code)
    stored = stored_files(visit.seen.engine, visit.empresa, code)
    content = note_file(visit.backstage.acting, found, stored, kind)
    if not content:
        raise ConfigurationError(texts.NO_FILE)
    name = "".join(one if one.isalnum() and one.isascii() else "-" for one in code)
    headers = {"content-disposition": f'attachment; filename="NFSe-{name}.{kind}"'}
    return Response(content, media_type=_TYPES[kind], headers=headers)


def _taxes(visit: Visit, code: str) -> Taxes:
    acting, told = visit.backstage.acting, visit.backstage.taxes_told
    now, key = acting.clock.now(), (visit.empresa, code)
    at, found = told.get(key, (None, None))
    if at is None or found is None or now - at > _REMEMBERED:
        # Omie is asked, with the key of the empresa; the warehouse is not read through this.
        found = note_taxes(acting, *key)
        if len(told) >= _MOST_REMEMBERED:
            told.clear()
        told[key] = now, found
    return found


def _known(visit: Visit, code: str) -> NoteState | None:
    """The note of an order that was delivered; ``None`` if it was never billed.

    Raises:
        HTTPException: 404, the empresa has no such order.
    """
    if "\0" in code:
        raise HTTPException(404)
    found = states(visit.seen.engine, visit.empresa, [code]).get(code)
    if found is None:
        known = KnownRecords(visit.seen.engine, visit.empresa)
        if code not in known.standing(_ORDERS, [code]):
            raise HTTPException(404)
    return found


def _billed(visit: Visit, code: str) -> NoteState:
    found = _known(visit, code)
    if found is None:
        raise HTTPException(404)
    return found


def _started(form: Sent, kind: str, code: str, **subject: str) -> Response:
    acting = form.visit.backstage.acting
    start(acting.engine, acting.clock, form.asked(kind, code=code, **subject))
    return RedirectResponse(_address(form.visit.empresa, code), 303)


def _address(empresa: str, code: str) -> str:
    return f"/e/{empresa}/notas/{quote(code, safe='')}"


def _fix(note: NoteState) -> str:
    """What a person does about a refusal."""
    return correction_for(note.message or "") if note.state == "rejected" else ""


def _kinds(visit: Visit, note: NoteState) -> tuple[str, ...]:
    """Kinds of files that can be had."""
    held = {one.kind for one in stored_files(visit.seen.engine, note.empresa, note.cod_int_os)}
    links = {"pdf": note.url_pdf, "xml": note.url_xml}
    return tuple(kind for kind, link in links.items() if link or kind in held)
