"""``mapping suggest|accept|reject``: gone through, remembered, and told in quarantine."""

from __future__ import annotations

from typing import Any

import pytest
import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import JSONB

from omie_pipeline.push.policy import EndpointPolicy, Guardrails
from tests.cli.conftest import Terminal
from tests.push.world import TITULO_COLUMNS, World, titulo

RENT = ("principal", "category", "Locação da sala")


@pytest.fixture
def built(terminal: Terminal, clinic: World, engine: sa.Engine) -> World:
    """Omie's lists were read, and the clinic's expenses built."""
    clinic.read_references()
    with engine.begin() as connection:
        connection.exec_driver_sql("CREATE SCHEMA IF NOT EXISTS clinica")
        connection.exec_driver_sql(
            "CREATE TABLE clinica.despesas (empresa text, id text, fornecedor_id text, "
            "codigo_categoria text, forma_pagamento_id text, observacao text, valor numeric)"
        )
        connection.exec_driver_sql(
            "INSERT INTO clinica.despesas VALUES "
            "('principal', '1', '9', 'Locação da sala', 'BOLETO', 'Março', 900), "
            "('principal', '2', '9', 'Xpto', 'BOLETO', 'Março', 800), "
            "('principal', '3', '9', '2.02.01', 'BOLETO', 'Março', 800)"
        )
    return clinic


def shown(terminal: Terminal) -> dict[str, list[dict[str, Any]]]:
    said = terminal("mapping", "suggest", "--kind", "category", "--json")
    return {line["source"]: line["suggestions"] for line in said.lines}


def test_a_suggestion_is_seen_accepted_and_remembered_with_its_reason(
    terminal: Terminal, built: World
) -> None:
    before = shown(terminal)
    assert set(before) == {"Locação da sala", "Xpto"}
    first = before["Locação da sala"][0]
    assert (first["code"], first["name"]) == ("2.02.02", "Aluguel")
    assert first["confidence"] > 0.5
    assert "Aluguel" in first["evidence"]
    table = terminal("mapping", "suggest").out
    assert "Locação da sala" in table
    assert "2.02.02" in table
    assert terminal("mapping", "list", "--json").lines == []
    assert "agora vira 2.02.02" in terminal("mapping", "accept", *RENT, "--by", "Ana").out
    assert "Locação da sala" not in shown(terminal)
    (decision,) = terminal("mapping", "history", "--json").lines
    assert (decision["action"], decision["origin"]) == ("accept", "suggestion")
    assert (decision["decided_by"], decision["evidence"]) == ("Ana", first["evidence"])


def test_a_rejected_suggestion_does_not_come_back(terminal: Terminal, built: World) -> None:
    assert terminal("mapping", "reject", *RENT, "2.02.02", "--by", "Ana").code == 0
    assert terminal("mapping", "reject", *RENT, "2.02.02").code == 3
    codes = [one["code"] for one in shown(terminal)["Locação da sala"]]
    assert "2.02.02" not in codes
    said = terminal("mapping", "accept", *RENT, "2.02.02")
    assert said.code == 1
    assert "mapping set" in said.err
    (decision,) = terminal("mapping", "history", "--json").lines
    assert (decision["action"], decision["code_after"]) == ("reject", "2.02.02")
    assert "Aluguel" in decision["evidence"]


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (("principal", "category", "Xpto"), "Nada não é uma sugestão"),
        (("principal", "category", "Locação da sala", "1.01.01"), "1.01.01 não é uma sugestão"),
        (("*", "category", "Locação da sala"), "Sugestões são de uma empresa"),
        (("principal", "categoria", "Xpto"), "Não existe o tipo"),
    ],
)
def test_what_was_not_suggested_is_not_accepted(
    terminal: Terminal, built: World, words: tuple[str, ...], told: str
) -> None:
    said = terminal("mapping", "accept", *words)
    assert said.code == 1
    assert told in said.err
    assert terminal("mapping", "history", "--json").lines == []


