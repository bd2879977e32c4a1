"""``kill -9`` at any point of a reading, and two readings at once."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from datetime import date
from decimal import Decimal

import pytest
import sqlalchemy as sa

from omie_pipeline.simulator.clock import SystemClock as SimulatedSystemClock
from omie_pipeline.simulator.engine.planned_faults import PlannedFault
from omie_pipeline.simulator.engine.server import running_simulator
from omie_pipeline.status.history import ListFilter, recent_readings
from tests.imports.mirrored import cursor, ids, later
from tests.imports.titles import seed
from tests.push.test_crashes import ROOT, kill_when, locked, waiting_for_a_lock
from tests.push.world import World

pytestmark = pytest.mark.slow

DAY = date(2026, 1, 2)
_PATIENCE_SECONDS = 30.0


def start(world: World, now: str, name: str = "contas_receber") -> subprocess.Popen[bytes]:
    url = world.engine.url.render_as_string(hide_password=False)
    command = [sys.executable, "-m", "tests.imports.runner", url, world.base_url, now, name]
    return subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE)


def finish(world: World, name: str, keys: list[int]) -> None:
    """The next reading, in this process, completes; nothing is there twice or missing."""
    later(world, minutes=5)
    report = world.import_table(name)
    assert report.complete
    assert len(ids(world, name)) == len(world.control.records(name))
    if name == "contas_receber":
        assert ids(world) == sorted(keys)
    states = [row[0] for row in world.rows("SELECT state FROM omie_sync.import_run ORDER BY 1")]
    assert states == ["done", "failed"]
    assert cursor(world, name) is not None


def hanging(world: World) -> bool:
    return any(call.http_status == 0 for call in world.control.calls())


@pytest.mark.parametrize("page", [0, 1, 4])
def test_killed_while_a_page_is_asked_for(world: World, page: int) -> None:
    world.control.set_behaviour(max_page_size=50)
    keys = [*seed(world, 900, DAY)]
    hang = PlannedFault("timeout", method="ListarContasReceber")
    if page:
        world.control.between_pages(
            "ListarContasReceber", page, lambda: world.control.next_faults(hang)
        )
    else:
        world.control.next_faults(hang)
    kill_when(start(world, world.clock.now().isoformat()), lambda: hanging(world))
    assert cursor(world) is None
    listed = ListFilter()
    wait_for(lambda: [one.state for one in recent_readings(world.engine, listed)] == ["failed"])
    assert world.rows("SELECT * FROM omie_sync.import_partition") == []
    finish(world, "contas_receber", keys)


@pytest.mark.parametrize(
    ("lock", "name"),
    [
        ("LOCK TABLE omie.contas_receber IN SHARE MODE", "contas_receber"),
        ("LOCK TABLE omie_sync.import_partition IN SHARE MODE", "contas_receber"),
        ("LOCK TABLE omie_sync.import_cursor IN SHARE MODE", "contas_receber"),
        ("LOCK TABLE omie.baixas IN SHARE MODE", "baixas"),
        ("LOCK TABLE omie_sync.import_cursor IN SHARE MODE", "movimentacoes"),
    ],
)
def test_killed_while_it_writes(world: World, lock: str, name: str) -> None:
    keys = [*seed(world, 5, DAY)]
    world.control.settle("contas_receber", keys[4], value=Decimal(2))
    with locked(world.engine, lock):
        kill_when(
            start(world, world.clock.now().isoformat(), name), lambda: waiting_for_a_lock(world)
        )
    world.control.clear_calls()
    assert cursor(world, name) is None
    finish(world, name, keys)
    if name == "movimentacoes":
        ((moved,),) = world.rows("SELECT sum(valor_movimentado) FROM omie.movimentacoes")
        assert moved == 2
    if name == "baixas":
        ((value,),) = world.rows("SELECT sum(valor) FROM omie.baixas WHERE excluido_em IS NULL")
        assert value == 2


def test_two_processes_read_one_table(engine: sa.Engine) -> None:
    """The second, which waited, takes what the first found: Omie is asked once."""
    with running_simulator(clock=SimulatedSystemClock()) as simulator:
        simulator.control.set_behaviour(latency_ms=100, max_page_size=50)
        world = World(engine, simulator, None)  # type: ignore[arg-type]
        today = simulator.control.now().date()
        keys = seed(world, 200, today)
        with locked(engine, "LOCK TABLE omie_sync.quota_lane IN ACCESS EXCLUSIVE MODE"):
            both = [start(world, "real") for _ in range(2)]
            lanes = "SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND granted"
            wait_for(lambda: waiting_for_a_lock(world) and bool(world.rows(lanes)[0][0]))
            # Both have asked for the lane: the one that got it, and the one that polls for it.
            asking = (
                "SELECT count(*) FROM pg_stat_activity "
                "WHERE query LIKE '%pg_try_advisory_lock%' AND pid <> pg_backend_pid()"
            )
            wait_for(lambda: world.rows(asking)[0][0] >= 2)
        ends = [process.communicate(timeout=_PATIENCE_SECONDS)[0].split() for process in both]
        assert sorted(ends) == [[b"0", b"0", b"True", b"True"], [b"200", b"200", b"True", b"False"]]
        assert len(simulator.control.calls()) <= 1 + 4 + 4, "one reading, with one pass too many"
        assert ids(world) == sorted(keys)


def wait_for(reached: Callable[[], bool]) -> None:
    import threading
    import time

    give_up_at, pause = time.monotonic() + _PATIENCE_SECONDS, threading.Event()
    while not reached():
        assert time.monotonic() < give_up_at
        pause.wait(0.01)


def test_a_reading_after_the_first_one_asked(world: World) -> None:
    """``not_before``: good enough is what was asked since then, and nothing older."""
    seed(world, 3, DAY)
    moment = world.clock.now()
    world.import_table("contas_receber")
    world.control.clear_calls()
    report = world.import_table("contas_receber", not_before=moment)
    assert (report.reused, report.complete) == (True, True)
    assert world.control.calls() == ()
    later(world, minutes=2)
    assert not world.import_table("contas_receber", not_before=world.clock.now()).reused
