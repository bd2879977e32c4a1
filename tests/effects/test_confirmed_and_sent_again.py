"""Rows that the ledger has as confirmed and that a run sends knowingly: what Omie says counts."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest

from omie_pipeline.push.policy import EndpointPolicy
from omie_pipeline.simulator.engine.planned_faults import FaultKind, PlannedFault
from tests.effects.rows import OPEN, model, push, with_title
from tests.effects.test_emptied_fields import EMPTY, KEEP, delivered, people
from tests.push.world import EMPRESA, World, titulo

pytestmark = pytest.mark.usefixtures("unvalidated")

DELETE = EndpointPolicy(guardrails=OPEN)
GONE: dict[str, Any] = {
    "empresa": EMPRESA,
    "data_particao": date(2026, 1, 5),
    "codigo_lancamento_integracao": "REC-1",
}
ENDS: tuple[tuple[FaultKind, str, int], ...] = (
    ("fault_in_200", "rejected", 1),
    ("html_502", "held", 0),
)


@pytest.mark.slow
@pytest.mark.parametrize(("kind", "state", "told"), ENDS)
def test_a_record_that_is_to_be_deleted_again(
    world: World, kind: FaultKind, state: str, told: int
) -> None:
    with_title(world)
    model(world, "excluir_contas_receber", GONE)
    assert push(world, "excluir_contas_receber", policy=DELETE).total.deleted == 1
    world.clock.sleep(120)
    model(world, "contas_receber", titulo(1, observacao="de volta"))
    assert push(world, "contas_receber").total.created == 1
    world.clock.sleep(120)
    world.control.next_faults(PlannedFault(kind, method="ExcluirContaReceber", times=9))
    push(world, "excluir_contas_receber", policy=DELETE)
    assert world.ledger("excluir_contas_receber") == {"REC-1": state}
    assert world.rows("SELECT count(*) FROM omie_sync.rejected") == [(told,)]
    world.control.clear_faults()
    world.clock.sleep(400)
    assert push(world, "excluir_contas_receber", policy=DELETE).total.deleted == 1
    assert world.control.records("contas_receber") == ()
    assert world.rows("SELECT count(*) FROM omie_sync.rejected") == [(0,)]


@pytest.mark.parametrize(("kind", "state", "told"), ENDS)
def test_a_field_that_a_person_wants_emptied_after_all(
    world: World, kind: FaultKind, state: str, told: int
) -> None:
    delivered(world)
    people(world, {"email": None})
    assert push(world, "clientes", policy=KEEP).not_emptied == {"email": 1}
    world.clock.sleep(120)
    world.control.next_faults(PlannedFault(kind, method="UpsertCliente", times=9))
    push(world, "clientes", policy=EMPTY)
    assert world.ledger() == {"PAC-1": state}
    assert world.rows("SELECT count(*) FROM omie_sync.rejected") == [(told,)]
    world.control.clear_faults()
    world.clock.sleep(400)
    report = push(world, "clientes", policy=EMPTY)
    assert (report.total.updated, report.not_emptied) == (1, {})
    assert world.ledger() == {"PAC-1": "confirmed"}
