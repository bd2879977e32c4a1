"""What the rules ask of a frame, each condition one vectorised function, and who asks them.

``CONDITIONS`` is by the name of the expectation that asks it. Great Expectations runs these
functions wherever a report is wanted (:class:`SuiteRunner`, ``expectations.py``); a handful of rows
is asked directly (:func:`ask_directly`), and both get the same answer because it is the same
function.

A value that is missing breaks nothing but ``expect_fields_to_be_filled``: that it is missing is a
rule of its own.
"""

from __future__ import annotations

import importlib
import os
import shutil
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any, Final

import pandas as pd

from omie_pipeline.catalog import REGISTRY, Field
from omie_pipeline.errors import ConfigurationError, ModelError
from omie_pipeline.texts import validation as texts
from omie_pipeline.validation import addresses, documents
from omie_pipeline.validation.rules import Check, SuiteRule, by_rule
from omie_pipeline.validation.values import DATE_PATTERN, kind_problem

# Vectorised type checks of one column against one field of the catalog.


def payload_field(endpoint: str, name: str) -> Field:
    """The field ``name`` of an endpoint's payload.

    Raises:
        ModelError: the endpoint's payload has no such field.
    """
    field = REGISTRY[endpoint].payload.field(name)
    if field is None:
        raise ModelError(texts.no_such_field(field=name, endpoint=endpoint))
    return field


def fits_kind(
    column: pd.Series[Any], endpoint: str, field_name: str, years: tuple[int, int]
) -> pd.Series[bool]:
    """True where the value (never null) has the type of the field.

    A column of pandas' ``str`` type holds nothing but text, so a text field fits at once and dates
    are parsed together; mixed columns and numbers are looked at one by one.

    Args:
        column: values of the frame.
        endpoint: name of the endpoint.
        field_name: for its kind.
        years: first and last plausible year of a date.
    """
    field = payload_field(endpoint, field_name)
    if isinstance(column.dtype, pd.StringDtype):
        if field.kind in ("string", "text"):
            return pd.Series(True, index=column.index)
        if field.kind == "date":
            return _are_dates(column, years)
    return column.map(lambda value: kind_problem(field, value, years) is None).astype(bool)


def _are_dates(column: pd.Series[str], years: tuple[int, int]) -> pd.Series[bool]:
    shaped = column.where(column.str.match(DATE_PATTERN))
    dates = pd.to_datetime(shaped, format="%Y-%m-%d", errors="coerce")
    return dates.dt.year.between(*years) & column.str.len().eq(10)


Arguments = Mapping[str, Any]
_FAULTS: Final = (
    *(ArithmeticError, AttributeError, LookupError, RuntimeError, TypeError, ValueError),
)
"""What pandas, Arrow and our own functions raise where a column is not as they expect it."""


@dataclass(frozen=True, slots=True)
class Tally:
    """What one condition came to: rows with nothing to look at, and the numbers of those it fails.

    Attributes:
        failed: numbers of rows (the frame's index), in the order of the frame.
    """

    missing: int
    failed: tuple[int, ...]


Condition = Callable[[pd.DataFrame, Sequence[str], Arguments], Tally]


def tally(
    data: pd.DataFrame, expectation: str, name: str, columns: Sequence[str], arguments: Arguments
) -> Tally:
    """Ask one condition of one column, or of a pair.

    Args:
        data: the frame.
        expectation: type of the condition.
        name: the name of the check.
        columns: one column, or a pair.
        arguments: what the condition compares with.

    Raises:
        ConfigurationError: it could not be evaluated. The check is named; what it stumbled over is
            not, because that may be a value of a row.
    """
    try:
        return CONDITIONS[expectation](data, columns, arguments)
    except _FAULTS as error:
        raise ConfigurationError(texts.rule_failed(rule=name, cause=type(error).__name__)) from None


def _of_column(keeps: Callable[[pd.Series[Any], Arguments], pd.Series[bool]]) -> Condition:
    """The condition that ``keeps`` is true for every value that is there."""

    def condition(data: pd.DataFrame, columns: Sequence[str], arguments: Arguments) -> Tally:
        values = _present(data[columns[0]])
        missing = len(data) - len(values)
        return Tally(missing, _rows(values.index, keeps(values, arguments)) if len(values) else ())

    return condition


