"""``reconcile`` and ``duplicates`` over the real dbt views: what is lost is sent again, once."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from typing import Any

import pytest
import sqlalchemy as sa

from omie_pipeline.app.deployment import Deployment
from omie_pipeline.postgres import all_tables
from omie_pipeline.postgres.tables import SYNC
from omie_pipeline.simulator.clock import ManualClock
from omie_pipeline.simulator.engine.server import Simulator
from tests.cli.conftest import Terminal
from tests.conftest import TEMPLATE
from tests.dbt_mapping.scenario import Scenario, ScenarioFactory
from tests.dbt_mapping.test_canonica import METHOD, PATIENT, RECEIPT
from tests.push.world import World

TODAY = date.today()


@pytest.fixture(scope="module")
def built(
    postgres_url: str, _administration: sa.Engine, tmp_path_factory: pytest.TempPathFactory
) -> Scenario:
    """A clinic of one patient and three receipts, with every view."""
    factory = ScenarioFactory(postgres_url, TEMPLATE, tmp_path_factory.mktemp("dbt"))
    scenario = factory.new("canonica")
    today = TODAY.isoformat()
    receipt = {**RECEIPT, "procedimento_id": None, "data": today, "data_vencimento": today}
    scenario.load("clinic_raw", "pacientes", [dict(PATIENT)])
    scenario.load("clinic_raw", "formas_pagamento", [METHOD])
    receipts = [{**receipt, "id": key, "valor": f"{key}00"} for key in ("1", "2", "3")]
    scenario.load("clinic_raw", "recebimentos", receipts)
    result = scenario.dbt(
        "build", "--exclude-resource-type", "test", "--select", "+conciliacao", "+duplicados"
    )
    assert result.success
    return scenario


@pytest.fixture
def company(
    built: Scenario, terminal: Terminal, sim: Simulator, monkeypatch: pytest.MonkeyPatch
) -> Iterator[World]:
    url = sa.make_url(built.server_url).set(database=built.database)
    monkeypatch.setenv("WAREHOUSE_URL", url.render_as_string(hide_password=False))
    engine = sa.create_engine(url, poolclass=sa.NullPool)
    world = World(engine, sim, ManualClock())
    _execute(world, "UPDATE omie_payload.omie_contas_receber SET codigo_categoria = '1.01.01',"
                    " id_conta_corrente = 9100000001")  # fmt: skip
    assert terminal("import", "empresas", "categorias", "contas_correntes", "--full").code == 0
    said = terminal("push", "clientes", "contas_receber", "--json")
    assert said.code == 0, world.rows("SELECT endpoint, reasons FROM omie_sync.quarantine")
    _later(world)
    yield world
    with engine.begin() as connection:
        tables = [str(t) for t in all_tables.tables.metadata.sorted_tables if t.schema == SYNC]
        connection.execute(sa.text(f"TRUNCATE {', '.join(tables)}"))
        connection.execute(sa.text("TRUNCATE omie.clientes, omie.contas_receber"))
    engine.dispose()


def _later(world: World) -> None:
    """Ten minutes pass: what was delivered may be judged, what was asked may be asked again."""
    _execute(
        world,
        "UPDATE omie_sync.ledger SET confirmed_at = confirmed_at - interval '10 minutes',"
        " first_seen_at = first_seen_at - interval '10 minutes'",
    )
    _execute(world, "TRUNCATE omie_sync.quota_request")


def _execute(world: World, statement: str) -> None:
    with world.engine.begin() as connection:
        connection.execute(sa.text(statement))


def _read(terminal: Terminal, world: World) -> None:
    assert terminal("import", "clientes", "contas_receber", "--full").code == 0
    _execute(world, "TRUNCATE omie_sync.quota_request")


def _situations(terminal: Terminal, *words: str) -> dict[str, int]:
    lines = terminal("reconcile", "--json", *words).lines
    found = [one for one in lines if one["kind"] == "count"]
    return {x["state"]: x["rows"] for x in found if x["endpoint"] == "contas_receber"}


def test_what_omie_lost_is_told_and_sent_again_once(terminal: Terminal, company: World) -> None:
    _read(terminal, company)
    assert _situations(terminal) == {"same": 3}
    assert terminal("reconcile").code == 0
    company.control.delete("contas_receber", "REC-2")
    _read(terminal, company)
    said = terminal("reconcile")
    assert said.code == 3
    for told in ("excluído no Omie", "REC-2", "200,00", "--resend-missing", "Dias com diferença"):
        assert told in said.out
    assert "José" not in said.out + said.err
    company.control.clear_calls()
    simulated = terminal("reconcile", "--resend-missing", "--dry-run")
    assert "sairiam 1 linhas" in simulated.err
    assert terminal("reconcile", "--resend-missing").code == 2
    assert company.control.calls() == ()
    assert company.ledger("contas_receber")["REC-2"] == "confirmed"
    done = terminal("reconcile", "--resend-missing", "--yes", "--json")
    assert done.code == 0, done.err
    (sent,) = [line for line in done.lines if line["kind"] == "resent"]
    assert (sent["endpoint"], sent["delivered"], sent["created"]) == ("contas_receber", 1, 1)
    assert [call.method for call in company.writes()] == ["UpsertContaReceber"]
    assert len(company.held_by_omie("contas_receber")) == 3
    again = terminal("reconcile", "--resend-missing", "--yes")
    assert "Nada a enviar de novo" in again.err
    _later(company)
    _read(terminal, company)
    assert _situations(terminal) == {"same": 3}


def test_a_difference_says_who_changed_which_field(terminal: Terminal, company: World) -> None:
    company.control.edit("contas_receber", "REC-2", {"valor_documento": 250})
    _read(terminal, company)
    lines = terminal("reconcile", "--json").lines
    (field,) = [line for line in lines if line["kind"] == "field"]
    assert (field["codigo_integracao"], field["field"]) == ("REC-2", "valor_documento")
    assert (field["side"], field["left_out"]) == ("omie", False)
    said = terminal("reconcile")
    assert (said.code, "alguém no Omie" in said.out) == (3, True)


def test_what_no_complete_reading_proves_is_not_sent(terminal: Terminal, company: World) -> None:
    _read(terminal, company)
    company.control.delete("contas_receber", "REC-2")
    company.control.delete("contas_receber", "REC-3")
    _read(terminal, company)
    (gone,) = _missing(terminal)
    assert (gone["proved"], gone["unproved"]) == (["REC-2", "REC-3"], [])
    # Delivered again half a minute before that reading: it may show what stood there before.
    _execute(
        company,
        "UPDATE omie_sync.ledger SET confirmed_at = (SELECT max(read_at) - interval '30 seconds'"
        " FROM omie_sync.import_partition WHERE table_name = 'contas_receber')",
    )
    said = terminal("reconcile", "--resend-missing", "--yes")
    assert "outras 2 parecem faltar" in said.err
    assert "omie-pipeline import contas_receber --full" in said.err
    assert company.ledger("contas_receber")["REC-3"] == "confirmed"


def test_a_row_never_seen_needs_every_day_it_can_have_been_born_on(
    terminal: Terminal, company: World
) -> None:
    company.control.delete("contas_receber", "REC-1")
    _read(terminal, company)
    (gone,) = _missing(terminal)
    assert gone["proved"] == ["REC-1"]
    _execute(company, "UPDATE omie_sync.import_partition SET filtered = 1 WHERE partition = "
                      "to_char(now() AT TIME ZONE 'America/Sao_Paulo', 'YYYY-MM-DD')")  # fmt: skip
    (gone,) = _missing(terminal)
    assert (gone["proved"], gone["unproved"]) == ([], ["REC-1"])


def _missing(terminal: Terminal) -> list[dict[str, object]]:
    said = terminal("reconcile", "--resend-missing", "--dry-run", "--json")
    return [line for line in said.lines if line["kind"] == "missing"]


def test_duplicates_say_which_is_ours(terminal: Terminal, company: World) -> None:
    ours = company.held_by_omie("contas_receber")["REC-1"]
    names = ("codigo_cliente_fornecedor", "valor_documento", "data_vencimento",
             "codigo_categoria", "id_conta_corrente")  # fmt: skip
    company.control.seed("contas_receber", [{name: ours[name] for name in names}])
    _read(terminal, company)
    (found,) = terminal("duplicates", "--json").lines
    assert found["ledger_code"] == "REC-1"
    assert found["our_titulo"] == ours["codigo_lancamento_omie"]
    assert found["other_titulo"] != found["our_titulo"]
    shown = terminal("duplicates")
    assert shown.code == 0
    assert "REC-1" in shown.out
    assert "José" not in shown.out


def _twice(terminal: Terminal, company: World) -> dict[str, Any]:
    """REC-1 stands in Omie as ours, and as a título that somebody typed."""
    ours = company.held_by_omie("contas_receber")["REC-1"]
    names = ("codigo_cliente_fornecedor", "valor_documento", "data_vencimento",
             "codigo_categoria", "id_conta_corrente")  # fmt: skip
    company.control.seed("contas_receber", [{name: ours[name] for name in names}])
    _read(terminal, company)
    (found,) = terminal("duplicates", "--json").lines
    return found


def test_two_facts_are_no_longer_listed_and_listed_again(
    terminal: Terminal, company: World
) -> None:
    other = str(_twice(terminal, company)["other_titulo"])
    assert terminal("duplicates", "resolve", other).code == 2
    assert terminal("duplicates", "resolve", other, "--ignore", "--by", "ANA").code == 0
    shown = terminal("duplicates")
    assert "Nenhum título repetido" in shown.out
    assert "Mais 1 que alguém mandou ignorar" in shown.out
    (found,) = terminal("duplicates", "--all", "--json").lines
    assert (found["decision"], found["decided_by"]) == ("ignore", "ANA")
    assert terminal("duplicates", "resolve", other, "--relist").code == 0
    assert len(terminal("duplicates", "--json").lines) == 1
    said = terminal("duplicates", "resolve", "1", "--ignore")
    assert (said.code, "não está na lista" in said.err) == (1, True)
    assert company.ledger("contas_receber")["REC-1"] == "confirmed"


def test_what_somebody_typed_is_adopted_and_ours_goes_by_an_approved_plan(
    terminal: Terminal, company: World
) -> None:
    found = _twice(terminal, company)
    ours, other = found["our_titulo"], found["other_titulo"]
    (done,) = terminal(
        "duplicates", "resolve", str(other), "--adopt", "--by", "ANA", "--json"
    ).lines
    plan = done["plan_id"]
    assert terminal("duplicates", "resolve", str(other), "--adopt").code == 1
    company.control.clear_calls()
    assert terminal("push", "contas_receber", "--key", "REC-1").code == 0
    (call,) = [one for one in company.writes() if one.method != "PesquisarLancamentos"]
    assert (call.method, call.param["codigo_lancamento_omie"]) == ("AlterarContaReceber", other)
    ids = {one["codigo_lancamento_omie"] for one in company.control.records("contas_receber")}
    assert {ours, other} <= ids
    _later(company)
    _read(terminal, company)
    assert terminal("plan", "approve", plan, "--by", "BIA").code == 0
    said = terminal("apply", plan, "--by", "BIA")
    assert said.code == 0, said.err
    ids = {one["codigo_lancamento_omie"] for one in company.control.records("contas_receber")}
    assert ours not in ids
    assert other in ids
    _later(company)
    said = terminal("push", "contas_receber", "--json")
    assert [line["unchanged"] for line in said.lines] == [3], said.err
    _read(terminal, company)
    assert terminal("duplicates", "--json").lines == []


def test_the_typed_one_goes_by_an_approved_plan_and_a_rule_adopts_in_future(
    terminal: Terminal, company: World
) -> None:
    found = _twice(terminal, company)
    said = terminal("duplicates", "resolve", str(found["other_titulo"]), "--delete-theirs")
    plan = said.out.split("omie-pipeline apply ")[1].split()[0]
    assert terminal("plan", "approve", plan, "--by", "BIA").code == 0
    assert terminal("apply", plan, "--by", "BIA").code == 0
    ids = {one["codigo_lancamento_omie"] for one in company.control.records("contas_receber")}
    assert found["other_titulo"] not in ids
    assert found["our_titulo"] in ids
    said = terminal("duplicates", "rule", "adopt", "--by", "BIA")
    assert "contas_receber (principal): adotar" in said.out
    deployment = Deployment()
    assert deployment.switches.of("principal", "contas_receber").on_lookalike == "adopt"
    assert "título digitado à mão" in terminal("switches", "history").out
    assert terminal("duplicates", "rule", "reset").code == 0
    assert deployment.switches.of("principal", "contas_receber").on_lookalike is None


def test_ours_goes_by_an_approved_plan_and_is_not_made_again(
    terminal: Terminal, company: World
) -> None:
    found = _twice(terminal, company)
    other = str(found["other_titulo"])
    said = terminal("duplicates", "resolve", other, "--delete-ours", "--by", "ANA")
    plan = said.out.split("omie-pipeline apply ")[1].split()[0]
    shown = terminal("plan", "show", plan).out
    assert "- REC-1" in shown
    assert terminal("apply", plan).code == 1
    assert terminal("plan", "approve", plan, "--by", "BIA").code == 0
    company.control.clear_calls()
    said = terminal("apply", plan, "--by", "BIA")
    assert said.code == 0, said.err
    (call,) = company.writes()
    assert call.method == "ExcluirContaReceber"
    ids = {one["codigo_lancamento_omie"] for one in company.control.records("contas_receber")}
    assert found["our_titulo"] not in ids
    assert found["other_titulo"] in ids
    assert company.ledger("contas_receber")["REC-1"] == "deleted"
    _later(company)
    _read(terminal, company)
    assert terminal("duplicates", "--json").lines == []
    company.control.clear_calls()
    assert terminal("push", "contas_receber").code == 0
    assert company.writes() == []


@pytest.mark.parametrize("command", ["reconcile", "duplicates"])
def test_without_the_views_it_says_what_makes_them(
    terminal: Terminal, clinic: World, command: str
) -> None:
    said = terminal(command)
    assert (said.code, said.out) == (1, "")
    assert "omie-pipeline build" in said.err


def test_an_answer_without_its_question_is_wrong_usage(terminal: Terminal) -> None:
    said = terminal("reconcile", "--dry-run")
    assert (said.code, said.out) == (2, "")
    assert "--resend-missing" in said.err
