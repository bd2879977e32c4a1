"""What is to be corrected, one record, and sending again."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
import sqlalchemy as sa

from omie_pipeline.app import sync_one
from omie_pipeline.app.deployment import Deployment
from omie_pipeline.catalog import WRITABLE
from omie_pipeline.console import records
from omie_pipeline.console.access.people import Grant
from omie_pipeline.console.access.roles import Role
from omie_pipeline.console.actions import actions_of
from omie_pipeline.console.works import run
from omie_pipeline.postgres.tables import attempt, console_action, ledger, quarantine, rejected
from omie_pipeline.status.to_correct import who_acts
from omie_pipeline.texts.console import correct as texts
from omie_pipeline.texts.console import record as record_texts
from tests.console.conftest import House
from tests.push.world import World, cliente, cpf, titulo

NAME = "Ana das Dores 100%"
AT = datetime(2026, 1, 5, 12, tzinfo=UTC)
FORMULA = "=HYPERLINK(1)"


def fill(house: House, clinic: World) -> None:
    """A patient of norte whose CPF is wrong and who holds two receipts; one refused row of sul."""
    people = [
        cliente(1, empresa="norte", razao_social=NAME, cnpj_cpf="11111111111"),
        cliente(2, empresa="norte"),
        cliente(1, empresa="sul", razao_social="Segredo do Sul"),
    ]
    titles = [titulo(1, empresa="norte"), titulo(2, empresa="norte"), titulo(1, empresa="sul")]
    clinic.model("clientes", people)
    clinic.model("contas_receber", titles)
    reason = {"field": "cnpj_cpf", "rule": "cpf_digitos", "reason": "CPF errado", "fix": "Corrija"}
    about = {"endpoint": "clientes", "codigo_integracao": "PAC-1", "partition": "norte"}
    seen = {"first_seen_at": AT, "last_seen_at": AT, "run_id": "r"}
    known = {"partition": "2026-01-05", "run_id": "r", "first_seen_at": AT, "updated_at": AT}
    with house.engine.begin() as connection:
        for table in ("clientes", "contas_receber"):
            marked = sa.func.omie_sync.marcar(f"omie_payload.omie_{table}")
            connection.execute(sa.select(marked))
        connection.execute(
            sa.insert(quarantine).values(
                empresa="norte", row_key="n/PAC-1", reasons=[reason], row_masked={}, **about, **seen
            )
        )
        for number in (1, 2):
            connection.execute(
                sa.insert(ledger).values(
                    empresa="norte", endpoint="contas_receber", codigo_integracao=f"REC-{number}",
                    state="held", error_code="reference", last_error="Aguarda PAC-1", **known,
                )
            )  # fmt: skip
        connection.execute(
            sa.insert(rejected).values(
                empresa="sul", endpoint="contas_receber", codigo_integracao="REC-1",
                partition="2026-01-05", fault_text=FORMULA, fix="Segredo", row_masked={}, **seen,
            )
        )  # fmt: skip
        connection.execute(
            sa.insert(attempt).values(
                run_id="r", empresa="norte", endpoint="contas_receber", codigo_integracao="REC-1",
                method="UpsertContaReceber", request={"a": "<b>"}, response={}, http_status=500,
                fault_text="Omie caiu", duration_ms=1.0, at=AT,
            )
        )  # fmt: skip


def test_causes_are_by_who_acts_and_lead_to_rows(house: House, clinic: World) -> None:
    fill(house, clinic)
    browser = house.manager()
    assert 'href="/e/norte/corrigir"' in browser.get("/").text
    page = browser.get("/corrigir").text
    for words in (texts.ACTORS["reception"], texts.ACTORS["itself"], "CPF errado", "Corrija"):
        assert words in page
    rows = browser.get("/e/norte/corrigir?estado=quarantined&tipo=clientes&motivo=cpf_digitos").text
    assert NAME in rows
    assert texts.hangs(what=records.counted("contas_receber", 2), value="300,20") in rows
    held = browser.get("/e/norte/corrigir?estado=held&tipo=contas_receber&motivo=reference").text
    assert held.count("REC-") > 2
    assert NAME in held
    for wrong in ("estado=x", "estado=held&tipo=nada", "estado=held&antes=x"):
        assert browser.get(f"/e/norte/corrigir?{wrong}").status_code == 422


def test_another_empresa_shows_nothing(house: House, clinic: World) -> None:
    fill(house, clinic)
    browser = house.let_in("norte.so", Grant("norte", Role.MANAGER))
    for path in ("/e/sul/corrigir", "/e/sul/corrigir.csv", "/e/sul/registro/contas_receber/REC-1"):
        assert browser.get(path).status_code == 404, path
    found = browser.send("/procurar", text="Segredo").text
    searched = browser.send("/corrigir", "/corrigir", text="Segredo do Sul").text
    for page in (browser.get("/corrigir").text, found, searched):
        assert "Sul" not in page.replace("Segredo do Sul”", "").replace('"Segredo do Sul"', "")
        assert "HYPERLINK" not in page
    assert browser.send("/procurar", text="rec-1").headers["location"].startswith("/e/norte/")


def test_a_search_finds_a_person_and_what_hangs_on_them(house: House, clinic: World) -> None:
    fill(house, clinic)
    browser = house.let_in("recepcao", Grant("norte", Role.RECEPTION))
    for typed in ("das dores 100%", "111.111", "PAC-1"):
        page = browser.send("/e/norte/corrigir", "/e/norte/corrigir", text=typed).text
        assert page.count("/registro/contas_receber/REC-") >= 2, typed
        assert "/registro/clientes/PAC-1" in page
    assert texts.NO_ROWS in browser.send("/corrigir", "/corrigir", text="Ana % Dores").text


def test_a_code_that_two_empresas_have_is_not_taken_for_the_others(
    house: House, clinic: World
) -> None:
    """PAC-1 and REC-1 are somebody else's in each of them."""
    fill(house, clinic)
    page = house.manager().send("/corrigir", "/corrigir", text="das Dores").text
    assert "/e/norte/registro/contas_receber/REC-1" in page
    assert "/e/sul/" not in page
    assert "150,10" in page


