"""How an empresa is set up: connection, pause, switches, channels."""

from __future__ import annotations

import html

import pytest
from pydantic import SecretStr

from omie_pipeline.alerts.channels import AppriseChannel
from omie_pipeline.alerts.send import Message
from omie_pipeline.app.switches import decisions
from omie_pipeline.console.access.people import Grant
from omie_pipeline.console.access.roles import Role
from omie_pipeline.console.actions import actions_of
from omie_pipeline.switches.pauses import pause_in_force
from omie_pipeline.texts import app as app_texts
from omie_pipeline.texts.console import history as history_texts
from omie_pipeline.texts.console import settings as texts
from tests.console.conftest import House

HERE = "/e/norte/configuracoes"


def test_the_connection_says_what_is_the_matter(house: House) -> None:
    browser = house.manager()
    good = browser.send(f"{HERE}/conexao", HERE)
    page = browser.get(good.headers["location"]).text
    assert texts.CONNECTED.removesuffix(".") in page
    bad = browser.send("/e/sul/configuracoes/conexao", "/e/sul/configuracoes")
    page = browser.get(bad.headers["location"]).text
    assert app_texts.FIXES["unknown_key"] in html.unescape(page)
    assert "segredo-errado" not in page
    # What is another empresa's outcome does not show here.
    only = house.let_in("norte.so", Grant("norte", Role.MANAGER))
    told = bad.headers["location"].replace("/e/sul/", "/e/norte/")
    assert app_texts.FIXES["unknown_key"] not in html.unescape(only.get(told).text)


def test_a_pause_needs_a_reason_and_is_done_once(house: House) -> None:
    browser = house.manager()
    hidden = browser.hidden(HERE)
    refused = browser.http.post(f"{HERE}/desativar", data=hidden | {"reason": "  "})
    assert (refused.status_code, texts.REASON_NEEDED in refused.text) == (422, True)
    assert pause_in_force(house.engine, "norte") is None
    for _ in range(2):
        browser.http.post(f"{HERE}/desativar", data=hidden | {"reason": "férias coletivas"})
    assert len(decisions(house.deployment, ["norte"]).pauses) == 1
    page = browser.get(HERE).text
    assert "férias coletivas" in page
    assert texts.DO_RESUME in page
    browser.send(f"{HERE}/reativar", HERE)
    assert pause_in_force(house.engine, "norte") is None
    # Told once each, from the log that has the reason.
    told = browser.get("/historico").text
    assert told.count(history_texts.DEEDS["pause:pause"]) == 1
    assert told.count("férias coletivas") == 1


def test_a_switch_is_decided_by_whom_it_says(house: House) -> None:
    browser = house.manager()
    browser.send(f"{HERE}/envio", HERE, endpoint="contas_pagar", state="off", direction="both")
    (one,) = decisions(house.deployment, ["norte"]).switches
    # The direction stayed as it was: nobody decided it.
    assert (one.endpoint, one.setting, one.value, one.decided_by) == (
        "contas_pagar", "state", "off", "gestora",
    )  # fmt: skip
    page = browser.get(HERE).text
    assert "por gestora" in page
    for fields in (
        {"endpoint": "contas_pagar", "state": "talvez"},
        {"endpoint": "empresas", "state": "off"},
        {"endpoint": "excluir_contas_pagar", "state": "so_novos"},
    ):
        assert browser.send(f"{HERE}/envio", HERE, **fields).status_code == 422
    assert len(decisions(house.deployment, ["norte"]).switches) == 1


def test_a_test_of_the_channels_says_which_took_it(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    browser = house.manager()
    assert texts.NO_CHANNEL in browser.get(HERE).text
    assert browser.send(f"{HERE}/aviso", HERE).status_code == 422
    told: list[str] = []

    def send(self: AppriseChannel, message: Message) -> bool:
        told.append(message.title)
        return False

    monkeypatch.setattr(AppriseChannel, "send", send)
    settings = house.deployment.settings
    url = SecretStr("json://127.0.0.1:9/aviso")
    named = settings.model_copy(update={"notify_urls": url})
    monkeypatch.setattr(house.console._backstage.seen, "settings", named)
    answer = browser.send(f"{HERE}/aviso", HERE)
    page = browser.get(answer.headers["location"]).text
    assert len(told) == 1
    assert texts.NOT_SENT in page
    assert "127.0.0.1:9" not in page


def test_who_may_see_it_and_who_may_not(house: House) -> None:
    for role in (Role.RECEPTION, Role.FINANCE, Role.ACCOUNTANT):
        browser = house.let_in(role.value, Grant("*", role))
        assert browser.get(HERE).status_code == 403
        assert browser.send(f"{HERE}/desativar", "/", reason="x").status_code == 403
        assert browser.send(f"{HERE}/conexao", "/").status_code == 403
        assert texts.TITLE not in browser.get("/").text
    only = house.let_in("norte.so", Grant("norte", Role.MANAGER))
    assert only.get("/e/sul/configuracoes").status_code == 404
    assert only.send("/e/sul/configuracoes/desativar", HERE, reason="x").status_code == 404
    assert house.let_in("eng", Grant("*", Role.ENGINEERING)).get(HERE).status_code == 200
    assert actions_of(house.engine, ["norte", "sul"]) == ()
