"""Which code of Omie's stands for which value of the clinic's: suggested, accepted, chosen."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import date
from typing import Annotated, Final
from urllib.parse import quote, urlencode

from fastapi import APIRouter, Depends, Form, Query
from fastapi.responses import HTMLResponse, RedirectResponse, Response

from omie_pipeline.app.map_lists import (
    codes_to_choose,
    create_and_map,
    decisions,
    listed,
    set_codes,
    unset_codes,
)
from omie_pipeline.app.suggest_mappings import SuggestedValue, accept, refuse, suggested
from omie_pipeline.console.access.roles import Permission
from omie_pipeline.console.actions import Done, perform
from omie_pipeline.console.forms import Sent, sent_by
from omie_pipeline.console.visit import Visit, needing
from omie_pipeline.console.works import start
from omie_pipeline.errors import ConfigurationError
from omie_pipeline.list_mapping.model import ALL, TARGETS, SourceKind
from omie_pipeline.list_mapping.wanted import Wanted
from omie_pipeline.texts.console import mapping as texts
from omie_pipeline.written import count

router = APIRouter()
_PAGE: Final = 50
_SUGGESTIONS: Final = 3
_HISTORY: Final = 15
_LEVELS: Final = (95, 90, 80, 60)

Mapping = Annotated[Sent, Depends(sent_by(Permission.MAP))]
Source = Annotated[str, Form(max_length=200)]
Code = Annotated[str, Form(max_length=100)]
Kind = Annotated[SourceKind, Form()]


@router.get("/e/{empresa}/categorias")
def mapping(
    visit: Annotated[Visit, Depends(needing(Permission.SEE))],
    tipo: SourceKind = "category",
    minimo: Annotated[int, Query(ge=0, le=100)] = 0,
    pular: Annotated[int, Query(ge=0, le=1_000_000)] = 0,
    aviso: str = "",
    feitas: Annotated[int, Query(ge=0, le=_PAGE)] = 0,
    deixadas: Annotated[int, Query(ge=0, le=_PAGE)] = 0,
) -> HTMLResponse:
    """Values of one kind that nothing maps, with suggestions; what is mapped; who decided what."""
    # With the owner's rights: what the clinic uses stands in tables that builds make anew, which
    # the role of the pages does not see as a whole, and mappings of `*` belong to all. Each
    # use case is asked for the empresa of the visit alone.
    acting, empresas, target = visit.backstage.acting, (visit.empresa,), TARGETS[tipo][0]
    values: Sequence[SuggestedValue] = ()
    problem = ""
    try:
        values = suggested(acting, empresas, (tipo,))
    except ConfigurationError:
        problem = texts.UNREAD
    sure = [one for one in values if not minimo or _percent(one) >= minimo]
    codes = codes_to_choose(acting, visit.empresa, target)
    notice = (
        texts.accepted(done=count(feitas), left=count(deixadas))
        if aviso == "todas"
        else texts.NOTICES.get(aviso, "")
    )
    return visit.page(
        "mapping.html",
        texts,
        title=texts.TITLE,
        kind=tipo,
        target=target,
        least=minimo,
        levels=_LEVELS,
        values=sure[pular : pular + _PAGE],
        total=len(sure),
        more=pular + _PAGE if len(sure) > pular + _PAGE else 0,
        skipped=pular,
        most=_SUGGESTIONS,
        problem=problem,
        codes=[one for one in codes if one.active],
        groups=[one for one in codes if one.total_line],
        creates=target == "category",
        in_force=listed(acting, empresas, tipo),
        history=decisions(acting, empresas, tipo, limit=_HISTORY),
        everyone=ALL,
        notice=notice,
        today=acting.clock.now().date().replace(month=1, day=1),
        here=_here(visit.empresa),
    )


def _percent(one: SuggestedValue) -> int:
    return int(one.suggestions[0].suggestion.confidence * 100) if one.suggestions else 0


@router.post("/e/{empresa}/categorias/aceitar")
def take(form: Mapping, kind: Kind, source: Source, code: Code) -> Response:
    """Accept what was suggested for one value."""
    wanted = Wanted(form.visit.empresa, kind, source, code)
    by, acting = form.visit.person.name, form.visit.backstage.acting

    def do() -> Done:
        accept(acting, wanted, by, expected="")
        return Done(after={"code": code})

    return _decide(form, "mapping_accept", kind, source, code, do, "aceita")


@router.post("/e/{empresa}/categorias/aceitar-todas")
def take_all(
    form: Mapping, kind: Kind, chosen: Annotated[list[str], Form(max_length=_PAGE)]
) -> Response:
    """Accept the suggestions that the page showed, each for its value.

    Args:
        form: of a person who may map.
        kind: of the values.
        chosen: code and value of each, with a blank between them.
    """
    acting, visit = form.visit.backstage.acting, form.visit

    def do() -> Done:
        taken: dict[str, str] = {}
        for one in chosen:
            code, _, source = one.partition(" ")
            try:
                accept(acting, Wanted(visit.empresa, kind, source, code), visit.person.name, "")
            except ConfigurationError:
                # Decided meanwhile, or no longer suggested: it stays as it is.
                continue
            taken[source] = code
        return Done(after=taken, result={"left": len(chosen) - len(taken)})

    asked = form.asked("mapping_accept_all", kind=kind, chosen=chosen)
    action = perform(acting.engine, acting.clock, asked, do)
    told = {"feitas": len(action.after or {}), "deixadas": action.result.get("left", 0)}
    return _back(visit.empresa, kind, "todas", **told)


@router.post("/e/{empresa}/categorias/recusar")
def turn_down(form: Mapping, kind: Kind, source: Source, code: Code) -> Response:
    """Say that a suggested code is not the one for a value."""
    wanted = Wanted(form.visit.empresa, kind, source, code)
    by, acting = form.visit.person.name, form.visit.backstage.acting

    def do() -> Done:
        refuse(acting, wanted, by)
        return Done()

    return _decide(form, "mapping_reject", kind, source, code, do, "recusada")


@router.post("/e/{empresa}/categorias/ligar")
def choose(form: Mapping, kind: Kind, source: Source, code: Code, expected: Code = "") -> Response:
    """Map a value to a code that a person chose.

    Args:
        form: of a person who may map.
        kind: of the value.
        source: the value.
        code: what it is mapped to.
        expected: the code that the page showed in force; ``""`` for none.
    """
    wanted = [Wanted(form.visit.empresa, kind, source, code)]
    by, acting = form.visit.person.name, form.visit.backstage.acting

    def do() -> Done:
        (change,) = set_codes(acting, wanted, by, expected)
        return Done(after={"code": change.after.code if change.after else ""})

    return _decide(form, "mapping_set", kind, source, code, do, "definida")


@router.post("/e/{empresa}/categorias/desfazer")
def undo(form: Mapping, kind: Kind, source: Source, target: Code, expected: Code) -> Response:
    """Take a mapping of this empresa away.

    Args:
        form: of a person who may map.
        kind: of the value.
        source: the value.
        target: what it is mapped to.
        expected: the code that the page showed in force.
    """
    visit, acting = form.visit, form.visit.backstage.acting

    def do() -> Done:
        unset_codes(acting, visit.empresa, kind, [source], visit.person.name, target, expected)
        return Done()

    return _decide(form, "mapping_unset", kind, source, expected, do, "desfeita")


@router.post("/e/{empresa}/categorias/nova")
def create(
    form: Mapping,
    kind: Kind,
    source: Source,
    name: Annotated[str, Form(min_length=1, max_length=100)],
    under: Code,
) -> Response:
    """Make a category in Omie and map a value to it.

    Args:
        form: of a person who may map.
        kind: of the value.
        source: the value.
        name: of the category.
        under: code of the group in which it is made.
    """
    visit, acting = form.visit, form.visit.backstage.acting

    def do() -> Done:
        wanted = Wanted(visit.empresa, kind, source, "")
        made = create_and_map(acting, wanted, name, under, visit.person.name)
        notice = "criada" if made.created else "existia"
        return Done(after={"code": made.code}, result={"notice": notice})

    return _decide(form, "mapping_create", kind, source, under, do, "criada")


@router.post("/e/{empresa}/categorias/plano")
def plan_history(form: Mapping, first: Annotated[date, Form()]) -> Response:
    """Have a plan made of what the mappings change in what Omie has already."""
    form.visit.need(Permission.PLAN)
    acting = form.visit.backstage.acting
    start(acting.engine, acting.clock, form.asked("recategorise", date_from=first.isoformat()))
    return _back(form.visit.empresa, "category", "plano")


def _decide(
    form: Sent,
    what: str,
    kind: SourceKind,
    source: str,
    code: str,
    do: Callable[[], Done],
    notice: str,
) -> Response:
    """Do it once and go back to the list.

    Args:
        form: what was sent.
        what: kind of the action.
        kind: of the value.
        source: the value.
        code: of Omie's.
        do: does it.
        notice: what the page says then, unless the action says another.
    """
    acting = form.visit.backstage.acting
    asked = form.asked(what, kind=kind, source=source, code=code)
    action = perform(acting.engine, acting.clock, asked, do)
    return _back(form.visit.empresa, kind, action.result.get("notice", notice))


def _back(empresa: str, kind: SourceKind, notice: str, **more: int) -> Response:
    query = urlencode({"tipo": kind, "aviso": notice, **more})
    return RedirectResponse(f"{_here(empresa)}?{query}", 303)


def _here(empresa: str) -> str:
    return f"/e/{quote(empresa, safe='')}/categorias"
