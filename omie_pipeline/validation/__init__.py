"""What a valid row is: Great Expectations suites derived from the catalog and the clinic's rules.

The engine hands over chunks of up to 50,000 rows and gets back which of them fail, with every
reason and its fix in Portuguese, and which must wait.

    validator = Validator(endpoint, rules, references)
    needed = validator.referenced_codes(rows)       # {"clientes": {"PAC-1", ...}}
    report = validator.validate(rows, confirmed=..., duplicated_keys=...)

Importing this package imports neither pandas nor Great Expectations (3 to 5 seconds): processes
that only load settings and definitions do not pay for them.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

from omie_pipeline.validation.model import (
    CandidateRow,
    ClinicRules,
    ExpectationResult,
    Reason,
    References,
    RowFailure,
    RowHold,
    RuleSummary,
    Severity,
    ValidationReport,
    merge_reports,
)
from omie_pipeline.validation.values import OmieId, Pointer, marked, needs_lists, pointers

if TYPE_CHECKING:
    from omie_pipeline.validation.data_docs import write_data_docs
    from omie_pipeline.validation.rules import suite_summary
    from omie_pipeline.validation.validator import Validator

_HEAVY = {"Validator": "validator", "suite_summary": "rules", "write_data_docs": "data_docs"}


def __getattr__(name: str) -> Any:
    """Import what needs pandas when it is first asked for."""
    if name not in _HEAVY:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{_HEAVY[name]}"), name)


__all__ = [
    "CandidateRow",
    "ClinicRules",
    "ExpectationResult",
    "OmieId",
    "Pointer",
    "Reason",
    "References",
    "RowFailure",
    "RowHold",
    "RuleSummary",
    "Severity",
    "ValidationReport",
    "Validator",
    "marked",
    "merge_reports",
    "needs_lists",
    "pointers",
    "suite_summary",
    "write_data_docs",
]
