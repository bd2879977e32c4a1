"""Each scenario is built once for the whole session: a build costs seconds."""

from __future__ import annotations

import csv
from collections.abc import Iterable, Iterator

import pytest
import sqlalchemy as sa
import yaml
from dbt.artifacts.schemas.run import RunExecutionResult

from tests.conftest import TEMPLATE
from tests.dbt_mapping.company import RECEIPTS, fill
from tests.dbt_mapping.scenario import PROJECT, SAMPLE, Scenario, ScenarioFactory
from tests.dbt_mapping.test_canonica import METHOD, PATIENT, RECEIPT


@pytest.fixture(scope="session")
def scenarios(
    postgres_url: str, _administration: sa.Engine, tmp_path_factory: pytest.TempPathFactory
) -> ScenarioFactory:
    return ScenarioFactory(postgres_url, TEMPLATE, tmp_path_factory.mktemp("dbt"))


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


@pytest.fixture(scope="session")
def company(scenarios: ScenarioFactory) -> Scenario:
    """A small company, its clinic and what Omie says, built with every dbt test."""
    scenario = scenarios.new("canonica")
    scenario.load("clinic_raw", "pacientes", [{**PATIENT, "nome": "Ana  souza", "rg": None}])
    scenario.load("clinic_raw", "formas_pagamento", [METHOD])
    receipt = {**RECEIPT, "procedimento_id": None}
    scenario.load(
        "clinic_raw",
        "recebimentos",
        [
            {**receipt, "id": key, "valor": value, "data_vencimento": due}
            for key, (value, due) in RECEIPTS.items()
        ],
    )
    engine = sa.create_engine(
        sa.make_url(scenario.server_url).set(database=scenario.database), poolclass=sa.NullPool
    )
    with engine.begin() as connection:
        fill(connection)
    # The days of the clinic are of 2026, whatever the year is now.
    outcome = scenario.build(OMIE_PIPELINE_START_DATE="2026-01-01")
    assert isinstance(outcome.result, RunExecutionResult)
    # One account of the company does not add up, and only a warning says so.
    warned = {r.node.name for r in outcome.result.results if str(r.status) == "warn"}
    assert "caixa_igual_ao_extrato" in warned
    return scenario


def _csv(lines: Iterable[str]) -> Iterator[dict[str, str | None]]:
    for row in csv.DictReader(lines):
        yield {name: value or None for name, value in row.items()}
