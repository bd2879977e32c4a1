"""The way back in ``status`` and ``history``: states, next time, alerts, and what to do."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest
import sqlalchemy as sa

from omie_pipeline.catalog.lists import MIRROR, STATEMENT
from omie_pipeline.imports.status import next_tick
from omie_pipeline.postgres.tables import events
from omie_pipeline.simulator.engine.planned_faults import PlannedFault
from tests.cli.conftest import Terminal
from tests.push.world import EMPRESA, World, cliente, titulo

ONLY_RECEIVABLES = """
empresas:
  - nome: principal
    app_key_env: OMIE_APP_KEY
    app_secret_env: OMIE_APP_SECRET
    importar: {somente: receber}
"""


@pytest.mark.slow
def test_every_table_has_a_line(terminal: Terminal, clinic: World) -> None:
    assert terminal("import", "clientes").code == 0
    lines = [x for x in terminal("status", "--json").lines if x["direction"] == "import"]
    assert [line["table"] for line in lines] == [*MIRROR, STATEMENT]
    found = {line["table"]: line for line in lines}
    clientes, titulos = found["clientes"], found["contas_receber"]
    assert (clientes["state"], clientes["complete"], clientes["alerts"]) == ("active", True, [])
    assert clientes["rows"] == len(clinic.control.records("clientes"))
    last, following = (datetime.fromisoformat(clientes[n]) for n in ("last_read_at", "next_at"))
    assert last < following
    assert (titulos["last_read_at"], titulos["state"]) == (None, "active")
    shown = terminal("status").out
    assert "Leitura do Omie" in shown
    assert "Envio ao Omie" in shown


def test_one_table_or_one_endpoint(terminal: Terminal, clinic: World) -> None:
    assert [x["table"] for x in terminal("status", "--table", "dre", "--json").lines] == ["dre"]
    lines = terminal("status", "--endpoint", "clientes", "--json").lines
    assert [(x["direction"], x["endpoint"]) for x in lines] == [("push", "clientes")]


@pytest.mark.slow
def test_what_the_filter_leaves_out_is_disabled(
    terminal: Terminal, clinic: World, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    file = tmp_path / "empresas.yaml"
    file.write_text(ONLY_RECEIVABLES, "utf-8")
    monkeypatch.setenv("OMIE_PIPELINE_CONFIG", str(file))
    lines = {x["table"]: x for x in terminal("status", "--json").lines}
    assert (lines["contas_pagar"]["state"], lines["contas_pagar"]["next_at"]) == ("disabled", None)
    assert lines["contas_receber"]["state"] == "active"
    assert "desativada" in terminal("status", "--table", "contas_pagar").out


def test_a_manual_schedule_has_no_next_time(
    terminal: Terminal, clinic: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OMIE_PIPELINE_SCHEDULE", "manual")
    (line,) = terminal("status", "--table", "dre", "--json").lines
    assert line["next_at"] is None
    assert "manual" in terminal("status", "--table", "dre").out


def test_a_table_s_own_agenda_says_its_next_time(
    terminal: Terminal, clinic: World, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    file = tmp_path / "empresas.yaml"
    wanted = "{agenda: {cadastros: manual, dre: daily}}"
    file.write_text(ONLY_RECEIVABLES.replace("{somente: receber}", wanted), "utf-8")
    monkeypatch.setenv("OMIE_PIPELINE_CONFIG", str(file))
    lines = {x["table"]: x for x in terminal("status", "--json").lines}
    assert lines["clientes"]["next_at"] is None
    own, default = (datetime.fromisoformat(lines[n]["next_at"]) for n in ("dre", "contas_pagar"))
    assert own == next_tick("daily", datetime.now(UTC))
    assert default <= own


def test_a_failed_reading_is_an_alert_with_what_to_do(terminal: Terminal, clinic: World) -> None:
    clinic.control.next_faults(
        PlannedFault("fault_in_200", method="ListarContasReceber", text="ERROR: Algo deu errado!")
    )
    assert terminal("import", "contas_receber").code == 1
    (line,) = terminal("status", "--table", "contas_receber", "--json").lines
    assert line["state"] == "error"
    assert "Algo deu errado" in line["alerts"][0]
    (entry,) = terminal("history", "--table", "contas_receber", "--json").lines
    assert (entry["direction"], entry["table"], entry["state"]) == (
        "import", "contas_receber", "stopped",
    )  # fmt: skip
    assert "Algo deu errado" in entry["error"]


@pytest.mark.slow
def test_days_that_nothing_proved_are_told(terminal: Terminal, clinic: World) -> None:
    assert terminal("import", "contas_receber").code == 0
    with clinic.engine.begin() as connection:
        connection.execute(
            sa.text("DELETE FROM omie_sync.import_partition WHERE partition LIKE '2026-01-0%'")
        )
    (line,) = terminal("status", "--table", "contas_receber", "--json").lines
    assert line["days_unproved"] == 9
    assert "9 dias sem leitura completa" in line["alerts"][0]


def test_events_that_wait_are_told(terminal: Terminal, clinic: World) -> None:
    arrived = datetime(2026, 1, 5, 12, tzinfo=UTC)
    row = {
        "empresa": EMPRESA, "message_id": "m1", "topic": "x", "received_at": arrived, "raw": {},
        "records": {}, "tables": [], "missing": [], "state": "pending",
    }  # fmt: skip
    with clinic.engine.begin() as connection:
        connection.execute(sa.insert(events), [row, {**row, "message_id": "m2", "state": "done"}])
    line = terminal("status", "--table", "dre", "--json").lines[0]
    assert line["events_waiting"] == 1
    assert datetime.fromisoformat(line["oldest_event_at"]) == arrived
    assert "1 eventos de webhook esperam" in terminal("status").out


def test_a_block_is_an_error_of_the_tables_too(terminal: Terminal, clinic: World) -> None:
    clinic.control.next_faults(PlannedFault("blocked_425", seconds=900))
    assert terminal("import", "dre").code == 1
    (line,) = terminal("status", "--table", "categorias", "--json").lines
    assert line["state"] == "error"
    assert line["blocked_until"] is not None
    assert "fechou a API até" in terminal("status", "--table", "dre").out
    (entry,) = terminal("history", "--direction", "import", "--json").lines
    assert entry["error_class"] == "Blocked"
    assert "continua de onde parou" in entry["fix"]


@pytest.mark.slow
def test_history_has_both_directions_newest_first(terminal: Terminal, clinic: World) -> None:
    clinic.model("clientes", [cliente(1), cliente(2, cnpj_cpf="11111111111")])
    assert terminal("import", "dre").code == 0
    assert terminal("push", "clientes").code == 3
    assert terminal("import", "vendedores").code == 0
    lines = terminal("history", "--json").lines
    assert [(x["direction"], x["endpoint"] or x["table"]) for x in lines] == [
        ("import", "vendedores"), ("push", "clientes"), ("import", "dre"),
    ]  # fmt: skip
    assert lines[0]["read"] == lines[0]["total_omie"]
    assert "CPF" in lines[1]["error"]
    assert lines[1]["fix"]
    two = terminal("history", "--limit", "2", "--json").lines
    assert [x["run_id"] for x in two] == [x["run_id"] for x in lines[:2]]
    sent = terminal("history", "--direction", "push", "--json").lines
    assert [x["direction"] for x in sent] == ["push"]
    shown = terminal("history").out
    for word in ("envio", "leitura", "1 em quarentena", "→"):
        assert word in shown
    assert "11111111111" not in shown


def test_an_unmapped_category_is_told_with_where_to_map_it(
    terminal: Terminal, clinic: World
) -> None:
    clinic.model("clientes", [cliente(1)])
    clinic.model("contas_receber", [titulo(1, codigo_categoria="9.99.99")])
    terminal("push", "clientes", "contas_receber")
    (line,) = terminal("history", "--endpoint", "contas_receber", "--json").lines
    assert "Categoria não mapeada" in line["fix"]


@pytest.mark.parametrize(
    ("schedule", "now", "wanted"),
    [
        ("6h", datetime(2026, 1, 5, 2, 59, tzinfo=UTC), datetime(2026, 1, 5, 3, tzinfo=UTC)),
        ("6h", datetime(2026, 1, 5, 3, 0, tzinfo=UTC), datetime(2026, 1, 5, 9, tzinfo=UTC)),
        ("daily", datetime(2026, 1, 5, 3, 0, tzinfo=UTC), datetime(2026, 1, 6, 3, tzinfo=UTC)),
        ("manual", datetime(2026, 1, 5, 3, 0, tzinfo=UTC), None),
    ],
)
def test_the_next_tick_is_of_sao_paulo(
    schedule: str, now: datetime, wanted: datetime | None
) -> None:
    assert next_tick(schedule, now) == wanted
