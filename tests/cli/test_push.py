"""``push`` and ``retry``: counts that programs read, exit codes, and one call for a wrong key."""

from __future__ import annotations

from datetime import date

import pytest
import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import JSONB

from omie_pipeline.catalog import WRITABLE
from omie_pipeline.simulator.engine.planned_faults import PlannedFault
from omie_pipeline.simulator.engine.server import Simulator
from tests.cli.conftest import Terminal
from tests.push.world import World, cliente, titulo

KEYS = [
    "empresa", "endpoint", "partition", "selected", "delivered", "created", "updated", "linked",
    "deleted", "unchanged", "rejected", "quarantined", "held", "calls", "seconds",
]  # fmt: skip
HEADINGS = (
    "selecionadas", "entregues", "inalteradas", "rejeitadas", "quarentena", "retidas", "chamadas",
    "segundos",
)  # fmt: skip


def _empty_models(clinic: World) -> None:
    for endpoint in WRITABLE:
        columns = {"empresa": sa.Text, "data_particao": sa.Date}
        clinic.model(endpoint.name, [], columns | {endpoint.section or endpoint.key_column: JSONB})


@pytest.mark.slow
def test_everything_delivered_is_0_and_again_makes_no_call(
    terminal: Terminal, clinic: World
) -> None:
    clinic.model("clientes", [cliente(1), cliente(2)])
    said = terminal("push", "clientes", "--json")
    (line,) = said.lines
    assert said.code == 0
    assert sorted(line) == sorted(KEYS)
    assert (line["empresa"], line["endpoint"], line["partition"]) == (
        "principal", "clientes", "principal",
    )  # fmt: skip
    assert (line["selected"], line["delivered"], line["created"], line["calls"]) == (2, 2, 2, 2)
    clinic.control.clear_calls()
    again = terminal("push", "clientes", "--json")
    assert again.code == 0
    assert (again.lines[0]["unchanged"], again.lines[0]["delivered"]) == (2, 0)
    assert clinic.control.calls() == ()


@pytest.mark.slow
def test_rows_left_over_are_3_and_the_screen_says_why(terminal: Terminal, clinic: World) -> None:
    rows = [cliente(1), cliente(2), cliente(3), cliente(4, cnpj_cpf="11111111111")]
    clinic.model("clientes", rows)
    clinic.control.next_faults(
        PlannedFault("fault_in_200", integration_code="PAC-2", text="ERROR: Algo [x] errado!")
    )
    said = terminal("push", "clientes")
    assert said.code == 3
    for heading in HEADINGS:
        assert heading in said.out
    assert "PAC-2" in said.out
    assert "Algo [x] errado!" in said.out
    assert "PAC-4" in said.out
    assert "CPF" in said.out
    assert "11111111111" not in said.out
    assert "Paciente Numero" not in said.out
    assert "omie-pipeline quarantine" in said.out
    assert "omie-pipeline retry" in said.out


@pytest.mark.slow
def test_facts_read_the_lists_first_and_answer_per_date(terminal: Terminal, clinic: World) -> None:
    clinic.model("clientes", [cliente(1)])
    clinic.model(
        "contas_receber",
        [
            titulo(1),
            titulo(2, data_particao=date(2026, 1, 6)),
            titulo(3, data_particao=date(2025, 12, 31)),
        ],
    )
    said = terminal("push", "contas-receber", "clientes", "--json")
    assert said.code == 0
    parts = [(line["endpoint"], line["partition"], line["created"]) for line in said.lines]
    assert parts == [
        ("clientes", "principal", 1),
        ("contas_receber", "2026-01-05", 1),
        ("contas_receber", "2026-01-06", 1),
    ]
    methods = clinic.methods_called()
    assert methods.count("ListarCategorias") == 1
    assert methods.index("ListarCategorias") < methods.index("UpsertContaReceber")


@pytest.mark.slow
def test_dates_and_key_narrow_the_selection(terminal: Terminal, clinic: World) -> None:
    clinic.model("clientes", [cliente(1), cliente(2)])
    (line,) = terminal("push", "clientes", "--key", "PAC-2", "--json").lines
    assert (line["selected"], line["created"]) == (1, 1)
    assert terminal("push", "clientes").code == 0
    clinic.model("contas_receber", [titulo(1), titulo(2, data_particao=date(2026, 1, 6))])
    said = terminal("push", "contas_receber", "--date", "06/01/2026", "--json")
    assert [(x["partition"], x["selected"]) for x in said.lines] == [("2026-01-06", 1)]


@pytest.mark.slow
def test_an_empty_selection_is_one_object_of_zeros(terminal: Terminal, clinic: World) -> None:
    clinic.model("clientes", [])
    clinic.model("contas_receber", [])
    said = terminal("push", "clientes", "contas_receber", "--to", "2026-01-31", "--json")
    assert said.code == 3
    assert [x["partition"] for x in said.lines] == ["principal", "2026-01-01/2026-01-31"]
    assert {x[name] for x in said.lines for name in KEYS[3:]} == {0}
    assert "nenhuma linha" in said.err


