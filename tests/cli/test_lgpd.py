"""``lgpd export|erase`` and ``db papeis``."""

from __future__ import annotations

import json
import stat
from datetime import date
from pathlib import Path

import pytest
import sqlalchemy as sa
from typer.testing import CliRunner

from omie_pipeline.cli.app import app
from tests.access.acts import add_acts
from tests.access.people import CPF, MARIA, SECRETS, add_people
from tests.cli.conftest import Said, Terminal
from tests.sync.world import World

HIDDEN = (*SECRETS, CPF, "52998224725", "Maria", "Lima")
CONTACT = f"SELECT email FROM omie.clientes WHERE codigo_cliente_omie = {MARIA}"


@pytest.fixture
def people(clinic: World, engine: sa.Engine) -> sa.Engine:
    add_people(engine, paid_on=date(2026, 3, 1))
    return engine


def shows_nobody(said: Said) -> bool:
    return not [text for text in HIDDEN if text in said.out + said.err]


def email(engine: sa.Engine) -> str | None:
    with engine.connect() as connection:
        found: str | None = connection.scalar(sa.text(CONTACT))
    return found


def test_export_writes_a_file_for_its_owner_only(
    terminal: Terminal, people: sa.Engine, tmp_path: Path
) -> None:
    said = terminal("lgpd", "export", "--cpf", CPF, "--output", str(tmp_path))
    assert said.code == 0
    assert shows_nobody(said)
    (file,) = tmp_path.glob("titular-*.json")
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    (sections,) = json.loads(file.read_text(encoding="utf-8"))["empresas"].values()
    assert sections[0]["titulo"] == "Cadastro no Omie"
    assert sections[0]["linhas"][0]["email"] == "maria@exemplo.com"
    assert "150.10" in file.read_text(encoding="utf-8")
    assert "Lima" not in file.read_text(encoding="utf-8")


def test_the_document_may_come_from_standard_input(
    terminal: Terminal, people: sa.Engine, tmp_path: Path
) -> None:
    target = tmp_path / "maria.json"
    words = ["lgpd", "export", "--output", str(target)]
    result = CliRunner().invoke(app, words, input="52998224725\n")
    assert result.exit_code == 0
    assert "52998224725" not in result.output
    before = target.read_bytes()
    again = terminal("lgpd", "export", "--codigo", "PAC-1", "--output", str(target))
    assert again.code == 1
    assert "já existe" in again.err
    assert target.read_bytes() == before


def test_nobody_found_writes_nothing(terminal: Terminal, people: sa.Engine, tmp_path: Path) -> None:
    target = tmp_path / "x.json"
    said = terminal("lgpd", "export", "--cpf", "390.533.447-05", "--output", str(target))
    assert said.code == 0
    assert "Nada encontrado" in said.out
    assert not target.exists()
    assert "nada encontrado" in terminal("lgpd", "erase", "--cpf", "390.533.447-05", "--yes").out
    with people.connect() as connection:
        assert connection.scalar(sa.text("SELECT count(*) FROM omie_sync.erasure")) == 0


@pytest.mark.parametrize("words", [("--cpf", "529.982"), ("--codigo", " "),
                                   ("--cpf", CPF, "--codigo", "PAC-1"),
                                   ("--cpf", CPF, "--empresa", "nenhuma")])  # fmt: skip
def test_wrong_usage_repeats_no_document(
    terminal: Terminal, clinic: World, words: tuple[str, ...]
) -> None:
    said = terminal("lgpd", "erase", *words)
    assert said.code == 2
    assert "529" not in said.out + said.err


def test_erase_only_shows_until_yes(terminal: Terminal, people: sa.Engine) -> None:
    said = terminal("lgpd", "erase", "--cpf", CPF)
    assert said.code == 0
    assert "Simulação" in said.err
    assert email(people) == "maria@exemplo.com"
    done = terminal("lgpd", "erase", "--cpf", CPF, "--yes")
    assert done.code == 0
    assert done.out == said.out
    assert email(people) is None


def test_erase_says_what_stays_and_what_else_is_to_do(
    terminal: Terminal, people: sa.Engine
) -> None:
    said = terminal("lgpd", "erase", "--cpf", CPF)
    assert shows_nobody(said)
    assert "01/01/2032" in said.out
    assert f"Falta apagar no Omie: cliente {MARIA}" in said.out
    assert "Falta apagar no sistema da clínica: PAC-1" in said.out
    assert "clinic_raw.pacientes" in said.out


def test_roles_are_told(terminal: Terminal, people: sa.Engine) -> None:
    said = terminal("db", "papeis")
    assert said.code == 0
    for name in ("omie_analyst", "omie_finance", "omie_clinic"):
        assert name in said.out
    assert "IN ROLE omie_analyst" in said.err


def test_archived_notes_are_told_as_kept(terminal: Terminal, people: sa.Engine) -> None:
    with people.begin() as connection:
        add_acts(connection)
    said = terminal("lgpd", "erase", "--cpf", CPF)
    assert shows_nobody(said)
    assert "principal/OS-1.pdf (até 01/01/2032)" in said.out
    assert "principal/OS-2.pdf" not in said.out
    assert "cinco anos (CTN 173, 174 e 195; LGPD 16, I)" in said.out
    assert "No Omie ficam também os textos e e-mails de OS-1, CTR-1" in said.out
