"""The first page, and what is started from it."""

from __future__ import annotations

import re

import sqlalchemy as sa

from omie_pipeline.app.overview import overview
from omie_pipeline.console.access.people import Grant
from omie_pipeline.console.access.roles import Role
from omie_pipeline.console.actions import actions_of
from omie_pipeline.console.works import close_dead, run
from omie_pipeline.postgres.tables import conflict, console_action, stored_plan
from omie_pipeline.texts.console import common
from omie_pipeline.texts.console import home as texts
from tests.console.conftest import House


def test_a_card_for_each_empresa(house: House) -> None:
    page = house.manager().get("/").text
    for words in ("norte", "sul", texts.SYNC_NOW, texts.NEVER, texts.STANDINGS["active"]):
        assert words in page


def test_who_may_only_look_starts_nothing(house: House) -> None:
    browser = house.let_in("contadora", Grant("*", Role.ACCOUNTANT))
    assert texts.SYNC_NOW not in browser.get("/").text
    assert browser.send("/e/norte/sincronizar").status_code == 403
    assert actions_of(house.engine, ["norte"]) == ()


def test_a_second_click_is_the_same_sync(house: House, monkeypatch: object) -> None:
    browser = house.manager()
    hidden = browser.hidden()
    for _ in range(3):
        answer = browser.http.post("/e/norte/sincronizar", data=hidden)
        assert answer.headers["location"] == "/"
    (one,) = actions_of(house.engine, ["norte"])
    assert (one.kind, one.by) == ("sync", "gestora")


def test_what_a_killed_process_left_is_told(house: House) -> None:
    browser = house.manager()
    with house.engine.begin() as connection:
        connection.execute(
            sa.insert(console_action).values(
                action_id="a" * 20, empresa="norte", kind="sync", subject={}, done_by="x",
                asked_at=sa.func.now(), began_at=sa.func.now(), state="running",
            )
        )  # fmt: skip
    assert common.INTERRUPTED in browser.get("/").text
    (one,) = actions_of(house.engine, ["norte"])
    assert one.state == "failed"


def test_a_sync_reads_omie_and_says_what_came(house: House) -> None:
    browser = house.manager()
    with house.engine.begin() as connection:
        connection.execute(
            sa.insert(console_action).values(
                action_id="b" * 20, empresa="norte", kind="sync", subject={}, done_by="x",
                asked_at=sa.func.now(), state="asked",
            )
        )  # fmt: skip
    run(house.deployment, "b" * 20)
    (one,) = actions_of(house.engine, ["norte"])
    assert one.over
    steps = one.result["steps"]
    assert {step["step"] for step in steps} >= {"import"}
    assert texts.KINDS["sync"] in browser.get("/").text
    seen = re.findall(r"/andamento[?]seen=(\w+)", browser.get("/").text)[0]
    assert browser.get(f"/andamento?seen={seen}").status_code == 204
    assert texts.KINDS["sync"] in browser.get("/andamento?seen=other").text
    assert not run(house.deployment, "b" * 20)
    close_dead(house.engine, house.deployment.clock, (one,))


def test_what_waits_is_counted_as_the_lists_have_it(house: House) -> None:
    """What was overwritten, and a plan that was approved and not applied, wait for a person too."""
    with house.engine.begin() as connection:
        for state in ("open", "overwritten", "kept_omie"):
            connection.execute(
                sa.insert(conflict).values(
                    empresa="norte", endpoint="clientes", codigo_integracao="PAC-1", field=state,
                    policy="pessoa", state=state, seen_at=sa.func.now(), run_id="r",
                )
            )  # fmt: skip
        for state in ("made", "approved", "applied"):
            connection.execute(
                sa.insert(stored_plan).values(
                    plan_id=state, state=state, subject="x", origin="person", empresas=["norte"],
                    endpoints=[], made_at=sa.func.now(), made_by="x",
                )
            )  # fmt: skip
    (norte,) = overview(house.deployment, ["norte"])
    assert (norte.conflicts, norte.plans, norte.to_decide) == (2, 2, 4)
