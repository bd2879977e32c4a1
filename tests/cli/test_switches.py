"""``switches``, ``pause``, ``resume``: typed, remembered, and followed by every other command."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.cli.conftest import Terminal
from tests.push.world import World, cliente

pytestmark = pytest.mark.usefixtures("unvalidated")


def test_an_endpoint_is_switched_off_and_on_again(terminal: Terminal, clinic: World) -> None:
    clinic.model("clientes", [cliente(1)])
    said = terminal("switches", "list")
    assert "Tudo como o padrão" in said.out
    said = terminal("switches", "set", "clientes", "--state", "off", "--by", "Maria")
    assert (said.code, said.err) == (0, "")
    assert "clientes (principal): exportação: ligado → desligado" in said.out
    pushed = terminal("push", "clientes")
    assert pushed.code == 3
    assert "clientes de principal está desligado (por Maria); nada é enviado" in pushed.err
    assert not clinic.control.calls()
    (line,) = terminal("push", "clientes", "--json").lines
    assert line["switched_off"].startswith("clientes de principal está desligado")
    assert "desativado" in terminal("status").out
    (state,) = terminal("status", "--endpoint", "clientes", "--json").lines
    assert (state["state"], state["last_run_state"]) == ("disabled", "off")
    (shown,) = [
        one for one in terminal("switches", "list", "--json").lines if one["endpoint"] == "clientes"
    ]
    assert (shown["state"], shown["state_source"], shown["state_decided_by"]) == (
        "off",
        "command",
        "Maria",
    )
    assert terminal("switches", "reset", "clientes").code == 0
    assert terminal("switches", "reset", "clientes").code == 3
    assert terminal("push", "clientes").code == 0
    told = terminal("switches", "history").out
    assert told.index("o que o arquivo diz") < told.index("Maria")


def test_no_field_at_all_is_refused_with_what_to_type(terminal: Terminal, clinic: World) -> None:
    for option in ("--only", "--without"):
        said = terminal("switches", "fields", "clientes", option, " , ")
        assert (said.code, "--state off" in said.err) == (2, True)


def test_fields_are_chosen_and_the_preview_shows_it(terminal: Terminal, clinic: World) -> None:
    clinic.model("clientes", [cliente(1, observacao="avisar")])
    said = terminal("switches", "fields", "clientes", "--without", "e_mail")
    assert (said.code, "seria email" in said.err) == (1, True)
    said = terminal("switches", "fields", "clientes", "--without", "razao_social,email")
    assert "não sai sem estes campos: razao_social" in said.err
    assert terminal("switches", "fields", "clientes").code == 2
    said = terminal("switches", "fields", "clientes", "--without", "email,observacao")
    assert "campos: todos os campos → só" in said.out
    shown = terminal("preview", "clientes")
    assert "Campos de principal que não saem: email, observacao" in shown.err
    assert "email" not in shown.out
    assert terminal("push", "clientes").code == 0
    (call,) = clinic.writes("PAC-1")
    assert not {"email", "observacao"} & set(call.param)
    assert "email, observacao" in terminal("switches", "list").out
    said = terminal("switches", "fields", "clientes", "--only", "email")
    assert "Saem também" in said.out


def test_a_paused_empresa_is_left_alone_by_every_command(terminal: Terminal, clinic: World) -> None:
    clinic.model("clientes", [cliente(1)])
    said = terminal("pause", "principal", "--reason", "troca de sistema", "--by", "Maria")
    assert (said.code, "principal está desativada: troca de sistema" in said.out) == (0, True)
    assert "Antes disso" in terminal("pause", "principal", "--reason", "férias").out
    for words in (
        ("push", "clientes"),
        ("import", "clientes"),
        ("sync", "clientes", "--key", "PAC-1"),
        ("refs",),
    ):
        said = terminal(*words)
        assert said.code == 1, words
        assert "a empresa principal está desativada desde" in said.err
        assert "omie-pipeline resume EMPRESA" in said.err
    assert not clinic.control.calls()
    shown = terminal("status").out
    assert "Desativada: a empresa principal está desativada desde" in shown
    assert {one["state"] for one in terminal("status", "--json").lines} == {"disabled"}
    assert "Antes, a empresa principal" in terminal("resume", "principal").out
    assert terminal("resume", "principal").code == 3
    assert terminal("push", "clientes").code == 0
    told = terminal("switches", "history", "--json").lines
    assert [one["action"] for one in told] == ["resume", "pause", "pause"]
    said = terminal("pause", "principl", "--reason", "x")
    assert (said.code, "seria principal" in said.err) == (2, True)


def test_an_empresa_that_rests_beside_others_fails_no_command(
    terminal: Terminal, clinic: World, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = tmp_path / "empresas.yaml"
    monkeypatch.setenv("OMIE_PIPELINE_CONFIG", str(file))
    monkeypatch.setenv("OUTRA_KEY", "1")
    monkeypatch.setenv("OUTRA_SECRET", "2")
    mine = "{nome: principal, app_key_env: OMIE_APP_KEY, app_secret_env: OMIE_APP_SECRET}"
    other = "{nome: outra, app_key_env: OUTRA_KEY, app_secret_env: OUTRA_SECRET}"
    file.write_text(f"empresas: [{mine}, {other}]")
    clinic.model("clientes", [cliente(1)])
    assert terminal("pause", "outra", "--reason", "férias").code == 0
    said = terminal("push", "clientes")
    assert (said.code, "a empresa outra está desativada" in said.err) == (0, True)
    assert terminal("push", "clientes", "--empresa", "outra").code == 1
    assert terminal("import", "projetos").code == 0


def test_a_list_that_is_only_exported_is_not_read(
    terminal: Terminal, clinic: World, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = tmp_path / "empresas.yaml"
    monkeypatch.setenv("OMIE_PIPELINE_CONFIG", str(file))
    file.write_text("exportar: {vendedores: {direction: export}, projetos: {state: off}}")
    said = terminal("import", "vendedores")
    assert said.code == 1
    assert "vendedores de principal só é enviada ao Omie (exportar do arquivo)" in said.err
    assert not clinic.control.calls()
    (found,) = terminal("status", "--table", "vendedores", "--json").lines
    assert (found["state"], found["next_at"]) == ("disabled", None)
    said = terminal("import", "vendedores", "projetos")
    assert said.code == 0
    assert clinic.methods_called() == ["ListarProjetos"]
    shown = terminal("switches", "list").out
    assert "só envio" in shown
    assert "desligado" in shown
    file.write_text("exportar: {vendedors: {state: on}}")
    assert "vendedors (seria vendedores?)" in terminal("switches", "list").err
