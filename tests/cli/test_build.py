"""``build``: extract and dbt; dbt itself is exercised by its own tests, here it is a stand-in."""

from __future__ import annotations

from pathlib import Path

import pytest

from omie_pipeline.config.dbt_project import BUILD
from tests.cli.conftest import Dbt, Terminal


def test_a_good_build_says_what_to_do_next(terminal: Terminal, dbt: type[Dbt]) -> None:
    dbt.nodes = (("omie_clientes", "success", "SELECT 1"), ("nao_nulo", "pass", ""))
    said = terminal("build")
    assert said.code == 0
    assert "pacientes (principal): lida onde está" in said.out
    assert "2 de 2 nós" in said.out
    assert "omie-pipeline push tudo --dry-run" in said.out
    assert "dbt fala demais" not in said.out


@pytest.mark.slow
def test_why_dbt_runs_is_said_in_a_line(terminal: Terminal, dbt: type[Dbt]) -> None:
    assert "modelos (é o primeiro build neste banco)" in terminal("build").err
    assert "modelos (pedido com --full)" in terminal("build", "--full").err


@pytest.mark.slow
def test_warnings_are_told_and_errors_are_1(terminal: Terminal, dbt: type[Dbt]) -> None:
    dbt.nodes = (("unico", "warn", "Got 2 results"), ("omie_clientes", "success", ""))
    said = terminal("build")
    assert said.code == 0
    assert "aviso: unico: Got 2 results" in said.err
    dbt.nodes = (("omie_clientes", "error", 'invalid input: "529.982.247-25"'),)
    said = terminal("build")
    assert said.code == 1
    assert "erro: omie_clientes: invalid input" in said.err
    assert "529.982" not in said.err


def test_a_dbt_that_cannot_run_is_1(terminal: Terminal, dbt: type[Dbt]) -> None:
    dbt.exception = RuntimeError("Parsing Error\n  no such model")
    said = terminal("build")
    assert said.code == 1
    assert "no such model" in said.err
    assert "Traceback" not in said.err


@pytest.mark.slow
def test_a_dbt_that_says_nothing_is_told_by_its_kind(terminal: Terminal, dbt: type[Dbt]) -> None:
    dbt.exception = AssertionError()
    assert "O dbt não pôde rodar: AssertionError" in terminal("build").err


def test_ctrl_c_while_dbt_runs_is_an_interruption(terminal: Terminal, dbt: type[Dbt]) -> None:
    dbt.exception = KeyboardInterrupt()
    said = terminal("build", "--full")
    assert said.code == 130
    assert "Interrompido" in said.err
    assert "Erro" not in said.err


def test_without_a_clinic_only_omies_views_are_made(
    terminal: Terminal, dbt: type[Dbt], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("CLINIC_URL")
    dbt.nodes = (("analise_clientes", "success", ""),)
    said = terminal("build")
    assert said.code == 0
    assert "CLINIC_URL" in said.err
    assert "tag:espelho" in dbt.asked
    assert dbt.asked[: len(BUILD)] == BUILD
    assert "omie-pipeline import tudo" in said.out
    assert "push" not in said.out


def test_a_folder_without_the_tables_is_named(
    terminal: Terminal, dbt: type[Dbt], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("CLINIC_URL", str(tmp_path))
    said = terminal("build")
    assert said.code == 1
    assert "pacientes" in said.err
