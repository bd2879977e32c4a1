"""Money that is there already: the bank's settlements beside the clinic's own payments."""

from __future__ import annotations

from datetime import date, timedelta
from decimal import Decimal

import pytest

from omie_pipeline.payload import Selection
from omie_pipeline.push.policy import EndpointPolicy
from tests.effects.rows import (
    CONFLICT,
    OPEN,
    PAYMENT_DAY,
    baixa,
    estorno,
    model,
    push,
    quarantined,
    said,
    settle_down,
    with_settled_title,
    with_title,
)
from tests.effects.test_people_in_omie import lose_ledger
from tests.push.world import EMPRESA, World, titulo

pytestmark = pytest.mark.usefixtures("unvalidated")

HALF = Decimal("75.05")


def bank_pays(
    world: World,
    title: str = "REC-1",
    *,
    value: Decimal | None = HALF,
    days_later: int = 1,
    endpoint: str = "contas_receber",
    code: str = "",
) -> int:
    """The bank's return file, or a person, settles a título."""
    day = PAYMENT_DAY + timedelta(days=days_later)
    return world.control.settle(endpoint, title, value=value, day=day, integration_code=code)


def reason_of(world: World, code: str = "BXR-1", endpoint: str = "baixas_receber") -> str:
    (reason,) = quarantined(world, endpoint)[code]
    assert reason["fix"]
    return f"{reason['rule']}: {reason['reason']}"


def test_a_payment_that_comes_back_is_looked_for_as_a_new_one(world: World) -> None:
    """Reversed by mistake: finance settles by hand what the clinic then takes back."""
    with_settled_title(world, baixa(1, "75.05"))
    model(world, "baixas_receber")
    model(world, "estornar_baixas_receber", estorno(1))
    assert push(world, "estornar_baixas_receber").total.deleted == 1
    settle_down(world)
    bank_pays(world)
    model(world, "estornar_baixas_receber")
    model(world, "baixas_receber", baixa(1, "75.05"))
    assert push(world, "baixas_receber").total.quarantined == 1
    assert reason_of(world).startswith("baixa_no_omie")
    assert len(world.control.settlements("REC-1")) == 1


@pytest.mark.parametrize("endpoint", ["contas_receber", "contas_pagar"])
@pytest.mark.parametrize("days", [-5, -1, 1, 5])
def test_the_same_value_a_few_days_apart_is_put_to_a_person(
    world: World, endpoint: str, days: int
) -> None:
    with_title(world, endpoint=endpoint)
    bank_pays(world, days_later=days, endpoint=endpoint)
    baixas = endpoint.replace("contas", "baixas")
    model(world, baixas, baixa(1, str(HALF)))
    for _ in range(2):
        report = push(world, baixas)
        assert (report.total.quarantined, report.total.rejected) == (1, 0)
        day = PAYMENT_DAY + timedelta(days=days)
        assert f"R$ 75,05 em {day:%d/%m/%Y}" in reason_of(world, endpoint=baixas)
        settle_down(world)
    assert len(world.control.settlements("REC-1", endpoint)) == 1


@pytest.mark.parametrize(("window", "days"), [(5, 6), (0, 1)])
def test_another_day_than_the_policy_looks_at_is_another_payment(
    world: World, window: int, days: int
) -> None:
    with_title(world)
    bank_pays(world, days_later=days)
    model(world, "baixas_receber", baixa(1, str(HALF)))
    policy = EndpointPolicy(twin_days=window, guardrails=OPEN)
    assert push(world, "baixas_receber", policy=policy).total.created == 1


def test_interest_in_the_value_or_beside_it_is_the_same_money(world: World) -> None:
    with_title(world)
    bank_pays(world, value=Decimal("77.05"))
    model(world, "baixas_receber", baixa(1, "75.05", juros=Decimal("2.00")))
    assert push(world, "baixas_receber").total.quarantined == 1


def test_another_systems_payment_is_a_twin_too(world: World) -> None:
    with_title(world)
    bank_pays(world, code="BANCO-77")
    model(world, "baixas_receber", baixa(1, str(HALF)))
    assert push(world, "baixas_receber").total.quarantined == 1


@pytest.mark.parametrize("lost", [False, True])
def test_the_second_of_ours_is_no_twin_of_our_first(world: World, lost: bool) -> None:
    with_title(world)
    paid = [baixa(1, "50.00"), baixa(2, "50.00", data=date(2026, 1, 8))]
    model(world, "baixas_receber", paid[0])
    assert push(world, "baixas_receber").total.created == 1
    settle_down(world)
    if lost:
        lose_ledger(world, "baixas_receber")
    model(world, "baixas_receber", *paid)
    report = push(world, "baixas_receber")
    assert (report.total.created, report.total.quarantined) == (1, 0)
    assert len(world.control.settlements("REC-1")) == 2


