"""``kill -9`` at any point, and two runs at once: nothing twice, nothing lost."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
import sqlalchemy as sa

from omie_pipeline.clock import SystemClock
from omie_pipeline.postgres.engine import open_engine
from omie_pipeline.push.policy import EndpointPolicy, Guardrails
from omie_pipeline.simulator.clock import SystemClock as SimulatedSystemClock
from omie_pipeline.simulator.engine.planned_faults import PlannedFault
from omie_pipeline.simulator.engine.server import running_simulator
from tests.push.world import World, cliente, titulo

pytestmark = [pytest.mark.usefixtures("unvalidated"), pytest.mark.slow]

ROOT = Path(__file__).parents[2]
MIRROR = EndpointPolicy(mode="mirror", guardrails=Guardrails(max_delete_share=1))
_PATIENCE_SECONDS = 30.0
_LOOK_AGAIN_SECONDS = 0.01


def start(
    world: World, now: str, mode: str = "mirror", endpoint: str = "clientes"
) -> subprocess.Popen[bytes]:
    url = world.engine.url.render_as_string(hide_password=False)
    command = [sys.executable, "-m", "tests.push.runner", url, world.base_url, now, mode, endpoint]
    return subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE)


def kill_when(process: subprocess.Popen[bytes], reached: object) -> None:
    """Wait for ``reached()``, then ``kill -9``; fails when the process ends by itself first."""
    assert callable(reached)
    give_up_at = time.monotonic() + _PATIENCE_SECONDS
    gone = threading.Event()
    while not reached():
        assert process.poll() is None, "the run ended before the point of the kill"
        assert time.monotonic() < give_up_at, "the point of the kill was never reached"
        gone.wait(_LOOK_AGAIN_SECONDS)
    os.kill(process.pid, signal.SIGKILL)
    process.wait()
    assert process.stdout is not None
    process.stdout.close()


@contextmanager
def locked(engine: sa.Engine, statement: str) -> Iterator[None]:
    """Hold a lock that the run in the other process will wait for."""
    with engine.connect() as connection:
        connection.execute(sa.text(statement))
        yield
        connection.rollback()


def waiting_for_a_lock(world: World) -> bool:
    query = "SELECT count(*) FROM pg_locks WHERE NOT granted"
    return bool(world.rows(query)[0][0])


def prepare(world: World) -> None:
    """Three new rows, one changed, one to delete."""
    world.confirmed(1, 9)
    world.model("clientes", [cliente(n, bairro="Novo") for n in range(1, 5)])


def finish(world: World, *, late_seconds: float) -> None:
    """The next run, in this process: it settles the past and delivers the rest."""
    world.clock.sleep(late_seconds)
    report = world.push(policy=MIRROR)
    assert report.closes
    assert report.total.held == 0
    held = world.held_by_omie()
    assert set(held) == {f"PAC-{n}" for n in range(1, 5)}
    assert all(record["bairro"] == "Novo" for record in held.values())
    assert world.ledger() == {**dict.fromkeys(held, "confirmed"), "PAC-9": "deleted"}
    assert world.open_intents() == 0
    created = [c for c in world.writes() if c.committed and c.method == "UpsertCliente"]
    assert len(created) == 4, "no write that arrived was repeated"
    assert world.push(policy=MIRROR).total.calls == 0
    states = {state for (state,) in world.rows("SELECT state FROM omie_sync.run")}
    assert states == {"done", "failed"}


@pytest.mark.parametrize("late_seconds", [0.0, 300.0])
@pytest.mark.parametrize(
    ("kind", "code"),
    [
        ("timeout", "PAC-1"),
        ("timeout_after_commit", "PAC-1"),
        ("timeout", "PAC-3"),
        ("timeout_after_commit", "PAC-3"),
        ("timeout_after_commit", ""),
    ],
)
def test_killed_during_a_call(world: World, kind: str, code: str, late_seconds: float) -> None:
    prepare(world)
    world.control.next_faults(
        PlannedFault(kind, method="UpsertCliente", integration_code=code)  # type: ignore[arg-type]
        if code
        else PlannedFault(kind, method="ExcluirCliente")  # type: ignore[arg-type]
    )
    process = start(world, world.clock.now().isoformat())
    kill_when(process, lambda: any(c.http_status == 0 for c in world.control.calls()))
    finish(world, late_seconds=late_seconds)


@pytest.mark.parametrize("kind", ["timeout", "timeout_after_commit"])
def test_killed_where_reads_are_stale(world: World, kind: str) -> None:
    """The next run begins at once and sees the state of before: that proves nothing yet."""
    prepare(world)
    world.control.set_behaviour(stale_reads_seconds=30)
    world.control.next_faults(
        PlannedFault(kind, method="UpsertCliente", integration_code="PAC-3")  # type: ignore[arg-type]
    )
    process = start(world, world.clock.now().isoformat())
    kill_when(process, lambda: any(c.http_status == 0 for c in world.control.calls()))
    finish(world, late_seconds=0)


def test_killed_before_the_first_call_with_intents_written(world: World) -> None:
    prepare(world)
    with locked(world.engine, "LOCK TABLE omie_sync.quota_fault IN ACCESS EXCLUSIVE MODE"):
        process = start(world, world.clock.now().isoformat())
        kill_when(process, lambda: world.open_intents() == 5 and waiting_for_a_lock(world))
    assert world.control.calls() == ()
    world.control.clear_calls()
    finish(world, late_seconds=0)


def test_killed_after_the_last_call_before_any_outcome(world: World) -> None:
    prepare(world)
    with locked(world.engine, "LOCK TABLE omie_sync.attempt IN SHARE MODE"):
        process = start(world, world.clock.now().isoformat())
        kill_when(process, lambda: waiting_for_a_lock(world))
    assert len(world.writes()) == 5
    assert world.open_intents() == 5
    finish(world, late_seconds=0)
    assert len(world.writes()) == 5


def test_two_processes_over_the_same_rows(engine: sa.Engine) -> None:
    with running_simulator(clock=SimulatedSystemClock()) as simulator:
        simulator.control.set_behaviour(latency_ms=5)
        world = World(engine, simulator, None)  # type: ignore[arg-type]
        world.model("clientes", [cliente(n) for n in range(1, 31)])
        both = [start(world, "real", "upsert") for _ in range(2)]
        ends = [process.communicate(timeout=_PATIENCE_SECONDS)[0].split() for process in both]
        assert sorted(ends) == [[b"0", b"30", b"0", b"True"], [b"30", b"0", b"0", b"True"]]
        assert len(world.writes()) == 30
        assert len(world.held_by_omie()) == 30


def test_the_second_run_is_told_that_it_waits(engine: sa.Engine) -> None:
    from omie_pipeline.catalog import REGISTRY
    from omie_pipeline.payload import Selection
    from omie_pipeline.push.run import Push

    with running_simulator(clock=SimulatedSystemClock()) as simulator:
        world = World(engine, simulator, None)  # type: ignore[arg-type]
        world.clock = SystemClock()  # type: ignore[assignment]
        world.model("clientes", [cliente(n) for n in range(1, 4)])
        told, reports = threading.Event(), []
        world.control.next_faults(PlannedFault("timeout_after_commit"))
        world.timeout_seconds = 20.0

        def second() -> None:
            other = open_engine(engine.url.render_as_string(hide_password=False))
            push = Push(other, world.client, world.clock, world.rules, on_wait=told.set)
            reports.append(push.run(REGISTRY["clientes"], Selection("principal"), EndpointPolicy()))
            other.dispose()

        first = start(world, "real", "upsert")
        thread = threading.Thread(target=second)
        try:
            give_up_at = time.monotonic() + _PATIENCE_SECONDS
            while not world.control.calls() and time.monotonic() < give_up_at:
                told.wait(_LOOK_AGAIN_SECONDS)
            thread.start()
            assert told.wait(_PATIENCE_SECONDS)
        finally:
            first.kill()
            first.communicate()
            thread.join(_PATIENCE_SECONDS)
        (report,) = reports
        assert (report.recovered, report.total.created, report.total.unchanged) == (1, 3, 0)
        assert report.closes
        assert len(world.writes("PAC-1")) == 1


TITLES = range(1, 31)


def finish_lots(world: World, endpoint: str = "contas_receber") -> None:
    """The next run: every título stands once, under the id that the ledger has."""
    report = world.push(endpoint, policy=EndpointPolicy(lote=50))
    assert report.closes
    assert report.total.held == 0
    held = world.held_by_omie(endpoint)
    assert set(held) == {f"REC-{n}" for n in TITLES}
    assert world.ledger(endpoint) == dict.fromkeys(held, "confirmed")
    assert world.open_intents() == 0
    assert not world.reads(), "absent records are not asked for one by one"
    assert world.push(endpoint, policy=EndpointPolicy(lote=50)).total.calls == 0


@pytest.mark.parametrize("kind", ["timeout", "timeout_after_commit"])
def test_killed_while_a_lot_is_under_way(world: World, kind: str) -> None:
    world.confirmed(1)
    world.model("contas_receber", [titulo(n) for n in TITLES])
    world.control.next_faults(PlannedFault(kind))  # type: ignore[arg-type]
    process = start(world, world.clock.now().isoformat(), "upsert", "contas_receber")
    kill_when(process, lambda: any(c.http_status == 0 for c in world.control.calls()))
    finish_lots(world)
    made = [c for c in world.writes() if c.committed]
    assert len(made) == (1 if kind == "timeout_after_commit" else 30)


def test_killed_between_a_lot_and_the_ledger(world: World) -> None:
    world.confirmed(1)
    world.model("contas_receber", [titulo(n) for n in TITLES])
    with locked(world.engine, "LOCK TABLE omie_sync.attempt IN SHARE MODE"):
        process = start(world, world.clock.now().isoformat(), "upsert", "contas_receber")
        kill_when(process, lambda: waiting_for_a_lock(world))
    assert world.open_intents() == 30
    finish_lots(world)
    assert len(world.writes()) == 1


def test_two_processes_with_lots_of_the_same_rows(engine: sa.Engine) -> None:
    with running_simulator(clock=SimulatedSystemClock()) as simulator:
        simulator.control.set_behaviour(latency_ms=5)
        world = World(engine, simulator, None)  # type: ignore[arg-type]
        world.clock = SystemClock()  # type: ignore[assignment]
        world.model("clientes", [cliente(1)])
        assert world.push().total.created == 1
        world.model("contas_receber", [titulo(n) for n in TITLES])
        both = [start(world, "real", "upsert", "contas_receber") for _ in range(2)]
        ends = [process.communicate(timeout=_PATIENCE_SECONDS)[0].split() for process in both]
        assert sorted(ends) == [[b"0", b"30", b"0", b"True"], [b"30", b"0", b"0", b"True"]]
        assert [c.method for c in world.writes()] == ["UpsertCliente", "UpsertContaReceberPorLote"]
        assert len(world.held_by_omie("contas_receber")) == 30
