"""Departamentos: one under a parent, whoever made it, and none that the list may hide."""

from __future__ import annotations

from collections.abc import Sequence

import pytest

from omie_pipeline.catalog import REGISTRY
from tests.catalog.deliveries import push
from tests.effects.rows import said
from tests.push.world import World

DEPARTAMENTOS = REGISTRY["departamentos"]
ROOT, RECEPTION = "9200000001", "9200000002"


def row(code: str, name: str, parent: str = ROOT) -> dict[str, str]:
    return {"_chave": code, "codigo": parent, "descricao": name}


def places(world: World, name: str) -> Sequence[str]:
    """Where departamentos of a name stand."""
    records = world.control.records("departamentos")
    return sorted(one["estrutura"] for one in records if one["descricao"] == name)


def test_one_that_a_person_made_is_taken_as_it_is(world: World) -> None:
    assert push(world, DEPARTAMENTOS, row("D-1", "atendimento ")).total.linked == 1
    assert world.control.calls(method="IncluirDepartamento") == ()


def test_the_same_name_under_another_parent_is_another(world: World) -> None:
    rows = (row("D-1", "Atendimento", "9200000003"), row("D-2", "Triagem", RECEPTION))
    assert push(world, DEPARTAMENTOS, *rows).total.created == 2
    assert places(world, "Atendimento") == ["001.001", "001.002.001"]
    assert places(world, "Triagem") == ["001.001.001"]
    assert push(world, DEPARTAMENTOS, *rows).total.unchanged == 2


def test_one_out_of_use_does_not_stand_for_a_new_one(world: World) -> None:
    assert push(world, DEPARTAMENTOS, row("D-1", "Unidade encerrada")).total.created == 1


def test_two_of_a_name_are_for_a_person(world: World) -> None:
    world.control.seed(
        "departamentos",
        [{"codigo": "77", "descricao": "Atendimento", "estrutura": "001.009", "inativo": "N"}],
    )
    assert push(world, DEPARTAMENTOS, row("D-1", "Atendimento")).total.rejected == 1
    assert f"77, {RECEPTION}" in said(world, "departamentos", "D-1")


@pytest.mark.parametrize("place", ["", "002.001"])
def test_a_list_that_hides_a_parent_proves_nothing(world: World, place: str) -> None:
    record = {"codigo": "77", "descricao": "Triagem", "estrutura": place, "inativo": "N"}
    world.control.seed("departamentos", [record])
    assert push(world, DEPARTAMENTOS, row("D-1", "Triagem")).total.created == 0
    assert world.control.calls(method="IncluirDepartamento") == ()


def test_a_change_in_the_clinic_is_not_sent(world: World) -> None:
    push(world, DEPARTAMENTOS, row("D-1", "Triagem"))
    report = push(world, DEPARTAMENTOS, row("D-1", "Acolhimento"))
    assert report.total.quarantined == 1
    assert (places(world, "Triagem"), places(world, "Acolhimento")) == (["001.005"], [])
