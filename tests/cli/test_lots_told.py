"""What the terminal says of lots: that they are on, unproven, and given up."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from omie_pipeline.cli.push_report import lots_told
from omie_pipeline.push import lots
from omie_pipeline.push.lots import LotTally
from tests.cli.conftest import Terminal
from tests.push.world import World, cliente, titulo

UNPROVEN = "nenhuma resposta gravada do Omie comprova"
CONFIG = """
empresas:
  - nome: principal
    app_key_env: OMIE_APP_KEY
    app_secret_env: OMIE_APP_SECRET
endpoints:
  contas_receber:
    lote: 50
"""


@pytest.fixture
def in_lots(
    terminal: Terminal, clinic: World, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> World:
    file = tmp_path / "empresas.yaml"
    file.write_text(CONFIG, encoding="utf-8")
    monkeypatch.setenv("OMIE_PIPELINE_CONFIG", str(file))
    monkeypatch.setattr(lots, "LEAST_ROWS", 2)
    clinic.model("clientes", [cliente(1)])
    assert terminal("push", "clientes").code == 0
    clinic.model("contas_receber", [titulo(1), titulo(2)])
    return clinic


@pytest.mark.slow
def test_plan_preview_and_push_call_lots_unproven(in_lots: World, terminal: Terminal) -> None:
    for words in (("preview", "contas_receber"), ("push", "contas_receber", "--dry-run")):
        said = terminal(*words)
        assert UNPROVEN in said.err, words
        assert "lotes de até 50" in said.err
    said = terminal("push", "contas_receber")
    assert said.code == 0
    assert f"2 linhas saíram em 1 lote (lote), um modo que {UNPROVEN}; uma a uma: 0" in said.err
    assert "lidas de volta" not in said.err
    assert "abandonados" not in said.err


@pytest.mark.slow
def test_lots_that_were_given_up_are_told_with_the_reason(
    in_lots: World, terminal: Terminal
) -> None:
    in_lots.control.next_faults("lot_names_another_after_commit")
    said = terminal("push", "contas_receber")
    assert said.code == 0
    assert "lotes abandonados nesta execução" in said.err
    assert "nomeia um código que não foi enviado" in said.err


def test_what_the_answer_to_a_lot_left_open_is_told(in_lots: World, terminal: Terminal) -> None:
    in_lots.control.next_faults("lot_leaves_one_out_after_commit")
    said = terminal("push", "contas_receber", "--json")
    assert said.code == 0
    assert "lidas de volta: 1 (1 estavam no Omie)" in said.err
    told = json.loads(said.out.splitlines()[0])["lots"]
    assert (told["calls"], told["rows"], told["left_open"], told["found"]) == (1, 2, 1, 1)


def test_each_thing_that_befell_lots_has_a_line_and_nothing_else_has() -> None:
    told = "\n".join(
        lots_told(LotTally(3, 40, 10, refused=1, left_open=9, found=4, not_there=3, paused=True))
    )
    assert "40 linhas saíram em 3 lotes" in told
    assert "recusou por inteiro 1 lote" in told
    assert "9 (4 estavam no Omie, 3 não estavam e saíram uma a uma, 2 ainda sem prova" in told
    assert "suspensos" in told
    assert lots_told(LotTally(singly=5)) == []


@pytest.mark.slow
def test_without_the_policy_nothing_is_said_of_lots(terminal: Terminal, clinic: World) -> None:
    clinic.model("clientes", [cliente(1)])
    clinic.model("contas_receber", [titulo(1)])
    assert "lote" not in terminal("preview", "contas_receber").err
    assert "lote" not in terminal("push", "clientes", "contas_receber", "--dry-run").err
