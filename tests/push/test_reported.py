"""When Great Expectations is asked: where a report is wanted, not for a handful of rows without."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import pandas as pd
import pytest

from omie_pipeline.push.policy import EndpointPolicy, Guardrails
from omie_pipeline.validation.conditions import Outcome, SuiteRunner
from omie_pipeline.validation.rules import Check
from tests.push.world import World, cliente

LENIENT = EndpointPolicy(guardrails=Guardrails(max_quarantined_share=1))


@pytest.mark.slow
def test_a_run_whose_report_is_wanted_goes_through_great_expectations(
    world: World, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    suites: list[int] = []
    run = SuiteRunner.run

    def counted(self: SuiteRunner, data: pd.DataFrame, checks: Sequence[Check]) -> list[Outcome]:
        suites.append(len(data))
        return run(self, data, checks)

    monkeypatch.setattr(SuiteRunner, "run", counted)
    world.model("clientes", [cliente(1), cliente(2, razao_social="Maria 😀")])
    directly = world.push(policy=LENIENT, dry_run=True)
    assert (directly.total.quarantined, directly.data_docs, suites) == (1, None, [])
    reported = world.push(policy=LENIENT, data_docs_dir=tmp_path)
    assert (reported.total.quarantined, reported.total.created, suites) == (1, 1, [2])
    assert reported.validation == directly.validation
    assert reported.data_docs is not None
    assert "Recusa se: Tem caractere que o Omie não aceita." in reported.data_docs.read_text(
        "utf-8"
    )
