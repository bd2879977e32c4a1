"""``db`` and ``refs``."""

from __future__ import annotations

import re

import pytest
import sqlalchemy as sa

from omie_pipeline.simulator.engine.server import Simulator
from tests.cli.conftest import Terminal
from tests.push.world import World


def test_url_hides_the_password_unless_asked(
    terminal: Terminal, clinic: World, database_url: str
) -> None:
    password = sa.make_url(database_url).password
    assert password is not None
    said = terminal("db", "url")
    assert said.code == 0
    assert password not in said.out
    assert ":***@" in said.out
    assert password in terminal("db", "url", "--show-password").out


def test_status_of_a_server_by_url(terminal: Terminal, clinic: World) -> None:
    assert terminal("db", "status").code == 0
    said = terminal("db", "start")
    assert (said.code, said.out) == (0, "Banco pronto\n")


def test_status_of_a_server_that_is_away(terminal: Terminal) -> None:
    said = terminal("db", "status")
    assert (said.code, said.out) == (1, "")
    assert "não respondeu" in said.err


def test_the_embedded_server_that_never_ran(
    terminal: Terminal, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("WAREHOUSE_URL")
    said = terminal("db", "status")
    assert said.code == 1
    assert "parado" in said.out
    assert "já estava parado" in terminal("db", "stop").out


@pytest.mark.slow
def test_refs_reads_the_three_lists(terminal: Terminal, clinic: World, sim: Simulator) -> None:
    said = terminal("refs")
    assert said.code == 0
    assert "categorias (principal): 11 registros" in said.out
    assert "contas_correntes (principal): 4 registros" in said.out
    assert len(clinic.rows("SELECT 1 FROM omie.categorias")) == 11
    assert re.search(r"1\.01\.01\s+Receita de consultas\s+sim", said.out)
    assert re.search(r"9100000004\s+Conta encerrada\s+não", said.out)


def test_refs_with_a_wrong_key_is_one_call(
    terminal: Terminal, clinic: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OMIE_APP_SECRET", "segredo-errado")
    said = terminal("refs")
    assert said.code == 1
    assert len(clinic.control.calls()) == 1
