"""Each scenario is built once for the whole session: a build costs seconds."""

from __future__ import annotations

import csv
from collections.abc import Iterable, Iterator

import pytest
import yaml

from tests.dbt_mapping.scenario import PROJECT, SAMPLE, Scenario, ScenarioFactory


@pytest.fixture(scope="session")
def scenarios(postgres_url: str, tmp_path_factory: pytest.TempPathFactory) -> ScenarioFactory:
    return ScenarioFactory(postgres_url, tmp_path_factory.mktemp("dbt"))


@pytest.fixture(scope="session")
def synthea(scenarios: ScenarioFactory) -> Scenario:
    """The sample, loaded as an extract would and built with every dbt test."""
    scenario = scenarios.new("synthea")
    declared = yaml.safe_load((PROJECT / "models/staging/synthea/_sources.yml").read_text())
    for table in declared["sources"][0]["tables"]:
        with (SAMPLE / table["meta"]["in_file"]).open(encoding="utf-8", newline="") as lines:
            rows = [{**row, "_empresa": "principal"} for row in _csv(lines)]
        scenario.load("clinic_raw", table["name"], rows)
    scenario.build()
    return scenario


def _csv(lines: Iterable[str]) -> Iterator[dict[str, str | None]]:
    for row in csv.DictReader(lines):
        yield {name: value or None for name, value in row.items()}
