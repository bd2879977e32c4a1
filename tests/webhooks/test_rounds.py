"""Events into readings, against a mirror that is read from a dictionary."""

from __future__ import annotations

import random
from collections import Counter
from datetime import datetime, timedelta

import pytest
import sqlalchemy as sa

from omie_pipeline.errors import Blocked, FaultDetail, OutcomeUnknown, RetryLater
from omie_pipeline.inbox.act import MAX_ATTEMPTS
from omie_pipeline.inbox.events import due_tables, purge
from omie_pipeline.webhooks.message import NotStored, read_message
from tests.webhooks.bodies import body, settlement, title
from tests.webhooks.conftest import DOOR
from tests.webhooks.fake_reader import DAY, SCOPE, START, FakeWorld

ALTERED, DELETED = "Financas.ContaReceber.Alterado", "Financas.ContaReceber.Excluido"
THREE = ["contas_receber", "baixas", "movimentacoes"]


@pytest.fixture
def world(engine: sa.Engine) -> FakeWorld:
    return FakeWorld(engine)


def test_a_change_reads_each_list_once_and_the_row_proves_it(world: FakeWorld) -> None:
    world.omie["contas_receber"] = {5}
    world.event("Financas.ContaReceber.BoletoGerado", title(5))
    report = world.round()
    assert [(r.name, r.mode, r.not_before) for r in world.reads] == [
        ("contas_receber", "incremental", START)
    ]
    assert (report.done, report.readings) == (1, 1)
    assert world.row()["done_at"] == START


def test_a_row_read_before_the_event_proves_nothing_until_reads_cannot_lag(
    world: FakeWorld,
) -> None:
    world.omie["contas_receber"] = {5}
    world.mirror("contas_receber", 5)
    world.clock.advance(1)
    world.event("Financas.ContaReceber.BoletoGerado", title(5))
    assert world.round().pending == 1
    assert world.round().events == 0
    world.clock.advance(61)
    assert world.round().done == 1
    assert world.reads[-1].not_before == START + timedelta(seconds=62)


@pytest.mark.slow
def test_five_thousand_events_read_each_list_once(world: FakeWorld) -> None:
    world.omie["contas_receber"] = world.omie["movimentacoes"] = set(range(1, 5_001))
    world.clock.advance(1)
    new = [read_message(body(ALTERED, title(n)), DOOR, START) for n in range(1, 5_001)]
    random.Random(7).shuffle(new)
    world.store([event for event in new if not isinstance(event, NotStored)])
    report = world.round()
    assert report.events == 5_000
    assert Counter(read.name for read in world.reads) == Counter(THREE)
    world.clock.advance(61)
    world.round()
    assert world.states() == {"done": 5_000}


def test_a_deletion_reads_the_day_of_the_row_so_that_the_list_proves_it(world: FakeWorld) -> None:
    world.mirror("contas_receber", 5)
    world.event(DELETED, title(5))
    report = world.round()
    assert [(r.name, r.mode, r.date_from, r.date_to) for r in world.reads] == [
        ("contas_receber", "full", DAY, DAY)
    ]
    assert report.done == 1


def test_a_deletion_that_the_list_denies_for_a_minute_is_looked_at_again(world: FakeWorld) -> None:
    world.omie["contas_receber"] = {5}
    world.mirror("contas_receber", 5)
    world.event(DELETED, title(5))
    assert world.round().pending == 1
    world.omie["contas_receber"] = set()
    world.clock.advance(61)
    assert world.round().done == 1


def test_a_deletion_of_what_never_was_here_reads_nothing(world: FakeWorld) -> None:
    world.event(DELETED, title(404))
    assert world.round().done == 1
    assert world.reads == []


def test_a_deletion_in_a_register_reads_it_whole(world: FakeWorld) -> None:
    world.mirror("clientes", 8)
    world.event("ClienteFornecedor.Excluido", {"codigo_cliente_omie": 8})
    assert world.round().done == 1
    assert [(r.name, r.mode, r.date_from) for r in world.reads] == [("clientes", "full", None)]


def test_a_deletion_without_ids_still_reads_the_register(world: FakeWorld) -> None:
    world.event("ClienteFornecedor.Excluido", {"sem": "id"})
    world.round()
    assert [(r.name, r.mode) for r in world.reads] == [("clientes", "full")]


def test_the_deletion_may_come_before_the_inclusion(world: FakeWorld) -> None:
    world.event(DELETED, title(5))
    world.round()
    world.event("Financas.ContaReceber.Incluido", title(5))
    for _ in range(MAX_ATTEMPTS):
        world.round()
        world.clock.advance(61)
    assert world.states() == {"done": 1, "no_record": 1}


def test_an_undone_settlement_changes_the_title_and_removes_the_settlement(
    world: FakeWorld,
) -> None:
    world.mirror("contas_receber", 5)
    world.omie["contas_receber"] = {5}
    world.event("Financas.ContaReceber.BaixaCancelada", settlement(77, 5))
    world.round()
    assert [(r.name, r.mode) for r in world.reads] == [("contas_receber", "incremental")]


