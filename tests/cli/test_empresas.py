"""Several empresas: one that is stopped does not stop the others."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.cli.conftest import Terminal
from tests.push.world import World, cliente

CONFIG = """
empresas:
  - {nome: norte, app_key_env: NORTE_APP_KEY, app_secret_env: NORTE_APP_SECRET}
  - {nome: sul, app_key_env: SUL_APP_KEY, app_secret_env: SUL_APP_SECRET}
"""


@pytest.fixture
def two(clinic: World, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> World:
    file = tmp_path / "empresas.yaml"
    file.write_text(CONFIG, "utf-8")
    monkeypatch.setenv("OMIE_PIPELINE_CONFIG", str(file))
    monkeypatch.setenv("NORTE_APP_KEY", "777000111222")
    monkeypatch.setenv("NORTE_APP_SECRET", "segredo-errado")
    monkeypatch.setenv("SUL_APP_KEY", clinic.sim.app_key)
    monkeypatch.setenv("SUL_APP_SECRET", clinic.sim.app_secret)
    clinic.model("clientes", [cliente(1, empresa="norte"), cliente(2, empresa="sul")])
    return clinic


def test_a_wrong_key_stops_only_its_own_empresa(terminal: Terminal, two: World) -> None:
    said = terminal("push", "clientes", "--json")
    assert said.code == 1
    assert [(line["empresa"], line["created"]) for line in said.lines] == [("sul", 1)]
    assert "clientes (norte)" in said.err


def test_one_empresa_alone(terminal: Terminal, two: World) -> None:
    said = terminal("push", "clientes", "--empresa", "sul", "--json")
    assert (said.code, len(said.lines)) == (0, 1)
    assert [line["empresa"] for line in terminal("check", "--empresa", "sul", "--json").lines] == [
        "sul"
    ]


def test_check_tells_each(terminal: Terminal, two: World) -> None:
    said = terminal("check", "--json")
    assert said.code == 1
    assert [(line["empresa"], line["cause"]) for line in said.lines] == [
        ("norte", "unknown_key"),
        ("sul", ""),
    ]


def test_a_missing_key_is_named_before_any_call(
    terminal: Terminal, two: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("SUL_APP_SECRET")
    said = terminal("push", "clientes")
    assert said.code == 1
    assert "SUL_APP_SECRET" in said.err
    assert two.control.calls() == ()
