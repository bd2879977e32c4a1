"""To enter: passwords, sessions, and what keeps strangers out."""

from __future__ import annotations

from datetime import timedelta

import pytest
import sqlalchemy as sa

from omie_pipeline.console.access.people import Grant, set_password
from omie_pipeline.console.access.roles import Role
from omie_pipeline.console.access.sessions import COOKIE, IDLE, LONGEST, MOST_OF_PAIR
from omie_pipeline.postgres.tables import console_attempt, console_person, console_session
from omie_pipeline.texts.console import enter as texts
from tests.console.conftest import PASSWORD, House

FINANCE = Grant("*", Role.FINANCE)


def test_without_a_session_every_page_asks_to_enter(house: House) -> None:
    browser = house.browser()
    for path in ("/", "/senha", "/andamento", "/e/norte/corrigir"):
        answer = browser.http.get(path)
        assert answer.status_code in (303, 404), path
        assert answer.headers.get("location", "/entrar") == "/entrar"
    fragment = browser.http.get("/andamento", headers={"hx-request": "true"})
    assert fragment.headers["hx-redirect"] == "/entrar"


def test_who_enters_sees_the_first_page_and_leaves_again(house: House) -> None:
    browser = house.let_in("maria", FINANCE)
    assert "Maria" in browser.get("/").text
    token = browser.http.cookies[COOKIE]
    assert browser.send("/sair").headers["location"] == "/entrar"
    browser.http.cookies.set(COOKIE, token)
    assert browser.http.get("/").headers["location"] == "/entrar"


def test_a_wrong_password_says_no_more_than_that(house: House) -> None:
    house.let_in("maria", FINANCE)
    known, unknown = house.browser(), house.browser()
    wrong = known.enter("maria", "errada errada")
    nobody = unknown.enter("ninguem", "errada errada")
    assert (wrong.status_code, wrong.text) == (nobody.status_code, nobody.text)
    assert texts.WRONG in wrong.text
    assert COOKIE not in wrong.cookies


def test_wrong_passwords_make_only_their_own_address_wait(house: House) -> None:
    house.let_in("maria", FINANCE)
    attacker = house.browser()
    for _ in range(MOST_OF_PAIR):
        assert attacker.enter("maria", "errada errada").status_code == 401
    locked = attacker.enter("maria")
    assert (locked.status_code, COOKIE in locked.cookies) == (429, False)
    # The same address may still enter as somebody else, and maria from elsewhere.
    house.let_in("joana", FINANCE)
    with house.engine.begin() as connection:
        connection.execute(sa.update(console_attempt).values(address_digest="elsewhere"))
    assert attacker.enter("maria").status_code == 303


def test_attempts_are_forgotten_with_time(house: House) -> None:
    house.let_in("maria", FINANCE)
    browser = house.browser()
    for _ in range(MOST_OF_PAIR):
        browser.enter("maria", "errada errada")
    with house.engine.begin() as connection:
        earlier = console_attempt.c.at - timedelta(minutes=16)
        connection.execute(sa.update(console_attempt).values(at=earlier))
    assert browser.enter("maria").status_code == 303


@pytest.mark.parametrize(("column", "age"), [("seen_at", IDLE), ("begun_at", LONGEST)])
def test_a_session_ends_by_itself(house: House, column: str, age: timedelta) -> None:
    browser = house.let_in("maria", FINANCE)
    with house.engine.begin() as connection:
        earlier = console_session.c[column] - age
        connection.execute(sa.update(console_session).values({column: earlier}))
    assert browser.http.get("/").headers["location"] == "/entrar"


def test_every_entrance_has_a_token_of_its_own(house: House) -> None:
    browser = house.let_in("maria", FINANCE)
    before = browser.http.cookies[COOKIE]
    browser.http.cookies.clear()
    browser.http.cookies.set(COOKIE, before)
    browser.enter("maria")
    tokens = {cookie.value for cookie in browser.http.cookies.jar}
    assert tokens != {before}
    with house.engine.connect() as connection:
        stored = connection.scalars(sa.select(console_session.c.token_digest)).all()
    assert not tokens & set(stored)


