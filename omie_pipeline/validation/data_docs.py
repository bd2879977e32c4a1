"""Great Expectations' Data Docs (HTML) of a run, from counts alone."""

from __future__ import annotations

import shutil
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

from omie_pipeline.validation.model import ExpectationResult, ValidationReport
from omie_pipeline.validation.offline_pages import make_offline

_SITE: Final = "omie_pipeline"
_PAGES: Final = "validations"
_OPENINGS: Final = {"critical": "Recusa se", "hold": "Aguarda se", "warning": "Avisa se"}


def write_data_docs(reports: Sequence[ValidationReport], folder: Path) -> Path:
    """Write one page per report and their index into ``folder``.

    Returns:
        The page of the report where there is one only, else the index.

    The pages are made from ``ExpectationResult`` counts, so they cannot hold a value of a row.
    Pages of an earlier call in the same folder are replaced: give each endpoint (and partition)
    its own folder to keep the last run of each.
    """
    from great_expectations.core.run_identifier import RunIdentifier
    from great_expectations.data_context.types.resource_identifiers import (
        ExpectationSuiteIdentifier,
        ValidationResultIdentifier,
    )

    shutil.rmtree(folder / _PAGES, ignore_errors=True)
    context = _site_context(folder)
    run = RunIdentifier(run_name="ultima", run_time=datetime.now(UTC))
    for report in reports:
        identifier = ValidationResultIdentifier(
            expectation_suite_identifier=ExpectationSuiteIdentifier(report.endpoint),
            run_id=run,
            batch_identifier=report.endpoint,
        )
        context.validation_results_store.set(identifier, _suite_result(report, run))
    context.build_data_docs(site_names=[_SITE])
    make_offline(folder)
    pages = sorted((folder / _PAGES).rglob("*.html"))
    return pages[0] if len(pages) == 1 else folder / "index.html"


def _site_context(folder: Path) -> Any:
    from omie_pipeline.validation.suite_runner import new_context

    context = new_context()
    context.add_data_docs_site(
        site_name=_SITE,
        site_config={
            "class_name": "SiteBuilder",
            "show_how_to_buttons": False,
            "store_backend": {
                "class_name": "TupleFilesystemStoreBackend",
                "base_directory": str(folder.resolve()),
            },
            "site_index_builder": {"class_name": "DefaultSiteIndexBuilder"},
        },
    )
    return context


def _suite_result(report: ValidationReport, run: Any) -> Any:
    import great_expectations
    from great_expectations.core import ExpectationSuiteValidationResult

    passed = sum(item.success for item in report.expectations)
    total = len(report.expectations)
    return ExpectationSuiteValidationResult(
        success=passed == total,
        results=[_result(item) for item in report.expectations],
        suite_name=report.endpoint,
        statistics={
            "evaluated_expectations": total,
            "successful_expectations": passed,
            "unsuccessful_expectations": total - passed,
            "success_percent": 100 * passed / total if total else None,
        },
        meta={"run_id": run, "great_expectations_version": great_expectations.__version__},
    )


def _result(item: ExpectationResult) -> Any:
    from great_expectations.core import ExpectationValidationResult
    from great_expectations.expectations.expectation_configuration import ExpectationConfiguration
    from great_expectations.expectations.metadata_types import FailureSeverity

    from omie_pipeline.validation.suite_runner import column_arguments

    looked_at = item.evaluated - item.missing
    return ExpectationValidationResult(
        success=item.success,
        expectation_config=ExpectationConfiguration(
            type=item.expectation,
            kwargs={**column_arguments(item.columns), **item.arguments},
            description=f"{_OPENINGS[item.severity]}: {item.motivo}",
            meta={"field": item.field, "rule": item.rule, "correcao": item.correcao},
            severity=FailureSeverity("critical" if item.severity == "critical" else "warning"),
        ),
        result={
            "element_count": item.evaluated,
            "missing_count": item.missing,
            "missing_percent": 100 * item.missing / item.evaluated if item.evaluated else 0.0,
            "unexpected_count": item.failed,
            "unexpected_percent": 100 * item.failed / looked_at if looked_at else 0.0,
        },
        exception_info={},
    )
