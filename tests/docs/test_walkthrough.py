"""A new user's way to their own tables, typed as it stands in docs/own-system.md."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
import sqlalchemy as sa

from omie_pipeline.simulator.engine.limits import Limits
from omie_pipeline.simulator.engine.server import running_simulator
from omie_pipeline.simulator.past import give_a_past
from tests.docs.pages import OWN_SYSTEM, ROOT, blocks

pytestmark = pytest.mark.slow

STEPS = 10
WRITTEN_PORT = "127.0.0.1:8765"


@pytest.fixture
def clone(tmp_path: Path) -> Path:
    """The project as a clone has it, with the virtual environment of this process."""
    for name in ("omie_pipeline", "dbt_mapping"):
        ignored = shutil.ignore_patterns("target", "logs", "__pycache__")
        shutil.copytree(ROOT / name, tmp_path / name, ignore=ignored)
    shutil.copy(ROOT / "pyproject.toml", tmp_path)
    (tmp_path / ".venv").symlink_to(sys.prefix)
    return tmp_path


def _script() -> str:
    """The shell blocks; the simulator is this test's own, so nobody waits for it."""
    steps = blocks(OWN_SYSTEM, "bash")
    assert len(steps) == STEPS
    lines = "\n".join(steps).splitlines()
    ours = re.compile(r"omie-pipeline simulator|sleep \d")
    kept = [line for line in lines if not ours.match(line)]
    assert len(lines) - len(kept) == 2
    return "\n".join(kept)


def test_from_clone_to_own_tables(clone: Path, engine: sa.Engine) -> None:
    with running_simulator(limits=Limits.off()) as simulator:
        give_a_past(simulator.control, 90)
        done = subprocess.run(
            ["bash", "-c", _script().replace(WRITTEN_PORT, f"127.0.0.1:{simulator.port}")],
            cwd=clone,
            env={
                **{k: v for k, v in os.environ.items() if k != "OMIE_PIPELINE_MODELS"},
                "PYTHONPATH": str(clone),
                # Pacing has tests of its own; here it would only cost time.
                "OMIE_CALLS_PER_MINUTE": "100000",
                "OMIE_CALLS_PER_MINUTE_IP": "100000",
                "WAREHOUSE_URL": engine.url.render_as_string(hide_password=False),
            },
            capture_output=True,
            text=True,
            check=False,
        )
        calls = [call.method for call in simulator.control.calls()]
    assert done.returncode == 0, done.stdout + done.stderr
    assert "Traceback" not in done.stderr
    assert "erro:" not in done.stderr
    assert "ERROR" not in done.stdout
    # The patient with the wrong CPF first waited, then went; so did her receipt.
    assert "PAC-3 (clientes, em quarentena)" in done.stdout
    assert "REC-503 (contas_receber, retida)" in done.stdout
    query = "SELECT endpoint, count(*) FROM omie_sync.ledger WHERE state = 'confirmed' GROUP BY 1"
    with engine.connect() as connection:
        confirmed = {row[0]: row[1] for row in connection.execute(sa.text(query))}
        waiting = connection.execute(sa.text("SELECT count(*) FROM omie_sync.quarantine")).scalar()
    assert confirmed == {"clientes": 4, "contas_receber": 3, "contas_pagar": 1}
    assert waiting == 0
    # Four creations, and for the receipts a second call each, when payment methods were mapped.
    assert calls.count("UpsertCliente") == 4
    assert calls.count("UpsertContaReceber") == 6
    assert calls.count("UpsertContaPagar") == 1