def test_a_new_password_ends_all_sessions(house: House) -> None:
    browser = house.let_in("maria", FINANCE)
    hidden = browser.hidden("/senha")
    new = "outra frase bem comprida"
    refused = browser.http.post("/senha", data=hidden | {"old": "errada", "new": new, "again": new})
    assert texts.OLD_WRONG in refused.text
    weak = browser.http.post(
        "/senha", data=hidden | {"old": PASSWORD, "new": "maria maria", "again": "maria maria"}
    )
    assert "12" in weak.text
    done = browser.http.post("/senha", data=hidden | {"old": PASSWORD, "new": new, "again": new})
    assert done.headers["location"] == "/entrar"
    assert browser.http.get("/").headers["location"] == "/entrar"
    assert house.browser().enter("maria").status_code == 401
    assert house.browser().enter("maria", new).status_code == 303


def test_a_password_given_by_another_is_changed_first(house: House) -> None:
    browser = house.let_in("maria", FINANCE)
    with house.engine.begin() as connection:
        now = house.deployment.clock.now()
        from pydantic import SecretStr

        set_password(connection, "maria", SecretStr("dada por outra pessoa"), now, by_owner=False)
    assert browser.enter("maria", "dada por outra pessoa").headers["location"] == "/senha"
    assert browser.http.get("/").headers["location"] == "/senha"


def test_who_is_disabled_is_out_at_once(house: House) -> None:
    browser = house.let_in("maria", FINANCE)
    with house.engine.begin() as connection:
        now = house.deployment.clock.now()
        connection.execute(sa.update(console_person).values(disabled_at=now))
    assert browser.http.get("/").headers["location"] == "/entrar"
    assert browser.enter("maria").status_code == 401


def test_a_form_without_the_token_of_the_session_does_nothing(house: House) -> None:
    browser = house.let_in("maria", FINANCE)
    other = house.let_in("joana", FINANCE)
    hidden = browser.hidden()
    for csrf in ("", "x", other.hidden()["csrf"]):
        answer = browser.http.post("/sair", data=hidden | {"csrf": csrf})
        assert answer.status_code == 403
    assert browser.http.get("/").status_code == 200


@pytest.mark.parametrize(
    "headers",
    [
        {"origin": "https://elsewhere.example"},
        {"origin": "null"},
        {"sec-fetch-site": "cross-site"},
        {"sec-fetch-site": "same-site"},
    ],
)
def test_a_form_of_another_site_is_refused(house: House, headers: dict[str, str]) -> None:
    browser = house.let_in("maria", FINANCE)
    answer = browser.http.post("/sair", data=browser.hidden(), headers=headers)
    assert answer.status_code == 403
    entering = house.browser().http.post(
        "/entrar", data={"login": "maria", "password": PASSWORD}, headers=headers
    )
    assert (entering.status_code, COOKIE in entering.cookies) == (403, False)


def test_every_answer_has_its_headers(house: House) -> None:
    browser = house.let_in("maria", FINANCE)
    for path in ("/", "/entrar", "/static/style.css", "/nada", "/andamento"):
        headers = browser.http.get(path).headers
        assert "default-src 'none'" in headers["content-security-policy"], path
        assert "unsafe" not in headers["content-security-policy"]
        assert headers["x-frame-options"] == "DENY"
        assert "server" not in headers
        assert headers["cache-control"] == ("max-age=86400" if "static" in path else "no-store")
    cookie = house.browser().enter("maria").headers["set-cookie"]
    assert "HttpOnly" in cookie
    assert "SameSite=lax" in cookie


def test_an_endless_form_is_refused(house: House) -> None:
    browser = house.let_in("maria", FINANCE)
    answer = browser.http.post("/entrar", data={"login": "x" * 3_000_000, "password": "y"})
    assert answer.status_code == 413
