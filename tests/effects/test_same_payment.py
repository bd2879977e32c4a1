"""A payment that somebody else settled, linked by a person instead of being sent."""

from __future__ import annotations

from decimal import Decimal

import pytest

from omie_pipeline.payload import Selection
from omie_pipeline.push.report import PushReport
from tests.effects.rows import OPEN, baixa, estorno, model, push, quarantined, with_title
from tests.effects.test_money_already_there import HALF, bank_pays
from tests.push.world import EMPRESA, World, titulo

pytestmark = pytest.mark.usefixtures("unvalidated")

ONE = Selection(EMPRESA, key="BXR-1")


def settled(world: World) -> int:
    return len(world.control.settlements("REC-1"))


def linked(world: World) -> PushReport:
    """The bank settled it a day later; a person says that it is the same payment."""
    with_title(world)
    bank_pays(world)
    model(world, "baixas_receber", baixa(1, str(HALF)))
    assert push(world, "baixas_receber").total.quarantined == 1
    (reason,) = quarantined(world, "baixas_receber")["BXR-1"]
    assert "--key BXR-1 --same" in reason["fix"]
    world.clock.sleep(120)
    return push(world, "baixas_receber", selection=ONE, same=True)


def test_it_is_linked_and_never_sent(world: World) -> None:
    report = linked(world)
    assert (report.total.linked, report.total.created) == (1, 0)
    assert settled(world) == 1
    assert quarantined(world, "baixas_receber") == {}
    ((omie_id, same_as, ours),) = world.rows(
        "SELECT omie_id, same_as, created_here FROM omie_sync.ledger"
        " WHERE endpoint = 'baixas_receber'"
    )
    (entry,) = world.control.settlements("REC-1")
    assert (omie_id, same_as, ours) == (None, entry["codigo_baixa"], False)
    world.clock.sleep(120)
    world.control.clear_calls()
    assert push(world, "baixas_receber").total.unchanged == 1
    assert world.control.calls() == ()


def test_the_whole_plan_is_never_taken_for_the_same(world: World) -> None:
    with_title(world)
    bank_pays(world)
    model(world, "baixas_receber", baixa(1, str(HALF)))
    assert push(world, "baixas_receber", same=True).total.quarantined == 1


def test_one_settlement_is_one_payment(world: World) -> None:
    linked(world)
    world.clock.sleep(120)
    model(world, "baixas_receber", baixa(1, str(HALF)), baixa(2, str(HALF)))
    two = Selection(EMPRESA, key="BXR-2")
    assert push(world, "baixas_receber", selection=two, same=True).total.quarantined == 1
    assert settled(world) == 1


def test_two_that_could_be_it_stay_with_a_person(world: World) -> None:
    with_title(world)
    bank_pays(world)
    bank_pays(world, days_later=2)
    model(world, "baixas_receber", baixa(1, str(HALF)))
    assert push(world, "baixas_receber", selection=ONE, same=True).total.quarantined == 1


def test_nothing_like_it_in_omie_is_sent_as_ever(world: World) -> None:
    with_title(world)
    model(world, "baixas_receber", baixa(1, str(HALF)))
    assert push(world, "baixas_receber", selection=ONE, same=True).total.created == 1


@pytest.mark.parametrize("approve", [False, True])
def test_its_change_touches_nothing_of_theirs(world: World, approve: bool) -> None:
    linked(world)
    world.clock.sleep(120)
    model(world, "baixas_receber", baixa(1, "70.00"))
    report = push(world, "baixas_receber", selection=ONE, approve=approve)
    assert report.total.quarantined == 1
    assert settled(world) == 1
    model(world, "baixas_receber", baixa(1, str(HALF)))
    assert push(world, "baixas_receber").total.unchanged == 1


def test_its_reversal_touches_nothing_of_theirs(world: World) -> None:
    linked(world)
    world.clock.sleep(120)
    model(world, "baixas_receber")
    model(world, "estornar_baixas_receber", estorno(1))
    report = push(world, "estornar_baixas_receber", policy=None)
    assert report.total.quarantined == 1
    assert settled(world) == 1


def test_a_title_that_was_made_again_has_it_no_more(world: World) -> None:
    from omie_pipeline.push.policy import EndpointPolicy

    linked(world)
    (entry,) = world.control.settlements("REC-1")
    world.control.undo_settlement(entry["codigo_baixa"])
    world.clock.sleep(120)
    model(world, "contas_receber")
    mirror = EndpointPolicy(mode="mirror", guardrails=OPEN)
    assert push(world, "contas_receber", policy=mirror).total.deleted == 1
    world.clock.sleep(120)
    model(world, "contas_receber", titulo(1))
    assert push(world, "contas_receber").total.created == 1
    world.clock.sleep(120)
    assert push(world, "baixas_receber").total.created == 1
    assert sum(Decimal(one["valor"]) for one in world.control.settlements("REC-1")) == HALF
