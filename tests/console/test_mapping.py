"""The page of categories: suggested, accepted, chosen, made, each once and in one's own empresa."""

from __future__ import annotations

import re

import pytest
import sqlalchemy as sa

from omie_pipeline.app.map_lists import listed, set_codes
from omie_pipeline.console.access.people import Grant
from omie_pipeline.console.access.roles import Role
from omie_pipeline.console.actions import actions_of
from omie_pipeline.list_mapping.wanted import Wanted
from omie_pipeline.texts.console import mapping as texts
from tests.console.conftest import Browser, House
from tests.push.world import World

PAGE = "/e/norte/categorias"
RENT = "Locação da sala"


@pytest.fixture
def built(house: House, clinic: World) -> House:
    """Omie's lists were read, and the expenses of ``norte`` built."""
    clinic.read_references()
    with house.engine.begin() as connection:
        for table in ("categorias", "contas_correntes"):
            connection.exec_driver_sql(f"UPDATE omie.{table} SET empresa = 'norte'")
        connection.exec_driver_sql("CREATE SCHEMA IF NOT EXISTS clinica")
        connection.exec_driver_sql(
            "CREATE TABLE clinica.despesas (empresa text, id text, fornecedor_id text, "
            "codigo_categoria text, forma_pagamento_id text, observacao text, valor numeric)"
        )
        connection.exec_driver_sql(
            "INSERT INTO clinica.despesas VALUES "
            f"('norte', '1', '9', '{RENT}', 'BOLETO', 'Março', 900), "
            "('norte', '2', '9', 'Xpto', 'BOLETO', 'Março', 800), "
            "('sul', '3', '9', 'Do sul', 'BOLETO', 'Março', 800)"
        )
    return house


def form(browser: Browser, path: str, page: str = PAGE, **having: str) -> dict[str, str]:
    """The fields of the first form of a page that goes to ``path`` and has these values."""
    for found in re.findall(r"<form.*?</form>", browser.get(page).text, re.S):
        fields = dict(re.findall(r'name="(\w+)" value="([^"]*)"', found))
        if f'action="{path}"' in found and having.items() <= fields.items():
            return fields
    raise AssertionError(path)


def in_force(house: House) -> dict[str, str]:
    found = listed(house.deployment, ["norte"])
    return {one.mapped.key.source: one.mapped.code for one in found}


def test_a_suggestion_is_accepted_once(built: House) -> None:
    browser = built.let_in("maria", Grant("norte", Role.FINANCE))
    page = browser.get(PAGE).text
    for words in (RENT, "2.02.02", "Aluguel", "Xpto", texts.MISSING):
        assert words in page
    assert "Do sul" not in page
    fields = form(browser, f"{PAGE}/aceitar", source=RENT, code="2.02.02")
    for _ in range(2):
        answer = browser.http.post(f"{PAGE}/aceitar", data=fields)
        assert answer.headers["location"] == f"{PAGE}?tipo=category&aviso=aceita"
    assert in_force(built) == {RENT: "2.02.02"}
    (done,) = actions_of(built.engine, ["norte"])
    assert (done.kind, done.by, done.after) == ("mapping_accept", "maria", {"code": "2.02.02"})
    after = browser.get(f"{PAGE}?aviso=aceita").text
    assert texts.NOTICES["aceita"] in after
    assert texts.ACTIONS["accept"] in after
    # The same form from a page that was open elsewhere: it was decided.
    late = browser.http.post(f"{PAGE}/aceitar", data=fields | {"action_id": "z" * 24})
    assert (late.status_code, "Maria" in late.text) == (422, True)


def test_a_refused_suggestion_is_gone(built: House) -> None:
    browser = built.manager("norte")
    fields = form(browser, f"{PAGE}/recusar", source=RENT, code="2.02.02")
    browser.http.post(f"{PAGE}/recusar", data=fields)
    missing = browser.get(PAGE).text.partition(texts.HISTORY)[0]
    assert "2.02.02 Aluguel" not in missing
    assert in_force(built) == {}


