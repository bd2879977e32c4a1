"""Títulos and payments that change after they were settled; payments that are reversed."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

import pytest

from omie_pipeline.errors import WarehouseError
from omie_pipeline.omie import CallRecord
from omie_pipeline.payload import Selection
from omie_pipeline.push.gate import JudgedPlan
from omie_pipeline.push.policy import EndpointPolicy
from omie_pipeline.simulator.engine.planned_faults import PlannedFault
from omie_pipeline.switches.decisions import Switches
from tests.effects.rows import (
    CONFLICT,
    DAY,
    PAYMENT_DAY,
    UNDO,
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
from tests.push.world import EMPRESA, World, titulo

pytestmark = pytest.mark.usefixtures("unvalidated")

STEPS = ("estornar_baixas_receber", "contas_receber", "baixas_receber")
DEARER = Decimal("160.00")


def everything(world: World, *, selection: Selection | None = None) -> None:
    """A full run with the policy ``undo``, in its order."""
    for endpoint in STEPS:
        push(world, endpoint, policy=UNDO, selection=selection)


def clinic_says(world: World, *titles: dict[str, object], paid: str = "150.10") -> None:
    model(world, "contas_receber", *(titles or (titulo(1),)))
    model(world, "baixas_receber", baixa(1, paid))
    model(world, "estornar_baixas_receber")


def omie_has(world: World, code: str = "REC-1") -> tuple[str, list[tuple[str, str]]]:
    """Value of a título, and its settlements by code and value."""
    record = world.control.record("contas_receber", code)
    assert record is not None
    paid = [
        (one["codigo_baixa_integracao"], f"{Decimal(one['valor']):.2f}")
        for one in world.control.settlements(code)
    ]
    return f"{Decimal(record['valor_documento']):.2f}", paid


def test_conflict_is_for_a_person_and_ends_when_the_clinic_takes_it_back(world: World) -> None:
    with_settled_title(world)
    clinic_says(world, titulo(1, valor_documento=DEARER))
    assert push(world, "contas_receber", policy=CONFLICT).total.quarantined == 1
    (reason,) = quarantined(world, "contas_receber")["REC-1"]
    assert reason["rule"] == "titulo_baixado"
    assert reason["fix"]
    assert world.control.calls() == ()
    clinic_says(world)
    assert push(world, "contas_receber", policy=CONFLICT).total.unchanged == 1
    assert quarantined(world, "contas_receber") == {}
    assert omie_has(world) == ("150.10", [("BXR-1", "150.10")])


def test_undone_altered_and_settled_again(world: World) -> None:
    with_settled_title(world)
    clinic_says(world, titulo(1, valor_documento=DEARER), paid="160.00")
    everything(world)
    assert omie_has(world) == ("160.00", [("BXR-1", "160.00")])
    settle_down(world)
    everything(world)
    assert world.control.calls() == ()


def test_nothing_is_undone_once_the_way_back_is_switched_off(world: World) -> None:
    """By a person, while the run that undoes is on its way."""
    with_settled_title(world)
    clinic_says(world, titulo(1, valor_documento=DEARER), paid="160.00")

    class SwitchesOff:
        """Decides when the plan stands."""

        def judged(self, found: JudgedPlan) -> list[int]:
            now = world.clock.now()
            switches = Switches(world.engine)
            switches.decide(EMPRESA, "baixas_receber", "state", "off", "maria", now)
            return []

        def guarded(self, found: JudgedPlan, stops: tuple[str, ...]) -> bool:
            return False

    report = world.push("estornar_baixas_receber", policy=UNDO, gate=SwitchesOff())
    assert (report.total.held, report.closes) == (1, True)
    assert "baixas_receber" in report.stopped_by
    assert [c.method for c in world.writes()] == []
    assert omie_has(world) == ("150.10", [("BXR-1", "150.10")])


@pytest.mark.parametrize("first", ["contas_receber", "baixas_receber"])
def test_the_steps_in_another_order_end_alike(world: World, first: str) -> None:
    """What waits for its reversal is not forgotten by it."""
    with_settled_title(world)
    clinic_says(world, titulo(1, valor_documento=DEARER), paid="160.00")
    assert push(world, first, policy=UNDO).total.held == 1
    everything(world)
    assert omie_has(world) == ("160.00", [("BXR-1", "160.00")])
    assert set(world.ledger("baixas_receber").values()) == {"confirmed"}


def test_a_payment_that_changes_is_settled_anew(world: World) -> None:
    with_settled_title(world)
    clinic_says(world, paid="100.00")
    assert push(world, "baixas_receber", policy=CONFLICT).total.quarantined == 1
    everything(world)
    assert omie_has(world) == ("150.10", [("BXR-1", "100.00")])


def test_a_change_that_does_not_validate_undoes_nothing(world: World) -> None:
    with_settled_title(world)
    bad = titulo(1, codigo_cliente_fornecedor_integracao="PAC-7", valor_documento=DEARER)
    clinic_says(world, bad)
    everything(world)
    assert omie_has(world) == ("150.10", [("BXR-1", "150.10")])
    assert [c.method for c in world.writes()] == []


@pytest.mark.slow
def test_a_change_that_omie_refuses_does_not_oscillate(world: World) -> None:
    with_settled_title(world)
    bad = titulo(1, codigo_categoria="9.99.99")
    clinic_says(world, bad)
    for _ in range(3):
        everything(world)
        settle_down(world, 3600)
    assert omie_has(world) == ("150.10", [("BXR-1", "150.10")])
    ledger = world.rows("SELECT endpoint, state FROM omie_sync.ledger")
    states = {row[0]: row[1] for row in ledger}
    assert (states["contas_receber"], states["baixas_receber"]) == ("rejected", "confirmed")
    assert "9.99.99" in said(world, "contas_receber", "REC-1")
    everything(world)
    assert world.control.calls() == ()
    clinic_says(world, titulo(1, valor_documento=DEARER), paid="160.00")
    everything(world)
    assert omie_has(world) == ("160.00", [("BXR-1", "160.00")])


def test_nothing_is_settled_again_before_the_title_could_change(world: World) -> None:
    with_settled_title(world)
    clinic_says(world, titulo(1, valor_documento=DEARER), paid="160.00")
    push(world, "estornar_baixas_receber", policy=UNDO)
    fault = PlannedFault("busy", method="UpsertContaReceber", times=3)
    world.control.next_faults(fault)
    assert push(world, "contas_receber", policy=UNDO).total.held == 1
    assert push(world, "baixas_receber", policy=UNDO).total.held == 1
    assert omie_has(world) == ("150.10", [])
    settle_down(world)
    everything(world)
    assert omie_has(world) == ("160.00", [("BXR-1", "160.00")])


@pytest.mark.slow
@pytest.mark.parametrize(
    "method", ["CancelarRecebimento", "UpsertContaReceber", "LancarRecebimento"]
)
def test_a_crash_in_between_changes_nothing_in_the_end(world: World, method: str) -> None:
    with_settled_title(world)
    clinic_says(world, titulo(1, valor_documento=DEARER), paid="160.00")

    def crash(record: CallRecord) -> None:
        if record.method == method:
            raise WarehouseError("gone")

    world.on_call = crash
    with pytest.raises(WarehouseError):
        everything(world)
    world.on_call = None
    for _ in range(2):
        settle_down(world, 600)
        everything(world)
    assert omie_has(world) == ("160.00", [("BXR-1", "160.00")])
    assert world.open_intents() == 0


@pytest.mark.slow
@pytest.mark.parametrize("days", [(DAY, PAYMENT_DAY), (PAYMENT_DAY, DAY)])
def test_days_apart_pushed_one_by_one(world: World, days: tuple[date, date]) -> None:
    """The título counts on one day and its payment on another."""
    with_settled_title(world)
    clinic_says(world, titulo(1, valor_documento=DEARER), paid="160.00")
    for _ in range(2):
        for day in days:
            everything(world, selection=Selection(EMPRESA, day, day))
            settle_down(world)
    assert omie_has(world) == ("160.00", [("BXR-1", "160.00")])
    assert set(world.ledger("baixas_receber").values()) == {"confirmed"}


def test_part_payments_with_discount_interest_and_fine(world: World) -> None:
    with_title(world)
    first = baixa(1, "100.00", juros=Decimal("2.00"), multa=Decimal("3.00"))
    second = baixa(2, "40.10", desconto=Decimal("10.00"))
    model(world, "baixas_receber", first, second)
    assert push(world, "baixas_receber").total.created == 2
    assert push(world, "baixas_receber").total.unchanged == 2
    kept = [(o["valor"], o["desconto"], o["juros"]) for o in world.control.settlements("REC-1")]
    assert kept == [(100, 0, 2), (Decimal("40.1"), 10, 0)]


def test_more_than_is_open_is_put_to_a_person(world: World) -> None:
    with_title(world)
    model(world, "baixas_receber", baixa(1, "150.11"))
    assert push(world, "baixas_receber").total.quarantined == 1
    (reason,) = quarantined(world, "baixas_receber")["BXR-1"]
    assert "só tem R$ 150,10 em aberto" in reason["reason"]
    assert "R$ 150,11" in reason["reason"]
    assert omie_has(world) == ("150.10", [])


def test_a_reversal_of_what_was_never_settled_has_nothing_to_do(world: World) -> None:
    with_title(world)
    model(world, "baixas_receber")
    model(world, "estornar_baixas_receber", estorno(1))
    report = push(world, "estornar_baixas_receber")
    assert (report.total.unchanged, report.total.delivered, report.total.calls) == (1, 0, 0)
    assert report.closes
    assert push(world, "estornar_baixas_receber").total.unchanged == 1
    # Settled after all, as a run over an older model would: it is taken back.
    model(world, "baixas_receber", baixa(1))
    assert push(world, "baixas_receber").total.created == 1
    model(world, "baixas_receber")
    assert push(world, "estornar_baixas_receber", policy=CONFLICT).total.deleted == 1
    assert omie_has(world) == ("150.10", [])


def test_a_reversal_that_the_clinic_takes_back_settles_again(world: World) -> None:
    with_settled_title(world)
    for _ in range(2):
        model(world, "baixas_receber")
        model(world, "estornar_baixas_receber", estorno(1))
        assert push(world, "estornar_baixas_receber", policy=CONFLICT).total.deleted == 1
        assert push(world, "baixas_receber", policy=CONFLICT).total.selected == 0
        assert omie_has(world) == ("150.10", [])
        settle_down(world)
        model(world, "baixas_receber", baixa(1))
        model(world, "estornar_baixas_receber")
        assert push(world, "estornar_baixas_receber", policy=CONFLICT).total.selected == 0
        assert push(world, "baixas_receber", policy=CONFLICT).total.created == 1
        assert omie_has(world) == ("150.10", [("BXR-1", "150.10")])
        settle_down(world)


def test_a_reversal_waits_for_an_unclear_settlement(world: World) -> None:
    with_title(world)
    model(world, "baixas_receber", baixa(1))
    world.on_call = lambda record: _unreadable_from(world, record)
    assert push(world, "baixas_receber").total.held == 1
    world.on_call = None
    assert world.open_intents() == 1
    model(world, "baixas_receber")
    model(world, "estornar_baixas_receber", estorno(1))
    assert push(world, "estornar_baixas_receber").total.held == 1
    assert "sem resposta" in said(world, "estornar_baixas_receber", "BXR-1")
    push(world, "baixas_receber")
    world.control.clear_faults()
    settle_down(world, 3600)
    push(world, "baixas_receber")
    assert push(world, "estornar_baixas_receber", policy=CONFLICT).total.deleted == 1
    assert omie_has(world) == ("150.10", [])
    assert world.open_intents() == 0


def _unreadable_from(world: World, record: CallRecord) -> None:
    """Once the título was looked at, its settlement is lost and nothing can be read."""
    if record.method == "PesquisarLancamentos" and record.fault is None:
        world.control.next_faults(
            PlannedFault("http_500_after_commit", method="LancarRecebimento"),
            PlannedFault("html_502", method="PesquisarLancamentos", times=50),
        )


@pytest.mark.parametrize("policy", [CONFLICT, UNDO])
def test_a_change_that_was_held_and_taken_back_is_no_conflict(
    world: World, policy: EndpointPolicy
) -> None:
    with_settled_title(world)
    clinic_says(world, titulo(1, valor_documento=DEARER), paid="160.00")
    for endpoint in ("contas_receber", "baixas_receber"):
        assert push(world, endpoint, policy=UNDO).total.held == 1
    clinic_says(world)
    for endpoint in STEPS:
        assert push(world, endpoint, policy=policy).total.quarantined == 0
    assert omie_has(world) == ("150.10", [("BXR-1", "150.10")])
    assert set(world.ledger("baixas_receber").values()) == {"confirmed"}
    assert set(world.ledger("contas_receber").values()) == {"confirmed"}
    assert world.control.calls(method="LancarRecebimento") == ()
