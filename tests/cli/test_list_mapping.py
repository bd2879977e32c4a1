"""``mapping``: what is decided, by whom, and what is refused; nothing is written by halves."""

from __future__ import annotations

import unicodedata
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from omie_pipeline.alerts.conditions import evaluate_alerts
from omie_pipeline.app.deployment import Deployment
from omie_pipeline.app.map_lists import create_and_map, set_codes
from omie_pipeline.errors import ConfigurationError
from omie_pipeline.list_mapping.wanted import Wanted
from omie_pipeline.push.policy import Policies
from omie_pipeline.simulator.engine.planned_faults import PlannedFault
from tests.cli.conftest import Terminal
from tests.push.world import World, titulo

ALUGUEL = ("principal", "category", "Aluguel da sala")


@pytest.fixture
def read(terminal: Terminal, clinic: World) -> World:
    """Omie's categories and accounts are in the warehouse."""
    clinic.read_references()
    return clinic


def kept(terminal: Terminal) -> dict[str, str]:
    lines = terminal("mapping", "list", "--json").lines
    return {"/".join(line[name] for name in KEY): line["code"] for line in lines}


KEY = ("empresa", "kind", "source", "target")


def decisions(terminal: Terminal) -> list[tuple[Any, ...]]:
    names = ("action", "code_before", "code_after", "decided_by", "origin")
    return [
        tuple(line[name] for name in names)
        for line in terminal("mapping", "history", "--json").lines
    ]


def test_of_two_who_decide_both_are_remembered_and_the_second_is_told(
    terminal: Terminal, read: World
) -> None:
    first = terminal("mapping", "set", *ALUGUEL, "2.02.02", "--by", "Ana")
    assert (first.code, "antes" in first.out) == (0, False)
    second = terminal("mapping", "set", *ALUGUEL, "2.02.01", "--by", "Bruno")
    assert "'Aluguel da sala' (principal) agora vira 2.02.01" in second.out
    assert "antes: 2.02.02, por Ana" in second.out
    again = terminal("mapping", "set", *ALUGUEL, "2.02.01", "--by", "Carla")
    assert "já virava 2.02.01: por Bruno" in again.out
    assert terminal("mapping", "unset", *ALUGUEL, "--by", "Ana").code == 0
    assert terminal("mapping", "unset", *ALUGUEL).code == 3
    assert kept(terminal) == {}
    assert decisions(terminal) == [
        ("unset", "2.02.01", None, "Ana", "person"),
        ("set", "2.02.02", "2.02.01", "Bruno", "person"),
        ("set", None, "2.02.02", "Ana", "person"),
    ]
    assert "Bruno" in terminal("mapping", "history", "--value", "Aluguel da sala").out


def test_a_method_has_one_account_whoever_sets_it(terminal: Terminal, read: World) -> None:
    assert terminal("mapping", "set", "*", "payment_method", "PIX", "9100000001").code == 0
    assert terminal("defaults", "set", "*", "account.PIX=9100000002", "--by", "Ana").code == 0
    assert kept(terminal) == {"*/payment_method/PIX/account": "9100000002"}
    assert decisions(terminal)[0] == ("set", "9100000001", "9100000002", "Ana", "person")
    assert terminal("mapping", "unset", "*", "payment_method", "PIX").code == 0
    assert terminal("defaults", "list", "--json").out == ""


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (("outra", "category", "A", "2.02.02"), "Não existe a empresa outra"),
        (("principal", "categoria", "A", "2.02.02"), "Não existe o tipo categoria"),
        (("principal", "category", " ", "2.02.02"), "Falta o valor"),
        (("principal", "category", "A", "9.99.99"), "não existe no Omie"),
        (("principal", "category", "A", "2.02"), "só um grupo de totais"),
        (("principal", "category", "A", "2.99.99"), "inativa"),
        (("principal", "payment_method", "PIX", "5"), "não existe no Omie"),
        (("principal", "payment_method", "*", "9100000001"), "defaults set"),
        (("principal", "category", "A", "77", "--target", "project"), "import projetos"),
        (("principal", "payment_method", "PIX", "2.02.02", "--target", "category"), "use account"),
        (("principal", "omie_category", "9.99.99", "Folha"), "não existe no Omie"),
    ],
)
def test_what_omie_does_not_have_is_refused(
    terminal: Terminal, read: World, words: tuple[str, ...], told: str
) -> None:
    said = terminal("mapping", "set", *words)
    assert said.code == 1
    assert told in said.err
    assert (kept(terminal), decisions(terminal)) == ({}, [])