def test_who_may_not_see_names_finds_and_sees_none(house: House, clinic: World) -> None:
    fill(house, clinic)
    browser = house.let_in("engenheira", Grant("norte", Role.ENGINEERING))
    rows = browser.get("/e/norte/corrigir?estado=quarantined&tipo=clientes&motivo=cpf_digitos").text
    sheet = browser.get("/e/norte/corrigir.csv").text
    page = browser.get("/e/norte/registro/clientes/PAC-1").text
    for text in (rows, sheet, page, browser.send("/procurar", text="das Dores").text):
        assert NAME not in text
        assert "11111111111" not in text
    assert texts.NO_ROWS in browser.send("/corrigir", "/corrigir", text="das Dores").text


def test_the_sheet_opens_in_a_spreadsheet_and_has_no_formula(house: House, clinic: World) -> None:
    fill(house, clinic)
    answer = house.manager().get("/e/sul/corrigir.csv")
    assert answer.headers["content-type"] == "text/csv; charset=utf-8"
    assert answer.content.startswith(b"\xef\xbb\xbfpessoa;nome;")
    assert f"'{FORMULA}" in answer.text


def test_a_record_has_everything_on_one_page(house: House, clinic: World) -> None:
    fill(house, clinic)
    browser = house.manager()
    page = browser.get("/e/norte/registro/contas_receber/REC-1").text
    for words in ("Aguarda PAC-1", "Omie caiu", "150.1", records.STATES["held"], "&lt;b&gt;"):
        assert words in page, words
    person = browser.get("/e/norte/registro/clientes/PAC-1").text
    for words in (NAME, "CPF errado", "REC-1", "REC-2", record_texts.SYNC):
        assert words in person, words
    for path in ("contas_receber/REC-99", "nada/REC-1", "contas_correntes/1"):
        assert browser.get(f"/e/norte/registro/{path}").status_code == 404


