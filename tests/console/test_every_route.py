"""What holds for every address of the console, whatever page was added last."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest
from fastapi.routing import APIRoute

from omie_pipeline.console.access.people import Grant
from omie_pipeline.console.access.roles import Role
from omie_pipeline.console.pages import PAGES
from omie_pipeline.console.visit import visit
from tests.console.conftest import House

OPEN = {("/entrar", "GET"), ("/entrar", "POST")}
"""To enter by: all that is there for who has not entered."""
OF_ONE_SELF = {"/sair", "/senha"}
"""What even who may only look does: leave, and choose a password."""
SEARCHES = {"/procurar", "/corrigir", "/e/{empresa}/corrigir"}
"""Forms that only look: what is typed there may be a name, and addresses are kept."""
NASTY = (
    "1' OR '1'='1", '"><script>alert(1)</script>', "../../etc/passwd", "%00", "{{7*7}}", "a" * 300,
    "\N{PILE OF POO}", "-1", "99999999999999999999", "*",
)  # fmt: skip


def _routes(method: str) -> Iterator[APIRoute]:
    for page in PAGES:
        for route in page.routes:
            if isinstance(route, APIRoute) and method in route.methods:
                yield route


def _filled(path: str, empresa: str, rest: str = "1") -> str:
    from urllib.parse import quote

    named = path.replace("{empresa}", empresa)
    return re.sub(r"\{\w+(:\w+)?\}", lambda _: quote(rest, safe=""), named)


def _names(route: APIRoute) -> set[object]:
    """All that a route depends on, directly or not."""
    found, waiting = set[object](), [route.dependant]
    while waiting:
        one = waiting.pop()
        found.add(one.call)
        waiting += one.dependencies
    return found


def test_every_page_asks_who_it_is() -> None:
    for method in ("GET", "POST", "PUT", "DELETE", "PATCH"):
        for route in _routes(method):
            if (route.path, method) not in OPEN:
                assert visit in _names(route), route.path


def test_only_forms_change_anything() -> None:
    for method in ("PUT", "DELETE", "PATCH"):
        assert list(_routes(method)) == []


def test_without_a_session_nothing_is_shown(house: House) -> None:
    browser = house.browser()
    for route in _routes("GET"):
        if (route.path, "GET") not in OPEN:
            answer = browser.http.get(_filled(route.path, "norte"))
            assert (answer.status_code, answer.headers["location"]) == (303, "/entrar"), route.path


def test_no_address_shows_another_empresa(house: House) -> None:
    browser = house.let_in("norte.so", Grant("norte", Role.MANAGER, omie_entries=True))
    hidden = browser.hidden()
    for route in _routes("GET"):
        if "{empresa}" in route.path:
            assert browser.http.get(_filled(route.path, "sul")).status_code == 404, route.path
    for route in _routes("POST"):
        if "{empresa}" in route.path:
            answer = browser.http.post(_filled(route.path, "sul"), data=hidden)
            assert answer.status_code in (404, 422), route.path
            assert "sul" not in answer.text


def test_no_form_is_taken_without_the_token_of_the_session(house: House) -> None:
    browser = house.let_in("maria", Grant("*", Role.MANAGER, omie_entries=True))
    hidden = browser.hidden() | {"csrf": "x"}
    for route in _routes("POST"):
        if (route.path, "POST") not in OPEN:
            answer = browser.http.post(_filled(route.path, "norte"), data=hidden)
            assert answer.status_code == 403, route.path


def test_who_may_only_look_changes_nothing(house: House) -> None:
    browser = house.let_in("contadora", Grant("*", Role.ACCOUNTANT))
    hidden = browser.hidden()
    for route in _routes("POST"):
        if (route.path, "POST") not in OPEN and route.path not in OF_ONE_SELF | SEARCHES:
            answer = browser.http.post(_filled(route.path, "norte"), data=hidden)
            assert answer.status_code == 403, route.path


@pytest.mark.slow
def test_nothing_that_is_typed_breaks_a_page(house: House) -> None:
    browser = house.let_in("maria", Grant("*", Role.MANAGER, omie_entries=True))
    hidden = browser.hidden()
    for nasty in NASTY:
        for route in _routes("GET"):
            names = [one.name for one in route.dependant.query_params]
            answer = browser.http.get(
                _filled(route.path, "norte", nasty), params=dict.fromkeys(names, nasty)
            )
            assert answer.status_code < 500, (route.path, nasty)
            assert "<script>alert" not in answer.text, route.path
            assert ">49<" not in answer.text
        for route in _routes("POST"):
            if route.path in OF_ONE_SELF or (route.path, "POST") in OPEN:
                continue
            names = [one.name for one in route.dependant.body_params]
            fields = dict.fromkeys(names, nasty) | hidden
            answer = browser.http.post(_filled(route.path, "norte", nasty), data=fields)
            assert answer.status_code < 500, (route.path, nasty)
            assert "<script>alert" not in answer.text, route.path