def test_what_never_appears_is_left_to_the_reconciliation(world: FakeWorld) -> None:
    world.event("Financas.ContaReceber.BoletoGerado", title(5))
    for _ in range(10):
        world.round()
        world.clock.advance(61)
    row = world.row()
    assert (row["state"], row["attempts"]) == ("no_record", MAX_ATTEMPTS)
    assert len(world.reads) == MAX_ATTEMPTS
    assert "reconciliação" in row["error"]


def test_an_incomplete_reading_proves_nothing(world: FakeWorld) -> None:
    world.omie["contas_receber"] = {5}
    world.answer.complete = False
    world.event("Financas.ContaReceber.BoletoGerado", title(5))
    assert world.round().pending == 1
    world.answer.complete = True
    world.clock.advance(61)
    assert world.round().done == 1


def test_under_a_block_nothing_is_asked_and_events_wait(world: FakeWorld) -> None:
    until = START + timedelta(minutes=30)
    with world.engine.begin() as connection:
        connection.execute(
            sa.text("INSERT INTO omie_sync.block VALUES (:s, :u, '425', now())"),
            {"s": SCOPE, "u": until},
        )
    world.event(ALTERED, title(5))
    assert world.round().blocked_until == until
    assert (world.reads, world.row()["attempts"]) == ([], 0)
    world.clock.advance(31 * 60)
    world.round()
    assert len(world.reads) == 3


@pytest.mark.parametrize(
    ("fault", "wait_seconds"),
    [
        (Blocked(FaultDetail("x"), START + timedelta(minutes=30)), 1800),
        (RetryLater(FaultDetail("x"), 5), 61),
        (RetryLater(FaultDetail("x"), 300), 300),
        (OutcomeUnknown(FaultDetail("x")), 600),
    ],
)
def test_a_fault_costs_no_attempt_and_waits(
    fault: RetryLater | Blocked, wait_seconds: int, world: FakeWorld
) -> None:
    world.failing["contas_receber"] = fault
    world.event("Financas.ContaReceber.BoletoGerado", title(5))
    report = world.round()
    assert report.failures == (("contas_receber", type(fault).__name__),)
    row = world.row()
    assert (row["state"], row["attempts"]) == ("pending", 0)
    assert row["next_at"] == START + timedelta(seconds=wait_seconds)
    assert row["error"] == type(fault).__name__


def test_only_the_list_that_failed_is_read_again(world: FakeWorld) -> None:
    world.omie = {"contas_receber": {5}, "movimentacoes": {5}}
    world.failing["movimentacoes"] = OutcomeUnknown(FaultDetail("x"))
    world.event("Financas.ContaReceber.Rateio.Alterado", title(5))
    assert world.round().pending == 1
    assert world.row()["missing"] == ["movimentacoes"]
    world.failing.clear()
    world.clock.advance(600)
    assert world.round().done == 1
    assert [r.name for r in world.reads] == ["contas_receber", "movimentacoes", "movimentacoes"]


def test_lists_that_another_run_reads_stay_due(world: FakeWorld) -> None:
    world.omie = {"contas_receber": {5}, "movimentacoes": {5}}
    world.event("Financas.ContaReceber.Rateio.Alterado", title(5))
    world.round(["contas_receber"])
    (due,) = due_tables(world.engine, world.clock.now())
    assert due.tables == ("movimentacoes",)


def test_a_process_that_dies_leaves_its_events_to_the_next(world: FakeWorld) -> None:
    world.omie["contas_receber"] = {5}
    world.failing["contas_receber"] = KeyboardInterrupt()  # type: ignore[assignment]  # a death
    world.event("Financas.ContaReceber.BoletoGerado", title(5))
    with pytest.raises(KeyboardInterrupt):
        world.round()
    world.failing.clear()
    assert world.round().events == 0
    world.clock.advance(301)
    assert world.round().done == 1


def test_done_events_are_deleted_after_their_days(world: FakeWorld) -> None:
    world.event(DELETED, title(1))
    world.round()
    world.event(ALTERED, title(2))
    later: datetime = START + timedelta(days=31)
    assert purge(world.engine, START + timedelta(days=29), 30) == 0
    assert purge(world.engine, later, 30) == 1
    assert world.states() == {"pending": 1}


def test_a_second_change_of_a_row_is_not_proven_by_the_first(world: FakeWorld) -> None:
    """A list that lags may show the first of two changes only."""
    world.omie["contas_receber"] = {5}
    world.event("Financas.ContaReceber.BoletoGerado", title(5))
    world.clock.advance(2)
    world.event("Financas.ContaReceber.BoletoGerado", title(5))
    assert world.round().done == 1
    world.clock.advance(61)
    assert world.round().done == 1
    assert len(world.reads) == 2


def test_made_and_deleted_between_two_readings(world: FakeWorld) -> None:
    world.event("ClienteFornecedor.Incluido", {"codigo_cliente_omie": 8})
    world.event("ClienteFornecedor.Excluido", {"codigo_cliente_omie": 8})
    world.round()
    assert world.states() == {"done": 2}
