"""What happened: runs, readings, and what people did; of one's own empresas only."""

from __future__ import annotations

import re
from datetime import timedelta
from pathlib import Path

import pytest
import sqlalchemy as sa

from omie_pipeline.app.switches import SwitchRequest, decide_switches, pause, resume
from omie_pipeline.catalog import REGISTRY
from omie_pipeline.console import pages
from omie_pipeline.console.access.people import Grant
from omie_pipeline.console.access.roles import Role
from omie_pipeline.console.works import WORKS
from omie_pipeline.postgres.omie_tables import import_run
from omie_pipeline.postgres.tables import (
    conflict,
    console_action,
    duplicate_decision,
    mapping_history,
    run,
    stored_plan,
)
from omie_pipeline.texts.console import history as texts
from tests.console.conftest import House


def _lines(page: str) -> int:
    return page.count("<tr>") - 1


def _happen(house: House) -> None:
    """Something in each log, of both empresas."""
    deployment = house.deployment
    now = deployment.clock.now()
    pause(deployment, "sul", "troca de banco", "Ana do Sul")
    pause(deployment, "norte", "férias coletivas", "Bia")
    resume(deployment, "norte", "Bia")
    decide_switches(
        deployment, SwitchRequest(("norte",), (REGISTRY["contas_pagar"],), "Caio", state="off")
    )
    rows = (
        (conflict, {
            "endpoint": "clientes", "codigo_integracao": "PAC-1", "field": "razao_social",
            "policy": "pessoa", "clinic_new": "Maria Souza", "omie_new": "Maria Santos",
            "state": "kept_omie", "decided_by": "Davi", "decided_at": now, "seen_at": now,
            "run_id": "r",
        }),
        (mapping_history, {
            "kind": "receipt_category", "source": "Consulta", "target": "categoria",
            "action": "set", "code_before": "1.01.01", "code_after": "1.01.02",
            "origin": "person", "decided_by": "Eva", "decided_at": now,
        }),
        (duplicate_decision, {
            "endpoint": "contas_receber", "ledger_code": "REC-1", "our_titulo": 1,
            "other_titulo": 2, "decision": "adopt", "decided_by": "Fábio", "decided_at": now,
        }),
    )  # fmt: skip
    with house.engine.begin() as connection:
        for table, values in rows:
            connection.execute(sa.insert(table).values(empresa="norte", **values))
        for plan_id, empresas in (("abc", ["norte"]), ("xyz", ["norte", "sul"])):
            connection.execute(sa.insert(stored_plan).values(
                plan_id=plan_id, state="approved", subject=f"assunto {plan_id}", origin="person",
                empresas=empresas, endpoints=[], made_at=now, made_by="Gil", approved_at=now,
                approved_by="Hugo",
            ))  # fmt: skip
        connection.execute(sa.insert(console_action).values(
            action_id="a" * 24, empresa="norte", kind="sync", subject={}, done_by="ivo",
            asked_at=now, state="failed", result={"error": "não deu"},
        ))  # fmt: skip


def test_who_did_what_from_every_door(house: House) -> None:
    _happen(house)
    page = house.let_in("financeira", Grant("norte", Role.FINANCE)).get("/historico").text
    for words in (
        "férias coletivas", "Bia", texts.DEEDS["pause:resume"],
        "Caio", texts.DEEDS["switch:state"], REGISTRY["contas_pagar"].title,
        "Davi", "Maria Souza", "Maria Santos", "PAC-1",
        "Eva", "1.01.01", "1.01.02", "Fábio", texts.DEEDS["duplicate:adopt"],
        "Gil", "Hugo", "assunto abc", "ivo", texts.DEEDS["console:sync"], "não deu",
    ):  # fmt: skip
        assert words in page, words
    # What was given up stands before what holds.
    assert page.index("Maria Souza") < page.index("Maria Santos")
    assert "ligado" in page
    # Another empresa's, and a plan over it, are not there.
    assert "troca de banco" not in page
    assert "assunto xyz" not in page
    assert house.manager().get("/historico?de=sul").text.count("troca de banco") == 1


def test_without_names_a_conflict_shows_no_values(house: House) -> None:
    _happen(house)
    page = house.let_in("engenheiro", Grant("*", Role.ENGINEERING)).get("/historico").text
    assert "Davi" in page
    assert texts.HIDDEN in page
    assert "Maria" not in page


def test_runs_and_readings_page_by_page_without_losing_one(house: House) -> None:
    now = house.deployment.clock.now()
    with house.engine.begin() as connection:
        for number in range(60):
            # Many begin at the same moment: the page after begins right behind the last one.
            connection.execute(sa.insert(run).values(
                run_id=f"run-{number:03}", empresa="norte", endpoint="contas_receber",
                trigger="schedule", state="done", started_at=now - timedelta(hours=number // 30),
                finished_at=now, counts=[{"delivered": 1000 + number}],
            ))  # fmt: skip
        connection.execute(sa.insert(import_run).values(
            run_id="imp", empresa="norte", table_name="baixas", mode="full", trigger="webhook",
            state="done", started_at=now, finished_at=now, counts={"read": 7}, complete=False,
        ))  # fmt: skip
    browser = house.manager("norte")
    first = browser.get("/historico?ver=sent").text
    (older,) = re.findall(r'href="(/historico\?[^"]*antes=[^"]*)"', first)
    second = browser.get(older.replace("&amp;", "&")).text
    shown = re.findall(r"(1\d\d\d) entregues", first + second)
    assert sorted(shown) == [str(1000 + number) for number in range(60)]
    assert (_lines(first), _lines(second)) == (50, 10)
    reading = browser.get("/historico?ver=read").text
    for words in (texts.LISTS["baixas"], texts.INCOMPLETE, "7 lidas"):
        assert words in reading


def test_deeds_of_one_moment_are_each_shown_once(house: House) -> None:
    now = house.deployment.clock.now()
    with house.engine.begin() as connection:
        for number in range(55):
            connection.execute(sa.insert(mapping_history).values(
                empresa="norte", kind="receipt_category", source=f"Item {number:02}.",
                target="categoria", action="accept", code_after="1", origin="suggestion",
                decided_by="Eva", decided_at=now,
            ))  # fmt: skip
    browser = house.manager("norte")
    first = browser.get("/historico").text
    (older,) = re.findall(r'href="(/historico\?[^"]*antes=[^"]*)"', first)
    second = browser.get(older.replace("&amp;", "&")).text
    assert sorted(re.findall(r"Item (\d\d)\.", first + second)) == [f"{n:02}" for n in range(55)]


@pytest.mark.parametrize(
    "query", ["antes=x", "antes=2026-01-01", "ver=tudo", "antes=2026-01-01T00:00:00%2B00:00~%00"]
)
def test_what_is_no_page_is_refused(house: House, query: str) -> None:
    assert house.manager().get(f"/historico?{query}").status_code == 422


def test_another_empresa_is_not_there(house: House) -> None:
    browser = house.let_in("norte.so", Grant("norte", Role.MANAGER))
    assert browser.get("/historico?de=sul").status_code == 404


def test_every_action_of_the_console_has_words() -> None:
    """What a form asks for is told in Portuguese on this page."""
    text = "".join(file.read_text("utf-8") for file in Path(pages.__file__).parent.glob("*.py"))
    kinds = set(re.findall(r'asked\(\s*"(\w+)"', text)) | set(WORKS)
    assert kinds
    assert {kind for kind in kinds if f"console:{kind}" not in texts.DEEDS} == set()
