"""Run checks as a Great Expectations suite over one frame."""

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
from omie_pipeline.validation.checks import Check
from omie_pipeline.validation.model import ClinicRules

RESULT_FORMAT: Final = {
    # COMPLETE, or only the first 20 row numbers come back. Rows are known by the frame's index.
    "result_format": "COMPLETE",
    "exclude_unexpected_values": True,
    "return_unexpected_index_query": False,
    "partial_unexpected_count": 0,
}


@dataclass(frozen=True, slots=True)
class Outcome:
    """What one check came to: counts, and the numbers of the rows that break it."""

    check: Check
    expectation: str
    evaluated: int
    missing: int
    rows: tuple[int, ...]


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


def expectation_for(check: Check, rules: ClinicRules) -> Any:
    """The expectation object of a check; ``meta`` carries field, rule, motivo and correção."""
    import great_expectations.expectations as gallery

    from omie_pipeline.validation import expectations

    source = expectations if hasattr(expectations, check.expectation) else gallery
    motivo, correcao = check.texts(rules)
    return getattr(source, check.expectation)(
        **column_arguments(check.columns),
        **check.arguments,
        description=motivo,
        severity="critical" if check.severity == "critical" else "warning",
        meta={
            "check": check.name,
            "field": check.field,
            "rule": check.rule,
            "motivo": motivo,
            "correcao": correcao,
        },
    )


def column_arguments(columns: Sequence[str]) -> dict[str, str]:
    """The column or the pair of columns as an expectation's arguments."""
    names = ("column",) if len(columns) == 1 else ("column_A", "column_B")
    return dict(zip(names, columns, strict=True))


class SuiteRunner:
    """Suites of one endpoint, kept by the set of checks that a chunk asks for."""

    def __init__(self, name: str, rules: ClinicRules) -> None:
        self._name = name
        self._rules = rules
        self._suites: dict[tuple[str, ...], Any] = {}

    def run(self, data: pd.DataFrame, checks: Sequence[Check]) -> list[Outcome]:
        """Outcomes in the order of ``checks``.

        Raises:
            ConfigurationError: an expectation could not be evaluated. It is named; what it
                stumbled over is not, because that may be a value of a row.
        """
        batch = _batch_definition().get_batch({"dataframe": data})
        result = batch.validate(self._suite(checks), result_format=RESULT_FORMAT)
        by_name = {item.expectation_config.meta["check"]: item for item in result.results}
        return [_outcome(check, by_name[check.name], len(data)) for check in checks]

    def _suite(self, checks: Sequence[Check]) -> Any:
        key = tuple(check.name for check in checks)
        if key not in self._suites:
            from great_expectations import ExpectationSuite

            made = [expectation_for(check, self._rules) for check in checks]
            self._suites[key] = ExpectationSuite(name=self._name, expectations=made)
        return self._suites[key]


def _outcome(check: Check, item: Any, rows: int) -> Outcome:
    counts = item.result
    if item.exception_info.get("raised_exception", bool(item.exception_info) and not counts):
        raise ConfigurationError(f"A regra {check.name} não pôde ser avaliada.")
    return Outcome(
        check=check,
        expectation=item.expectation_config.type,
        evaluated=rows,
        missing=int(counts.get("missing_count") or 0),
        rows=tuple(int(row) for row in counts.get("unexpected_index_list") or ()),
    )