def _of_pair(keeps: Callable[[pd.Series[Any], pd.Series[Any]], pd.Series[bool]]) -> Condition:
    """The condition that ``keeps`` is true for every pair of which both values are there."""

    def condition(data: pd.DataFrame, columns: Sequence[str], _: Arguments) -> Tally:
        pair = data[list(columns)].dropna()
        first, second = (pair[name] for name in columns)
        missing = len(data) - len(pair)
        return Tally(missing, _rows(pair.index, keeps(first, second)) if len(pair) else ())

    return condition


def _present(column: pd.Series[Any]) -> pd.Series[Any]:
    missing = column.isna()
    return column[~missing] if missing.any() else column


def _rows(index: pd.Index[int], kept: pd.Series[bool]) -> tuple[int, ...]:
    return tuple(index[~kept.to_numpy(dtype=bool)].tolist())


def _are_filled(data: pd.DataFrame, columns: Sequence[str], _: Arguments) -> Tally:
    return Tally(0, _rows(data.index, data[columns[0]].notna()))


def _are_left_out(data: pd.DataFrame, columns: Sequence[str], _: Arguments) -> Tally:
    return Tally(0, _rows(data.index, data[columns[0]].isna()))


def _are_short_enough(values: pd.Series[Any], arguments: Arguments) -> pd.Series[bool]:
    fits: pd.Series[bool] = values.astype("str").str.len() <= arguments["max_value"]
    return fits


def _fit_their_type(values: pd.Series[Any], arguments: Arguments) -> pd.Series[bool]:
    years = (arguments["earliest_year"], arguments["latest_year"])
    return fits_kind(values, arguments["endpoint"], arguments["field_name"], years)


CONDITIONS: Final[Mapping[str, Condition]] = {
    "expect_fields_to_be_filled": _are_filled,
    "expect_fields_to_be_left_out": _are_left_out,
    "expect_fields_to_be_unique": _of_column(lambda values, _: ~values.duplicated(keep=False)),
    "expect_flags_to_be_true": _of_column(lambda values, _: values.isin([True])),
    "expect_fields_to_fit_their_type": _of_column(_fit_their_type),
    "expect_fields_to_be_listed": _of_column(
        lambda values, arguments: values.isin(arguments["value_set"])
    ),
    "expect_fields_to_be_short_enough": _of_column(_are_short_enough),
    "expect_fields_to_match_pattern": _of_column(
        lambda values, arguments: values.astype("str").str.contains(arguments["regex"])
    ),
    "expect_fields_to_be_free_of_pattern": _of_column(
        lambda values, arguments: ~values.astype("str").str.contains(arguments["regex"])
    ),
    "expect_fields_to_exceed": _of_column(
        lambda values, arguments: values > arguments["min_value"]
    ),
    "expect_fields_to_be_cpf_or_cnpj": _of_column(
        lambda values, _: documents.valid_documents(values)
    ),
    "expect_fields_to_be_city_of_uf": _of_pair(addresses.cities_in_uf),
    "expect_fields_to_be_cep_of_uf": _of_pair(addresses.ceps_in_uf),
    "expect_fields_to_be_cep_of_city": _of_pair(addresses.ceps_in_city),
}


# Run checks over one frame: as a Great Expectations suite, or directly for a handful of rows.

RESULT_FORMAT: Final = {
    # Rows are known by the frame's index; each expectation tells them by field, in its details.
    "result_format": "COMPLETE",
    "exclude_unexpected_values": True,
    "return_unexpected_index_query": False,
    "partial_unexpected_count": 0,
}


@dataclass(frozen=True, slots=True)
class Outcome:
    """What one check came to: counts, and the numbers of the rows that break it."""

    check: Check
    evaluated: int
    missing: int
    rows: tuple[int, ...]


