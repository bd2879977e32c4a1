"""Who may enter, and as what: for those who look after the people of all empresas."""

from __future__ import annotations

import secrets
from collections.abc import Callable
from datetime import datetime
from typing import Annotated, Final

import sqlalchemy as sa
from fastapi import APIRouter, Depends, Form
from fastapi.responses import HTMLResponse, RedirectResponse, Response
from pydantic import SecretStr
from starlette.exceptions import HTTPException

from omie_pipeline.console.access.people import (
    ALL_EMPRESAS,
    Grant,
    Person,
    add_person,
    disable_person,
    find_person,
    people,
    revoke_grant,
    set_grant,
    set_password,
)
from omie_pipeline.console.access.roles import Role
from omie_pipeline.console.actions import Asked, Done, perform
from omie_pipeline.console.forms import Sent, sent
from omie_pipeline.console.visit import AnyVisit, Visit
from omie_pipeline.errors import ConfigurationError
from omie_pipeline.postgres.engine import warehouse_errors
from omie_pipeline.texts.console import people as texts

router = APIRouter()
_PASSWORD_BYTES: Final = 15
Login = Annotated[str, Form(max_length=80)]
Empresa = Annotated[str, Form(max_length=80)]
Change = Callable[[sa.Connection], None]


def looking_after(visit: AnyVisit) -> Visit:
    """Go on only if this person looks after the people of every empresa.

    A login is not of one empresa: somebody of one clinic must not lock out another's people.

    Raises:
        HTTPException: 403.
    """
    if not visit.looks_after_people:
        raise HTTPException(403)
    return visit


def sent_by_them(form: Annotated[Sent, Depends(sent)]) -> Sent:
    """A form of somebody who does."""
    looking_after(form.visit)
    return form


Caring = Annotated[Sent, Depends(sent_by_them)]


@router.get("/pessoas")
def people_page(visit: Annotated[Visit, Depends(looking_after)]) -> HTMLResponse:
    """Everybody who may enter."""
    return _page(visit)


@router.post("/pessoas/cadastrar")
def add(
    form: Caring,
    login: Login,
    name: Annotated[str, Form(max_length=120)],
    role: Annotated[Role, Form()],
    empresa: Empresa = ALL_EMPRESAS,
    entries: Annotated[str, Form(max_length=10)] = "",
) -> Response:
    """Let somebody enter, with a password that is shown once."""
    grant = Grant(_known(form, empresa), role, bool(entries))
    person = Person(login.strip().lower(), name.strip(), (grant,), must_change=True)
    if not person.name:
        raise ConfigurationError(texts.NAME_NEEDED)
    password = SecretStr(secrets.token_urlsafe(_PASSWORD_BYTES))
    new = _do(
        form,
        "add",
        person.login,
        lambda connection: add_person(
            connection, person, password, form.visit.person.login, _now(form)
        ),
    )
    return _page(form.visit, person.login, password.get_secret_value() if new else "")


@router.post("/pessoas/senha")
def new_password(form: Caring, login: Login) -> Response:
    """Give somebody another password, shown once; their sessions end."""
    _other(form, login)
    password = SecretStr(secrets.token_urlsafe(_PASSWORD_BYTES))
    new = _do(
        form,
        "password",
        login,
        lambda connection: set_password(connection, login, password, _now(form), by_owner=False),
    )
    return _page(form.visit, login, password.get_secret_value() if new else "")


@router.post("/pessoas/acesso")
def grant(
    form: Caring,
    login: Login,
    role: Annotated[Role, Form()],
    empresa: Empresa = ALL_EMPRESAS,
    entries: Annotated[str, Form(max_length=10)] = "",
) -> Response:
    """Say what somebody is for an empresa, or for all of them."""
    _other(form, login)
    granted = Grant(_known(form, empresa), role, bool(entries))
    by = form.visit.person.login
    _do(
        form,
        "grant",
        login,
        lambda connection: set_grant(connection, login, granted, by, _now(form)),
    )
    return RedirectResponse("/pessoas", 303)


@router.post("/pessoas/tirar")
def revoke(form: Caring, login: Login, empresa: Empresa) -> Response:
    """Take back what somebody is for an empresa."""
    _other(form, login)

    def change(connection: sa.Connection) -> None:
        revoke_grant(connection, login, empresa)

    _do(form, "revoke", login, change)
    return RedirectResponse("/pessoas", 303)


@router.post("/pessoas/bloquear")
def disable(form: Caring, login: Login) -> Response:
    """Keep somebody out; their sessions end."""
    _other(form, login)
    _do(form, "disable", login, lambda one: disable_person(one, login, _now(form)))
    return RedirectResponse("/pessoas", 303)


@router.post("/pessoas/desbloquear")
def enable(form: Caring, login: Login) -> Response:
    """Let somebody in again."""
    _other(form, login)
    _do(form, "enable", login, lambda one: disable_person(one, login, None))
    return RedirectResponse("/pessoas", 303)


def _do(form: Sent, kind: str, login: str, change: Change) -> bool:
    """Do it once; whether it was done by this very request.

    Args:
        form: of who looks after people.
        kind: of the action.
        login: whose access changes.
        change: does it, in a transaction.
    """
    acting, done = form.visit.backstage.acting, []

    def do() -> Done:
        with warehouse_errors(), acting.engine.begin() as connection:
            change(connection)
            after = _standing(connection, login)
        done.append(login)
        return Done(after=after)

    with warehouse_errors(), acting.engine.connect() as connection:
        before = _standing(connection, login)
    asked = Asked(
        form.action_id,
        acting.empresas[0],
        kind,
        form.visit.person.login,
        {"login": login},
        before,
    )
    perform(acting.engine, acting.clock, asked, do)
    return bool(done)


def _standing(connection: sa.Connection, login: str) -> dict[str, str] | None:
    """What somebody is, by empresa, as it is remembered."""
    found = find_person(connection, login)
    if found is None:
        return None
    standing = {
        one.empresa: texts.ROLES[one.role] + (texts.AND_ENTRIES if one.omie_entries else "")
        for one in found.grants
    }
    return standing | ({texts.STATE: texts.MAY_NOT_ENTER} if found.disabled else {})


def _now(form: Sent) -> datetime:
    return form.visit.backstage.acting.clock.now()


def _known(form: Sent, empresa: str) -> str:
    known = form.visit.backstage.acting.empresas
    if empresa not in (ALL_EMPRESAS, *known):
        raise ConfigurationError(texts.unknown_empresa(empresa=empresa, known=", ".join(known)))
    return empresa


def _other(form: Sent, login: str) -> None:
    """Nobody changes their own access: the last one who may would lock everybody out.

    Raises:
        ConfigurationError: it is their own, or nobody has this login.
    """
    if login == form.visit.person.login:
        raise ConfigurationError(texts.NOT_YOURSELF)
    with warehouse_errors(), form.visit.backstage.acting.engine.connect() as connection:
        if find_person(connection, login) is None:
            raise ConfigurationError(texts.nobody(login))


def _page(visit: Visit, login: str = "", password: str = "") -> HTMLResponse:
    # The role of the pages has no right on who may enter; who comes here looks after all of them.
    acting = visit.backstage.acting
    with warehouse_errors(), acting.engine.connect() as connection:
        found = people(connection)
    return visit.page(
        "people.html",
        texts,
        title=texts.TITLE,
        people=found,
        empresas=acting.empresas,
        everything=ALL_EMPRESAS,
        login=login,
        password=password,
    )