def test_all_that_are_sure_enough_are_accepted_as_shown(built: House) -> None:
    browser = built.manager("norte")
    page = f"{PAGE}?minimo=60"
    fields = form(browser, f"{PAGE}/aceitar-todas", page)
    shown = re.findall(r'name="chosen" value="([^"]*)"', browser.get(page).text)
    assert shown == [f"2.02.02 {RENT}"]
    answer = browser.http.post(f"{PAGE}/aceitar-todas", data=fields | {"chosen": shown})
    assert answer.headers["location"].endswith("aviso=todas&feitas=1&deixadas=0")
    assert in_force(built) == {RENT: "2.02.02"}
    # What was mapped meanwhile stays as it is.
    again = fields | {"chosen": shown, "action_id": "y" * 24}
    answer = browser.http.post(f"{PAGE}/aceitar-todas", data=again)
    assert answer.headers["location"].endswith("aviso=todas&feitas=0&deixadas=1")


def test_a_code_is_chosen_changed_and_taken_away(built: House) -> None:
    browser = built.manager("norte")
    fields = form(browser, f"{PAGE}/ligar", source="Xpto")
    wrong = browser.http.post(f"{PAGE}/ligar", data=fields | {"code": "9.99.99"})
    assert (wrong.status_code, "9.99.99" in wrong.text) == (422, True)
    browser.http.post(f"{PAGE}/ligar", data=fields | {"code": "2.02.01", "action_id": "a" * 24})
    assert in_force(built) == {"Xpto": "2.02.01"}
    undo = form(browser, f"{PAGE}/desfazer", source="Xpto")
    # Somebody at the terminal decides meanwhile: what they chose stays.
    set_codes(built.deployment, [Wanted("norte", "category", "Xpto", "2.02.02")], "Ana")
    answer = browser.http.post(f"{PAGE}/desfazer", data=undo)
    assert (answer.status_code, "Ana" in answer.text) == (422, True)
    undo = form(browser, f"{PAGE}/desfazer", source="Xpto")
    assert browser.http.post(f"{PAGE}/desfazer", data=undo).status_code == 303
    assert in_force(built) == {}


def test_a_new_category_is_made_in_omie_and_mapped(built: House, clinic: World) -> None:
    browser = built.manager("norte")
    fields = form(browser, f"{PAGE}/nova", source="Xpto")
    answer = browser.http.post(
        f"{PAGE}/nova", data=fields | {"name": "Despesas com xpto", "under": "2.02"}
    )
    assert answer.headers["location"] == f"{PAGE}?tipo=category&aviso=criada", answer.text
    code = in_force(built)["Xpto"]
    with built.engine.connect() as connection:
        name = connection.scalar(
            sa.text("SELECT descricao FROM omie.categorias WHERE codigo = :code"), {"code": code}
        )
    assert name == "Despesas com xpto"


def test_a_plan_of_the_past_is_asked_for_once(
    built: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    begun: list[str] = []
    monkeypatch.setattr("omie_pipeline.console.works.launch", begun.append)
    browser = built.manager("norte")
    fields = form(browser, f"{PAGE}/plano") | {"first": "2026-01-01"}
    for _ in range(2):
        browser.http.post(f"{PAGE}/plano", data=fields)
    (one,) = actions_of(built.engine, ["norte"])
    assert (one.kind, one.subject, begun) == (
        "recategorise", {"date_from": "2026-01-01"}, [one.action_id],
    )  # fmt: skip


def test_who_sees_and_who_maps(built: House) -> None:
    manager = built.manager("norte")
    fields = form(manager, f"{PAGE}/aceitar", source=RENT)
    for role in (Role.ACCOUNTANT, Role.RECEPTION, Role.ENGINEERING):
        browser = built.let_in(role.value, Grant("norte", role))
        page = browser.get(PAGE).text
        assert texts.ONLY_LOOK in page
        assert texts.ACCEPT not in page
        for action in ("aceitar", "recusar", "ligar", "desfazer", "nova", "aceitar-todas"):
            more = {"name": "x", "under": "2.02", "target": "category", "chosen": "1 x"}
            sent = fields | browser.hidden() | more | {"expected": ""}
            assert browser.http.post(f"{PAGE}/{action}", data=sent).status_code == 403
    assert manager.get("/e/sul/categorias").status_code == 404
    assert manager.http.post("/e/sul/categorias/aceitar", data=fields).status_code == 404
    assert in_force(built) == {}


def test_a_list_that_was_never_read_is_said(house: House) -> None:
    browser = house.manager("norte")
    for kind in texts.KINDS:
        assert texts.IN_FORCE in browser.get(f"{PAGE}?tipo={kind}").text
    assert browser.get(f"{PAGE}?tipo=qualquer").status_code == 422
