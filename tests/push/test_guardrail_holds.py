"""What a guardrail or a person holds is not let through by the back door."""

from __future__ import annotations

from datetime import date

import pytest

from omie_pipeline.errors import GuardrailStopped
from omie_pipeline.payload import Selection
from omie_pipeline.push.policy import EndpointPolicy
from omie_pipeline.simulator.engine.planned_faults import PlannedFault
from tests.push.accept_all import INVALID
from tests.push.world import EMPRESA, World, cliente, titulo

pytestmark = pytest.mark.usefixtures("unvalidated")


def _stopped(world: World) -> None:
    bad = [cliente(n, razao_social=INVALID) for n in range(1, 8)]
    world.model("clientes", [*bad, cliente(8), cliente(9)])
    with pytest.raises(GuardrailStopped):
        world.push()
    assert world.ledger() == {"PAC-8": "held", "PAC-9": "held"}
    assert world.control.calls() == ()


@pytest.mark.parametrize(
    "selection",
    [Selection(EMPRESA, unfinished_only=True), Selection(EMPRESA, held_only=True)],
    ids=["retry", "sensor"],
)
def test_a_retry_sends_nothing_that_a_guardrail_holds(world: World, selection: Selection) -> None:
    _stopped(world)
    report = world.push(selection=selection)
    assert (report.total.selected, report.total.calls) == (0, 0)
    assert world.ledger() == {"PAC-8": "held", "PAC-9": "held"}


def test_an_approved_retry_sends_it(world: World) -> None:
    _stopped(world)
    selection = Selection(EMPRESA, unfinished_only=True, approved=True)
    assert world.push(selection=selection, approve=True).total.created == 2


@pytest.mark.slow
def test_partial_runs_are_not_compared_with_each_other(world: World) -> None:
    world.model("clientes", [cliente(n) for n in range(1, 12)])
    for number in range(1, 5):
        world.push(selection=Selection(EMPRESA, key=f"PAC-{number}"))
    for _ in range(4):
        world.push()
    assert world.push(selection=Selection(EMPRESA, key="PAC-1")).total.unchanged == 1


def test_a_day_is_compared_with_itself_and_with_no_other_day(world: World) -> None:
    world.model("clientes", [cliente(1)])
    world.push()
    monday, sunday = date(2026, 1, 5), date(2026, 1, 4)
    full = [titulo(n, data_particao=monday) for n in range(1, 9)]
    world.model("contas_receber", [*full, titulo(20, data_particao=sunday)])
    for _ in range(4):
        world.push("contas_receber", selection=Selection(EMPRESA, monday, monday))
    quiet = world.push("contas_receber", selection=Selection(EMPRESA, sunday, sunday))
    assert quiet.total.created == 1

    world.model("contas_receber", full[:2])
    with pytest.raises(GuardrailStopped, match="min_rows_vs_median"):
        world.push("contas_receber", selection=Selection(EMPRESA, monday, monday))


def test_a_held_delete_of_mirror_is_resumed_and_not_forgotten(world: World) -> None:
    mirror = EndpointPolicy(mode="mirror")
    rows = [cliente(n) for n in range(1, 15)]
    world.model("clientes", rows)
    world.push(policy=mirror)
    world.model("clientes", rows[:-1])
    world.control.next_faults(PlannedFault("blocked_425", method="ExcluirCliente", seconds=60))
    assert world.push(policy=mirror).total.held == 1
    world.clock.sleep(120)
    report = world.push(policy=mirror, selection=Selection(EMPRESA, held_only=True))
    assert report.total.deleted == 1
    assert report.closes
    assert world.control.record("clientes", "PAC-14") is None