def test_a_quarantined_row_says_what_its_category_may_be(terminal: Terminal, built: World) -> None:
    built.confirmed(1)
    unmapped = {"kind": "category", "source": RENT[2], "name": RENT[2]}
    row = titulo(1, codigo_categoria=RENT[2], _unmapped=unmapped)

    def fixes() -> list[str]:
        built.model("contas_pagar", [row], {**TITULO_COLUMNS, "_unmapped": JSONB})
        lenient = EndpointPolicy(guardrails=Guardrails(max_quarantined_share=1))
        assert built.push("contas_pagar", policy=lenient).total.quarantined == 1
        ((reasons,),) = built.rows("SELECT reasons FROM omie_sync.quarantine")
        return [reason["fix"] for reason in reasons]

    (fix,) = fixes()
    assert "mapping set EMPRESA category" in fix
    assert "Talvez: 2.02.02 Aluguel (" in fix
    assert terminal("mapping", "reject", *RENT, "2.02.02").code == 0
    (fix,) = fixes()
    assert "2.02.02" not in fix


def test_a_pattern_is_kept_suggested_first_and_taken_away(terminal: Terminal, built: World) -> None:
    words = ("principal", "category", "*LOCAÇÃO*")
    assert "2.02.01" in terminal("mapping", "pattern", *words, "2.02.01", "--by", "Ana").out
    first = shown(terminal)["Locação da sala"][0]
    assert (first["code"], first["confidence"] > 0.9) == ("2.02.01", True)
    assert "combina com o padrão *locacao*, de Ana" in first["evidence"]
    said = terminal("mapping", "pattern", *words, "2.02.02", "--by", "Bruno").out
    assert "antes: 2.02.01, por Ana" in said
    (kept,) = terminal("mapping", "patterns", "--json").lines
    assert (kept["glob"], kept["code"], kept["written_by"]) == ("*locacao*", "2.02.02", "Bruno")
    assert "*locacao*" in terminal("mapping", "patterns").out
    assert terminal("mapping", "pattern", *words, "--remove").code == 0
    assert terminal("mapping", "pattern", *words, "--remove").code == 3
    actions = [line["action"] for line in terminal("mapping", "history", "--json").lines]
    assert actions == ["unpattern", "pattern", "pattern"]
    assert "padrão tirado" in terminal("mapping", "history").out


@pytest.mark.parametrize(
    ("words", "code", "told"),
    [
        (("*a*", "2.02.02"), 1, "curto ou longo demais"),
        (("*sala*", "9.99.99"), 1, "não existe no Omie"),
        (("*sala*", "2.99.99"), 1, "inativa"),
        (("*sala*",), 2, "--remove"),
        (("*sala*", "2.02.02", "--remove"), 2, "--remove"),
    ],
)
def test_a_pattern_that_cannot_hold_is_refused(
    terminal: Terminal, built: World, words: tuple[str, ...], code: int, told: str
) -> None:
    said = terminal("mapping", "pattern", "principal", "category", *words)
    assert said.code == code
    assert told in said.err
    assert terminal("mapping", "patterns", "--json").lines == []


def test_before_omies_lists_were_read_nothing_is_said_to_be_unlike_all(
    terminal: Terminal, clinic: World, engine: sa.Engine
) -> None:
    with engine.begin() as connection:
        connection.exec_driver_sql("CREATE SCHEMA IF NOT EXISTS clinica")
        connection.exec_driver_sql(
            "CREATE TABLE clinica.despesas AS SELECT 'principal' AS empresa, '1' AS id,"
            " 'Aluguel' AS codigo_categoria"
        )
    for words in (("suggest",), ("accept", *RENT)):
        said = terminal("mapping", *words)
        assert said.code == 1
        assert "omie-pipeline refs --empresa principal" in said.err
    clinic.read_references()
    # Tables of an earlier version have fewer columns: names are compared all the same.
    assert shown(terminal)["Aluguel"][0]["code"] == "2.02.02"
