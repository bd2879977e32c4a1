"""What is to be corrected: by cause and by who acts, row by row, as a sheet; and sending again."""

from __future__ import annotations

import io
from collections.abc import Sequence
from dataclasses import replace
from decimal import Decimal
from typing import Annotated, Final
from urllib.parse import urlencode

from fastapi import APIRouter, Depends, Form, Query
from fastapi.responses import HTMLResponse, RedirectResponse, Response
from starlette.exceptions import HTTPException

from omie_pipeline.catalog import REGISTRY
from omie_pipeline.console import records
from omie_pipeline.console.access.roles import Permission
from omie_pipeline.console.forms import Sent, sent, sent_by
from omie_pipeline.console.paging import PAGE, place_in, place_of
from omie_pipeline.console.visit import AnyVisit, Visit, needing
from omie_pipeline.console.works import start
from omie_pipeline.omie.masking import mask_text
from omie_pipeline.status.history import WHY, ListFilter, RefusedEntry, RowState
from omie_pipeline.status.refused_sheet import reason_told, sheet_lines
from omie_pipeline.status.seen_rows import Hanging, hanging, names_of
from omie_pipeline.status.to_correct import (
    ACTORS,
    STATES,
    Actor,
    CauseGroup,
    cause_groups,
    codes_about,
    rows_to_correct,
)
from omie_pipeline.texts.cli import push as sheet_texts
from omie_pipeline.texts.console import correct as texts
from omie_pipeline.written import write_rows

router = APIRouter()
_MOST_SHEET: Final = 5_000
_SHEET: Final = "text/csv; charset=utf-8"
Text = Annotated[str, Query(max_length=200)]


@router.get("/corrigir")
def everywhere(visit: AnyVisit) -> HTMLResponse:
    """All that is to be corrected, in every empresa of the person."""
    seen = tuple(one for one in visit.empresas if visit.may(Permission.SEE, one))
    return _causes(visit, seen)


@router.post("/corrigir")
def search_everywhere(
    form: Annotated[Sent, Depends(sent)], text: Annotated[str, Form(max_length=200)] = ""
) -> HTMLResponse:
    """Rows about a code, a name or a document; sent as a form, since addresses are kept."""
    visit = form.visit
    seen = tuple(one for one in visit.empresas if visit.may(Permission.SEE, one))
    return _found(visit, seen, text)


@router.get("/e/{empresa}/corrigir")
def to_correct(
    visit: Annotated[Visit, Depends(needing(Permission.SEE))],
    estado: RowState | None = None,
    tipo: Text = "",
    motivo: Text = "",
    antes: Text = "",
) -> HTMLResponse:
    """What is to be corrected in one empresa; with a cause, its rows."""
    if estado is None:
        return _causes(visit, (visit.empresa,))
    wanted = _wanted(visit, tipo, motivo)
    wanted = replace(wanted, limit=PAGE, after=place_in(antes))
    entries = rows_to_correct(visit.seen.engine, estado, wanted)
    chosen = {"estado": estado, "tipo": tipo, "motivo": motivo}
    last = entries[-1] if len(entries) == PAGE else None
    older = (
        f"?{urlencode({**chosen, 'antes': place_of(last.first_seen_at, last.key)})}" if last else ""
    )
    return visit.page(
        "correct_rows.html",
        texts,
        title=texts.TITLE,
        state=estado,
        chosen=chosen,
        sheet=f"/e/{visit.empresa}/corrigir.csv?{urlencode(chosen)}",
        older=older,
        newest=f"?{urlencode(chosen)}" if antes else "",
        text="",
        **_shown(visit, (visit.empresa,), entries),
    )


@router.post("/e/{empresa}/corrigir")
def search(
    form: Annotated[Sent, Depends(sent_by(Permission.SEE))],
    text: Annotated[str, Form(max_length=200)] = "",
) -> HTMLResponse:
    """The same search in one empresa."""
    return _found(form.visit, (form.visit.empresa,), text)


@router.get("/e/{empresa}/corrigir.csv")
def sheet(
    visit: Annotated[Visit, Depends(needing(Permission.SEE))],
    estado: RowState | None = None,
    tipo: Text = "",
    motivo: Text = "",
) -> Response:
    """The same rows as a sheet for the front desk."""
    wanted = replace(_wanted(visit, tipo, motivo), limit=_MOST_SHEET)
    states = (estado,) if estado else STATES
    entries = [one for state in states for one in rows_to_correct(visit.seen.engine, state, wanted)]
    names = _names(visit, entries)
    zone = visit.seen.settings.zone
    lines = [
        {
            **line,
            "nome": names.get((one.empresa, one.person), ""),
            "endpoint": records.one(one.endpoint),
        }
        for one in entries
        for line in sheet_lines(_masked(visit, one), zone)
    ]
    heads = sheet_texts.SHEET_HEADS
    # The mark in front is what Excel reads accents by.
    stream = io.StringIO("\N{ZERO WIDTH NO-BREAK SPACE}")
    stream.seek(0, io.SEEK_END)
    write_rows(stream, (heads[0], "nome", *heads[1:]), lines, ";")
    disposition = 'attachment; filename="a-corrigir.csv"'
    return Response(
        stream.getvalue(), media_type=_SHEET, headers={"content-disposition": disposition}
    )


