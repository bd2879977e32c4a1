"""What the terminal says of money that the bank or a person put into Omie first."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

import pytest

from tests.cli.conftest import Terminal
from tests.effects.rows import baixa, model
from tests.push.world import World, cliente, titulo


@pytest.mark.slow
def test_the_banks_payment_a_day_later_is_put_to_a_person(
    terminal: Terminal, clinic: World
) -> None:
    clinic.model("clientes", [cliente(1)])
    clinic.model(
        "contas_receber", [titulo(number, valor_documento=Decimal(200)) for number in range(1, 12)]
    )
    assert terminal("push", "clientes", "contas_receber").code == 0
    for number in range(1, 10):
        clinic.control.settle("contas_receber", f"REC-{number}", day=date(2026, 1, 20))
    clinic.control.settle("contas_receber", "REC-10", value=Decimal(100), day=date(2026, 1, 7))
    paid = [baixa(number, "200.00", title=number) for number in range(1, 10)]
    model(clinic, "baixas_receber", *paid, baixa(10, "100", title=10), baixa(11, "200", title=11))
    said = terminal("push", "baixas_receber", "--json")
    assert said.code == 3
    (line,) = said.lines
    assert (line["created"], line["quarantined"], line["rejected"]) == (1, 10, 0)
    listed = [str(one) for one in terminal("quarantine", "--json").lines]
    assert any("BXR-10" in one and "R$ 100,00 em 07/01/2026" in one for one in listed)
    assert any("BXR-1'" in one and "já está liquidado no Omie" in one for one in listed)
    clinic.forget_requests()
    again = terminal("push", "baixas_receber", "--json").lines[0]
    assert (again["quarantined"], again["unchanged"]) == (10, 1)
    assert [c for c in clinic.control.calls(method="LancarRecebimento") if c.fault_text] == []
    clinic.forget_requests()
    (one,) = terminal("push", "baixas_receber", "--key", "BXR-10", "--approve", "--json").lines
    assert one["created"] == 1
    assert clinic.control.record("contas_receber", "REC-10")["status_titulo"] == "RECEBIDO"  # type: ignore[index]


@pytest.mark.slow
def test_a_person_says_that_it_is_the_same_payment(terminal: Terminal, clinic: World) -> None:
    clinic.model("clientes", [cliente(1)])
    clinic.model("contas_receber", [titulo(1, valor_documento=Decimal(200))])
    assert terminal("push", "clientes", "contas_receber").code == 0
    clinic.control.settle("contas_receber", "REC-1", value=Decimal(100), day=date(2026, 1, 7))
    model(clinic, "baixas_receber", baixa(1, "100"))
    assert terminal("push", "baixas_receber").code == 3
    clinic.forget_requests()
    (one,) = terminal("push", "baixas_receber", "--key", "BXR-1", "--same", "--json").lines
    assert (one["linked"], one["created"], one["quarantined"]) == (1, 0, 0)
    assert len(clinic.control.settlements("REC-1")) == 1
    assert terminal("push", "baixas_receber").code == 0
    assert terminal("quarantine", "--json").lines == []


@pytest.mark.parametrize(
    "words",
    [
        ("baixas_receber", "--same"),
        ("contas_receber", "--key", "REC-1", "--same"),
        ("baixas_receber", "--key", "BXR-1", "--same", "--approve"),
    ],
)
def test_same_is_said_of_one_payment(
    terminal: Terminal, clinic: World, words: tuple[str, ...]
) -> None:
    said = terminal("push", *words)
    assert said.code == 2
    assert "--same" in said.err
