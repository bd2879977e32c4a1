"""To enter, to leave, to choose a password."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Depends, Form, Request
from fastapi.responses import HTMLResponse, RedirectResponse, Response
from pydantic import SecretStr

from omie_pipeline.console.access.people import check_password, set_password
from omie_pipeline.console.access.sessions import (
    COOKIE,
    LONGEST,
    begin_session,
    end_session,
    forget_attempts,
    must_wait,
    note_attempt,
)
from omie_pipeline.console.backstage import Backstage
from omie_pipeline.console.forms import Sent, sent
from omie_pipeline.console.visit import AnyVisit
from omie_pipeline.errors import ConfigurationError
from omie_pipeline.postgres.engine import warehouse_errors
from omie_pipeline.texts.console import common
from omie_pipeline.texts.console import enter as texts

router = APIRouter()
_TOO_MANY, _WRONG = 429, 401


@router.get("/entrar")
def enter_page(request: Request) -> Response:
    """The page to enter by; who has entered already goes on."""
    if request.state.session is not None:
        return RedirectResponse("/", 303)
    return _enter_page(request, "")


@router.post("/entrar")
def enter(
    request: Request,
    login: Annotated[str, Form(max_length=200)],
    password: Annotated[SecretStr, Form(max_length=1000)],
) -> Response:
    """Begin a session, if login and password agree."""
    backstage: Backstage = request.app.state.backstage
    address: str = request.state.address
    acting, now = backstage.acting, backstage.acting.clock.now()
    with warehouse_errors(), acting.engine.begin() as connection:
        if must_wait(connection, login, address, now):
            return _enter_page(request, texts.WAIT, _TOO_MANY)
        person = check_password(connection, login, password)
        if person is None:
            note_attempt(connection, login, address, now)
            return _enter_page(request, texts.WRONG, _WRONG)
        forget_attempts(connection, login, address)
        token = begin_session(connection, person.login, now)
    answer = RedirectResponse("/senha" if person.must_change else "/", 303)
    answer.set_cookie(
        COOKIE,
        token,
        max_age=int(LONGEST.total_seconds()),
        httponly=True,
        samesite="lax",
        secure=backstage.https,
    )
    return answer


@router.post("/sair")
def leave(request: Request, form: Annotated[Sent, Depends(sent)]) -> Response:
    """End the session."""
    acting = form.visit.backstage.acting
    with warehouse_errors(), acting.engine.begin() as connection:
        end_session(connection, request.cookies.get(COOKIE, ""), acting.clock.now())
    answer = RedirectResponse("/entrar", 303)
    answer.delete_cookie(COOKIE)
    return answer


@router.get("/senha")
def password_page(visit: AnyVisit) -> HTMLResponse:
    """The page to choose a password on."""
    return _password_page(visit, "")


@router.post("/senha")
def change_password(
    form: Annotated[Sent, Depends(sent)],
    old: Annotated[SecretStr, Form(max_length=1000)],
    new: Annotated[SecretStr, Form(max_length=1000)],
    again: Annotated[SecretStr, Form(max_length=1000)],
) -> Response:
    """Choose a password; every session ends, this one too."""
    visit, login = form.visit, form.visit.person.login
    acting = visit.backstage.acting
    with warehouse_errors(), acting.engine.begin() as connection:
        if check_password(connection, login, old) is None:
            return _password_page(visit, texts.OLD_WRONG)
        if new != again:
            return _password_page(visit, texts.DIFFERENT)
        try:
            set_password(connection, login, new, acting.clock.now(), by_owner=True)
        except ConfigurationError as error:
            return _password_page(visit, str(error))
    answer = RedirectResponse("/entrar", 303)
    answer.delete_cookie(COOKIE)
    return answer


def _enter_page(request: Request, problem: str, status: int = 200) -> HTMLResponse:
    backstage: Backstage = request.app.state.backstage
    template = backstage.templates.get_template("enter.html")
    page = template.render(c=common, t=texts, visit=None, title=texts.ENTER, problem=problem)
    return HTMLResponse(page, status)


def _password_page(visit: AnyVisit, problem: str) -> HTMLResponse:
    first = visit.person.must_change
    return visit.page("password.html", texts, title=texts.CHANGE, problem=problem, first=first)
