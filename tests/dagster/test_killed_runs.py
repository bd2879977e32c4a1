"""The process of a run is killed in each of its steps: the next run settles what it left."""

import os
import signal
import subprocess
import sys
from collections import Counter
from pathlib import Path

import dagster as dg
import pytest
import sqlalchemy as sa

from omie_pipeline.app.deployment import Deployment
from omie_pipeline.assets.pools import ensure_pools
from omie_pipeline.resources.dagster_home import prepare_dagster_home
from omie_pipeline.resources.run_workers import end_dead_runs
from omie_pipeline.simulator.engine.server import Simulator
from tests.dagster.killed_run import PLACES

pytestmark = pytest.mark.slow  # builds the mapping, and starts six processes

ROOT = Path(__file__).parents[2]


def carried_out(place: str = "") -> int:
    """Exit code of a run in a process of its own."""
    command = [sys.executable, "-m", "tests.dagster.killed_run", *filter(None, [place])]
    return subprocess.run(command, cwd=ROOT, check=False, stdout=subprocess.DEVNULL).returncode


def settled() -> None:
    """What Dagster's daemon does with a run whose process is gone."""
    with dg.DagsterInstance.get() as instance:
        for run in end_dead_runs(instance):
            instance.event_log_storage.free_concurrency_slots_for_run(run.run_id)


def test_a_run_that_is_killed_in_any_step_leaves_nothing_twice_and_nothing_lost(
    deployed: dg.Definitions,
    simulator: Simulator,
    engine: sa.Engine,
    home: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    deployment = Deployment()
    for name, value in deployment.dagster_environment().items():
        monkeypatch.setenv(name, value)
    prepare_dagster_home(deployment.settings.home)
    with dg.DagsterInstance.get() as instance:
        ensure_pools(instance)
    # Killed before anything was built: dbt makes the models in the next run.
    for place in ("extract", "push", "mapping", "checks"):
        assert place in PLACES
        assert carried_out(place) == -signal.SIGKILL, place
        settled()
    assert carried_out() == 0

    with engine.connect() as connection:
        count = "SELECT count(*) FROM omie_payload.omie_clientes"
        rows = connection.scalar(sa.text(count))
        wrong = connection.execute(
            sa.text(
                "SELECT endpoint, state, count(*) FROM omie_sync.ledger"
                " WHERE state NOT IN ('confirmed', 'rejected') GROUP BY 1, 2"
            )
        ).all()
        verdicts = connection.execute(
            sa.text(
                "SELECT execution_status, count(*) FROM dagster.asset_check_executions"
                " WHERE check_name = 'identidade_contabil' GROUP BY 1"
            )
        ).all()
        ledger = connection.scalar(
            sa.text("SELECT count(*) FROM omie_sync.ledger WHERE endpoint = 'clientes'")
        )
        quarantined = connection.scalar(
            sa.text("SELECT count(*) FROM omie_sync.quarantine WHERE endpoint = 'clientes'")
        )
        open_intents = connection.scalar(
            sa.text("SELECT count(*) FROM omie_sync.intent WHERE closed_at IS NULL")
        )
    assert rows == ledger + quarantined
    assert not wrong
    assert open_intents == 0
    assert {status for status, _ in verdicts} == {"SUCCEEDED"}
    sent = Counter(
        call.param["codigo_cliente_integracao"]
        for call in simulator.control.calls(method="UpsertCliente")
    )
    assert sent
    assert max(sent.values()) == 1, "no record was written twice"
    assert os.environ["DAGSTER_HOME"].startswith(str(home))
