"""Endpoints that share a lane: what is made and what takes it away again."""

from __future__ import annotations

import threading

import pytest

from omie_pipeline.catalog import REGISTRY
from omie_pipeline.payload import Selection
from omie_pipeline.push.report import PushReport
from omie_pipeline.push.run import Push
from omie_pipeline.status.history import ListFilter, recent_runs
from tests.effects.rows import model, push
from tests.fencing.losing import PATIENCE_SECONDS, sent
from tests.fencing.test_taken_over import OPEN
from tests.push.world import World, cliente, titulo

pytestmark = pytest.mark.usefixtures("unvalidated")

_ABOVE = "excluir_contas_receber"
_NUMBERS = range(1, 6)


@pytest.fixture
def receipts(world: World) -> World:
    """Five receipts to send, and the deletion of one that is in Omie."""
    model(world, "clientes", cliente(1))
    push(world, "clientes")
    model(world, "contas_receber", titulo(9))
    push(world, "contas_receber")
    model(world, "contas_receber", *(titulo(n) for n in _NUMBERS))
    gone = {"empresa": "principal", "codigo_lancamento_integracao": "REC-9"}
    model(world, _ABOVE, {**gone, "data_particao": titulo(9)["data_particao"]})
    world.clock.sleep(400)
    world.control.clear_calls()
    return world


def told(world: World) -> dict[str, str]:
    """Endpoint -> state of its last run, as a person reads it."""
    runs = reversed(recent_runs(world.engine, ListFilter()))
    return {one.endpoint: one.state for one in runs}


def kill_midway(world: World) -> None:
    """A push of receipts whose process dies after two calls."""

    def end(_record: object) -> None:
        if len(sent(world)) == 2:
            raise KeyboardInterrupt

    world.on_call = end
    with pytest.raises(KeyboardInterrupt):
        world.push("contas_receber")
    world.on_call = None


def test_a_dead_run_is_no_live_one_while_its_sibling_works(receipts: World) -> None:
    kill_midway(receipts)
    states = []
    receipts.on_call = lambda _record: states.append(told(receipts))
    assert push(receipts, _ABOVE, policy=OPEN).total.deleted == 1
    receipts.on_call = None
    assert states
    assert {one["contas_receber"] for one in states} == {"failed"}
    assert {one[_ABOVE] for one in states} == {"running"}
    # What it had yet to send waits for whoever resumes, without a run of its own endpoint.
    assert [c for c, state in receipts.ledger("contas_receber").items() if state == "held"]
    receipts.clock.sleep(400)
    push(receipts, "contas_receber")
    states_now = receipts.ledger("contas_receber")
    assert {states_now[f"REC-{n}"] for n in _NUMBERS} == {"confirmed"}
    for number in _NUMBERS:
        assert len(receipts.control.twins("contas_receber", f"REC-{number}")) == 1


@pytest.mark.slow
def test_a_live_run_is_not_ended_by_its_sibling(receipts: World) -> None:
    """The sibling waits for the lane, and touches nothing before it has it."""
    waits, reports = threading.Event(), list[PushReport]()
    above = Push(
        receipts.engine, receipts.client, receipts.clock, receipts.rules, on_wait=waits.set
    )

    def delete() -> None:
        reports.append(above.run(REGISTRY[_ABOVE], Selection("principal"), OPEN))

    other = threading.Thread(target=delete)

    def begin(_record: object) -> None:
        if not waits.is_set():
            other.start()
            assert waits.wait(PATIENCE_SECONDS)
            assert told(receipts)["contas_receber"] == "running"

    receipts.on_call = begin
    report = push(receipts, "contas_receber")
    receipts.on_call = None
    other.join()
    assert report.total.created == len(_NUMBERS)
    assert [one.total.deleted for one in reports] == [1]
    assert told(receipts) == {"clientes": "done", "contas_receber": "done", _ABOVE: "done"}
