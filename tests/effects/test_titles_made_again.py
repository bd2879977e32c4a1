"""Títulos and payments that come back, and those that may not go."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal

import pytest

from omie_pipeline.payload import Selection
from omie_pipeline.push.effects.title import forget_settlements
from omie_pipeline.push.policy import EndpointPolicy
from omie_pipeline.push.unfinished import resumable
from omie_pipeline.reconcile.resend import set_back
from omie_pipeline.simulator.engine.planned_faults import PlannedFault
from tests.effects.rows import (
    CONFLICT,
    DAY,
    OPEN,
    UNDO,
    baixa,
    estorno,
    model,
    push,
    quarantined,
    said,
    settle_down,
    with_billed_order,
    with_contract,
    with_settled_title,
    with_title,
)
from tests.push.world import EMPRESA, World, titulo

pytestmark = pytest.mark.usefixtures("unvalidated")

MIRROR = EndpointPolicy(mode="mirror", guardrails=OPEN)
STEPS = ("estornar_baixas_receber", "contas_receber", "baixas_receber")
REFUSED = '{"faultstring":"ERROR: A baixa esta conciliada!","faultcode":"SOAP-ENV:Client-103"}'


def paid(world: World, code: str = "REC-1") -> list[str]:
    """Values of a título's settlements in Omie."""
    return [f"{Decimal(one['valor']):.2f}" for one in world.control.settlements(code)]


def everything(world: World, selection: Selection | None = None) -> None:
    for endpoint in STEPS:
        push(world, endpoint, policy=UNDO, selection=selection)


def test_a_payment_that_is_paid_after_all_is_settled_after_a_held_run(world: World) -> None:
    """The id of the settlement that was taken back does not come back with a failed try."""
    with_settled_title(world)
    model(world, "estornar_baixas_receber", estorno(1))
    model(world, "baixas_receber")
    push(world, "estornar_baixas_receber", policy=CONFLICT)
    settle_down(world)
    model(world, "estornar_baixas_receber")
    model(world, "baixas_receber", baixa(1))
    world.control.next_faults(PlannedFault("html_502", method="LancarRecebimento", times=20))
    assert push(world, "baixas_receber", policy=CONFLICT).total.held == 1
    world.control.clear_faults()
    settle_down(world, 3600)
    assert push(world, "baixas_receber", policy=CONFLICT).total.created == 1
    assert paid(world) == ["150.10"]


def send_again(world: World) -> None:
    set_back(world.engine, EMPRESA, "contas_receber", ["REC-1"], world.clock.now())
    assert push(world, "contas_receber", policy=CONFLICT).total.delivered == 1


def test_a_title_that_is_sent_again_is_settled_again(world: World) -> None:
    with_settled_title(world)
    world.control.delete("contas_receber", "REC-1")
    send_again(world)
    settle_down(world)
    assert push(world, "baixas_receber", policy=CONFLICT).total.created == 1
    assert paid(world) == ["150.10"]


def test_a_title_that_was_there_after_all_is_not_settled_twice(world: World) -> None:
    with_settled_title(world)
    with world.engine.begin() as connection:
        forget_settlements(connection, EMPRESA, "contas_receber", ["REC-1"], world.clock.now())
    assert push(world, "baixas_receber", policy=CONFLICT).total.linked == 1
    assert paid(world) == ["150.10"]


def test_a_title_that_was_taken_out_and_comes_back_is_settled_again(world: World) -> None:
    """A person took the settlement back, so that the título could leave."""
    with_settled_title(world)
    model(world, "excluir_contas_receber", {"empresa": EMPRESA, "data_particao": DAY,
                                            "codigo_lancamento_integracao": "REC-1"})  # fmt: skip
    assert push(world, "excluir_contas_receber", policy=CONFLICT).total.quarantined == 1
    (reason,) = quarantined(world, "excluir_contas_receber")["REC-1"]
    assert reason["rule"] == "titulo_baixado"
    model(world, "estornar_baixas_receber", estorno(1))
    push(world, "estornar_baixas_receber", policy=CONFLICT)
    assert push(world, "excluir_contas_receber", policy=CONFLICT).total.deleted == 1
    model(world, "excluir_contas_receber")
    model(world, "estornar_baixas_receber")
    model(world, "contas_receber", titulo(1, valor_documento=Decimal("160.00")))
    settle_down(world)
    assert push(world, "contas_receber", policy=CONFLICT).total.created == 1
    settle_down(world)
    assert push(world, "baixas_receber", policy=CONFLICT).total.created == 1
    assert paid(world) == ["150.10"]


