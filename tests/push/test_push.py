"""The promise, on a good day and on ordinary bad ones."""

from __future__ import annotations

from decimal import Decimal

import pytest

from tests.push.world import World, cliente, titulo


def test_new_rows_are_created_then_unchanged(world: World) -> None:
    world.model("clientes", [cliente(n) for n in range(1, 6)])
    first = world.push()
    assert (first.total.selected, first.total.created, first.total.calls) == (5, 5, 5)
    assert first.closes
    assert len(world.control.records("clientes")) == 5

    world.control.clear_calls()
    second = world.push()
    assert (second.total.unchanged, second.total.delivered, second.total.calls) == (5, 0, 0)
    assert second.closes
    assert world.control.calls() == ()


def test_a_changed_row_is_updated_and_only_that_one(world: World) -> None:
    world.model("clientes", [cliente(1), cliente(2)])
    world.push()
    world.clock.sleep(120)
    world.model("clientes", [cliente(1, bairro="Jardins"), cliente(2)])
    report = world.push()
    assert (report.total.updated, report.total.unchanged) == (1, 1)
    record = world.control.record("clientes", "PAC-1")
    assert record is not None
    assert record["bairro"] == "Jardins"


def test_titulos_carry_exact_money_and_wire_dates(world: World) -> None:
    world.model("clientes", [cliente(1)])
    world.push()
    world.read_references()
    world.model("contas_receber", [titulo(1, valor_documento=Decimal("0.10"))])
    report = world.push("contas_receber")
    assert report.total.created == 1
    assert report.closes
    (call,) = world.control.calls(method="UpsertContaReceber")
    assert call.param["data_vencimento"] == "05/02/2026"
    assert call.param["valor_documento"] == Decimal("0.10")


def test_a_titulo_waits_for_its_customer(world: World) -> None:
    world.read_references()
    world.model("contas_receber", [titulo(1)])
    report = world.push("contas_receber")
    assert (report.total.held, report.total.calls) == (1, 0)
    assert report.closes

    world.model("clientes", [cliente(1)])
    world.push()
    again = world.push("contas_receber")
    assert (again.total.created, again.total.held) == (1, 0)


def test_a_rejected_row_keeps_omies_words_and_is_tried_again(world: World) -> None:
    world.control.seed("clientes", [{"cnpj_cpf": cliente(1)["cnpj_cpf"], "razao_social": "Outro"}])
    world.model("clientes", [cliente(1), cliente(2)])
    report = world.push()
    assert (report.total.rejected, report.total.created) == (1, 1)
    assert report.closes
    ((text, fix),) = world.rows("SELECT fault_text, fix FROM omie_sync.rejected")
    assert "já cadastrado para o CPF/CNPJ" in text
    assert "PAC-1" in text
    assert cliente(1)["cnpj_cpf"] not in text
    assert "Una os dois" in fix

    world.clock.sleep(120)
    assert world.push().total.rejected == 1
    assert world.rows("SELECT attempts FROM omie_sync.ledger WHERE state = 'rejected'") == [(2,)]


def test_a_quarantined_row_never_leaves_and_empties_itself(world: World) -> None:
    world.model("clientes", [cliente(1, cnpj_cpf="11111111111", cep=""), cliente(2)])
    report = world.push()
    assert (report.total.quarantined, report.total.created) == (1, 1)
    assert report.closes
    ((reasons,),) = world.rows("SELECT reasons FROM omie_sync.quarantine")
    assert {reason["field"] for reason in reasons} >= {"cnpj_cpf", "cep"}
    assert all(reason["reason"] and reason["fix"] for reason in reasons)

    world.model("clientes", [cliente(1), cliente(2)])
    assert world.push().total.created == 1
    assert world.rows("SELECT count(*) FROM omie_sync.quarantine") == [(0,)]


@pytest.mark.parametrize("endpoint", ["clientes"])
def test_a_dry_run_sends_and_remembers_nothing(world: World, endpoint: str) -> None:
    world.model(endpoint, [cliente(1), cliente(2, cnpj_cpf="123")])
    report = world.push(endpoint, dry_run=True)
    assert report.would_send == 1
    assert report.total.quarantined == 1
    assert world.control.calls() == ()
    assert world.rows("SELECT count(*) FROM omie_sync.ledger") == [(0,)]
    assert world.rows("SELECT count(*) FROM omie_sync.quarantine") == [(0,)]
    assert world.rows("SELECT count(*) FROM omie_sync.plan") == [(0,)]
