"""Each scenario is built once for the whole session: a build costs seconds."""

from __future__ import annotations

import csv
from collections.abc import Iterable, Iterator

import pytest
import sqlalchemy as sa
import yaml
from dbt.artifacts.schemas.run import RunExecutionResult

from omie_pipeline.catalog import WRITABLE
from tests.conftest import TEMPLATE
from tests.dbt_mapping.billing_clinic import ACCOUNTS, DEFAULTS, START, TABLES
from tests.dbt_mapping.company import RECEIPTS, fill
from tests.dbt_mapping.scenario import PROJECT, SAMPLE, Row, Scenario, ScenarioFactory
from tests.dbt_mapping.test_canonica import METHOD, PATIENT, RECEIPT
from tests.dbt_mapping.test_people import build_people

SUMS = {"nenhuma_linha_perdida", "parcelas_somam_o_recebimento", "baixa_de_titulo_que_existe"}


@pytest.fixture(scope="session")
def scenarios(
    postgres_url: str, _administration: sa.Engine, tmp_path_factory: pytest.TempPathFactory
) -> ScenarioFactory:
    return ScenarioFactory(postgres_url, TEMPLATE, tmp_path_factory.mktemp("dbt"))


@pytest.fixture(scope="session")
def synthea(scenarios: ScenarioFactory) -> Scenario:
    """The sample, loaded as an extract would and built with every dbt test."""
    scenario = scenarios.new("synthea")
    sources = PROJECT / "models/staging/synthea/_synthea__sources.yml"
    declared = yaml.safe_load(sources.read_text())
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


@pytest.fixture(scope="session")
def billing(scenarios: ScenarioFactory) -> Scenario:
    """A clinic that bills, with defaults of its own."""
    scenario = scenarios.new("canonica", defaults=(DEFAULTS, ACCOUNTS))
    for table, rows in TABLES.items():
        scenario.load("clinic_raw", table, rows)
    below = [f"test_type:generic,path:models/{folder}" for folder in ("staging", "clinica")]
    outcome = scenario.build(
        "--select", "+path:models/omie", "--exclude", *below, OMIE_PIPELINE_START_DATE=START
    )
    assert isinstance(outcome.result, RunExecutionResult)
    told = {r.node.name: str(r.status) for r in outcome.result.results if r.node.name in SUMS}
    # Payments of the scenario name títulos that there are not, and only a warning says so.
    assert told == {name: "warn" if name.startswith("baixa") else "pass" for name in SUMS}
    return scenario


@pytest.fixture(scope="session")
def billing_rows(billing: Scenario) -> dict[str, list[Row]]:
    """Rows of every payload model, by endpoint, as they were first built."""
    return {
        endpoint.name: billing.rows(f"select * from omie_payload.{endpoint.model}")
        for endpoint in WRITABLE
    }


@pytest.fixture(scope="session")
def people(scenarios: ScenarioFactory) -> Scenario:
    """Odd people, and each needed column empty once, as the payload models make them."""
    return build_people(scenarios)


def _csv(lines: Iterable[str]) -> Iterator[dict[str, str | None]]:
    for row in csv.DictReader(lines):
        yield {name: value or None for name, value in row.items()}