@pytest.mark.slow
@pytest.mark.parametrize(
    ("value", "payments"),
    [
        ("100.00", [baixa(1)]),
        ("160.00", [baixa(1, "150.00", desconto=Decimal("10.01"))]),
        ("160.00", []),
    ],
)
def test_what_could_not_come_back_is_not_taken_back(
    world: World, value: str, payments: Sequence[dict[str, object]]
) -> None:
    with_settled_title(world)
    model(world, "contas_receber", titulo(1, valor_documento=Decimal(value)))
    model(world, "baixas_receber", *payments)
    model(world, "estornar_baixas_receber")
    for _ in range(2):
        everything(world)
        settle_down(world)
    assert paid(world) == ["150.10"]
    assert world.writes() == []
    (reason,) = quarantined(world, "contas_receber")["REC-1"]
    assert reason["rule"] == "titulo_baixado"


def test_a_payment_above_its_title_is_not_taken_back(world: World) -> None:
    with_settled_title(world)
    model(world, "baixas_receber", baixa(1, "150.20"))
    model(world, "estornar_baixas_receber")
    everything(world)
    assert paid(world) == ["150.10"]
    (reason,) = quarantined(world, "baixas_receber")["BXR-1"]
    assert reason["rule"] == "baixa_lancada"


@pytest.mark.slow
def test_a_run_of_one_day_settles_what_it_took_back_of_another(world: World) -> None:
    with_settled_title(world)
    model(world, "contas_receber", titulo(1, valor_documento=Decimal("160.00")))
    model(world, "estornar_baixas_receber")
    everything(world, Selection(EMPRESA, DAY, DAY))
    assert paid(world) == ["150.10"]
    assert push(world, "baixas_receber", policy=UNDO).total.unchanged == 1


@pytest.mark.slow
def test_what_waits_for_a_reversal_is_not_resumed_by_itself(world: World) -> None:
    with_settled_title(world)
    model(world, "contas_receber", titulo(1, valor_documento=Decimal("160.00")))
    model(world, "estornar_baixas_receber")
    fault = PlannedFault("custom", method="CancelarRecebimento", times=99, status=500, body=REFUSED)
    world.control.next_faults(fault)
    for endpoint in STEPS[:2]:
        push(world, endpoint, policy=UNDO)
    settle_down(world, 3600)
    assert resumable(world.engine, world.clock.now()) == []


@pytest.mark.slow
def test_a_settlement_is_resumed_once_its_title_was_changed(world: World) -> None:
    with_settled_title(world)
    model(world, "contas_receber", titulo(1, valor_documento=Decimal("160.00")))
    model(world, "estornar_baixas_receber")
    push(world, "estornar_baixas_receber", policy=UNDO)
    assert push(world, "baixas_receber", policy=UNDO).total.held == 1
    settle_down(world)
    assert resumable(world.engine, world.clock.now()) == []
    push(world, "contas_receber", policy=UNDO)
    settle_down(world)
    assert [one.endpoint for one in resumable(world.engine, world.clock.now())] == [
        "baixas_receber"
    ]
    push(world, "baixas_receber", policy=UNDO, selection=Selection(EMPRESA, held_only=True))
    assert paid(world) == ["150.10"]


@pytest.mark.parametrize("endpoint", ["baixas_receber", "contratos"])
def test_mirror_takes_nothing_away_where_omie_cannot(world: World, endpoint: str) -> None:
    with_contract(world) if endpoint == "contratos" else with_settled_title(world)
    model(world, endpoint)
    assert push(world, endpoint, policy=MIRROR).total.selected == 0
    assert world.control.calls() == ()


@pytest.mark.parametrize("endpoint", ["contas_receber", "ordens_servico"])
def test_mirror_holds_what_is_settled_or_billed(world: World, endpoint: str) -> None:
    if endpoint == "contas_receber":
        with_settled_title(world)
    else:
        with_billed_order(world)
    model(world, endpoint)
    assert push(world, endpoint, policy=MIRROR).total.held == 1
    assert world.control.calls() == ()
    code = "REC-1" if endpoint == "contas_receber" else "OS-1"
    assert "saiu da clínica" in said(world, endpoint, code)
    settle_down(world, 3600)
    assert resumable(world.engine, world.clock.now()) == []


@pytest.mark.slow
def test_a_title_that_left_goes_once_its_payment_was_reversed(world: World) -> None:
    with_title(world, titulo(1), titulo(2))
    model(world, "baixas_receber", baixa(1))
    push(world, "baixas_receber")
    settle_down(world)
    model(world, "contas_receber", titulo(2))
    assert push(world, "contas_receber", policy=MIRROR).total.held == 1
    model(world, "baixas_receber")
    model(world, "estornar_baixas_receber", estorno(1))
    push(world, "estornar_baixas_receber", policy=CONFLICT)
    assert push(world, "contas_receber", policy=MIRROR).total.deleted == 1
    assert set(world.held_by_omie("contas_receber")) == {"REC-2"}