def test_nothing_is_accepted_before_omies_list_was_read(terminal: Terminal, clinic: World) -> None:
    said = terminal("mapping", "set", *ALUGUEL, "2.02.02")
    assert said.code == 1
    assert "omie-pipeline refs --empresa principal" in said.err


def test_a_file_is_taken_whole_or_not_at_all(
    terminal: Terminal, read: World, tmp_path: Path
) -> None:
    file = tmp_path / "mapeamento.csv"
    good = ["principal;category;Aluguel;;2.02.02", "*;payment_method;PIX;account;9100000001"]
    bad = ["principal;category;Luz;;9.9.9", "principal;category;Aluguel;;2.02.01"]
    file.write_text("\n".join(["empresa;kind;source;target;code", *good, *bad]), "utf-8")
    said = terminal("mapping", "import", str(file))
    assert said.code == 1
    assert "linha 4: categoria 9.9.9 não existe" in said.err
    assert "linha 5: 'Aluguel' aparece mais de uma vez" in said.err
    assert kept(terminal) == {}
    file.write_text("\n".join(["empresa;kind;source;target;code", *good]), "utf-8")
    assert terminal("mapping", "import", str(file), "--by", "Ana").code == 0
    before = kept(terminal)
    assert before == {
        "*/payment_method/PIX/account": "9100000001",
        "principal/category/Aluguel/category": "2.02.02",
    }
    assert {one[-1] for one in decisions(terminal)} == {"import"}
    file.write_text(terminal("mapping", "export").out, "utf-8")
    assert "2 mapeamento(s) lido(s), 0" in terminal("mapping", "import", str(file)).out
    assert kept(terminal) == before


def test_a_code_that_omie_dropped_is_marked(terminal: Terminal, read: World) -> None:
    terminal("mapping", "set", *ALUGUEL, "2.02.02")
    terminal("mapping", "set", "principal", "category", "Luz", "2.02.01")
    assert terminal("mapping", "list").code == 0
    with read.engine.begin() as connection:
        connection.exec_driver_sql(
            "update omie.categorias set conta_inativa = 'S' where codigo = '2.02.02'"
        )
        connection.exec_driver_sql(
            "update omie.categorias set excluido_em = now() where codigo = '2.02.01'"
        )
    said = terminal("mapping", "list")
    assert said.code == 3
    assert "inativa no Omie" in said.out
    assert "não existe mais no Omie" in said.out
    assert "2 código(s) não podem mais ser usados" in said.err
    assert "Códigos do de-para que o Omie não aceita mais: 2 em principal" in terminal("status").out
    rows = [
        titulo(number, codigo_categoria=code) for number, code in ((1, "2.02.02"), (2, "2.02.01"))
    ]
    read.model("contas_receber", rows)
    assert read.push("contas_receber").total.quarantined == 2
    told = terminal("quarantine", "--json").lines
    assert {one["reasons"][0] for one in told} == {
        "Categoria inativa no Omie, ou é só um grupo de totais.", "Categoria não existe no Omie.",
    }  # fmt: skip
    assert all("omie-pipeline mapping list" in one["fixes"][0] for one in told)
    now = datetime(2026, 1, 5, 12, tzinfo=UTC)
    alerts = {one.kind: one for one in evaluate_alerts(read.engine, ["principal"], Policies(), now)}
    assert alerts["unusable_mapping"].empresa == "principal"
    assert "2.02.01" in alerts["unusable_mapping"].text


