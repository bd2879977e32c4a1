"""The programs behind a pooler in session mode, each a process of its own: build, then push."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

import pytest
import sqlalchemy as sa

from omie_pipeline.postgres.poolers import SESSIONS
from omie_pipeline.simulator.engine.limits import Limits
from omie_pipeline.simulator.engine.server import running_simulator
from omie_pipeline.simulator.past import give_a_past
from sample.generator.generate import write_sample
from tests.fencing.pgbouncer import pgbouncer

pytestmark = pytest.mark.slow

_PATIENCE_SECONDS = 400.0
_LOOK_AGAIN_SECONDS = 0.02
_OURS = sa.text(
    "SELECT count(*) FROM pg_stat_activity"
    " WHERE datname = current_database() AND pid <> pg_backend_pid()"
)


@pytest.fixture
def behind(database_url: str, tmp_path: Path) -> Iterator[dict[str, str]]:
    """What a process needs to work on a small clinic, its database behind a pooler that gives
    just as many sessions as the manual asks for, and refuses who waits for one."""
    write_sample(12, 0.0, 7, str(tmp_path / "clinica"))
    room = {"default_pool_size": SESSIONS, "query_wait_timeout": 20}
    with (
        running_simulator(limits=Limits.off()) as simulator,
        pgbouncer(database_url, "session", **room) as url,
    ):
        give_a_past(simulator.control, 90)
        yield {
            **os.environ,
            "OMIE_APP_KEY": simulator.app_key,
            "OMIE_APP_SECRET": simulator.app_secret,
            "OMIE_BASE_URL": simulator.base_url,
            "OMIE_CALLS_PER_MINUTE": "60000",
            "OMIE_CALLS_PER_MINUTE_IP": "240000",
            "WAREHOUSE_URL": url,
            "CLINIC_URL": str(tmp_path / "clinica"),
            "OMIE_PIPELINE_HOME": str(tmp_path / "home"),
            "OMIE_PIPELINE_STAGING": "canonica",
            "OMIE_PIPELINE_START_DATE": "2025-01-01",
        }


def most_sessions(engine: sa.Engine, act: Callable[[], None]) -> int:
    """The most sessions of the server at once while ``act`` goes on."""
    over, seen = threading.Event(), [0]

    def look() -> None:
        with engine.execution_options(isolation_level="AUTOCOMMIT").connect() as connection:
            while not over.wait(_LOOK_AGAIN_SECONDS):
                seen.append(connection.execute(_OURS).scalar_one())

    looking = threading.Thread(target=look)
    looking.start()
    try:
        act()
    finally:
        over.set()
        looking.join()
    return max(seen)


def command(environment: Mapping[str, str], *words: str) -> subprocess.CompletedProcess[str]:
    """``omie-pipeline`` and these words, to their end."""
    program = str(Path(sys.executable).with_name("omie-pipeline"))
    return subprocess.run(
        [program, *words],
        env=dict(environment),
        capture_output=True,
        text=True,
        check=False,
        timeout=_PATIENCE_SECONDS,
    )


def test_build_and_push(behind: dict[str, str], engine: sa.Engine) -> None:
    said: list[subprocess.CompletedProcess[str]] = []
    built = most_sessions(engine, lambda: said.append(command(behind, "build")))
    assert said[-1].returncode == 0, said[-1].stdout + said[-1].stderr
    pushed = most_sessions(engine, lambda: said.append(command(behind, "push", "tudo")))
    assert said[-1].returncode in (0, 3), said[-1].stdout + said[-1].stderr
    assert "Traceback" not in said[-1].stderr
    with engine.connect() as connection:
        states = sa.text("SELECT state, count(*) FROM omie_sync.ledger GROUP BY 1")
        found = dict(row._tuple() for row in connection.execute(states))
    assert found["confirmed"] > 0
    assert found.get("unknown", 0) == 0
    assert max(built, pushed) <= SESSIONS
