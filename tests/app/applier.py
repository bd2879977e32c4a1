"""``apply`` in a process of its own, to be killed: ``-m tests.app.applier URL URL NOW HOME ID``."""

from __future__ import annotations

import sys
from datetime import datetime
from pathlib import Path

from pydantic import SecretStr

from omie_pipeline import validation
from omie_pipeline.app.deployment import Deployment
from omie_pipeline.app.plans import apply_plan
from omie_pipeline.clock import ManualClock
from omie_pipeline.config.settings import Settings
from tests.push.accept_all import AcceptAll
from tests.push.runner import KEY, SECRET


def main(database_url: str, base_url: str, now: str, home: str, plan_id: str) -> None:
    """Apply a plan of the deployment of ``HOME``; ``now`` is the simulator's time."""
    vars(validation)["Validator"] = AcceptAll
    settings = Settings(
        warehouse_url=SecretStr(database_url),
        base_url=base_url,
        home=Path(home),
        config=Path(home) / "empresas.yaml",
    )
    keys = {"SUL_KEY": KEY, "SUL_SECRET": SECRET, "NORTE_KEY": KEY, "NORTE_SECRET": SECRET}
    clock = ManualClock(datetime.fromisoformat(now))
    apply_plan(Deployment(settings, clock=clock, variables=keys), plan_id, "ANA")


if __name__ == "__main__":
    main(*sys.argv[1:])
