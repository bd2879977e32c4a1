"""The terminal's tests: the real program against the simulator and a real PostgreSQL."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
import sqlalchemy as sa
from typer.testing import CliRunner

from omie_pipeline.cli.app import app
from omie_pipeline.postgres.clock import DatabaseClock
from omie_pipeline.simulator.clock import ManualClock
from omie_pipeline.simulator.engine.limits import Limits
from omie_pipeline.simulator.engine.server import Simulator, running_simulator
from tests.push.conftest import unvalidated
from tests.push.world import World
from tests.servers import mariadb, mariadb_server

__all__ = ["mariadb", "mariadb_server", "unvalidated"]


@dataclass(frozen=True, slots=True)
class Said:
    """What one command said and how it ended."""

    code: int
    out: str
    err: str

    @property
    def lines(self) -> list[dict[str, Any]]:
        """Every line of stdout as JSON; fails on anything else."""
        return [json.loads(line) for line in self.out.splitlines()]


class Terminal:
    """Types commands; no secret may ever show in what they say."""

    def __init__(self, secrets: tuple[str, ...]) -> None:
        self.secrets = secrets

    def __call__(self, *words: str) -> Said:
        result = CliRunner().invoke(app, list(words), catch_exceptions=False)
        for secret in self.secrets:
            assert secret not in result.output
        return Said(result.exit_code, result.stdout, result.stderr)


@pytest.fixture(scope="session")
def _one_simulator() -> Iterator[Simulator]:
    with running_simulator(limits=Limits.off()) as simulator:
        yield simulator


@pytest.fixture
def sim(_one_simulator: Simulator) -> Simulator:
    _one_simulator.control.set_limits(Limits.off())
    _one_simulator.control.reset()
    return _one_simulator


@pytest.fixture
def terminal(
    sim: Simulator, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, request: pytest.FixtureRequest
) -> Terminal:
    """The program with a good key, and no database unless ``clinic`` is there too."""
    for name, value in {
        "OMIE_APP_KEY": sim.app_key,
        "OMIE_APP_SECRET": sim.app_secret,
        "OMIE_BASE_URL": sim.base_url,
        "OMIE_CALLS_PER_MINUTE": "100000",
        "OMIE_CALLS_PER_MINUTE_IP": "100000",
        "OMIE_PIPELINE_START_DATE": "2026-01-01",
        "OMIE_PIPELINE_HOME": str(tmp_path / "home"),
        "WAREHOUSE_URL": "postgresql://omie:senha-do-banco@127.0.0.1:1/nada",
        "COLUMNS": "200",
    }.items():
        monkeypatch.setenv(name, value)
    return Terminal((sim.app_secret, "segredo-errado", "senha-do-banco"))


@pytest.fixture
def clinic(
    terminal: Terminal,
    engine: sa.Engine,
    database_url: str,
    sim: Simulator,
    monkeypatch: pytest.MonkeyPatch,
) -> World:
    """Payload models to fill; the program's warehouse is this test's database."""
    monkeypatch.setenv("WAREHOUSE_URL", database_url)
    return World(engine, sim, ManualClock(datetime(2026, 1, 5, 12, 0, tzinfo=UTC)))


@pytest.fixture
def slept(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """Waits cost nothing here; the clock moves on by them."""
    waits: list[float] = []
    now = DatabaseClock.now

    def later(clock: DatabaseClock) -> datetime:
        return now(clock) + timedelta(seconds=sum(waits))

    monkeypatch.setattr(DatabaseClock, "now", later)
    monkeypatch.setattr(DatabaseClock, "sleep", lambda _, seconds: waits.append(max(seconds, 0)))
    return waits


class Dbt:
    """Answers as dbt's runner does, and runs nothing."""

    nodes: tuple[tuple[str, str, str], ...] = ()
    exception: BaseException | None = None
    asked: tuple[str, ...] = ()

    def invoke(self, arguments: list[str]) -> SimpleNamespace:
        assert arguments[0] == "build"
        type(self).asked = tuple(arguments)
        print("dbt fala demais")  # noqa: T201 - it does
        results = [
            SimpleNamespace(
                status=status,
                message=message,
                node=SimpleNamespace(name=name, resource_type="test"),
            )
            for name, status, message in self.nodes
        ]
        failed = self.exception is not None or any(r.status == "error" for r in results)
        return SimpleNamespace(
            success=not failed, exception=self.exception, result=SimpleNamespace(results=results)
        )


@pytest.fixture
def dbt(clinic: World, monkeypatch: pytest.MonkeyPatch) -> type[Dbt]:
    import dbt.cli.main

    fake = type("Fake", (Dbt,), {})
    monkeypatch.setattr(dbt.cli.main, "dbtRunner", fake)
    monkeypatch.setenv("CLINIC_URL", "warehouse://clinica_viva")
    return fake
