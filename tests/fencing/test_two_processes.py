"""A process that is stopped, loses its lock, and wakes when another has done its work."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from omie_pipeline.errors import TakenOver
from tests.effects import rows
from tests.effects.rows import model, push
from tests.fencing.losing import PATIENCE_SECONDS, end_lock, push_lane, sent, until
from tests.sync.test_crashes import locked, waiting_for_a_lock
from tests.sync.world import World, cliente, titulo

pytestmark = pytest.mark.usefixtures("unvalidated")

ROOT = Path(__file__).parents[2]
_NUMBERS = range(1, 9)
_TAKEN_OVER = TakenOver.__name__


def start(world: World, endpoint: str) -> subprocess.Popen[bytes]:
    url = world.engine.url.render_as_string(hide_password=False)
    command = [sys.executable, "-m", "tests.effects.runner", url, world.base_url, endpoint]
    now = world.clock.now().isoformat()
    return subprocess.Popen([*command, now], cwd=ROOT, stdout=subprocess.PIPE)


def wake(process: subprocess.Popen[bytes]) -> str:
    """Let a stopped process go on to its end; what it told."""
    os.kill(process.pid, signal.SIGCONT)
    return process.communicate(timeout=PATIENCE_SECONDS)[0].decode().strip()


def told_runs(world: World, endpoint: str) -> list[tuple[str, str | None]]:
    return sorted(
        (state, error)
        for of, state, error in world.rows(
            "SELECT endpoint, state, error_class FROM omie_sync.run ORDER BY started_at"
        )
        if of == endpoint
    )


def test_partial_payments_are_taken_once(world: World) -> None:
    """Stopped after three calls, its lock ended, a second run over the same payments."""
    model(world, "clientes", cliente(1))
    model(world, "contas_receber", *(titulo(n) for n in _NUMBERS))
    parts = [rows.baixa(10 * n + part, title=n, valor=50) for n in _NUMBERS for part in (1, 2)]
    model(world, "baixas_receber", *parts)
    push(world, "clientes")
    push(world, "contas_receber")
    world.clock.sleep(120)
    world.control.clear_calls()
    world.control.set_behaviour(latency_ms=20)
    first = start(world, "baixas_receber")
    until(lambda: len(sent(world)) >= 3, "three payments")
    os.kill(first.pid, signal.SIGSTOP)
    end_lock(world, push_lane("baixas_receber"))
    world.control.set_behaviour(latency_ms=0)
    world.clock.sleep(62)
    report = push(world, "baixas_receber")
    assert report.total.held == 0
    writes = len(sent(world))
    confirmed = world.ledger("baixas_receber")
    world.clock.sleep(62)

    assert wake(first) == _TAKEN_OVER
    assert len(sent(world)) == writes, "it sent something after it woke"
    assert world.ledger("baixas_receber") == confirmed
    assert set(confirmed.values()) == {"confirmed"}
    assert len(confirmed) == len(parts)
    for number in _NUMBERS:
        settled = world.control.settlements(f"REC-{number}")
        assert [int(one["valor"]) for one in settled] == [50, 50], number
    assert world.open_intents() == 0
    assert told_runs(world, "baixas_receber") == [("done", None), ("failed", _TAKEN_OVER)]
    assert world.rows("SELECT count(*) FROM omie_sync.plan") == [(0,)]
    assert push(world, "baixas_receber").total.calls == 0


def test_a_call_that_waited_for_its_slot_does_not_leave(world: World) -> None:
    """Stopped between its intents and its first call: the slot is there when it wakes."""
    model(world, "clientes", cliente(1), cliente(2))
    with locked(world.engine, "LOCK TABLE omie_sync.quota_fault IN ACCESS EXCLUSIVE MODE"):
        first = start(world, "clientes")
        until(lambda: world.open_intents() and waiting_for_a_lock(world), "the first slot")
        os.kill(first.pid, signal.SIGSTOP)
        end_lock(world, push_lane("clientes"))
    world.clock.sleep(62)
    report = push(world, "clientes")
    assert report.total.held == 0
    writes = len(sent(world))
    world.clock.sleep(62)
    assert wake(first) == _TAKEN_OVER
    assert len(sent(world)) == writes
    assert set(world.ledger("clientes").values()) == {"confirmed"}
    assert len(world.held_by_omie()) == 2
    assert push(world, "clientes").total.calls == 0