def test_a_person_says_that_it_is_another_payment(world: World) -> None:
    with_title(world)
    bank_pays(world)
    model(world, "baixas_receber", baixa(1, str(HALF)))
    # An approval of everything is not one of this payment.
    assert push(world, "baixas_receber", approve=True).total.quarantined == 1
    assert "--key BXR-1 --approve" in quarantined(world, "baixas_receber")["BXR-1"][0]["fix"]
    settle_down(world)
    one = Selection(EMPRESA, key="BXR-1")
    assert push(world, "baixas_receber", selection=one, approve=True).total.created == 1
    assert len(world.control.settlements("REC-1")) == 2
    assert quarantined(world, "baixas_receber") == {}


def test_a_payment_taken_back_leaves_its_room(world: World) -> None:
    """A stale list may still show it."""
    with_title(world)
    model(world, "baixas_receber", baixa(1))
    assert push(world, "baixas_receber").total.created == 1
    settle_down(world)
    model(world, "baixas_receber", baixa(2))
    model(world, "estornar_baixas_receber", estorno(1))
    world.control.set_behaviour(stale_reads_seconds=60)
    assert push(world, "estornar_baixas_receber", policy=CONFLICT).total.deleted == 1
    assert push(world, "baixas_receber", policy=CONFLICT).total.created == 1
    assert [o["codigo_baixa_integracao"] for o in world.control.settlements("REC-1")] == ["BXR-2"]


def test_a_title_that_somebody_cancelled_is_put_to_a_person(world: World) -> None:
    with_title(world)
    world.control.cancel("contas_receber", "REC-1")
    model(world, "baixas_receber", baixa(1))
    assert push(world, "baixas_receber").total.quarantined == 1
    assert "cancelado" in reason_of(world)
    assert world.control.calls(method="LancarRecebimento") == ()


def test_twelve_boletos_that_the_bank_settled_cost_no_error(world: World) -> None:
    titles = [titulo(number) for number in range(1, 15)]
    with_title(world, *titles)
    for number in range(1, 13):
        bank_pays(world, f"REC-{number}", value=None, days_later=9)
    model(
        world,
        "baixas_receber",
        *(baixa(number, title=number) for number in range(1, 15)),
    )
    for run in range(2):
        report = push(world, "baixas_receber")
        assert report.total.quarantined == 12
        assert (report.total.created, report.total.unchanged) == ((2, 0), (0, 2))[run]
        assert report.stopped_by == ""
        assert [c for c in world.control.calls() if c.fault_text] == []
        settle_down(world)
    assert "já está liquidado" in reason_of(world)


def test_changed_titles_that_the_bank_settled_cost_one_error(world: World) -> None:
    numbers = range(1, 13)
    with_title(world, *(titulo(number) for number in (*numbers, 13)))
    for number in numbers:
        bank_pays(world, f"REC-{number}", value=None)
    changed = [titulo(n, valor_documento=Decimal("160.00")) for n in (*numbers, 13)]
    model(world, "contas_receber", *changed)
    first = push(world, "contas_receber", policy=CONFLICT)
    assert (first.total.rejected, first.total.quarantined, first.total.updated) == (1, 11, 1)
    assert first.stopped_by == ""
    settle_down(world)
    again = push(world, "contas_receber", policy=CONFLICT)
    assert (again.total.rejected, again.total.quarantined, again.total.unchanged) == (0, 12, 1)
    assert world.control.calls(method="UpsertContaReceber") == ()
    assert "uma baixa de R$ 150,10" in reason_of(world, "REC-1", "contas_receber")
    assert world.rows("SELECT 1 FROM omie_sync.rejected") == []


def test_a_settlement_undone_in_omie_lets_the_change_through(world: World) -> None:
    with_title(world)
    settlement = bank_pays(world, value=None)
    model(world, "contas_receber", titulo(1, valor_documento=Decimal("160.00")))
    assert push(world, "contas_receber", policy=CONFLICT).total.rejected == 1
    assert "baixa" in said(world, "contas_receber", "REC-1")
    settle_down(world)
    assert push(world, "contas_receber", policy=CONFLICT).total.quarantined == 1
    world.control.undo_settlement(settlement)
    settle_down(world)
    assert push(world, "contas_receber", policy=CONFLICT).total.updated == 1
    assert quarantined(world, "contas_receber") == {}


def test_what_was_never_tried_goes_before_what_omie_refused(world: World) -> None:
    """The same refusals would else spend the error budget of every run."""
    world.confirmed(1)
    bad = [titulo(number, codigo_categoria="9.99.99") for number in range(1, 4)]
    model(world, "contas_receber", *bad)
    assert push(world, "contas_receber", policy=CONFLICT).total.rejected == 3
    settle_down(world)
    model(world, "contas_receber", bad[0], bad[1], titulo(3), titulo(4))
    push(world, "contas_receber", policy=CONFLICT)
    sent = [c.param["codigo_lancamento_integracao"] for c in world.writes()]
    assert sent == ["REC-3", "REC-4", "REC-1", "REC-2"]