@pytest.mark.slow
def test_a_dry_run_sends_and_remembers_nothing(terminal: Terminal, clinic: World) -> None:
    clinic.model("clientes", [cliente(1), cliente(2), cliente(3, cnpj_cpf="11111111111")])
    said = terminal("push", "clientes", "--dry-run", "--json")
    (line,) = said.lines
    assert said.code == 3
    assert sorted(line) == sorted([*KEYS, "dry_run", "would_send"])
    assert (line["dry_run"], line["would_send"], line["quarantined"]) == (True, 2, 1)
    assert line["delivered"] == 0
    assert clinic.control.calls() == ()
    assert clinic.rows("SELECT 1 FROM omie_sync.quarantine") == []
    shown = terminal("push", "clientes", "--dry-run")
    assert "seriam enviadas" in shown.out
    assert "repita sem --dry-run" in shown.out


def test_a_guardrail_is_1_and_approve_lets_it_through(terminal: Terminal, clinic: World) -> None:
    rows = [cliente(1), *(cliente(n, cnpj_cpf="11111111111") for n in range(2, 13))]
    clinic.model("clientes", rows)
    said = terminal("push", "clientes", "--json")
    assert (said.code, said.out) == (1, "")
    assert "--approve" in said.err
    assert "max_quarantined_share" in said.err
    assert clinic.control.calls() == ()
    approved = terminal("push", "clientes", "--approve", "--json")
    assert approved.code == 3
    assert approved.lines[0]["created"] == 1


@pytest.mark.parametrize("words", ["push tudo", "push contas_receber", "push clientes --json"])
def test_a_wrong_key_is_one_call_and_1(
    terminal: Terminal, clinic: World, monkeypatch: pytest.MonkeyPatch, words: str
) -> None:
    _empty_models(clinic)
    clinic.model("clientes", [cliente(n) for n in range(1, 9)])
    clinic.model("contas_receber", [titulo(1)])
    monkeypatch.setenv("OMIE_APP_SECRET", "segredo-errado")
    said = terminal(*words.split())
    assert said.code == 1, said.err
    assert " clientes " not in said.out, "nothing is told of an endpoint that did not go through"
    assert len(clinic.control.calls()) == 1, said.err
    assert "chave de acesso está inválida" in said.err
    assert "omie-pipeline check" in said.err


def test_a_bad_model_is_named_before_any_call(terminal: Terminal, clinic: World) -> None:
    clinic.model("clientes", [cliente(1)])
    said = terminal("push", "clientes", "contas_receber")
    assert (said.code, said.out) == (1, "")
    assert "omie_contas_receber não existe" in said.err
    assert "omie-pipeline build" in said.err
    assert clinic.control.calls() == ()


def test_no_key_and_no_database_are_named(
    terminal: Terminal, sim: Simulator, monkeypatch: pytest.MonkeyPatch
) -> None:
    said = terminal("push", "clientes")
    assert (said.code, said.out) == (1, "")
    assert "WAREHOUSE_URL" in said.err
    monkeypatch.delenv("OMIE_APP_KEY")
    said = terminal("push", "clientes")
    assert said.code == 1
    assert "OMIE_APP_KEY" in said.err
    assert sim.control.calls() == ()


@pytest.mark.slow
def test_retry_takes_only_what_was_left(terminal: Terminal, clinic: World) -> None:
    _empty_models(clinic)
    clinic.model("clientes", [cliente(1), cliente(2)])
    clinic.control.next_faults(
        PlannedFault("fault_in_200", integration_code="PAC-2", text="ERROR: Algo errado!")
    )
    assert terminal("push", "clientes").code == 3
    clinic.control.clear_calls()
    # Corrected at the clinic; the same request again within a minute would wait for its end.
    clinic.model("clientes", [cliente(1), cliente(2, bairro="Jardins"), cliente(3)])
    said = terminal("retry", "clientes", "--json")
    (line,) = said.lines
    assert said.code == 0
    assert (line["selected"], line["created"]) == (1, 1)
    assert clinic.methods_called() == ["UpsertCliente"]
    everything = terminal("retry", "--json")
    assert everything.code == 0
    assert {x["selected"] for x in everything.lines} == {0}


def test_a_report_that_does_not_close_is_1(
    terminal: Terminal, clinic: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    clinic.model("clientes", [cliente(1)])
    monkeypatch.setattr("omie_pipeline.push.run.ledger_truth", lambda *_: {"unknown": 1})
    said = terminal("push", "clientes", "--json")
    assert said.code == 1
    assert "não fecham" in said.err
