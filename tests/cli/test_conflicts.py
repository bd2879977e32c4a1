"""``conflicts``: listed without values, shown masked, decided once."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.cli.conftest import Terminal
from tests.push.test_both_sides import policy
from tests.push.world import World, cliente

pytestmark = pytest.mark.usefixtures("unvalidated")

PERSON_DECIDES = policy("pessoa")


@pytest.fixture
def contested(clinic: World) -> World:
    """PAC-1 with another e-mail on both sides."""
    clinic.model("clientes", [cliente(1)])
    clinic.push(policy=PERSON_DECIDES)
    clinic.clock.sleep(300)
    clinic.import_table("clientes")
    clinic.control.edit("clientes", "PAC-1", {"email": "certo@omie.com.br"})
    clinic.clock.sleep(300)
    clinic.import_table("clientes")
    clinic.model("clientes", [cliente(1, email="novo@clinica.com.br", bairro="Sé")])
    assert clinic.push(policy=PERSON_DECIDES).total.quarantined == 1
    clinic.control.clear_calls()
    return clinic


def test_listed_and_shown_without_a_persons_data(contested: World, terminal: Terminal) -> None:
    listed = terminal("conflicts", "list")
    assert (listed.code, "PAC-1" in listed.out, "email" in listed.out) == (3, True, True)
    shown = terminal("conflicts", "show", "PAC-1")
    assert (shown.code, "aberto" in shown.out) == (0, True)
    for said in (listed, shown, terminal("conflicts", "show", "PAC-1", "--json")):
        assert "@" not in said.out + said.err
    whole = terminal("conflicts", "show", "PAC-1", "--with-values")
    assert "clínica: p1@exemplo.com.br → novo@clinica.com.br" in whole.out
    assert "Omie:    p1@exemplo.com.br → certo@omie.com.br" in whole.out
    assert contested.control.calls() == ()
    (clientes,) = terminal("status", "--endpoint", "clientes", "--json").lines
    assert clientes["conflicts"] == 1
    assert "conflicts list" in terminal("status").out


@pytest.mark.parametrize("keep", ["omie", "clinica"])
def test_a_decision_is_carried_out_by_the_next_push(
    contested: World, terminal: Terminal, keep: str
) -> None:
    said = terminal("conflicts", "resolve", "PAC-1", "--keep", keep, "--by", "Ana")
    assert (said.code, "omie-pipeline push clientes --key PAC-1" in said.out) == (0, True)
    # The second one is told what the first decided.
    again = terminal("conflicts", "resolve", "PAC-1", "--keep", "omie", "--by", "Bruno")
    assert (again.code, "Ana já decidiu" in again.out) == (3, True)
    assert terminal("conflicts", "list").code == 0
    assert contested.push(policy=PERSON_DECIDES).total.updated == 1
    kept = {"omie": "certo@omie.com.br", "clinica": "novo@clinica.com.br"}[keep]
    record = contested.held_by_omie()["PAC-1"]
    assert (record["email"], record["bairro"]) == (kept, "Sé")
    ((state, by),) = contested.rows("SELECT state, decided_by FROM omie_sync.conflict")
    assert (state, by) == (f"kept_{keep}", "Ana")


def test_nothing_is_decided_on_something_else_than_was_shown(
    contested: World, terminal: Terminal
) -> None:
    """Somebody typed once more between the look and the decision."""
    shown = terminal("conflicts", "show", "PAC-1")
    seen = (shown.out + shown.err).rpartition("--seen ")[2].split()[0]
    contested.clock.sleep(300)
    contested.control.edit("clientes", "PAC-1", {"email": "outro@omie.com.br"})
    contested.clock.sleep(300)
    contested.import_table("clientes")
    contested.push(policy=PERSON_DECIDES)
    late = terminal("conflicts", "resolve", "PAC-1", "--keep", "clinica", "--seen", seen)
    assert (late.code, "mudou desde que foi mostrado" in late.out) == (3, True)
    assert contested.rows("SELECT DISTINCT state FROM omie_sync.conflict") == [("open",)]
    shown = terminal("conflicts", "show", "PAC-1")
    seen = (shown.out + shown.err).rpartition("--seen ")[2].split()[0]
    done = terminal("conflicts", "resolve", "PAC-1", "--keep", "clinica", "--seen", seen)
    assert done.code == 0


def test_omies_value_stays_until_the_clinics_changes_again(
    contested: World, terminal: Terminal
) -> None:
    terminal("conflicts", "resolve", "PAC-1", "--keep", "omie", "--by", "Ana")
    contested.push(policy=PERSON_DECIDES)
    for changes, email in (
        ({"email": "novo@clinica.com.br", "bairro": "Lapa"}, "certo@omie.com.br"),
        ({"email": "outro@clinica.com.br", "bairro": "Lapa"}, "outro@clinica.com.br"),
    ):
        contested.clock.sleep(300)
        contested.import_table("clientes")
        contested.model("clientes", [cliente(1, **changes)])
        assert contested.push(policy=PERSON_DECIDES).total.updated == 1
        assert contested.held_by_omie()["PAC-1"]["email"] == email


def test_the_yaml_says_who_wins_and_refuses_what_means_nothing(
    clinic: World, terminal: Terminal, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    file = tmp_path / "empresas.yaml"
    monkeypatch.setenv("OMIE_PIPELINE_CONFIG", str(file))
    empresas = "empresas:\n  - nome: principal\n    app_key_env: OMIE_APP_KEY\n"
    empresas += "    app_secret_env: OMIE_APP_SECRET\n    base_url_env: OMIE_BASE_URL\n"
    for policies, words in (
        ("clientes: {wins: {fields: {emial: omie}}}", "emial"),
        ("baixas_receber: {wins: omie}", "wins não se aplica"),
        ("contas_receber: {on_settled: undo, wins: pessoa}", "undo"),
    ):
        file.write_text(f"{empresas}endpoints:\n  {policies}\n", encoding="utf-8")
        said = terminal("status")
        assert said.code != 0
        assert words in said.err + said.out
