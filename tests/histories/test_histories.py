"""Any history of edits, runs, faults, crashes, crooked clocks and people in Omie ends in the truth.

``OMIE_PIPELINE_HISTORIES=1000`` (``make histories``) tells as many, others with every
``OMIE_PIPELINE_HISTORIES_SEED``.
"""

from __future__ import annotations

import os
import sys
import time

import hypothesis
import pytest
from hypothesis import HealthCheck, Phase, settings
from hypothesis.stateful import run_state_machine_as_test

from omie_pipeline.push import lots
from tests.histories.company import Company
from tests.histories.machine import Histories

pytestmark = pytest.mark.slow

_FEW = 20
# Read here: inside a test the developer's own variables are hidden.
_NUMBER = int(os.environ.get("OMIE_PIPELINE_HISTORIES", _FEW))
_SEED = os.environ.get("OMIE_PIPELINE_HISTORIES_SEED", "")


@pytest.mark.parametrize("policy", ["conflict", "undo", "lots"])
def test_every_history_ends_in_the_truth(
    company: Company, policy: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    many, started = _NUMBER > _FEW, time.perf_counter()
    monkeypatch.setattr(lots, "LEAST_ROWS", 2)
    lent = {
        "company": company,
        "undo": policy == "undo",
        "lote": 50 if policy == "lots" else 0,
        "tell_every": 10 if many else 0,
    }
    machine = type("Lent", (Histories,), lent)
    run_state_machine_as_test(
        hypothesis.seed(int(_SEED))(machine) if _SEED else machine,
        settings=settings(
            max_examples=max(1, _NUMBER // 2),
            stateful_step_count=14 if many else 10,
            derandomize=not _SEED,
            deadline=None,
            database=None,
            phases=[Phase.generate, Phase.shrink] if many else [Phase.generate],
            suppress_health_check=list(HealthCheck),
        ),
    )
    figures = company.figures
    if many:
        sys.stdout.write(f"\n{policy}: {time.perf_counter() - started:.0f} s, {figures}\n")
    assert figures.histories >= _NUMBER // 2
    assert figures.calls > figures.histories
