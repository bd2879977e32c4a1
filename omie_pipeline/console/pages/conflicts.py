"""Fields that the clinic and somebody in Omie changed both, and whose value stands."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Annotated, Any, Final
from urllib.parse import quote

from fastapi import APIRouter, Depends, Form, Query
from fastapi.responses import HTMLResponse, RedirectResponse, Response
from starlette.exceptions import HTTPException

from omie_pipeline.app.conflicts import list_conflicts, resolve_conflicts
from omie_pipeline.catalog import REGISTRY
from omie_pipeline.console.access.roles import Permission
from omie_pipeline.console.actions import Done, perform
from omie_pipeline.console.forms import Sent, sent_by
from omie_pipeline.console.visit import Visit, needing
from omie_pipeline.console.works import start
from omie_pipeline.omie.masking import mask
from omie_pipeline.push.both_sides.decide import (
    UNDECIDED,
    FieldConflict,
    Keep,
    WantedConflicts,
    digest_of,
)
from omie_pipeline.texts.console import conflicts as texts
from omie_pipeline.validation.model import label, sentence

router = APIRouter()
_PAGE: Final = 50
_WHOLE_RECORD: Final = "*"
_GOOD: Final = ("clinica", "omie", "envio")

SeeingVisit = Annotated[Visit, Depends(needing(Permission.SEE))]
Deciding = Annotated[Sent, Depends(sent_by(Permission.DECIDE))]


@dataclass(frozen=True, slots=True)
class Contested:
    """A conflict as the page shows it.

    Attributes:
        field: its name in words.
        clinic, omie: what each had, and has.
        waits: a person may decide it.
    """

    one: FieldConflict
    field: str
    clinic: tuple[str, str]
    omie: tuple[str, str]

    @property
    def waits(self) -> bool:
        """Whether nobody has decided."""
        return self.one.state in UNDECIDED


@router.get("/e/{empresa}/conflitos")
def conflicts(
    visit: SeeingVisit,
    todos: bool = False,
    antes: Annotated[int | None, Query(ge=1, lt=2**63)] = None,
) -> HTMLResponse:
    """The records with fields that wait for a person; or all that ever did."""
    wanted = WantedConflicts(
        (visit.empresa,), states=() if todos else UNDECIDED, limit=_PAGE + 1, before=antes
    )
    found = list_conflicts(visit.seen, wanted)
    shown = found[:_PAGE]
    return visit.page(
        "conflicts.html",
        texts,
        title=texts.TITLE,
        lines=[_contested(visit, one) for one in shown],
        everything=todos,
        titles={one.endpoint: _title(one.endpoint) for one in shown},
        place=_place,
        older=shown[-1].conflict_id if len(found) > _PAGE else None,
        paged=antes is not None,
    )


@router.get("/e/{empresa}/conflitos/{endpoint}/{code:path}")
def conflict(visit: SeeingVisit, endpoint: str, code: str, aviso: str = "") -> HTMLResponse:
    """Both sides of one record, field by field."""
    found = _of_record(visit, endpoint, code)
    lines = [_contested(visit, one) for one in found]
    waiting = [one for one in lines if one.waits]
    return visit.page(
        "conflict.html",
        texts,
        title=f"{texts.TITLE}: {code}",
        code=code,
        endpoint=endpoint,
        kind=_title(endpoint),
        waiting=waiting,
        decided=[one for one in lines if not one.waits],
        seen=digest_of(one.one for one in waiting),
        seen_of={one.one.conflict_id: digest_of([one.one]) for one in waiting},
        here=_place(visit.empresa, endpoint, code),
        notice=texts.NOTICES.get(aviso, ""),
        is_good=aviso in _GOOD,
        may_send=aviso in ("clinica", "omie") and not waiting and visit.may(Permission.SEND),
    )


@router.post("/e/{empresa}/conflitos/{endpoint}/{code:path}/enviar")
def send(
    form: Annotated[Sent, Depends(sent_by(Permission.SEND))], endpoint: str, code: str
) -> Response:
    """Send the record of which everything was decided."""
    visit = form.visit
    _of_record(visit, endpoint, code)
    acting = visit.backstage.acting
    start(acting.engine, acting.clock, form.asked("retry", endpoint=endpoint, codes=[code]))
    return RedirectResponse(f"{_place(visit.empresa, endpoint, code)}?aviso=envio", 303)


@router.post("/e/{empresa}/conflitos/{endpoint}/{code:path}")
def decide(
    form: Deciding,
    endpoint: str,
    code: str,
    keep: Annotated[Keep, Form()],
    seen: Annotated[str, Form(max_length=64)],
    field: Annotated[str, Form(max_length=200)] = "",
) -> Response:
    """Say whose value stands: of one field, or of all that wait.

    Args:
        form: of a person who may decide.
        endpoint: of the record.
        code: its integration code.
        keep: whose value stands.
        seen: digest of what the page showed; something else is not decided on.
        field: one field; ``""`` for all that wait.
    """
    visit, acting = form.visit, form.visit.backstage.acting
    found = [one for one in _of_record(visit, endpoint, code) if one.state in UNDECIDED]
    meant = [one for one in found if field in ("", one.field)]

    def do() -> Done:
        if not meant:
            return Done(result={"notice": "antes"})
        wanted = WantedConflicts((visit.empresa,), endpoint, code, field)
        done = resolve_conflicts(acting, wanted, keep, visit.person.name, seen)
        if done.changed:
            return Done(result={"notice": "mudou"})
        after = {one.field: one.state for one in done.decided}
        return Done(after=after, result={"notice": keep if done.decided else "antes"})

    asked = form.asked("conflict", endpoint=endpoint, code=code, field=field, keep=keep)
    action = perform(acting.engine, acting.clock, asked, do)
    notice = action.result.get("notice", "antes")
    return RedirectResponse(f"{_place(visit.empresa, endpoint, code)}?aviso={notice}", 303)


def _of_record(visit: Visit, endpoint: str, code: str) -> Sequence[FieldConflict]:
    wanted = WantedConflicts((visit.empresa,), endpoint, code, limit=_PAGE * 2)
    found = list_conflicts(visit.seen, wanted) if endpoint in REGISTRY else ()
    if not found:
        raise HTTPException(404)
    return found


def _place(empresa: str, endpoint: str, code: str) -> str:
    return f"/e/{quote(empresa, safe='')}/conflitos/{endpoint}/{quote(code, safe='')}"


def _title(endpoint: str) -> str:
    return REGISTRY[endpoint].title if endpoint in REGISTRY else endpoint


def _contested(visit: Visit, one: FieldConflict) -> Contested:
    names = visit.may(Permission.NAMES)

    def told(value: Any) -> str:
        leaf = one.field.rpartition(".")[2]
        shown = value if names else mask({leaf: value})[leaf]
        if shown in (None, ""):
            return texts.EMPTY
        return (
            shown if isinstance(shown, str) else json.dumps(shown, ensure_ascii=False, default=str)
        )

    return Contested(
        one,
        texts.ANY_FIELD if one.field == _WHOLE_RECORD else sentence(label(one.field)),
        (told(one.clinic_old), told(one.clinic_new)),
        (told(one.omie_old), told(one.omie_new)),
    )
