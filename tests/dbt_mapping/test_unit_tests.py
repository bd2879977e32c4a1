"""The examples of ``models/omie/_omie__unit_tests.yml``, which no user's build runs."""

from __future__ import annotations

import pytest
from dbt.artifacts.schemas.run import RunExecutionResult

from omie_pipeline.config.dbt_project import BUILD
from tests.dbt_mapping.scenario import Scenario

pytestmark = pytest.mark.slow


def test_every_example_of_the_payload_models_holds(company: Scenario) -> None:
    outcome = company.dbt("test", "--select", "test_type:unit")
    assert isinstance(outcome.result, RunExecutionResult), outcome.exception
    told = {
        result.node.name: (str(result.status), result.message)
        for result in outcome.result
        if result.node.resource_type == "unit_test"
    }
    assert {name: one for name, one in told.items() if one[0] != "pass"} == {}
    assert len(told) == 8


def test_a_build_leaves_them_out(company: Scenario) -> None:
    for command, left_out in ((("build",), False), (BUILD, True)):
        outcome = company.dbt(*command, "--select", "int_repasses_por_regra")
        assert isinstance(outcome.result, RunExecutionResult), outcome.exception
        kinds = {str(result.node.resource_type) for result in outcome.result}
        assert ("unit_test" not in kinds) == left_out
