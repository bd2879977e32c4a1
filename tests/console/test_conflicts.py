"""Conflicts: both sides seen, one chosen once, of what was shown and of one's own empresa."""

from __future__ import annotations

import re
from typing import Any

import pytest
import sqlalchemy as sa

from omie_pipeline.console.access.people import Grant
from omie_pipeline.console.access.roles import Role
from omie_pipeline.console.actions import actions_of
from omie_pipeline.postgres.tables import conflict
from omie_pipeline.texts.console import conflicts as texts
from tests.console.conftest import Browser, House

LIST, RECORD = "/e/norte/conflitos", "/e/norte/conflitos/clientes/PAC-1"


def contest(house: House, **changes: Any) -> None:
    """A conflict of the e-mail of PAC-1 of ``norte``, or what is said otherwise."""
    now = house.deployment.clock.now()
    values = {
        "empresa": "norte", "endpoint": "clientes", "codigo_integracao": "PAC-1", "field": "email",
        "policy": "pessoa", "clinic_old": "velho@clinica.com.br",
        "clinic_new": "novo@clinica.com.br", "omie_old": "velho@clinica.com.br",
        "omie_new": "certo@omie.com.br", "omie_changed_at": now, "omie_changed_by": "WEBMASTER",
        "state": "open", "seen_at": now, "run_id": "r", **changes,
    }  # fmt: skip
    with house.engine.begin() as connection:
        connection.execute(sa.insert(conflict).values(values))


def states(house: House) -> dict[str, tuple[str, str | None]]:
    with house.engine.connect() as connection:
        return {
            row.field: (row.state, row.decided_by)
            for row in connection.execute(sa.select(conflict).order_by(conflict.c.conflict_id))
        }


def choice(browser: Browser, keep: str, field: str = "email", page: str = RECORD) -> dict[str, str]:
    """The fields of the form that keeps a side of a field; ``""`` for all fields."""
    for form in re.findall(r"<form.*?</form>", browser.get(page).text, re.S):
        fields = dict(re.findall(r'name="(\w+)" value="([^"]*)"', form))
        meant = (fields.get("keep"), fields.get("field")) == (keep, field)
        if meant and f'action="{page}"' in form:
            return fields
    raise AssertionError(keep)


def test_both_sides_are_seen_and_one_is_chosen_once(house: House) -> None:
    contest(house)
    contest(house, field="bairro", clinic_new="Sé", omie_new="Lapa")
    browser = house.let_in("maria", Grant("norte", Role.FINANCE))
    assert "PAC-1" in browser.get(LIST).text
    page = browser.get(RECORD).text
    for words in ("novo@clinica.com.br", "certo@omie.com.br", "WEBMASTER", texts.WHOLE, "Bairro"):
        assert words in page
    form = choice(browser, "omie")
    for _ in range(2):
        answer = browser.http.post(RECORD, data=form)
        assert answer.headers["location"] == f"{RECORD}?aviso=omie"
    assert states(house) == {"email": ("kept_omie", "Maria"), "bairro": ("open", None)}
    (done,) = actions_of(house.engine, ["norte"])
    assert (done.kind, done.by, done.after) == ("conflict", "maria", {"email": "kept_omie"})
    assert "@" not in str(done)
    # A page that was open elsewhere says that it was decided.
    late = browser.http.post(RECORD, data=form | {"action_id": "z" * 24})
    assert late.headers["location"] == f"{RECORD}?aviso=antes"
    browser.http.post(RECORD, data=choice(browser, "clinica", "bairro"))
    page = browser.get(f"{RECORD}?aviso=clinica").text
    assert texts.SEND_NOW in page
    assert "PAC-1" not in browser.get(LIST).text
    assert "PAC-1" in browser.get(f"{LIST}?todos=1").text


def test_all_fields_of_a_record_at_once(house: House) -> None:
    contest(house)
    contest(house, field="bairro", clinic_new="Sé", omie_new="Lapa")
    browser = house.manager("norte")
    form = choice(browser, "clinica", "")
    # A third field is contested meanwhile: nobody chose on what they did not see.
    contest(house, field="cidade", clinic_new="A", omie_new="B")
    assert browser.http.post(RECORD, data=form).headers["location"] == f"{RECORD}?aviso=mudou"
    assert {state for state, _ in states(house).values()} == {"open"}
    browser.http.post(RECORD, data=choice(browser, "clinica", ""))
    assert {state for state, _ in states(house).values()} == {"kept_clinica"}


def test_what_changed_since_it_was_shown_is_not_decided(house: House) -> None:
    contest(house)
    browser = house.manager("norte")
    form = choice(browser, "omie")
    with house.engine.begin() as connection:
        connection.execute(sa.update(conflict).values(omie_new="outro@omie.com.br"))
    assert browser.http.post(RECORD, data=form).headers["location"] == f"{RECORD}?aviso=mudou"
    assert states(house) == {"email": ("open", None)}
    assert texts.NOTICES["mudou"] in browser.get(f"{RECORD}?aviso=mudou").text


def test_who_sees_and_who_decides(house: House) -> None:
    contest(house)
    contest(house, empresa="sul", codigo_integracao="PAC-9")
    finance = house.let_in("maria", Grant("norte", Role.FINANCE))
    form = choice(finance, "omie")
    for role in (Role.ACCOUNTANT, Role.RECEPTION, Role.ENGINEERING):
        browser = house.let_in(role.value, Grant("norte", role))
        page = browser.get(RECORD).text
        assert texts.ONLY_LOOK in page
        assert ("certo@omie.com.br" in page) == (role is not Role.ENGINEERING)
        fields = browser.hidden() | {name: form[name] for name in ("seen", "keep", "field")}
        assert browser.http.post(RECORD, data=fields).status_code == 403
    assert states(house)["email"] == ("open", None)
    assert "PAC-9" not in finance.get(LIST).text
    for path in ("/e/sul/conflitos", "/e/sul/conflitos/clientes/PAC-9", LIST + "/clientes/PAC-9"):
        assert finance.get(path).status_code == 404
        assert finance.http.post(path, data=form).status_code in (404, 405)


@pytest.mark.parametrize("changes", [{"keep": "ninguem"}, {"keep": ""}, {"field": "x" * 201}])
def test_wrong_input_is_refused(house: House, changes: dict[str, str]) -> None:
    contest(house)
    browser = house.manager("norte")
    form = choice(browser, "omie") | changes
    assert browser.http.post(RECORD, data=form).status_code == 422
    assert states(house) == {"email": ("open", None)}


def test_many_are_listed_page_by_page(house: House) -> None:
    for number in range(55):
        contest(house, codigo_integracao=f"PAC-{number:03}")
    browser = house.manager("norte")
    first = browser.get(LIST).text
    (older,) = re.findall(r'href="([^"]*antes=\d+)"', first)
    second = browser.get(older.replace("&amp;", "&")).text
    assert len(set(re.findall(r">(PAC-\d+)<", first + second))) == 55
