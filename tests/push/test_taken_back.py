"""A change that was refused, or that had to wait, and that the clinic took back."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

import pytest

from omie_pipeline.payload import Selection
from omie_pipeline.push.policy import EndpointPolicy, Guardrails
from omie_pipeline.push.report import PushReport
from omie_pipeline.simulator.engine.planned_faults import PlannedFault
from tests.push.world import EMPRESA, World, cliente, titulo

pytestmark = pytest.mark.usefixtures("unvalidated")

MIRROR = EndpointPolicy(mode="mirror", guardrails=Guardrails(max_delete_share=1))
REFUSED = PlannedFault("fault_in_200")
NOBODY_KNOWS = PlannedFault(
    "custom", status=200, body='{"faultcode":"SOAP-ENV:Weird","faultstring":"xyzzy"}'
)


def untouched(world: World, report: PushReport, code: str = "PAC-1") -> None:
    """Unchanged without a call, and on no list any more."""
    assert (report.total.unchanged, report.total.calls) == (report.total.selected, 0)
    assert report.closes
    assert world.control.calls() == ()
    assert world.rows("SELECT 1 FROM omie_sync.rejected") == []
    ((state, error, code_of_error, until),) = world.rows(
        "SELECT state, last_error, error_code, held_until FROM omie_sync.ledger"
        f" WHERE codigo_integracao = '{code}'"
    )
    assert (state, error, code_of_error, until) == ("confirmed", None, None, None)


def refuse(world: World, row: dict[str, object], endpoint: str = "clientes") -> None:
    world.control.next_faults(REFUSED)
    world.model(endpoint, [row])
    assert world.push(endpoint).total.rejected == 1
    world.clock.sleep(120)
    world.control.clear_calls()


@pytest.mark.slow
def test_a_refused_change_of_a_settled_title_is_unchanged_again(world: World) -> None:
    world.confirmed(1)
    world.read_references()
    world.model("contas_receber", [titulo(1)])
    world.push("contas_receber")
    world.control.settle("contas_receber", "REC-1")
    world.clock.sleep(120)
    world.model("contas_receber", [titulo(1, valor_documento=Decimal("160.00"))])
    assert world.push("contas_receber").total.rejected == 1
    world.clock.sleep(120)
    world.control.clear_calls()

    world.model("contas_receber", [titulo(1)])
    dry = world.push("contas_receber", dry_run=True)
    assert (dry.total.unchanged, dry.would_send) == (1, 0)
    assert world.ledger("contas_receber") == {"REC-1": "rejected"}, "a dry run writes nothing"
    untouched(world, world.push("contas_receber"), "REC-1")
    assert world.push("contas_receber").total.unchanged == 1


def test_refused_twice_with_different_values(world: World) -> None:
    world.confirmed(1)
    refuse(world, cliente(1, bairro="A"))
    refuse(world, cliente(1, bairro="B"))
    world.model("clientes", [cliente(1)])
    untouched(world, world.push())


@pytest.mark.parametrize("selection", [
    Selection(EMPRESA, unfinished_only=True), Selection(EMPRESA, key="PAC-1"),
])  # fmt: skip
def test_a_retry_sees_it_as_well(world: World, selection: Selection) -> None:
    world.confirmed(1)
    refuse(world, cliente(1, bairro="A"))
    world.model("clientes", [cliente(1)])
    report = world.push(selection=selection)
    assert report.total.selected == 1
    untouched(world, report)


def test_taken_back_to_an_earlier_date(world: World) -> None:
    """The refused change had moved the título to another day."""
    world.confirmed(1)
    world.read_references()
    world.model("contas_receber", [titulo(1)])
    world.push("contas_receber")
    world.clock.sleep(120)
    moved = titulo(1, data_particao=date(2026, 1, 9), valor_documento=Decimal(9))
    refuse(world, moved, "contas_receber")
    world.model("contas_receber", [titulo(1)])
    day = Selection(EMPRESA, date(2026, 1, 5), date(2026, 1, 5))
    untouched(world, world.push("contas_receber", selection=day), "REC-1")
    assert world.rows("SELECT partition FROM omie_sync.ledger WHERE endpoint = 'contas_receber'") \
        == [("2026-01-05",)]  # fmt: skip


def test_a_held_change_is_unchanged_again(world: World) -> None:
    world.confirmed(1)
    world.control.next_faults(PlannedFault("blocked_425", seconds=300))
    world.model("clientes", [cliente(1, bairro="A")])
    assert world.push().total.held == 1
    world.clock.sleep(400)
    world.control.clear_calls()
    world.model("clientes", [cliente(1)])
    untouched(world, world.push())


def test_a_change_without_an_answer_is_not_called_unchanged(world: World) -> None:
    """It arrived: what the clinic says now has to be sent."""
    world.confirmed(1)
    world.control.next_faults(
        PlannedFault("html_502_after_commit", method="UpsertCliente"),
        PlannedFault("html_502", method="ConsultarCliente", times=20),
    )
    world.model("clientes", [cliente(1, bairro="A")])
    assert world.push().total.held == 1
    assert world.open_intents() == 1
    world.control.clear_faults()
    world.clock.sleep(3600)
    world.model("clientes", [cliente(1)])
    assert world.push().closes
    assert world.held_by_omie()["PAC-1"]["bairro"] == "Centro"
    assert world.ledger() == {"PAC-1": "confirmed"}
    assert world.open_intents() == 0


def test_words_that_nobody_knows_leave_it_in_doubt(world: World) -> None:
    """They may follow upon the effect: only Omie's confirmation settles what it holds."""
    world.confirmed(1)
    body = NOBODY_KNOWS.body
    world.control.next_faults(PlannedFault("custom_after_commit", status=200, body=body))
    world.model("clientes", [cliente(1, bairro="A")])
    assert world.push().total.rejected == 1
    assert world.held_by_omie()["PAC-1"]["bairro"] == "A"
    world.clock.sleep(120)
    world.model("clientes", [])
    assert world.push(approve=True).closes
    world.model("clientes", [cliente(1)])
    assert world.push().total.updated == 1
    assert world.held_by_omie()["PAC-1"]["bairro"] == "Centro"
    world.clock.sleep(120)
    assert world.push().total.unchanged == 1


def test_a_refused_deletion_of_a_row_that_came_back(world: World) -> None:
    world.confirmed(1, 2)
    world.control.next_faults(REFUSED)
    world.model("clientes", [cliente(2)])
    assert world.push(policy=MIRROR).total.rejected == 1
    world.clock.sleep(120)
    world.control.clear_calls()
    world.model("clientes", [cliente(1), cliente(2)])
    untouched(world, world.push(policy=MIRROR))


def test_another_change_is_still_sent(world: World) -> None:
    world.confirmed(1)
    refuse(world, cliente(1, bairro="A"))
    world.model("clientes", [cliente(1, bairro="B")])
    assert world.push().total.updated == 1