def test_sending_again_is_asked_once_and_by_who_may(
    house: House, clinic: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    fill(house, clinic)
    begun: list[str] = []
    monkeypatch.setattr("omie_pipeline.console.works.launch", begun.append)
    looking = house.let_in("contadora", Grant("norte", Role.ACCOUNTANT))
    path = "/e/norte/registro/contas_receber/REC-1"
    assert record_texts.SYNC not in looking.get(path).text
    assert looking.send(f"{path}/sincronizar").status_code == 403
    browser = house.manager()
    hidden = browser.hidden(path)
    for _ in range(2):
        answer = browser.http.post(f"{path}/sincronizar", data=hidden)
        assert answer.headers["location"] == path
    cause = {"estado": "held", "tipo": "contas_receber", "motivo": "reference"}
    assert browser.send("/e/norte/corrigir/enviar", **cause).status_code == 303
    assert browser.send("/e/norte/corrigir/enviar", **(cause | {"tipo": "x"})).status_code == 422
    kinds = [one.kind for one in actions_of(house.engine, ["norte"])]
    assert (sorted(kinds), len(begun)) == (["send_cause", "sync_record"], 2)
    assert record_texts.KINDS["sync_record"] in browser.get(path).text


def ask(house: House, kind: str, **subject: str) -> None:
    with house.engine.begin() as connection:
        connection.execute(
            sa.insert(console_action).values(
                action_id="c" * 20, empresa="norte", kind=kind, subject=subject, done_by="x",
                asked_at=sa.func.now(), state="asked",
            )
        )  # fmt: skip


@pytest.mark.slow
def test_a_cause_is_sent_again_whatever_kept_its_rows(house: House, clinic: World) -> None:
    """A row in quarantine is in no ledger; once corrected it goes all the same."""
    fill(house, clinic)
    clinic.model("clientes", [cliente(1, empresa="norte", cnpj_cpf=cpf(1))])
    ask(house, "send_cause", endpoint="clientes", state="quarantined", why="cpf_digitos")
    run(house.deployment, "c" * 20)
    (one,) = actions_of(house.engine, ["norte"])
    assert one.result["steps"][0]["rows"] == 1, one.result
    assert clinic.ledger()["PAC-1"] == "confirmed"


@pytest.mark.slow
def test_one_record_is_sent_and_what_still_stops_it_is_told(
    house: House, clinic: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    fill(house, clinic)
    monkeypatch.setattr(sync_one, "refresh_key", lambda *_: True)
    monkeypatch.setattr(Deployment, "prepare_dbt", lambda _: None)
    ask(house, "sync_record", endpoint="clientes", code="PAC-1")
    run(house.deployment, "c" * 20)
    (refused,) = actions_of(house.engine, ["norte"])
    assert refused.state == "failed"
    assert "CPF" in refused.result["steps"][0]["error"]
    clinic.model("clientes", [cliente(1, empresa="norte", cnpj_cpf=cpf(1))])
    with house.engine.begin() as connection:
        connection.execute(sa.delete(console_action))
    ask(house, "sync_record", endpoint="clientes", code="PAC-1")
    run(house.deployment, "c" * 20)
    (sent,) = actions_of(house.engine, ["norte"])
    assert (sent.state, sent.result["steps"][0]["rows"]) == ("done", 1)
    assert clinic.ledger()["PAC-1"] == "confirmed"


def test_every_endpoint_has_a_name_and_every_cause_somebody_who_acts() -> None:
    assert {one.name for one in WRITABLE} == set(records.NAMES)
    assert who_acts("quarantined", "clientes", "cpf_digitos") == "reception"
    assert who_acts("quarantined", "clientes", "campo_desconhecido") == "engineering"
    assert who_acts("quarantined", "contas_receber", "categoria_ausente") == "finance"
    assert who_acts("quarantined", "ordens_servico", "endereco_incompleto") == "reception"
    assert who_acts("rejected", "contas_pagar", "abc") == "finance"
    assert who_acts("held", "contas_receber", "reference") == "itself"
    assert who_acts("held", "contas_receber", "ApprovalNeeded") == "finance"
    assert who_acts("held", "contas_receber", "AuthFailed") == "engineering"