def ask_directly(data: pd.DataFrame, checks: Sequence[Check]) -> list[Outcome]:
    """The outcomes of a suite without Great Expectations, whose import costs 3 seconds.

    Raises:
        ConfigurationError: a check could not be evaluated.
    """
    return [_outcome(check, len(data), _tally(data, check)) for check in checks]


def _tally(data: pd.DataFrame, check: Check) -> Tally:
    return tally(data, check.expectation, check.name, check.columns, check.arguments)


def _outcome(check: Check, rows: int, found: Tally) -> Outcome:
    return Outcome(check, rows, found.missing, found.failed)


def new_context() -> Any:
    """A Great Expectations context in memory that reports nothing to anybody."""
    # Read when the package is imported; the context's own switch comes too late for that event.
    os.environ["GX_ANALYTICS_ENABLED"] = "false"
    import great_expectations
    from great_expectations.data_context.types.base import ProgressBarsConfig

    context = great_expectations.get_context(mode="ephemeral")
    context.enable_analytics(enable=False)
    context.variables.progress_bars = ProgressBarsConfig(globally=False)
    _forget_default_site(context)
    importlib.import_module("omie_pipeline.validation.expectations")  # registers them
    return context


def _forget_default_site(context: Any) -> None:
    """Drop the site, and the temporary folder, that an ephemeral context makes for itself."""
    sites = context.variables.data_docs_sites or {}
    for name in list(sites):
        folder = sites[name].get("store_backend", {}).get("base_directory")
        context.delete_data_docs_site(name)
        if folder:
            shutil.rmtree(folder, ignore_errors=True)


@cache
def _batch_definition() -> Any:
    source = new_context().data_sources.add_pandas("omie_pipeline")
    return source.add_dataframe_asset("linhas").add_batch_definition_whole_dataframe("lote")


def expectation_for(rule: SuiteRule) -> Any:
    """The expectation object of a rule; ``meta`` carries the rule and its fields."""
    from great_expectations.expectations.metadata_types import FailureSeverity

    from omie_pipeline.validation.expectations import EXPECTATIONS

    return EXPECTATIONS[rule.expectation](
        asked=[_asked(check) for check in rule.checks],
        severity=FailureSeverity("critical" if rule.severity == "critical" else "warning"),
        meta={"rule": rule.rule, "fields": [check.field for check in rule.checks]},
    )


def _asked(check: Check) -> dict[str, Any]:
    names = {"check": check.name, "columns": list(check.columns)}
    return {**names, "arguments": dict(check.arguments)}


class SuiteRunner:
    """Suites of one endpoint, kept by the set of checks that a chunk asks for."""

    def __init__(self, name: str) -> None:
        self._name = name
        self._suites: dict[tuple[str, ...], Any] = {}

    def run(self, data: pd.DataFrame, checks: Sequence[Check]) -> list[Outcome]:
        """Outcomes in the order of ``checks``.

        Raises:
            ConfigurationError: an expectation could not be evaluated. It is named; what it
                stumbled over is not, because that may be a value of a row.
        """
        batch = _batch_definition().get_batch({"dataframe": data})
        result = batch.validate(self._suite(checks), result_format=RESULT_FORMAT)
        found = {name: counts for item in result.results for name, counts in _details(item)}
        return [
            _outcome(
                check,
                len(data),
                Tally(counts["missing_count"], tuple(counts["unexpected_index_list"])),
            )
            for check, counts in ((check, found[check.name]) for check in checks)
        ]

    def _suite(self, checks: Sequence[Check]) -> Any:
        key = tuple(check.name for check in checks)
        if key not in self._suites:
            from great_expectations import ExpectationSuite

            made = [expectation_for(rule) for rule in by_rule(checks)]
            self._suites[key] = ExpectationSuite(name=self._name, expectations=made)
        return self._suites[key]


def _details(item: Any) -> Any:
    """Name and counts of each check of a rule."""
    details = (item.result or {}).get("details")
    if details is None:
        meta = item.expectation_config.meta
        named = f"{meta['rule']} ({', '.join(meta['fields'])})"
        raise ConfigurationError(texts.rule_not_evaluated(named))
    return details.items()
