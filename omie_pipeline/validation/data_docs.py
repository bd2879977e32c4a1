"""Great Expectations' Data Docs (HTML) of a run, from counts alone: a line per rule."""

from __future__ import annotations

import hashlib
import json
import re
import shutil
from collections.abc import Mapping, Sequence
from dataclasses import astuple
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

from omie_pipeline.texts.validation import OPENINGS, RULE_OF_FIELDS
from omie_pipeline.validation.model import (
    ExpectationResult,
    ValidationReport,
    label,
    reason_of_several,
    sentence,
)

# Data Docs that work without the internet and load nothing from third parties.
#
# Great Expectations' pages load styles and scripts from six public hosts. The content is plain
# HTML, so those tags are cut and a small style of our own stands in for them.

_OUTSIDE: Final = re.compile(
    r"<link\b[^>]*href=\"https?://[^>]*>"
    r"|<script\b[^>]*src=\"https?://[^>]*>\s*</script>"
    r"|<img\b[^>]*src=\"https?://[^>]*>",
    re.IGNORECASE | re.DOTALL,
)
_STYLE: Final = """<style>
body { font: 15px/1.5 system-ui, sans-serif; margin: 0 auto; max-width: 72rem; padding: 1.5rem; }
body > footer, .footer, .fixed-bottom, nav img { display: none; }
table { border-collapse: collapse; margin: .5rem 0 1.5rem; width: 100%; }
th, td { border-bottom: 1px solid #ddd; padding: .35rem .6rem; }
th, td { text-align: left; vertical-align: top; }
tr:hover td { background: #f6f6f6; }
h5 { font-size: 1.2rem; margin: 1.5rem 0 .3rem; } h6 { font-size: 1rem; margin: 1rem 0 .2rem; }
ul { columns: 3; list-style: none; padding: 0; } td ul { columns: 1; }
a { color: #1f5fbf; text-decoration: none; }
.failed, .text-danger { color: #b00020; } .text-success { color: #1b7f3b; }
</style>
</head>"""


def make_offline(folder: Path) -> None:
    """Rewrite every page below ``folder`` in place."""
    for page in folder.rglob("*.html"):
        text = page.read_text(encoding="utf-8")
        cut = _OUTSIDE.sub("", text)
        page.write_text(cut.replace("</head>", _STYLE, 1), encoding="utf-8")


_SITE: Final = "omie_pipeline"
_PAGES: Final = "validations"
_SHOWN: Final = "shown.json"
"""In the folder of a page: what it shows, as a digest."""


def write_data_docs(reports: Sequence[ValidationReport], folder: Path) -> Path:
    """Write one page per report and their index into ``folder``.

    Returns:
        The page of the report if there is one only, else the index.

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


def renewed_page(report: ValidationReport, folder: Path) -> Path:
    """The page of one report, written anew only if the one in ``folder`` shows something else.

    To write it costs the import of Great Expectations, some 3 seconds.
    """
    if page := _page_that_shows(report.endpoint, report.expectations, folder):
        return page
    # Before the page is taken away, and after it is there again.
    (folder / _SHOWN).unlink(missing_ok=True)
    page = write_data_docs([report], folder)
    noted = {
        "digest": _digest(report.endpoint, report.expectations),
        "page": page.relative_to(folder).as_posix(),
    }
    (folder / _SHOWN).write_text(json.dumps(noted), encoding="utf-8")
    return page


def is_shown(endpoint: str, folder: Path | None, results: Sequence[ExpectationResult]) -> bool:
    """Whether the page in ``folder`` shows just these results; a missing folder has no page."""
    return folder is not None and _page_that_shows(endpoint, results, folder) is not None


def _page_that_shows(
    endpoint: str, results: Sequence[ExpectationResult], folder: Path
) -> Path | None:
    try:
        noted = json.loads((folder / _SHOWN).read_text(encoding="utf-8"))
        page = folder / noted["page"]
        same = noted["digest"] == _digest(endpoint, results)
    except (FileNotFoundError, ValueError, KeyError, TypeError):
        return None
    return page if same and page.is_file() else None


def _digest(endpoint: str, results: Sequence[ExpectationResult]) -> str:
    """Of all that a page shows, the words of the rules among it, but the time of the run."""
    text = repr((endpoint, [astuple(one) for one in results]))
    return hashlib.sha256(text.encode()).hexdigest()


def _site_context(folder: Path) -> Any:
    from omie_pipeline.validation.conditions import new_context

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

    results = [_result(items) for items in _by_rule(report.expectations)]
    passed = sum(item.success for item in results)
    total = len(results)
    return ExpectationSuiteValidationResult(
        success=passed == total,
        results=results,
        suite_name=report.endpoint,
        statistics={
            "evaluated_expectations": total,
            "successful_expectations": passed,
            "unsuccessful_expectations": total - passed,
            "success_percent": 100 * passed / total if total else None,
        },
        meta={"run_id": run, "great_expectations_version": great_expectations.__version__},
    )


def _by_rule(results: Sequence[ExpectationResult]) -> list[list[ExpectationResult]]:
    """The fields of each rule, in the order of the suite."""
    found: dict[tuple[str, str, str], list[ExpectationResult]] = {}
    for item in results:
        found.setdefault((item.rule, item.severity, item.expectation), []).append(item)
    return list(found.values())


def _result(items: Sequence[ExpectationResult]) -> Any:
    """One line of the page: a rule, and what it came to in each of its fields."""
    from great_expectations.core import ExpectationValidationResult
    from great_expectations.expectations.expectation_configuration import ExpectationConfiguration
    from great_expectations.expectations.metadata_types import FailureSeverity

    first = items[0]
    evaluated = sum(item.evaluated for item in items)
    missing = sum(item.missing for item in items)
    failed = sum(item.failed for item in items)
    return ExpectationValidationResult(
        success=failed == 0,
        expectation_config=ExpectationConfiguration(
            type=first.expectation,
            kwargs={"asked": [{"field": item.field} for item in items]},
            description=_line(items),
            meta={"rule": first.rule, "fields": {item.field: item.fix for item in items}},
            severity=FailureSeverity("critical" if first.severity == "critical" else "warning"),
        ),
        result={
            "element_count": evaluated,
            "missing_count": missing,
            "missing_percent": 100 * missing / evaluated if evaluated else 0.0,
            "unexpected_count": failed,
            "unexpected_percent": 100 * failed / (evaluated - missing or 1),
            "details": {item.field: _counts(item) for item in items},
        },
        exception_info={},
    )


def _line(items: Sequence[ExpectationResult]) -> str:
    """What the rule refuses, holds or warns of, and the fields that it looks at."""
    first = items[0]
    opening = OPENINGS[first.severity]
    if len({item.reason for item in items}) == 1:
        return f"{opening}: {first.reason}"
    reason = sentence(reason_of_several(first.rule))
    return RULE_OF_FIELDS.format(
        opening=opening, reason=reason, fields=", ".join(_named(item) for item in items)
    )


def _named(item: ExpectationResult) -> str:
    """The field, with its own maximum where the rule has one for each."""
    longest = item.arguments.get("max_value")
    return label(item.field) if longest is None else f"{label(item.field)} ({longest})"


def _counts(item: ExpectationResult) -> Mapping[str, Any]:
    return {
        "reason": item.reason,
        "missing_count": item.missing,
        "unexpected_count": item.failed,
    }
