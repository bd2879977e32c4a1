"""Great Expectations for what its own gallery lacks: Omie's types, Brazilian documents, addresses.

Importing this module imports Great Expectations (3 to 5 seconds): only ``suite_runner`` does, and
only when a validation runs. Each condition is one vectorised function of ``documents``,
``addresses`` or ``columns``; nothing here knows a rule by itself.
"""

# Great Expectations fixes the names column_A and column_B, passes ``cls``, exports its decorators
# under long module names only, and gives no types to the one for pairs.
# ruff: noqa: E501, N803, N805
# mypy: disable-error-code="untyped-decorator"

from __future__ import annotations

from typing import Any, ClassVar, Literal

import pandas as pd
from great_expectations.execution_engine.pandas_execution_engine import PandasExecutionEngine
from great_expectations.expectations.expectation import (
    ColumnMapExpectation,
    ColumnPairMapExpectation,
)
from great_expectations.expectations.metrics.map_metric_provider.column_condition_partial import (
    column_condition_partial,
)
from great_expectations.expectations.metrics.map_metric_provider.column_map_metric_provider import (
    ColumnMapMetricProvider,
)
from great_expectations.expectations.metrics.map_metric_provider.column_pair_condition_partial import (
    column_pair_condition_partial,
)
from great_expectations.expectations.metrics.map_metric_provider.column_pair_map_metric_provider import (
    ColumnPairMapMetricProvider,
)

from omie_pipeline.validation import addresses, documents
from omie_pipeline.validation.columns import fits_kind


class OmieFieldMetric(ColumnMapMetricProvider):
    """Values that fit the type which the catalog gives a field."""

    condition_metric_name = "column_values.omie_field"
    condition_value_keys = ("endpoint", "field_name", "earliest_year", "latest_year")

    @column_condition_partial(engine=PandasExecutionEngine)
    def _pandas(
        cls,
        column: pd.Series[Any],
        endpoint: str,
        field_name: str,
        earliest_year: int,
        latest_year: int,
        **_: Any,
    ) -> pd.Series[bool]:
        return fits_kind(column, endpoint, field_name, (earliest_year, latest_year))


class ExpectColumnValuesToFitOmieField(ColumnMapExpectation):
    """Expect every value to have the type that Omie's field has."""

    endpoint: str
    field_name: str
    earliest_year: int
    latest_year: int

    map_metric: ClassVar[str] = "column_values.omie_field"
    success_keys: ClassVar[tuple[str, ...]] = (
        "endpoint",
        "field_name",
        "earliest_year",
        "latest_year",
        "mostly",
    )


class DocumentMetric(ColumnMapMetricProvider):
    """Values that are a CPF or CNPJ with right check digits."""

    condition_metric_name = "column_values.cpf_or_cnpj"

    @column_condition_partial(engine=PandasExecutionEngine)
    def _pandas(cls, column: pd.Series[str], **_: Any) -> pd.Series[bool]:
        return documents.valid_documents(column)


class ExpectColumnValuesToBeCpfOrCnpj(ColumnMapExpectation):
    """Expect every value to be a valid CPF or CNPJ."""

    map_metric: ClassVar[str] = "column_values.cpf_or_cnpj"


class PairExpectation(ColumnPairMapExpectation):
    """A pair is looked at where both values are there; that one is missing is told elsewhere."""

    ignore_row_if: Literal["either_value_is_missing"] = "either_value_is_missing"

    domain_keys: ClassVar[tuple[str, str, str, str, str, str]] = (  # type: ignore[assignment]
        # the base class fixes their number, though its own children ask for the sixth
        "batch_id",
        "column_A",
        "column_B",
        "row_condition",
        "condition_parser",
        "ignore_row_if",
    )


class CityInUfMetric(ColumnPairMapMetricProvider):
    """Pairs of a city and the UF it lies in."""

    condition_metric_name = "column_pair_values.city_in_uf"

    @column_pair_condition_partial(engine=PandasExecutionEngine)
    def _pandas(
        cls, column_A: pd.Series[str], column_B: pd.Series[str], **_: Any
    ) -> pd.Series[bool]:
        return addresses.cities_in_uf(column_A, column_B)


class ExpectColumnPairValuesToBeCityAndUf(PairExpectation):
    """Expect column A to be a city of the UF in column B."""

    map_metric: ClassVar[str] = "column_pair_values.city_in_uf"


class CepInUfMetric(ColumnPairMapMetricProvider):
    """Pairs of a CEP and the UF it lies in."""

    condition_metric_name = "column_pair_values.cep_in_uf"

    @column_pair_condition_partial(engine=PandasExecutionEngine)
    def _pandas(
        cls, column_A: pd.Series[str], column_B: pd.Series[str], **_: Any
    ) -> pd.Series[bool]:
        return addresses.ceps_in_uf(column_A, column_B)


class ExpectColumnPairValuesToBeCepAndUf(PairExpectation):
    """Expect column A to be a CEP of the UF in column B."""

    map_metric: ClassVar[str] = "column_pair_values.cep_in_uf"


class CepInCityMetric(ColumnPairMapMetricProvider):
    """Pairs of a CEP and the municipality (IBGE code) it lies in."""

    condition_metric_name = "column_pair_values.cep_in_city"

    @column_pair_condition_partial(engine=PandasExecutionEngine)
    def _pandas(
        cls, column_A: pd.Series[str], column_B: pd.Series[float], **_: Any
    ) -> pd.Series[bool]:
        return addresses.ceps_in_city(column_A, column_B)


class ExpectColumnPairValuesToBeCepAndCity(PairExpectation):
    """Expect column A to be a CEP of the municipality in column B."""

    map_metric: ClassVar[str] = "column_pair_values.cep_in_city"
