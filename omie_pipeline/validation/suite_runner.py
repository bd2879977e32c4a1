"""Run checks over one frame: as a Great Expectations suite, or directly for a handful of rows."""

from __future__ import annotations

import importlib
import os
import shutil
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any, Final

import pandas as pd

from omie_pipeline.errors import ConfigurationError
from omie_pipeline.validation.conditions import Tally, tally
from omie_pipeline.validation.rules import Check, SuiteRule, by_rule

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
        raise ConfigurationError(f"A regra {named} não pôde ser avaliada.")
    return details.items()
