"""A run that loses its lane at any step of its way stops, and what the other did stands."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
import sqlalchemy as sa

from omie_pipeline.errors import TakenOver
from omie_pipeline.payload import Selection
from omie_pipeline.postgres.locks import lane, lanes_held
from omie_pipeline.push.policy import EndpointPolicy, Guardrails
from omie_pipeline.simulator.engine.planned_faults import PlannedFault
from tests.effects import rows
from tests.effects.rows import model, push
from tests.fencing.losing import Successor, end_lock, push_lane, sent
from tests.push.world import World, cliente, titulo

pytestmark = pytest.mark.usefixtures("unvalidated")

OPEN = EndpointPolicy(guardrails=Guardrails(max_delete_share=1, max_quarantined_share=1))
_NUMBERS = range(1, 5)


def clinic(world: World) -> None:
    """Four receipts with two payments, an order and its billing each, and a reversal."""
    model(world, "clientes", *(cliente(n) for n in _NUMBERS))
    model(world, "servicos", rows.servico())
    model(world, "contas_receber", *(titulo(n) for n in _NUMBERS))
    parts = [rows.baixa(10 * n + part, title=n, valor=50) for n in _NUMBERS for part in (1, 2)]
    model(world, "baixas_receber", *parts)
    model(world, "ordens_servico", *(rows.ordem(n) for n in _NUMBERS))
    model(world, "faturar_os", *(rows.faturamento(n) for n in _NUMBERS))
    model(world, "estornar_baixas_receber", *(rows.estorno(10 * n + 1) for n in _NUMBERS))
    gone = [
        {"empresa": "principal", "data_particao": rows.DAY, "codigo_lancamento_integracao": code}
        for code in ("REC-1", "REC-2", "REC-3", "REC-4")
    ]
    model(world, "excluir_contas_receber", *gone)


BEFORE = {
    "clientes": (),
    "contas_receber": ("clientes",),
    "baixas_receber": ("clientes", "contas_receber"),
    "estornar_baixas_receber": ("clientes", "contas_receber", "baixas_receber"),
    "excluir_contas_receber": ("clientes", "contas_receber"),
    "ordens_servico": ("clientes", "servicos"),
    "faturar_os": ("clientes", "servicos", "ordens_servico"),
}
"""Endpoint -> what has to be delivered first."""


def prepared(world: World, endpoint: str) -> World:
    clinic(world)
    for name in BEFORE[endpoint]:
        push(world, name)
    world.clock.sleep(400)
    world.control.clear_calls()
    return world


def check_truth(world: World, endpoint: str) -> None:
    """Omie, ledger and the next report say that everything is delivered, and nothing is twice."""
    states = set(world.ledger(endpoint).values())
    assert states <= {"confirmed", "deleted"}, states
    assert world.open_intents() == 0
    for number in _NUMBERS:
        for name, code in (
            ("clientes", f"PAC-{number}"),
            ("contas_receber", f"REC-{number}"),
            ("ordens_servico", f"OS-{number}"),
        ):
            assert len(world.control.twins(name, code)) <= 1, code
        assert len(world.control.notes(f"OS-{number}")) == (1 if endpoint == "faturar_os" else 0)
        values = {"baixas_receber": [50, 50], "estornar_baixas_receber": [50]}.get(endpoint, [])
        if endpoint != "excluir_contas_receber":
            found = world.control.settlements(f"REC-{number}") if values else []
            assert [int(one["valor"]) for one in found] == values
    world.clock.sleep(400)
    again = push(world, endpoint, policy=OPEN)
    assert again.total.calls == 0
    assert again.total.rejected == again.total.held == again.total.quarantined == 0


@pytest.mark.parametrize("endpoint", list(BEFORE))
def test_taken_over_while_it_sends(world: World, endpoint: str) -> None:
    prepared(world, endpoint)
    successor = Successor(world, endpoint, 3, policy=OPEN)
    world.on_call = successor.at_write
    with pytest.raises(TakenOver):
        world.push(endpoint, policy=OPEN)
    world.on_call = None
    assert successor.report is not None
    assert successor.report.closes
    assert successor.report.total.held == 0
    assert len(sent(world)) == successor.writes, "it sent something after it was taken over"
    check_truth(world, endpoint)


@pytest.mark.parametrize(
    "number",
    [pytest.param(n, marks=() if n in (1, 9) else pytest.mark.slow) for n in range(1, 16, 2)],
)
@pytest.mark.parametrize("endpoint", ["clientes", "baixas_receber"])
def test_taken_over_before_any_transaction(world: World, endpoint: str, number: int) -> None:
    """While it plans, checks, writes its intents or its outcomes."""
    prepared(world, endpoint)
    model(world, endpoint, *_few(endpoint))
    successor = Successor(world, endpoint, number, policy=OPEN)
    sa.event.listen(world.engine, "begin", successor.at_begin)
    try:
        with pytest.raises(TakenOver):
            world.push(endpoint, policy=OPEN)
    finally:
        sa.event.remove(world.engine, "begin", successor.at_begin)
    assert successor.report is not None
    assert successor.report.closes
    assert len(sent(world)) == successor.writes
    world.clock.sleep(400)
    push(world, endpoint, policy=OPEN)
    assert set(world.ledger(endpoint).values()) == {"confirmed"}
    assert world.open_intents() == 0


def _few(endpoint: str) -> list[dict[str, Any]]:
    if endpoint == "clientes":
        return [cliente(1), cliente(2)]
    return [rows.baixa(11, title=1, valor=50), rows.baixa(12, title=1, valor=50)]


@pytest.mark.slow
def test_taken_over_while_it_settles_the_past(world: World) -> None:
    """A third run settled the open intent while the second was reading it back."""
    prepared(world, "baixas_receber")
    world.control.next_faults(PlannedFault("cut_after_commit", method="LancarRecebimento"))

    def end(_record: object) -> None:
        if sent(world):
            raise KeyboardInterrupt

    world.on_call = end
    with pytest.raises(KeyboardInterrupt):
        world.push("baixas_receber")
    world.on_call = None
    assert world.open_intents() > 0
    successor = Successor(world, "baixas_receber", 1)
    world.on_call = successor.step
    with pytest.raises(TakenOver):
        world.push("baixas_receber")
    world.on_call = None
    assert len(sent(world)) == successor.writes
    check_truth(world, "baixas_receber")


def test_a_cut_lock_that_nobody_took_is_taken_again(world: World) -> None:
    """The run goes on, and keeps others waiting as before."""
    prepared(world, "baixas_receber")
    name, seen = push_lane("baixas_receber"), []

    def cut(record: object) -> None:
        if len(sent(world)) == 2 and not seen:
            end_lock(world.engine, name)
            seen.append("cut")
        elif len(sent(world)) == 5 and len(seen) == 1:
            assert lanes_held(world.engine, [name]) == {name}
            seen.append("held")

    world.on_call = cut
    report = push(world, "baixas_receber")
    world.on_call = None
    assert report.total.created == 8
    assert seen == ["cut", "held"]
    check_truth(world, "baixas_receber")


def test_one_record_that_a_person_sends_stops_as_well(world: World) -> None:
    prepared(world, "clientes")
    one = {"selection": Selection("principal", key="PAC-1")}
    successor = Successor(world, "clientes", 1, **one)
    begin = successor.step
    world.control.next_faults(PlannedFault("cut_after_commit", method="UpsertCliente"))
    world.on_call = begin
    with pytest.raises(TakenOver):
        world.push("clientes", **one)
    world.on_call = None
    assert world.ledger() == {"PAC-1": "confirmed"}
    assert [c for c in sent(world) if c == "UpsertCliente"] == ["UpsertCliente"]


@pytest.mark.slow
def test_rows_that_nobody_sent_are_held_and_told(world: World) -> None:
    """The other run was for one row only: what this one had yet to send is not lost."""
    prepared(world, "baixas_receber")
    successor = Successor(
        world, "baixas_receber", 3, selection=Selection("principal", key="BXR-42")
    )
    world.on_call = successor.at_write
    with pytest.raises(TakenOver):
        world.push("baixas_receber")
    world.on_call = None
    found = dict(
        world.rows("SELECT codigo_integracao, last_error FROM omie_sync.ledger "
                   "WHERE endpoint = 'baixas_receber' AND state = 'held'")
    )  # fmt: skip
    assert "BXR-31" in found
    assert "BXR-42" not in found
    assert found["BXR-31"] == "O processo foi interrompido"
    push(world, "baixas_receber")
    check_truth(world, "baixas_receber")


def test_what_a_dry_run_planned_is_not_held(world: World) -> None:
    """It dies with its plan: nothing of it may be resumed, nobody asked for it to be sent."""
    prepared(world, "clientes")

    def end(_c: object, _cursor: object, statement: str, *_: object) -> None:
        if statement.startswith("DELETE FROM omie_sync.plan WHERE omie_sync.plan.run_id = "):
            raise KeyboardInterrupt

    sa.event.listen(world.engine, "before_cursor_execute", end)
    try:
        with pytest.raises(KeyboardInterrupt):
            world.push("clientes", dry_run=True)
    finally:
        sa.event.remove(world.engine, "before_cursor_execute", end)
    assert world.rows("SELECT count(*) FROM omie_sync.plan") == [(4,)]
    push(world, "clientes", selection=Selection("principal", key="PAC-1"))
    assert world.ledger() == {"PAC-1": "confirmed"}


def test_a_refusal_of_what_is_confirmed_changes_nothing(world: World) -> None:
    """Even a statement that reaches the ledger late: the condition stands in it."""
    from omie_pipeline.payload import PlanRow, RowOutcome
    from omie_pipeline.push.ledger import Ledger

    prepared(world, "clientes")
    push(world, "clientes")
    ((digest,),) = world.rows(
        "SELECT payload_hash FROM omie_sync.ledger WHERE codigo_integracao = 'PAC-1'"
    )
    row = PlanRow(1, "todos", "PAC-1", "upsert", {}, {}, digest, None)
    late = Ledger(world.engine, "principal", "clientes", "outra")
    late.write_outcomes([RowOutcome(row, "rejected", error="Já existe")], [], world.clock.now())
    assert world.ledger()["PAC-1"] == "confirmed"
    assert world.rows("SELECT 1 FROM omie_sync.rejected") == []
    changed = PlanRow(1, "todos", "PAC-1", "upsert", {}, {}, "outro", None)
    late.write_outcomes([RowOutcome(changed, "rejected", error="Não")], [], world.clock.now())
    assert world.ledger()["PAC-1"] == "rejected"


def test_each_holder_has_a_higher_token(world: World) -> None:
    tokens = []
    for _ in range(3):
        with lane(world.engine, "push:principal:clientes", world.clock):
            tokens += [token for (token,) in world.rows("SELECT token FROM omie_sync.fence")]
    assert tokens == sorted(set(tokens))


def _lost(act: Callable[[], object]) -> None:
    with pytest.raises(TakenOver):
        act()


def test_nothing_commits_in_a_lane_that_is_lost(world: World) -> None:
    """Whatever works in a lane (imports, reconcile, cache clear) works through its engine."""
    name = "import:principal:clientes"
    with lane(world.engine, name, world.clock) as first:
        end_lock(world.engine, name)
        with lane(world.engine, name, world.clock) as second:
            insert = sa.text(
                "INSERT INTO omie_sync.block (scope, until, reason, seen_at)"
                " VALUES (:scope, now(), 'x', now())"
            )

            def write(engine: sa.Engine, scope: str) -> None:
                with engine.begin() as connection:
                    connection.execute(insert, {"scope": scope})

            _lost(lambda: write(first.engine, "first"))
            _lost(first.check)
            write(second.engine, "second")
            second.check()
    assert world.rows("SELECT scope FROM omie_sync.block") == [("second",)]


def test_a_snapshot_older_than_the_holder_is_taken_over_too(world: World) -> None:
    name = "push:principal:clientes"
    with lane(world.engine, name, world.clock) as first:
        serial = first.engine.execution_options(isolation_level="REPEATABLE READ")

        def plan() -> None:
            with serial.begin() as connection:
                connection.execute(sa.text("SELECT 1"))
                end_lock(world.engine, name)
                with lane(world.engine, name, world.clock):
                    pass

        _lost(plan)


def test_a_reader_that_lost_its_table_stops(world: World) -> None:
    world.confirmed(*range(1, 4))
    name = "import:principal:clientes"

    def lose(_record: object) -> None:
        world.on_call = None
        end_lock(world.engine, name)
        with lane(world.engine, name, world.clock):
            pass

    world.on_call = lose
    with pytest.raises(TakenOver):
        world.import_table("clientes")
    assert world.rows("SELECT count(*) FROM omie.clientes") == [(0,)]
    assert world.import_table("clientes").complete
