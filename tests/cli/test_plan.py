"""``plan``, ``plan show|list|approve`` and ``apply`` as people type them."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.cli.conftest import Terminal
from tests.push.world import World, cliente

pytestmark = pytest.mark.usefixtures("unvalidated")


def made(terminal: Terminal) -> str:
    """The number of the newest plan."""
    return str(terminal("plan", "list", "--all", "--json").lines[0]["plan_id"])


def test_a_plan_is_written_read_approved_and_applied(
    terminal: Terminal, clinic: World, tmp_path: Path
) -> None:
    clinic.model("clientes", [cliente(1), cliente(2)])
    file = tmp_path / "plano.json"
    said = terminal("plan", "clientes", "--by", "ANA", "-o", str(file))
    assert said.code == 0
    assert "cria 2 · altera 0 · exclui 0" in said.out
    assert "+ PAC-1" in said.out
    number = made(terminal)
    assert f"plan approve {number}" in said.out
    assert file.stat().st_mode & 0o777 == 0o600
    content = json.loads(file.read_text("utf-8"))
    assert content["plan"]["plan_id"] == number
    assert clinic.writes() == []

    assert "Planos à espera de uma pessoa: 1 em clientes" in terminal("status").out

    early = terminal("apply", number)
    assert (early.code, "ainda não foi aprovado" in early.err) == (1, True)
    assert "aprovado por BIA" in terminal("plan", "approve", number, "--by", "BIA").out
    listed = terminal("plan", "list")
    assert number in listed.out
    assert "aprovado" in listed.out
    done = terminal("apply", str(file), "--by", "BIA")
    assert done.code == 0
    assert f"Plano {number} aplicado" in done.out
    assert len(clinic.held_by_omie()) == 2
    again = terminal("apply", number)
    assert again.code == 0
    assert "já foi aplicado por BIA" in again.err
    assert "Nenhum plano" in terminal("plan", "list").out


def test_a_plan_shows_no_person_unless_asked(
    terminal: Terminal, clinic: World, tmp_path: Path
) -> None:
    clinic.model("clientes", [cliente(1, razao_social="Maria de Souza")])
    file = tmp_path / "plano.json"
    outputs = [terminal("plan", "clientes", "-o", str(file)).out, file.read_text("utf-8")]
    number = made(terminal)
    for more in ((), ("--json",), ("--csv", "-")):
        outputs.append(terminal("plan", "show", number, *more).out)
    outputs.append(terminal("plan", "show", str(file), "--json").out)
    assert not [one for one in outputs if "Maria" in one or "10000000108" in one]
    whole = terminal("plan", "show", number, "--unmasked", "--csv", "-").out
    assert "PAC-1,create,ready,razao_social,,Maria de Souza" in whole


@pytest.mark.parametrize("unmasked", [(), ("--unmasked",)], ids=["masked", "unmasked"])
def test_a_file_that_somebody_changed_is_refused(
    terminal: Terminal, clinic: World, tmp_path: Path, unmasked: tuple[str, ...]
) -> None:
    """Who reads another city in it would approve what they have not read."""
    clinic.model("clientes", [cliente(1), cliente(2, observacao="R$ 1.234,50")])
    file = tmp_path / "plano.json"
    terminal("plan", "clientes", "-o", str(file), *unmasked)
    assert terminal("plan", "show", str(file)).code == 0
    text = file.read_text("utf-8")
    assert "SAO PAULO (SP)" in text
    file.write_text(text.replace("SAO PAULO (SP)", "NITEROI (RJ)", 1), "utf-8")
    for words in (("show",), ("approve",), ("reject",)):
        said = terminal("plan", *words, str(file))
        assert (said.code, "não diz o mesmo que o plano" in said.err) == (1, True)
    file.write_text(text, "utf-8")
    assert terminal("plan", "approve", str(file)).code == 0
    assert terminal("apply", str(file)).code == 0


def test_what_changed_is_named(terminal: Terminal, clinic: World) -> None:
    clinic.model("clientes", [cliente(1), cliente(2)])
    terminal("plan", "clientes")
    number = made(terminal)
    terminal("plan", "approve", number)
    clinic.model("clientes", [cliente(1, bairro="Sé"), cliente(2)])
    said = terminal("apply", number)
    assert said.code == 1
    assert "PAC-1: a linha mudou na clínica" in said.err
    assert clinic.writes() == []
    assert "recusado" in terminal("plan", "list", "--all").out


def test_a_person_says_no(terminal: Terminal, clinic: World) -> None:
    clinic.model("clientes", [cliente(1)])
    terminal("plan", "clientes")
    number = made(terminal)
    said = terminal("plan", "reject", number, "--by", "BIA", "--why", "valor errado")
    assert "recusado por BIA: valor errado" in said.out
    assert "recusado por BIA" in terminal("plan", "approve", number).err
    assert terminal("plan", "reject", number).code == 1


@pytest.mark.parametrize(
    ("words", "code"),
    [
        (("plan", "show", "nada"), 1),
        (("plan", "nada"), 2),
        (("plan", "show", "nada", "--csv", "-", "--json"), 2),
        (("apply", "nada"), 1),
    ],
)
def test_wrong_words_are_told(
    terminal: Terminal, clinic: World, words: tuple[str, ...], code: int
) -> None:
    assert terminal(*words).code == code
