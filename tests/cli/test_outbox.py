"""``omie-pipeline outbox``: off until asked for, then told, delivered, acknowledged, repeated."""

from __future__ import annotations

import base64
import json
import sqlite3
from pathlib import Path

import pytest

from tests.cli.conftest import Terminal
from tests.docs.pages import ROOT, blocks
from tests.outbox.conftest import fill
from tests.push.world import World

CONFIG = """
empresas:
  - nome: principal
    app_key_env: OMIE_APP_KEY
    app_secret_env: OMIE_APP_SECRET
    saida:
      table: {url_env: RETORNO_URL}
      callback: {url_env: CHAMADA_URL, key_env: CHAMADA_KEY}
"""


@pytest.fixture
def file(clinic: World, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """The clinic's database, without the table yet."""
    config, found = tmp_path / "empresas.yaml", tmp_path / "clinica.db"
    config.write_text(CONFIG, "utf-8")
    sqlite3.connect(found).close()
    monkeypatch.setenv("OMIE_PIPELINE_CONFIG", str(config))
    monkeypatch.setenv("RETORNO_URL", f"sqlite:///{found}")
    return found


def test_without_the_yaml_nothing_is_told(terminal: Terminal, clinic: World) -> None:
    said = terminal("outbox", "run")
    assert said.code == 2
    assert "saida:" in said.err


def test_changes_reach_the_clinic_and_each_target_fails_alone(
    terminal: Terminal, clinic: World, file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    clinic.confirmed(1)
    said = terminal("outbox", "check", "--json")
    assert said.code == 1
    table, callback = (line["error"] for line in said.lines)
    assert "não existe no banco da clínica" in table
    assert "CHAMADA_URL, CHAMADA_KEY" in callback
    (made,) = (one for one in blocks(ROOT / "docs" / "way-back.md", "sqlite"))
    with sqlite3.connect(file) as connection:
        connection.executescript(made)
    monkeypatch.setenv("CHAMADA_URL", "http://10.0.0.1/")
    monkeypatch.setenv("CHAMADA_KEY", "segredo-errado")
    said = terminal("outbox", "run")
    assert said.code == 1
    assert "1 mudanças novas" in said.out
    assert "tabela da clínica: 1 entregues, até o nº 1" in said.out
    assert "https" in said.out
    with sqlite3.connect(file) as connection:
        read = "SELECT integration_code, state FROM omie_retorno"
        assert connection.execute(read).fetchall() == [("PAC-1", "unread")]
    monkeypatch.setenv("CHAMADA_URL", "http://127.0.0.1:1/")
    said = terminal("outbox", "check")
    assert (said.code, "whsec_" in said.out) == (1, True)
    states = {one["target"]: one for one in terminal("outbox", "status", "--json").lines}
    assert (states["table"]["behind"], states["callback"]["behind"]) == (0, 1)
    assert "https" in states["callback"]["error"]


def test_a_system_polls_at_the_terminal(terminal: Terminal, clinic: World, file: Path) -> None:
    fill(clinic.engine, 3)
    said = terminal("outbox", "list", "--after", "1", "--limit", "1", "--json")
    ((line),) = said.lines
    assert (line["number"], line["paid_amount"], line["state"]) == (2, "50.10", "partly_paid")
    assert "--after 2" in said.err
    assert "pago em parte" in terminal("outbox", "list").out
    ack = ("outbox", "ack", "--consumer", "meu_sistema", "--up-to")
    assert terminal(*ack, "2", "--json").lines == [
        {"empresa": "principal", "consumer": "meu_sistema", "number": 2}
    ]
    said = terminal(*ack, "9")
    assert (said.code, "vai de 1 a 3" in said.err) == (1, True)
    assert "meu_sistema" in terminal("outbox", "status").out
    assert json.loads(terminal("outbox", "list", "--after", "2", "--json").out)["number"] == 3
    assert "depois do nº 9" in terminal("outbox", "renumber", "--after", "9").out
    assert "depois do nº 0" in terminal("outbox", "rewind", "--target", "table", "--to", "0").out


def test_a_table_that_is_read_from_the_clinic_is_no_target(
    terminal: Terminal,
    clinic: World,
    file: Path,
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
    slept: list[float],
) -> None:
    """It stops itself alone: the other target gets its changes."""
    clinic.confirmed(1)
    key = "whsec_" + base64.b64encode(b"k" * 32).decode()
    monkeypatch.setenv("CHAMADA_URL", "http://127.0.0.1:1/")
    monkeypatch.setenv("CHAMADA_KEY", key)
    config = tmp_path / "empresas.yaml"
    config.write_text(CONFIG.replace("RETORNO_URL}", "RETORNO_URL, name: x.Pacientes}"), "utf-8")
    said = terminal("outbox", "run")
    assert said.code == 1
    assert "1 mudanças novas" in said.out
    assert "também é lida da clínica (pacientes)" in said.out
    assert "o endereço não respondeu" in said.out
    config.write_text(CONFIG.replace("RETORNO_URL}", "RETORNO_URL, name: omie_sync.x}"), "utf-8")
    assert "esquema deste programa" in terminal("outbox", "run").out
    assert "esquema deste programa" in terminal("outbox", "check").out