@router.post("/e/{empresa}/corrigir/enviar")
def send_cause(
    form: Annotated[Sent, Depends(sent_by(Permission.SEND))],
    estado: Annotated[RowState, Form()],
    tipo: Annotated[str, Form(max_length=80)],
    motivo: Annotated[str, Form(max_length=200)] = "",
) -> Response:
    """Read the clinic again and send all rows of one cause."""
    if tipo not in REGISTRY or estado not in WHY:
        raise HTTPException(422)
    acting = form.visit.backstage.acting
    start(
        acting.engine,
        acting.clock,
        form.asked("send_cause", endpoint=tipo, state=estado, why=motivo),
    )
    return RedirectResponse("/", 303)


def _wanted(visit: Visit, endpoint: str, why: str) -> ListFilter:
    if endpoint and endpoint not in REGISTRY:
        raise HTTPException(422)
    return ListFilter((visit.empresa,), (endpoint,) if endpoint else (), why=why)


def _causes(visit: Visit, empresas: Sequence[str]) -> HTMLResponse:
    groups = [_of(visit, one) for one in cause_groups(visit.seen.engine, empresas)]
    by_actor: dict[Actor, list[CauseGroup]] = {
        actor: [one for one in groups if one.actor == actor] for actor in ACTORS
    }
    return visit.page(
        "correct.html",
        texts,
        title=texts.TITLE,
        by_actor=by_actor,
        empresas=empresas,
        rows_of=lambda ones: sum(one.rows for one in ones),
        records=records,
        query=urlencode,
        search_at=_search_at(visit),
    )


def _found(visit: Visit, empresas: Sequence[str], text: str) -> HTMLResponse:
    """Rows about what somebody typed, whatever their cause."""
    engine = visit.seen.engine
    named = [one for one in empresas if visit.may(Permission.NAMES, one)]
    entries = [
        one
        for empresa, codes in codes_about(engine, empresas, text, named).items()
        for state in STATES
        for one in rows_to_correct(
            engine, state, ListFilter((empresa,), limit=PAGE, codes=tuple(sorted(codes)))
        )
    ]
    return visit.page(
        "correct_rows.html",
        texts,
        title=texts.TITLE,
        state=None,
        chosen=None,
        sheet="",
        older="",
        newest="",
        text=text,
        **_shown(visit, empresas, entries),
    )


def _shown(
    visit: Visit, empresas: Sequence[str], entries: Sequence[RefusedEntry]
) -> dict[str, object]:
    """What the template needs to show rows."""
    held_by: dict[tuple[str, str, str], Hanging] = {}
    for name in {one.endpoint for one in entries}:
        mine = {(one.empresa, one.code) for one in entries if one.endpoint == name}
        for who, what in hanging(visit.seen.engine, name, mine).items():
            held_by[(name, *who)] = what
    return {
        "entries": [_masked(visit, one) for one in entries],
        "names": _names(visit, entries),
        "hangs": {key: _hangs(what) for key, what in held_by.items()},
        "empresas": empresas,
        "records": records,
        "reason_told": reason_told,
        "search_at": _search_at(visit),
    }


def _hangs(what: Hanging) -> tuple[str, Decimal]:
    """How many records of which kinds wait for one, and their sum."""
    return ", ".join(records.counted(name, rows) for name, rows in what.rows.items()), what.value


def _names(visit: Visit, entries: Sequence[RefusedEntry]) -> dict[tuple[str, str], str]:
    """Names of the rows' people, for those who may see names."""
    people = {
        (one.empresa, one.person)
        for one in entries
        if one.person and visit.may(Permission.NAMES, one.empresa)
    }
    return names_of(visit.seen.engine, people) if people else {}


def _masked(visit: Visit, entry: RefusedEntry) -> RefusedEntry:
    """The row as this person may see it: a reason may quote a document."""
    if visit.may(Permission.NAMES, entry.empresa):
        return entry
    reasons = tuple(replace(one, text=mask_text(one.text)) for one in entry.reasons)
    return replace(entry, reasons=reasons, first_words=mask_text(entry.first_words))


def _of(visit: Visit, group: CauseGroup) -> CauseGroup:
    if visit.may(Permission.NAMES, group.empresa):
        return group
    return replace(group, reason=mask_text(group.reason))


def _search_at(visit: Visit) -> str:
    return f"/e/{visit.empresa}/corrigir" if visit.empresa else "/corrigir"
