"""Who may enter: for those who look after the people of all empresas, and never their own."""

from __future__ import annotations

import re

import pytest

from omie_pipeline.console.access.people import Grant, find_person
from omie_pipeline.console.access.roles import Role
from omie_pipeline.console.actions import actions_of
from omie_pipeline.texts.console import people as texts
from tests.console.conftest import House

HERE = "/pessoas"
NEW = {"login": "Bia@Clinica.com", "name": "Bia Lima", "role": "reception", "empresa": "norte"}


def _role(house: House, login: str, empresa: str) -> str | None:
    with house.engine.connect() as connection:
        person = find_person(connection, login)
    assert person is not None
    grant = person.grant(empresa)
    return None if grant is None else grant.role.value


def _password(page: str) -> str:
    (found,) = re.findall(r"<code>([^<]+)</code>", page)
    return str(found)


def test_somebody_is_let_in_with_a_password_that_is_shown_once(house: House) -> None:
    browser = house.manager()
    hidden = browser.hidden(HERE)
    page = browser.http.post(f"{HERE}/cadastrar", data=hidden | NEW).text
    password = _password(page)
    again = browser.http.post(f"{HERE}/cadastrar", data=hidden | NEW).text
    assert texts.PASSWORD_SHOWN in again
    assert "<code>" not in again
    assert house.browser().enter("bia@clinica.com", password).headers["location"] == "/senha"
    (one,) = actions_of(house.engine, house.deployment.empresas)
    assert (one.kind, one.by, one.before) == ("add", "gestora", None)
    assert one.after == {"norte": texts.ROLES["reception"]}
    assert password not in str(one)
    assert "bia@clinica.com" in browser.get("/historico").text


def test_access_is_given_taken_and_blocked(house: House) -> None:
    browser = house.manager()
    other = house.let_in("caio", Grant("norte", Role.RECEPTION))
    browser.send(f"{HERE}/acesso", HERE, login="caio", role="finance", empresa="sul")
    assert _role(house, "caio", "sul") == "finance"
    browser.send(f"{HERE}/tirar", HERE, login="caio", empresa="norte")
    assert _role(house, "caio", "norte") is None
    assert "norte" not in other.get("/").text
    browser.send(f"{HERE}/bloquear", HERE, login="caio")
    assert other.http.get("/").headers["location"] == "/entrar"
    browser.send(f"{HERE}/desbloquear", HERE, login="caio")
    page = browser.send(f"{HERE}/senha", HERE, login="caio").text
    assert house.browser().enter("caio", _password(page)).status_code == 303
    steps = [(one.kind, one.before, one.after) for one in actions_of(house.engine, ["norte"])]
    assert steps[-1] == (
        "grant",
        {"norte": texts.ROLES["reception"]},
        {"norte": texts.ROLES["reception"], "sul": texts.ROLES["finance"]},
    )


def test_nobody_changes_their_own_access(house: House) -> None:
    browser = house.manager()
    for what in ("bloquear", "tirar", "acesso", "senha"):
        fields = {"login": "gestora", "empresa": "*", "role": "reception"}
        answer = browser.send(f"{HERE}/{what}", HERE, **fields)
        assert (answer.status_code, texts.NOT_YOURSELF in answer.text) == (422, True), what
    assert _role(house, "gestora", "norte") == "manager"


@pytest.mark.parametrize("change", [
    {"login": "x y"}, {"role": "dono"}, {"empresa": "leste"}, {"name": " "},
])  # fmt: skip
def test_what_cannot_be_is_refused(house: House, change: dict[str, str]) -> None:
    answer = house.manager().send(f"{HERE}/cadastrar", HERE, **(NEW | change))
    assert answer.status_code == 422


def test_who_does_not_look_after_all_empresas_stays_out(house: House) -> None:
    for login, grant in (
        ("norte.so", Grant("norte", Role.MANAGER)),
        ("fin", Grant("*", Role.FINANCE)),
    ):
        browser = house.let_in(login, grant)
        assert browser.get(HERE).status_code == 403
        assert 'href="/pessoas"' not in browser.get("/").text
        assert browser.send(f"{HERE}/cadastrar", "/", **NEW).status_code == 403
