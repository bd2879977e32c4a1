"""dbt's data tests are kept for tables that are filled without dbt (macros/testes.sql)."""

from __future__ import annotations

import pytest
from dbt.artifacts.schemas.run import RunExecutionResult

from tests.dbt_mapping.scenario import Scenario

pytestmark = pytest.mark.slow


def test_those_that_ran_are_kept_and_those_that_are_gone_forgotten(company: Scenario) -> None:
    with company.connect() as connection:
        connection.execute(
            "insert into omie_sync.model_test (name, reads, statement)"
            " values ('de_antes', '{}', '')"
        )
    outcome = company.dbt("test", "--select", "omie_projetos,test_type:data")
    assert isinstance(outcome.result, RunExecutionResult), outcome.exception
    ran = {one.node.name for one in outcome.result if one.node.resource_type == "test"}
    kept = {
        row["name"]: row["statement"]
        for row in company.rows("select name, statement from omie_sync.model_test")
    }
    assert ran
    assert ran <= set(kept)
    assert "de_antes" not in kept
    # A warehouse that was restored may be called otherwise.
    assert not any(company.database in str(statement) for statement in kept.values())
