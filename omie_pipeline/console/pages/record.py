"""One record on one page, how it is found, and reading and sending it now."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Annotated, Any
from urllib.parse import quote

from fastapi import APIRouter, Depends, Form
from fastapi.responses import HTMLResponse, RedirectResponse, Response
from starlette.exceptions import HTTPException

from omie_pipeline.catalog import REGISTRY
from omie_pipeline.clinic.origins import MADE_OF, sources_behind
from omie_pipeline.clinic.sources import SourceTable
from omie_pipeline.console import records
from omie_pipeline.console.access.roles import Permission
from omie_pipeline.console.forms import Sent, sent, sent_by
from omie_pipeline.console.visit import Visit, needing
from omie_pipeline.console.works import start
from omie_pipeline.omie.masking import mask, mask_text, mask_value
from omie_pipeline.postgres.engine import warehouse_errors
from omie_pipeline.status.one_record import OmieRecord, RecordKey, find_records, one_record
from omie_pipeline.status.refused_sheet import reason_told
from omie_pipeline.status.seen_rows import names_of, people_found
from omie_pipeline.texts.cli import nfse as note_texts
from omie_pipeline.texts.console import record as texts
from omie_pipeline.validation.model import label

router = APIRouter()
Line = tuple[str, str]


@router.post("/procurar")
def find(
    form: Annotated[Sent, Depends(sent)], text: Annotated[str, Form(max_length=200)] = ""
) -> Response:
    """Find a record by its code, or a person by name or document; one hit opens at once.

    Sent as a form: what is typed here may be a name, and addresses are kept.
    """
    visit = form.visit
    empresas = tuple(one for one in visit.empresas if visit.may(Permission.SEE, one))
    typed = text.strip()
    found = list(find_records(visit.seen.engine, empresas, {typed, typed.upper()} - {""}))
    people = [
        one
        for one in people_found(visit.seen.engine, typed)
        if visit.may(Permission.NAMES, one.empresa)
    ]
    names = {RecordKey(one.empresa, "clientes", one.code): one.name for one in people}
    found += [key for key in names if key not in found]
    if len(found) == 1:
        return RedirectResponse(address(found[0]), 303)
    return visit.page(
        "found.html",
        texts,
        title=texts.FOUND,
        found=found,
        names=names,
        text=typed,
        records=records,
        address=address,
    )


@router.get("/e/{empresa}/registro/{endpoint}/{code:path}")
def record(
    visit: Annotated[Visit, Depends(needing(Permission.SEE))], endpoint: str, code: str
) -> HTMLResponse:
    """All that is known of one record."""
    key = _key(visit, endpoint, code)
    found = one_record(visit.seen.engine, key, _behind(visit, endpoint))
    if found.unknown:
        raise HTTPException(404)
    names_shown = visit.may(Permission.NAMES)
    people = {(key.empresa, one.person) for one in found.refused if one.person}
    if endpoint == "clientes":
        people.add((key.empresa, code))
    return visit.page(
        "record.html",
        texts,
        title=f"{records.one(endpoint)} {code}",
        one=found,
        key=key,
        names=names_of(visit.seen.engine, people) if names_shown and people else {},
        shown=lambda row: _lines(row, names_shown),
        in_omie=[(held, _columns(held, names_shown)) for held in found.in_omie],
        in_words=_in_words,
        told=lambda reason: reason_told(reason) if names_shown else mask_text(reason_told(reason)),
        note_states=note_texts.STATES,
        records=records,
        address=address,
    )


@router.post("/e/{empresa}/registro/{endpoint}/{code:path}/sincronizar")
def sync_record(
    form: Annotated[Sent, Depends(sent_by(Permission.SEND))], endpoint: str, code: str
) -> Response:
    """Read this record at the clinic and send it, now."""
    key = _key(form.visit, endpoint, code)
    acting = form.visit.backstage.acting
    start(acting.engine, acting.clock, form.asked("sync_record", endpoint=endpoint, code=code))
    return RedirectResponse(address(key), 303)


def address(key: RecordKey) -> str:
    """The address of a record's page."""
    return f"/e/{quote(key.empresa)}/registro/{key.endpoint}/{quote(key.code)}"


def _key(visit: Visit, endpoint: str, code: str) -> RecordKey:
    if endpoint not in REGISTRY or not REGISTRY[endpoint].writable or "\0" in code:
        raise HTTPException(404)
    return RecordKey(visit.empresa, endpoint, code)


def _behind(visit: Visit, endpoint: str) -> Mapping[str, tuple[SourceTable, ...]]:
    """Canonical table -> the clinic's tables that it reads."""
    if not visit.seen.has_clinic(visit.empresa):
        return {}
    # Names of tables only, of the catalog: the views between are none of the pages' business.
    acting = visit.backstage.acting
    with warehouse_errors(), acting.engine.connect() as connection:
        return {
            table: sources_behind(connection, table, acting.sources)
            for table in {table for _, table in MADE_OF.get(endpoint, ())}
        }


def _in_words(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False, indent=2, default=str)


def _lines(row: Mapping[str, Any], names_shown: bool) -> list[Line]:
    """A row, column by column, without what is empty."""
    shown = row if names_shown else mask(dict(row))
    return [
        (label(name), _in_words(value) if isinstance(value, dict | list) else str(value))
        for name, value in shown.items()
        if value not in (None, "", [], {}) and name != "empresa" and not name.startswith("_")
    ]


def _columns(held: OmieRecord, names_shown: bool) -> list[Line]:
    return [
        (comment, str(mask_value(value) if personal and not names_shown else value))
        for comment, value, personal in held.columns
    ]