def test_a_new_category_is_made_once_and_mapped(terminal: Terminal, read: World) -> None:
    words = (*ALUGUEL, "--create", "Aluguel de salas", "--under", "2.02", "--by", "Ana")
    said = terminal("mapping", "set", *words)
    assert said.code == 0, said.err
    made = [one for one in read.control.records("categorias") if "salas" in one["descricao"]]
    code = made[0]["codigo"]
    assert f"Categoria {code} (Aluguel de salas) criada" in said.out
    assert kept(terminal) == {"principal/category/Aluguel da sala/category": code}
    # Repeated, also for another value and in other letters, it is found and not made again.
    other = ("principal", "category", "Sala 2", "--create", "ALUGUEL DE SALAS", "--under", "2.02")
    again = terminal("mapping", "set", *other)
    assert f"já existia no Omie da empresa principal: {code}" in again.out
    assert len(read.control.calls(method="IncluirCategoria")) == 1


@pytest.mark.parametrize("place", ["answer", "list"])
def test_what_ends_in_the_middle_is_repeated_and_makes_nothing_twice(
    terminal: Terminal, read: World, slept: list[float], place: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The answer to the creation is lost, or the process dies before the list is read again."""
    words = ("mapping", "set", *ALUGUEL, "--create", "Aluguel de salas", "--under", "2.02")
    if place == "answer":
        read.control.next_faults(PlannedFault("html_502_after_commit", method="IncluirCategoria"))
        terminal(*words)
    else:
        with monkeypatch.context() as patch:
            patch.setattr(Deployment, "refresh_reference", _die)
            with pytest.raises(KeyboardInterrupt):
                create_and_map(
                    Deployment(), Wanted(*ALUGUEL, ""), "Aluguel de salas", "2.02", "Ana"
                )
        assert kept(terminal) == {}
    read.forget_requests()
    assert terminal(*words).code == 0
    made = [one for one in read.control.records("categorias") if "salas" in one["descricao"]]
    assert len(made) == 1
    assert kept(terminal) == {"principal/category/Aluguel da sala/category": made[0]["codigo"]}


def _die(*_: object) -> int:
    raise KeyboardInterrupt


def test_who_saw_another_code_than_is_in_force_changes_nothing(
    terminal: Terminal, read: World
) -> None:
    """As a page does it: it hands over what it showed."""
    terminal("mapping", "set", *ALUGUEL, "2.02.02", "--by", "Ana")
    deployment = Deployment()
    for seen in ("", "2.02.01"):
        with pytest.raises(ConfigurationError, match=r"decidido enquanto isso: 2\.02\.02, por Ana"):
            set_codes(deployment, [Wanted(*ALUGUEL, "2.02.01")], "Bruno", expected=seen)
    (change,) = set_codes(deployment, [Wanted(*ALUGUEL, "2.02.01")], "Bruno", expected="2.02.02")
    assert change.before is not None
    terminal("mapping", "unset", *ALUGUEL)
    with pytest.raises(ConfigurationError, match="tirado por outra pessoa"):
        set_codes(deployment, [Wanted(*ALUGUEL, "2.02.02")], "Bruno", expected="2.02.01")
    assert len(decisions(terminal)) == 3


def test_one_that_a_person_made_is_found(terminal: Terminal, read: World) -> None:
    words = (*ALUGUEL, "--create", "aluguel", "--under", "2.02")
    assert (
        "já existia no Omie da empresa principal: 2.02.02" in terminal("mapping", "set", *words).out
    )
    assert read.control.calls(method="IncluirCategoria") == ()


@pytest.mark.parametrize(
    ("words", "code", "told"),
    [
        (("--create", "Sala", "--under", "2.02.02"), 1, "O grupo 2.02.02 não existe"),
        (("--create", "Sala"), 2, "--under"),
        ((), 2, "diga o CÓDIGO"),
    ],
)
def test_a_category_needs_its_group(
    terminal: Terminal, read: World, words: tuple[str, ...], code: int, told: str
) -> None:
    said = terminal("mapping", "set", *ALUGUEL, *words)
    assert (said.code, kept(terminal)) == (code, {})
    assert told in said.err
    assert read.control.calls(method="IncluirCategoria") == ()


@pytest.fixture
def built(read: World) -> World:
    """The clinic's own values, as a build left them."""
    with read.engine.begin() as connection:
        for statement in (
            "CREATE SCHEMA IF NOT EXISTS clinica",
            "CREATE TABLE clinica.despesas AS SELECT 'principal' AS empresa, source AS "
            "codigo_categoria, 'BOLETO' AS forma_pagamento_id FROM (VALUES "
            "('Aluguel da sala'), ('Aluguel da sala'), ('Dedetização')) AS v (source)",
            "CREATE TABLE clinica.formas_pagamento AS SELECT 'principal' AS empresa, id, tipo, "
            "id AS nome, cast(null AS bigint) AS codigo_conta_corrente FROM (VALUES "
            "('7', 'PIX'), ('8', 'PIX'), ('9', 'BOL')) AS v (id, tipo)",
            "INSERT INTO omie.departamentos (empresa, codigo, descricao, lido_em, raw) "
            "VALUES ('principal', '9200000002', 'Clínica', now(), '{}')",
        ):
            connection.exec_driver_sql(statement)
    return read


def unmapped(terminal: Terminal, kind: str) -> list[str]:
    said = terminal("mapping", "list", "--unmapped", "--kind", kind, "--json")
    return [line["source"] for line in said.lines]


def test_a_department_alone_says_no_category(terminal: Terminal, built: World) -> None:
    """Nor does one for every other value."""
    for value in (ALUGUEL[2], "*"):
        words = ("principal", "category", value, "9200000002", "--target", "department")
        assert terminal("mapping", "set", *words).code == 0
    assert unmapped(terminal, "category") == ["Aluguel da sala", "Dedetização"]
    said = terminal("mapping", "suggest", "--kind", "category", "--json")
    assert {line["source"] for line in said.lines} == {"Aluguel da sala", "Dedetização"}
    assert terminal("mapping", "set", *ALUGUEL, "2.02.02").code == 0
    assert unmapped(terminal, "category") == ["Dedetização"]
    assert terminal("mapping", "set", "*", "category", "*", "2.02.02").code == 0
    assert unmapped(terminal, "category") == []


def test_a_type_of_payment_methods_maps_each_of_them(terminal: Terminal, built: World) -> None:
    assert unmapped(terminal, "payment_method") == ["7", "8", "9"]
    assert terminal("mapping", "set", "*", "payment_method", "PIX", "9100000001").code == 0
    assert unmapped(terminal, "payment_method") == ["9"]
    words = ("principal", "payment_method", "9", "9100000001")
    assert terminal("mapping", "set", *words).code == 0
    assert unmapped(terminal, "payment_method") == []


def test_an_accent_typed_as_a_sign_of_its_own_is_the_same_value(
    terminal: Terminal, built: World
) -> None:
    """A Mac's file names and some spreadsheets write it so; the models read it in one sign."""
    apart = unicodedata.normalize("NFD", "Dedetização")
    words = ("principal", "category", apart, "2.02.02")
    assert "aviso" not in terminal("mapping", "set", *words).err
    assert kept(terminal) == {"principal/category/Dedetização/category": "2.02.02"}
    assert unmapped(terminal, "category") == ["Aluguel da sala"]
    assert len(terminal("mapping", "history", "--value", apart, "--json").lines) == 1
    assert terminal("mapping", "unset", *words[:3]).code == 0
    name = unicodedata.normalize("NFD", "account.Cartão")
    assert terminal("defaults", "set", "*", f"{name}=9100000001").code == 0
    assert kept(terminal) == {"*/payment_method/Cartão/account": "9100000001"}


def test_a_value_that_the_clinic_does_not_have_is_told(terminal: Terminal, read: World) -> None:
    """A word in other letters maps nothing: said at once, and kept as it was typed."""
    with read.engine.begin() as connection:
        connection.exec_driver_sql("CREATE SCHEMA IF NOT EXISTS clinica")
        connection.exec_driver_sql(
            "CREATE TABLE clinica.despesas AS SELECT 'principal' AS empresa,"
            " 'Aluguel da sala' AS codigo_categoria"
        )
    assert terminal("mapping", "set", *ALUGUEL, "2.02.02").err.count("aviso") == 0
    said = terminal("mapping", "set", "*", "category", "aluguel da Sala", "2.02.02")
    assert "'aluguel da Sala' (*) não está em nenhuma linha" in said.err
    assert "(seria Aluguel da sala?)" in said.err
    assert len(kept(terminal)) == 2
