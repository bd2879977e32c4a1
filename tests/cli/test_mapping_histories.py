"""Random histories of decisions: what is in force is what the history says, and refusals hold."""

from __future__ import annotations

from dataclasses import replace
from random import Random

import pytest
import sqlalchemy as sa

from omie_pipeline.app import mapping_patterns
from omie_pipeline.app.deployment import Deployment
from omie_pipeline.app.map_lists import decisions, listed, set_codes, unset_codes
from omie_pipeline.app.suggest_mappings import accept, refuse, suggested
from omie_pipeline.errors import ConfigurationError
from omie_pipeline.list_mapping.wanted import Wanted
from tests.cli.conftest import Terminal
from tests.push.world import World

VALUES = ("Locação da sala", "Folha", "Repasse médico", "Desp. adm.", "Xpto")
CODES = ("2.01.01", "2.01.02", "2.02.01", "2.02.02", "2.99.99", "9.99.99")
PEOPLE = ("Ana", "Bruno")


@pytest.fixture
def deployment(terminal: Terminal, clinic: World, engine: sa.Engine) -> Deployment:
    """Omie's lists were read, and the clinic's expenses built."""
    clinic.read_references()
    with engine.begin() as connection:
        connection.exec_driver_sql("CREATE SCHEMA IF NOT EXISTS clinica")
        connection.exec_driver_sql(
            "CREATE TABLE clinica.despesas (empresa text, id text, fornecedor_id text, "
            "codigo_categoria text, forma_pagamento_id text, observacao text, valor numeric)"
        )
        connection.execute(
            sa.text(
                "INSERT INTO clinica.despesas SELECT 'principal', n::text, '9', value, 'BOLETO',"
                " 'Março', 100 * n FROM unnest(CAST(:values AS text[]))"
                " WITH ORDINALITY AS a (value, n)"
            ),
            {"values": list(VALUES)},
        )
    return Deployment()


@pytest.mark.slow
@pytest.mark.parametrize("seed", [1, 2])
def test_what_is_in_force_is_what_the_history_says(
    deployment: Deployment, engine: sa.Engine, seed: int
) -> None:
    chance = Random(seed)
    refused: set[tuple[str, str]] = set()
    told: dict[str, str] = {}
    patterns: dict[str, str] = {}
    for _ in range(40):
        value, code, by = chance.choice(VALUES), chance.choice(CODES), chance.choice(PEOPLE)
        wanted = Wanted("principal", "category", value, code)
        act = chance.choice(("set", "unset", "accept", "refuse", "pattern", "inactive"))
        try:
            if act == "set":
                set_codes(deployment, [wanted], by)
                told[value] = code
                refused.discard((value, code))
            elif act == "unset":
                unset_codes(deployment, "principal", "category", [value], by)
                told.pop(value, None)
            elif act == "accept":
                change = accept(deployment, replace(wanted, code=""), by)
                assert change.after is not None
                assert (value, change.after.code) not in refused
                told[value] = change.after.code
            elif act == "refuse":
                refuse(deployment, wanted, by)
                refused.add((value, code))
            elif act == "pattern":
                glob = f"*{value[:5].lower()}*"
                mapping_patterns.write(deployment, replace(wanted, source=glob), by)
                patterns[value] = code
            else:
                with engine.begin() as connection:
                    connection.execute(
                        sa.text("UPDATE omie.categorias SET conta_inativa = :to WHERE codigo = :c"),
                        {"c": code, "to": chance.choice("SN")},
                    )
        except ConfigurationError:
            assert act in ("set", "accept", "pattern")  # no such code by now, or nothing suggested
        active = set(_active(engine))
        for one in suggested(deployment, ["principal"], ["category"]):
            codes = [named.suggestion.code for named in one.suggestions]
            assert not {(one.item.source, code) for code in codes} & refused
            assert set(codes) <= active
            first = patterns.get(one.item.source)
            if first in active and (one.item.source, first) not in refused:
                assert codes[0] == first
    in_force = {one.mapped.key.source: one.mapped for one in listed(deployment, ["principal"])}
    assert {source: one.code for source, one in in_force.items()} == told
    replayed: dict[str, tuple[str, str]] = {}
    history = decisions(deployment, ["principal"])
    for decision in reversed(history):
        if decision.action in ("set", "accept"):
            assert decision.code_after is not None
            replayed[decision.key.source] = (decision.code_after, decision.decided_by)
        elif decision.action == "unset":
            del replayed[decision.key.source]
        if decision.action == "accept":
            assert decision.evidence
    assert replayed == {source: (one.code, one.decided_by) for source, one in in_force.items()}


def _active(engine: sa.Engine) -> list[str]:
    with engine.connect() as connection:
        found = connection.execute(
            sa.text(
                "SELECT codigo FROM omie.categorias"
                " WHERE conta_inativa <> 'S' AND coalesce(totalizadora, 'N') <> 'S'"
            )
        )
        return [row.codigo for row in found]
