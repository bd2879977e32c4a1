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
from tests.push.test_crashes import locked, waiting_for_a_lock
from tests.push.world import World, cliente, titulo

pytestmark = [pytest.mark.usefixtures("unvalidated"), pytest.mark.slow]

ROOT = Path(__file__).parents[2]
_NUMBERS = range(1, 9)
_TAKEN_OVER = TakenOver.__name__


def start(world: World, endpoint: str) -> subprocess.Popen[bytes]:
    url = world.engine.url.render_as_string(hide_password=False)
    command = [sys.executable, "-m", "tests.effects.runner", url, world.base_url, endpoint]
    return subprocess.Popen([*command, "simulated"], cwd=ROOT, stdout=subprocess.PIPE)


def wake(process: subprocess.Popen[bytes]) -> str:
    """Let a stopped process go on to its end; what it told."""
    os.kill(process.pid, signal.SIGCONT)
    return process.communicate(timeout=PATIENCE_SECONDS)[0].decode().strip()


def end(process: subprocess.Popen[bytes]) -> tuple[int, int, int, bool]:
    """What a run that ended by itself told: delivered, unchanged, held, and whether it closes."""
    told = process.communicate(timeout=PATIENCE_SECONDS)[0].decode().split()
    return int(told[0]), int(told[1]), int(told[2]), told[3] == "True"


def told_runs(world: World, endpoint: str) -> dict[str | None, tuple[str, int, int]]:
    """Error of each run (``None``: it went well) -> its state, delivered and held rows."""
    found = world.rows("SELECT endpoint, state, error_class, counts FROM omie_sync.run")
    runs = [row[1:] for row in found if row[0] == endpoint]
    told = {
        error: (state, sum(c["delivered"] for c in counts), sum(c["held"] for c in counts))
        for state, error, counts in runs
    }
    assert len(told) == len(runs), "two runs ended alike"
    return told


def payments(world: World) -> int:
    """Receipts that are in Omie, and two partial payments of each that are to be sent."""
    model(world, "clientes", cliente(1))
    model(world, "contas_receber", *(titulo(n) for n in _NUMBERS))
    parts = [rows.baixa(10 * n + part, title=n, valor=50) for n in _NUMBERS for part in (1, 2)]
    model(world, "baixas_receber", *parts)
    push(world, "clientes")
    push(world, "contas_receber")
    world.clock.sleep(120)
    world.control.clear_calls()
    return len(parts)


@pytest.mark.parametrize(
    "calls", [3, pytest.param(1, marks=pytest.mark.slow), pytest.param(9, marks=pytest.mark.slow)]
)
def test_partial_payments_are_taken_once(world: World, calls: int) -> None:
    """Two processes: the first is stopped after some calls and loses its lock, the second sends
    what is left, the first wakes. Omie, the ledger and what both told agree."""
    number = payments(world)
    world.control.set_behaviour(latency_ms=20)
    first = start(world, "baixas_receber")
    until(lambda: len(sent(world)) >= calls, "payments of the first")
    os.kill(first.pid, signal.SIGSTOP)
    end_lock(world.engine, push_lane("baixas_receber"))
    world.control.set_behaviour(latency_ms=0)
    world.clock.sleep(62)
    second = end(start(world, "baixas_receber"))
    writes = len(sent(world))
    confirmed = world.ledger("baixas_receber")
    world.clock.sleep(62)

    assert wake(first) == _TAKEN_OVER
    assert len(sent(world)) == writes == number, "something was sent twice"
    assert world.ledger("baixas_receber") == confirmed
    assert set(confirmed.values()) == {"confirmed"}
    assert len(confirmed) == number
    for title in _NUMBERS:
        settled = world.control.settlements(f"REC-{title}")
        assert [int(one["valor"]) for one in settled] == [50, 50], title
    assert world.open_intents() == 0
    delivered, unchanged, held, closes = second
    assert (delivered + unchanged, held, closes) == (number, 0, True)
    told = told_runs(world, "baixas_receber")
    assert told[None] == ("done", delivered, 0)
    assert told[_TAKEN_OVER] == ("failed", unchanged, number - unchanged)
    assert world.rows("SELECT count(*) FROM omie_sync.plan") == [(0,)]
    assert push(world, "baixas_receber").total.calls == 0


def test_a_call_that_waited_for_its_slot_does_not_leave(world: World) -> None:
    """Stopped between its intents and its first call: the slot is there when it wakes."""
    model(world, "clientes", cliente(1), cliente(2))
    with locked(world.engine, "LOCK TABLE omie_sync.quota_fault IN ACCESS EXCLUSIVE MODE"):
        first = start(world, "clientes")
        until(lambda: world.open_intents() and waiting_for_a_lock(world), "the first slot")
        os.kill(first.pid, signal.SIGSTOP)
        end_lock(world.engine, push_lane("clientes"))
    world.clock.sleep(62)
    assert end(start(world, "clientes")) == (2, 0, 0, True)
    writes = len(sent(world))
    world.clock.sleep(62)
    assert wake(first) == _TAKEN_OVER
    assert len(sent(world)) == writes
    assert set(world.ledger("clientes").values()) == {"confirmed"}
    assert len(world.held_by_omie()) == 2
    assert push(world, "clientes").total.calls == 0
