"""The expectations of our suites: one for each rule, of all the fields that it is asked of.

Great Expectations costs some 10 ms for each expectation, whatever the number of rows, so the rule
is the expectation and not the field (ADR 0032). Each is asked of the table, and its result says by
field which rows break it. The conditions themselves are plain functions (``conditions.py``);
nothing here knows a rule by itself.

Importing this module imports Great Expectations (3 to 5 seconds): only ``conditions`` and
``data_docs`` do, and only when a suite runs or a report is written.
"""

# Great Expectations passes ``cls``, gives no types to its decorators, and hands over by name what
# its methods take: ours name what they need.
# ruff: noqa: N805
# mypy: disable-error-code="untyped-decorator, misc, override"

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar

from great_expectations.core.metric_domain_types import MetricDomainTypes
from great_expectations.execution_engine.pandas_execution_engine import PandasExecutionEngine
from great_expectations.expectations.expectation import BatchExpectation
from great_expectations.expectations.metrics.metric_provider import metric_value
from great_expectations.expectations.metrics.table_metric_provider import TableMetricProvider
from great_expectations.render.components import (
    LegacyDiagnosticRendererType,
    RenderedTableContent,
)
from great_expectations.render.renderer.renderer import renderer
from great_expectations.validator.metric_configuration import MetricConfiguration

from omie_pipeline.texts.validation import FAILING_FIELDS, VALUES_REFUSED
from omie_pipeline.validation.conditions import Tally, tally

_METRIC = "table.omie_rule"


class RuleMetric(TableMetricProvider):
    """By field, what one condition came to: a list of :class:`Tally`."""

    metric_name = _METRIC
    value_keys = ("expectation", "asked")

    @metric_value(engine=PandasExecutionEngine)
    def _pandas(
        cls,
        execution_engine: PandasExecutionEngine,
        metric_domain_kwargs: dict[str, Any],
        metric_value_kwargs: dict[str, Any],
        **_: Any,
    ) -> list[Tally]:
        data, _, _ = execution_engine.get_compute_domain(
            domain_kwargs=metric_domain_kwargs, domain_type=MetricDomainTypes.TABLE
        )
        expectation = metric_value_kwargs["expectation"]
        return [
            tally(data, expectation, item["check"], item["columns"], item["arguments"])
            for item in metric_value_kwargs["asked"]
        ]


class RuleExpectation(BatchExpectation):
    """Expect every row to keep one rule in each of its fields.

    Attributes:
        asked: of which fields: ``check`` (its name in the suite), ``columns`` and ``arguments`` of
            the condition.
    """

    asked: list[dict[str, Any]]

    metric_dependencies: ClassVar[tuple[str, ...]] = (_METRIC,)
    success_keys: ClassVar[tuple[str, ...]] = ("asked",)
    args_keys: ClassVar[tuple[str, ...]] = ("asked",)

    def get_validation_dependencies(
        self, execution_engine: Any = None, runtime_configuration: dict[str, Any] | None = None
    ) -> Any:
        """The one metric, which needs the condition as well."""
        found = super().get_validation_dependencies(execution_engine, runtime_configuration)
        known = found.metric_configurations[_METRIC]
        values = {"expectation": self.expectation_type, "asked": self.asked}
        metric = MetricConfiguration(_METRIC, known.metric_domain_kwargs, values)
        found.set_metric_configuration(_METRIC, metric)
        return found

    def _validate(self, metrics: dict[str, Any], **_: Any) -> dict[str, Any]:
        """Counts, and by check the numbers of the rows that break the rule; no value of a row."""
        tallies: list[Tally] = metrics[_METRIC]
        names = [item["check"] for item in self.asked]
        failed = sum(len(item.failed) for item in tallies)
        return {
            "success": failed == 0,
            "result": {
                "unexpected_count": failed,
                "details": {
                    name: {
                        "missing_count": item.missing,
                        "unexpected_count": len(item.failed),
                        "unexpected_index_list": list(item.failed),
                    }
                    for name, item in zip(names, tallies, strict=True)
                },
            },
        }

    @classmethod
    @renderer(renderer_type=LegacyDiagnosticRendererType.UNEXPECTED_STATEMENT)
    def _diagnostic_unexpected_statement_renderer(cls, **_: Any) -> list[Any]:
        """Nothing: the table of the fields says it."""
        return []

    @classmethod
    @renderer(renderer_type=LegacyDiagnosticRendererType.UNEXPECTED_TABLE)
    def _diagnostic_unexpected_table_renderer(
        cls, result: Any = None, **_: Any
    ) -> list[Any] | None:
        """The fields that break the rule, with the rows that do; none if it has one field."""
        fields: Mapping[str, Mapping[str, Any]] = result.result["details"]
        rows = [
            [name, item["reason"], str(item["unexpected_count"])]
            for name, item in fields.items()
            if item["unexpected_count"]
        ]
        if not rows or len(fields) == 1:
            return None
        return [
            RenderedTableContent(
                content_block_type="table",
                table=rows,
                header_row=list(FAILING_FIELDS),
                styling={"body": {"classes": ["table-bordered", "table-sm", "mt-3"]}},
            )
        ]

    @classmethod
    @renderer(renderer_type=LegacyDiagnosticRendererType.OBSERVED_VALUE)
    def _diagnostic_observed_value_renderer(cls, result: Any = None, **_: Any) -> str:
        """How many of the values that were there break the rule."""
        found = result.result
        looked_at = found["element_count"] - found["missing_count"]
        return VALUES_REFUSED.format(recusados=found["unexpected_count"], olhados=looked_at)


class ExpectFieldsToBeFilled(RuleExpectation):
    """Expect every field to be filled in."""


class ExpectFieldsToBeLeftOut(RuleExpectation):
    """Expect no field to be filled in: Omie computes them."""


class ExpectFieldsToBeUnique(RuleExpectation):
    """Expect no two rows to have the same value."""


class ExpectFlagsToBeTrue(RuleExpectation):
    """Expect every helper column to be true: it says whether a rule on several fields holds."""


class ExpectFieldsToFitTheirType(RuleExpectation):
    """Expect every value to have the type that the catalog gives the field."""


class ExpectFieldsToBeListed(RuleExpectation):
    """Expect every value to be one of a closed list, or of a list that Omie keeps."""


class ExpectFieldsToBeShortEnough(RuleExpectation):
    """Expect no text to be longer than Omie takes."""


class ExpectFieldsToMatchPattern(RuleExpectation):
    """Expect every text to match a regular expression."""


class ExpectFieldsToBeFreeOfPattern(RuleExpectation):
    """Expect no text to hold what a regular expression finds."""


class ExpectFieldsToExceed(RuleExpectation):
    """Expect every number to be greater than another."""


class ExpectFieldsToBeCpfOrCnpj(RuleExpectation):
    """Expect every value to be a CPF or CNPJ with right check digits."""


class ExpectFieldsToBeCityOfUf(RuleExpectation):
    """Expect the first of two fields to be a city of the UF in the second."""


class ExpectFieldsToBeCepOfUf(RuleExpectation):
    """Expect the first of two fields to be a CEP of the UF in the second."""


class ExpectFieldsToBeCepOfCity(RuleExpectation):
    """Expect the first of two fields to be a CEP of the municipality (IBGE code) in the second."""


EXPECTATIONS: Mapping[str, type[RuleExpectation]] = {
    made.expectation_type: made for made in RuleExpectation.__subclasses__()
}
"""By the name that a check and ``conditions.CONDITIONS`` give them."""
