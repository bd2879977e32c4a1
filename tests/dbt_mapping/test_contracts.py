"""What a delivered payload model gives is its contract; a model of the user's own has none."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from dbt.cli.main import dbtRunnerResult

from omie_pipeline.config.dbt_project import assemble_project
from omie_pipeline.config.settings import Settings
from tests.dbt_mapping.scenario import PROJECT, Scenario, ScenarioFactory

pytestmark = pytest.mark.slow

MODEL = "omie_projetos"
DELIVERED = PROJECT / "models" / "omie" / f"{MODEL}.sql"
OTHER = DELIVERED.read_text("utf-8").replace("    nome,\n", "    cast(1 as integer) as nome,\n")
"""The delivered model with a column of another type."""


def _run(company: Scenario, project: Path) -> dbtRunnerResult:
    target = company.target.with_name(f"target_{project.name}")
    return replace(company, project=project, target=target).dbt("run", "--select", MODEL)


def test_a_delivered_model_that_breaks_its_contract_is_not_built(
    company: Scenario, scenarios: ScenarioFactory
) -> None:
    assert DELIVERED.read_text("utf-8") != OTHER
    project = scenarios.copy_of_the_project("broken_contract")
    (project / "models" / "omie" / f"{MODEL}.sql").write_text(OTHER, "utf-8")
    outcome = _run(company, project)
    assert not outcome.success
    found = getattr(outcome.result, "results", [])
    (result,) = (one for one in found if one.node.resource_type == "model")
    assert "has an enforced contract that failed" in result.message
    assert "nome" in result.message


def test_a_model_of_ones_own_may_lack_columns_and_have_others(
    company: Scenario, scenarios: ScenarioFactory
) -> None:
    own, home = scenarios.folder / "own_contract", scenarios.folder / "own_contract_home"
    (own / "omie").mkdir(parents=True)
    text = OTHER.replace("inativo,\n", "identificacao,\n")
    (own / "omie" / f"{MODEL}.sql").write_text(text, "utf-8")
    settings = Settings(OMIE_PIPELINE_MODELS=str(own), OMIE_PIPELINE_HOME=str(home))
    outcome = _run(company, assemble_project(settings).folder)
    assert outcome.success, outcome.result
    (identified,) = company.rows(
        "select data_type from information_schema.columns"
        " where table_schema = 'omie_payload' and table_name = 'omie_projetos'"
        " and column_name = 'identificacao'"
    )
    assert identified == {"data_type": "text"}
    company.run(MODEL)
