"""Two processes over the same receipts at once: one effect of each row."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
import sqlalchemy as sa

from omie_pipeline.clock import SystemClock
from omie_pipeline.simulator.clock import SystemClock as SimulatedSystemClock
from omie_pipeline.simulator.engine.server import running_simulator
from tests.effects import rows
from tests.effects.rows import model, push
from tests.push.world import World, cliente, titulo

pytestmark = [pytest.mark.usefixtures("unvalidated"), pytest.mark.slow]

ROOT = Path(__file__).parents[2]
_PATIENCE_SECONDS = 60.0
_NUMBERS = range(1, 6)


def both(world: World, endpoint: str) -> list[list[bytes]]:
    """What two runs started at once tell, the idle one first."""
    url = world.engine.url.render_as_string(hide_password=False)
    command = [sys.executable, "-m", "tests.effects.runner", url, world.base_url, endpoint]
    started = [subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE) for _ in range(2)]
    return sorted(one.communicate(timeout=_PATIENCE_SECONDS)[0].split() for one in started)


def test_orders_notes_and_payments_are_made_once(engine: sa.Engine) -> None:
    with running_simulator(clock=SimulatedSystemClock()) as simulator:
        simulator.control.set_behaviour(latency_ms=5)
        world = World(engine, simulator, None)  # type: ignore[arg-type]
        world.clock = SystemClock()  # type: ignore[assignment]
        model(world, "clientes", cliente(1))
        model(world, "servicos", rows.servico())
        model(world, "contas_receber", *(titulo(n) for n in _NUMBERS))
        model(world, "ordens_servico", *(rows.ordem(n) for n in _NUMBERS))
        model(world, "faturar_os", *(rows.faturamento(n) for n in _NUMBERS))
        model(world, "baixas_receber", *(rows.baixa(n, title=n) for n in _NUMBERS))
        for endpoint in ("clientes", "servicos", "contas_receber"):
            assert push(world, endpoint).total.created
        for endpoint in ("ordens_servico", "faturar_os", "baixas_receber"):
            ends = [[b"0", b"5", b"0", b"True"], [b"5", b"0", b"0", b"True"]]
            assert both(world, endpoint) == ends, endpoint
        for number in _NUMBERS:
            assert len(world.control.twins("ordens_servico", f"OS-{number}")) == 1
            assert len(world.control.notes(f"OS-{number}")) == 1
            assert len(world.control.settlements(f"REC-{number}")) == 1
