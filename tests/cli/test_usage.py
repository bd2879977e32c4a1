"""Help, wrong usage, and what the program does before it does anything."""

from __future__ import annotations

import errno
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from omie_pipeline.catalog import WRITABLE
from omie_pipeline.simulator.engine.server import Simulator
from tests.cli.conftest import Terminal

COMMANDS = (
    "check", "build", "refs", "import", "push", "retry", "status", "history", "reconcile",
    "duplicates", "quarantine", "rejected", "demo", "dev", "simulator", "webhooks",
    "cache", "db", "lgpd",
)  # fmt: skip


def test_help_names_every_command_in_portuguese(terminal: Terminal) -> None:
    said = terminal("--help")
    assert said.code == 0
    assert "Uso: " in said.out
    for name in COMMANDS:
        assert f"\n  {name} " in said.out
    assert "Usage" not in said.out
    assert "Options" not in said.out


def test_push_help_names_every_endpoint(terminal: Terminal) -> None:
    said = terminal("push", "--help")
    told = " ".join(said.out.split())
    assert f"ENDPOINT: {', '.join(e.name for e in WRITABLE)}; ou tudo." in told


def test_help_loads_nothing_heavy() -> None:
    heavy = [
        "dagster", "dbt", "great_expectations", "pandas", "pyarrow", "sqlalchemy", "httpx",
        "uvicorn", "rich",
    ]  # fmt: skip
    code = (
        "import sys\n"
        "from omie_pipeline.cli.app import app\n"
        "try: app(['push', '--help'])\n"
        "except SystemExit: pass\n"
        f"print([m for m in {heavy} if m in sys.modules], file=sys.stderr)\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=30
    )
    assert done.stderr.strip() == "[]"


def test_the_module_runs_too() -> None:
    done = subprocess.run(
        [sys.executable, "-m", "omie_pipeline.cli", "push"],
        capture_output=True,
        text=True,
        check=False,
        timeout=30,
    )
    assert done.returncode == 2
    assert done.stdout == ""
    assert "falta ENDPOINT" in done.stderr


@pytest.mark.parametrize(
    ("words", "told"),
    [
        ("push", "falta ENDPOINT"),
        ("push cliente", "não existe cliente"),
        ("push clientes --empresa outra", "não existe outra (existem: principal)"),
        ("push contas_receber --date 31/02/2026", "não é uma data"),
        ("push contas_receber --date ontem", "não é uma data"),
        ("push contas_receber --date 2026-01-05 --from 2026-01-01", "não combina"),
        ("push contas_receber --from 2026-02-01 --to 2026-01-01", "é depois de --to"),
        ("push contas_receber --date 2025-12-31", "antes do início"),
        ("push clientes --date 2026-01-05", "não se divide por data"),
        ("push clientes --nada", "a opção --nada não existe"),
        ("push clientes --key", "--key precisa de um valor"),
        ("retry cliente", "não existe cliente"),
        ("history --limit 0", "fora do intervalo"),
        ("status --json --csv -", "não combina com --json"),
        ("rejected --endpoint cliente", "não existe cliente"),
        ("check --empresa outra", "não existe outra"),
        ("enviar", "o comando enviar não existe (seria push?)"),
        ("pusch clientes", "o comando pusch não existe (seria push?)"),
        ("statsu", "(seria status?)"),
        ("db statsu", "(seria status?)"),
        ("push cliente", "(seria clientes?)"),
        ("push contas-recebr", "(seria contas_receber?)"),
        ("push clientes --empresa Principl", "não existe Principl (seria principal?)"),
        ("push clientes --dryrun", "(seria --dry-run?)"),
        ("import movimentacao", "(seria movimentacoes?)"),
        ("db", "Uso:"),
        ("simulator --porta 3", "a opção --porta não existe"),
    ],
)
def test_wrong_usage_is_2_and_makes_no_call(
    terminal: Terminal, sim: Simulator, words: str, told: str
) -> None:
    said = terminal(*words.split())
    assert (said.code, said.out) == (2, "")
    assert told in said.err
    assert sim.control.calls() == ()


@pytest.mark.parametrize(
    ("command", "option"), [("simulator", "--latency-ms"), ("webhooks", "--port")]
)
def test_a_mounted_command_answers_with_its_own_help(
    terminal: Terminal, command: str, option: str
) -> None:
    said = terminal(command, "--help")
    assert said.code == 0
    assert f"Uso: root {command}" in said.out or f"Uso: omie-pipeline {command}" in said.out
    assert option in said.out


def test_a_wrong_setting_is_named(terminal: Terminal, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OMIE_BASE_URL", "http://app.omie.com.br/api/v1/")
    said = terminal("push", "clientes")
    assert (said.code, said.out) == (1, "")
    assert "OMIE_BASE_URL: deve usar https" in said.err


def test_ctrl_c_is_told_and_ends_with_130(
    terminal: Terminal, monkeypatch: pytest.MonkeyPatch
) -> None:
    def interrupted(*_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("omie_pipeline.app.connection.check_connection", interrupted)
    said = terminal("check", "--json")
    assert (said.code, said.out) == (130, "")
    assert "Interrompido" in said.err


def test_debug_shows_where_without_secrets(
    terminal: Terminal, monkeypatch: pytest.MonkeyPatch
) -> None:
    said = terminal("--debug", "status")
    assert said.code == 1
    assert "Traceback" in said.err
    assert "WarehouseError" in said.err
    assert "Traceback" not in terminal("status").err


def test_the_version_is_told(terminal: Terminal) -> None:
    said = terminal("--version")
    assert said.code == 0
    assert re.fullmatch(r"omie-pipeline \d+\.\d+\.\d+\S*\n", said.out)


def test_a_folder_that_cannot_be_made_is_told_without_a_traceback(
    terminal: Terminal, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    in_the_way = tmp_path / "arquivo"
    in_the_way.write_text("", "utf-8")
    monkeypatch.setenv("WAREHOUSE_URL", "")
    for home in ("/proc/x", str(in_the_way), str(in_the_way / "abaixo")):
        monkeypatch.setenv("OMIE_PIPELINE_HOME", home)
        said = terminal("status")
        assert (said.code, said.out) == (1, ""), home
        assert "Erro: " in said.err
        assert home in said.err
        assert "O que fazer: " in said.err
        assert "Traceback" not in said.err
        assert "[Errno" not in said.err


def test_a_full_disk_and_a_missing_right_are_told(
    terminal: Terminal, monkeypatch: pytest.MonkeyPatch
) -> None:
    for number, told in ((errno.ENOSPC, "o disco está cheio"), (errno.EROFS, "só de leitura")):

        def refused(*_: object, number: int = number) -> None:
            raise OSError(number, os.strerror(number), "/dados/omie")

        monkeypatch.setattr("omie_pipeline.app.connection.check_connection", refused)
        said = terminal("check")
        assert said.code == 1
        assert (
            f"Erro: /dados/omie: {told}" in said.err or f"/dados/omie: a pasta é {told}" in said.err
        )
        assert "Traceback" not in said.err
        assert "Traceback" in terminal("--debug", "check").err


@pytest.mark.slow
def test_a_reader_who_has_seen_enough_is_no_error() -> None:
    command = f"{sys.executable} -m omie_pipeline.cli push --help | head -n 1"
    done = subprocess.run(
        ["sh", "-c", command], capture_output=True, text=True, check=False, timeout=30
    )
    assert done.stdout.startswith("Uso:")
    assert done.stderr == ""
