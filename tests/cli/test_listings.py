"""``status``, ``history``, ``quarantine``, ``rejected``: screen, JSON Lines and CSV."""

from __future__ import annotations

import csv
from datetime import date
from io import StringIO
from pathlib import Path

import pytest

from omie_pipeline.simulator.planned import PlannedFault
from tests.cli.conftest import Terminal
from tests.sync.world import World, cliente, titulo


@pytest.fixture
def pushed(terminal: Terminal, clinic: World) -> World:
    """One row delivered, one rejected, one in quarantine."""
    clinic.model("clientes", [cliente(1), cliente(2), cliente(3, cnpj_cpf="11111111111")])
    clinic.control.next_faults(
        PlannedFault("fault_in_200", integration_code="PAC-2", text="ERROR: =1+1; Algo errado!")
    )
    assert terminal("push", "clientes").code == 3
    return clinic


def test_status_counts_and_says_when(terminal: Terminal, pushed: World) -> None:
    rows = [titulo(1), titulo(2, data_particao=date(2025, 12, 31)), titulo(3, data_particao=None)]
    pushed.model("contas_receber", rows)
    lines = {line["endpoint"]: line for line in terminal("status", "--json").lines}
    clientes = lines["clientes"]
    assert (clientes["confirmed"], clientes["rejected"], clientes["quarantined"]) == (1, 1, 1)
    assert (clientes["state"], clientes["last_run_state"], clientes["last_run_trigger"]) == (
        "active", "done", "cli",
    )  # fmt: skip
    assert (clientes["open_intents"], clientes["blocked_until"]) == (0, None)
    assert lines["contas_receber"]["before_start"] == 2
    assert lines["contas_receber"]["last_run_at"] is None
    assert lines["contas_pagar"]["before_start"] is None
    shown = terminal("status")
    assert shown.code == 0
    assert "nunca" in shown.out
    assert "OMIE_PIPELINE_START_DATE" in shown.out


def test_status_shows_a_block_and_its_end(terminal: Terminal, clinic: World) -> None:
    clinic.model("clientes", [cliente(1), cliente(2)])
    clinic.control.next_faults(PlannedFault("blocked_425", seconds=900))
    said = terminal("push", "clientes", "--json")
    assert said.code == 3
    assert said.lines[0]["held"] == 2
    assert "parou antes do fim" in said.err
    (line,) = terminal("status", "--endpoint", "clientes", "--json").lines
    assert (line["state"], line["held"]) == ("error", 2)
    assert line["blocked_until"] is not None
    assert "fechou a API até" in terminal("status").out


def test_status_needs_no_key(
    terminal: Terminal, clinic: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("OMIE_APP_KEY")
    assert terminal("status").code == 0


def test_history_tells_failures_and_what_to_do(
    terminal: Terminal, pushed: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    # Another row than before: the same request again within a minute would wait for its end.
    pushed.model("clientes", [cliente(1), cliente(2, bairro="Jardins")])
    monkeypatch.setenv("OMIE_APP_SECRET", "segredo-errado")
    assert terminal("push", "clientes").code == 1
    failed, done = terminal("history", "--json").lines
    assert (failed["state"], failed["error_class"]) == ("failed", "AuthFailed")
    assert "omie-pipeline check" in failed["fix"]
    assert (done["state"], done["selected"], done["delivered"], done["rejected"]) == (
        "done", 3, 1, 1,
    )  # fmt: skip
    assert done["seconds"] is not None
    assert len(terminal("history", "--limit", "1", "--json").lines) == 1
    shown = terminal("history").out
    assert "falhou" in shown
    assert "concluída" in shown


def test_quarantine_and_rejected_name_reason_and_fix(terminal: Terminal, pushed: World) -> None:
    (row,) = terminal("quarantine", "--json").lines
    assert (row["code"], row["partition"], row["origin"]) == ("PAC-3", "principal", "pacientes/3")
    assert "CPF" in row["reasons"][0]
    assert len(row["fixes"]) == len(row["reasons"])
    assert all(row["fixes"])
    (row,) = terminal("rejected", "--json").lines
    assert row["code"] == "PAC-2"
    assert row["reasons"] == ["ERROR: =1+1; Algo errado!"]
    assert terminal("rejected", "--endpoint", "contas_pagar", "--json").lines == []
    for command in ("quarantine", "rejected"):
        said = terminal(command)
        assert said.code == 0
        assert "→" in said.out
        assert "Paciente Numero" not in said.out


def test_csv_to_stdout_and_to_a_file(terminal: Terminal, pushed: World, tmp_path: Path) -> None:
    rows = list(csv.DictReader(StringIO(terminal("rejected", "--csv", "-").out)))
    assert [row["code"] for row in rows] == ["PAC-2"]
    file = tmp_path / "quarentena.csv"
    said = terminal("quarantine", "--csv", str(file))
    assert (said.code, said.out) == (0, "")
    assert file.read_bytes().startswith(b"\xef\xbb\xbf")
    (row,) = csv.DictReader(StringIO(file.read_text("utf-8-sig")))
    assert row["code"] == "PAC-3"
    for command in ("status", "history"):
        said = terminal(command, "--csv", "-")
        assert said.code == 0
        assert said.out.startswith(("empresa,", "run_id,"))


def test_a_csv_cell_is_never_a_formula(terminal: Terminal, pushed: World) -> None:
    with pushed.engine.begin() as connection:
        connection.exec_driver_sql("UPDATE omie_sync.rejected SET fault_text = '=cmd()'")
    (row,) = csv.DictReader(StringIO(terminal("rejected", "--csv", "-").out))
    assert row["reasons"] == "'=cmd()"


def test_a_csv_that_cannot_be_written_is_told(terminal: Terminal, clinic: World) -> None:
    said = terminal("history", "--csv", "/nada/aqui.csv")
    assert said.code == 1
    assert "/nada/aqui.csv" in said.err


def test_empty_lists_say_so(terminal: Terminal, clinic: World) -> None:
    assert "Nenhuma execução" in terminal("history").out
    assert "Nenhuma linha" in terminal("quarantine").out
    assert terminal("rejected", "--json").out == ""
