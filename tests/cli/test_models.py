"""``models``: what of the user's own is in force, and old places brought over."""

from __future__ import annotations

from pathlib import Path

import pytest

from omie_pipeline.config import dbt_project
from tests.cli.conftest import Terminal


@pytest.fixture
def own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder of the user's, and a delivered project with a set of his at the old place."""
    delivered = tmp_path / "dbt_mapping"
    (delivered / "models/staging/minha").mkdir(parents=True)
    (delivered / "models/staging/minha/stg_minha__pacientes.sql").write_text("select 1")
    (delivered / "models/omie").mkdir()
    (delivered / "models/omie/omie_clientes.sql").write_text("select 2")
    (delivered / "dbt_project.yml").write_text("name: x\n")
    monkeypatch.setattr(dbt_project, "mapping_dir", lambda: delivered)
    monkeypatch.setenv("OMIE_PIPELINE_MODELS", str(tmp_path / "meus"))
    return tmp_path / "meus"


def test_nothing_of_ones_own_is_said_so(terminal: Terminal, own: Path) -> None:
    said = terminal("models")
    assert said.code == 0
    assert f"Sua pasta: {own}" in said.out
    assert "(nenhum modelo)" in said.out
    assert "omie-pipeline models --move" in said.err


def test_a_set_at_the_old_place_is_brought_over(terminal: Terminal, own: Path) -> None:
    said = terminal("models", "--move")
    assert (said.code, said.err) == (0, "")
    assert "staging/minha/stg_minha__pacientes.sql" in said.out
    assert (own / "staging/minha/stg_minha__pacientes.sql").read_text() == "select 1"
    again = terminal("models", "--move")
    assert again.code == 0
    assert "Movida" not in again.out


def test_what_stands_in_for_a_delivered_model_is_named(terminal: Terminal, own: Path) -> None:
    (own / "omie").mkdir(parents=True)
    (own / "omie/omie_clientes.sql").write_text("select 3")
    (own / "vars.yml").write_text("rg_destino: observacao\n")
    said = terminal("models")
    assert "No lugar dos modelos entregues: omie_clientes" in said.out
    assert "Variáveis do dbt: rg_destino" in said.out
    assert "nenhum modelo lê a variável rg_destino" in said.err


def test_a_file_without_a_place_is_1(terminal: Terminal, own: Path) -> None:
    own.mkdir()
    (own / "omie_clientes.sql").write_text("select 3")
    said = terminal("models")
    assert said.code == 1
    assert "não sei onde pôr omie_clientes.sql" in said.err
