"""Which rows may leave, which go to quarantine and why, which must wait."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from collections.abc import Set as AbstractSet
from typing import Final

import pandas as pd

from omie_pipeline.catalog import Endpoint
from omie_pipeline.errors import ConfigurationError
from omie_pipeline.validation.checks import Check
from omie_pipeline.validation.frame import build_frame
from omie_pipeline.validation.lists import TITLES, needs_lists, uses_list
from omie_pipeline.validation.markers import codes_at, pointers, targets_of
from omie_pipeline.validation.messages import LIST_NEVER_READ, RULES, WAITS_FOR
from omie_pipeline.validation.model import (
    CandidateRow,
    ClinicRules,
    ExpectationResult,
    References,
    RowFailure,
    RowHold,
    ValidationReport,
)
from omie_pipeline.validation.nested import NestedChecker
from omie_pipeline.validation.reasons import ReasonWriter
from omie_pipeline.validation.suite_runner import Outcome, SuiteRunner, ask_directly
from omie_pipeline.validation.suites import checks_for

HANDFUL_ROWS: Final = 50
"""So many rows are asked directly if no report is wanted: one row must not cost the 3 seconds
that importing Great Expectations does."""


class Validator:
    """The suite of one endpoint and empresa, ready for any number of chunks.

    Memory is that of one chunk: hand over at most some 50,000 rows at a time, and store what comes
    back before the next ones.
    """

    def __init__(
        self,
        endpoint: Endpoint,
        rules: ClinicRules,
        references: References,
        *,
        reported: bool = False,
    ) -> None:
        """Derive the suite.

        Args:
            rules: of the clinic, for one empresa.
            references: the lists of Omie's that the empresa has.
            reported: a report of the run is wanted, so Great Expectations runs the suite however
                few the rows.
        """
        rules = rules.of_grain(endpoint.grain)
        self._endpoint = endpoint
        self._rules = rules
        self._references = references
        self._checks = checks_for(endpoint, rules, references)
        self._runner = SuiteRunner(endpoint.name)
        self._reported = reported
        self._nested = NestedChecker(
            endpoint.service, references, (rules.earliest_year, rules.latest_year)
        )

    def referenced_codes(self, rows: Sequence[CandidateRow]) -> dict[str, set[str]]:
        """Integration codes of other endpoints that these rows point at, by endpoint.

        Those of declared references, at any depth, and of markers (``markers.py``).
        What the engine looks up in the ledger to make ``confirmed``.
        """
        codes: dict[str, set[str]] = {target: set() for _, target in self._endpoint.references}
        for name, target in self._endpoint.references:
            for row in rows:
                codes[target].update(codes_at(row.payload, name))
        for row in rows:
            for named in targets_of(row.payload):
                codes.setdefault(named.endpoint, set()).add(named.code)
        return codes

    def validate(
        self,
        rows: Sequence[CandidateRow],
        *,
        confirmed: Mapping[str, AbstractSet[str]] | None = None,
        duplicated_keys: AbstractSet[str] = frozenset(),
    ) -> ValidationReport:
        """Validate one chunk.

        Args:
            rows: row numbers must be unique.
            confirmed: by endpoint, the codes that Omie has confirmed; rows that point at another
                are held. ``None`` holds no row.
            duplicated_keys: integration codes that the run has more than once, inside this chunk
                or not. Those inside the chunk are found without it.

        Raises:
            ConfigurationError: rows use categories or accounts and their list was never read, or
                an expectation could not be evaluated.
            ModelError: a row has a field that Omie does not know.
        """
        if not rows:
            return ValidationReport(self._endpoint.name, 0, (), (), (), 0, 0)
        self._require_lists(rows)
        frame = build_frame(
            self._endpoint,
            rows,
            self._checks,
            self._nested,
            self._rules,
            confirmed=confirmed,
            duplicated_keys=duplicated_keys,
        )
        asked = [
            check for check in self._checks if all(c in frame.data.columns for c in check.columns)
        ]
        outcomes = self._outcomes(frame.data, asked)
        writer = ReasonWriter(self._endpoint, self._rules, self._references, frame.nested)
        failures = writer.failures(rows, outcomes)
        held = self._held(rows, outcomes, failures, confirmed or {})
        return ValidationReport(
            endpoint=self._endpoint.name,
            evaluated=len(rows),
            failures=failures,
            held=held,
            expectations=tuple(self._result(outcome) for outcome in outcomes),
            failed_rows=len(failures),
            held_rows=len(held),
        )

    def _outcomes(self, data: pd.DataFrame, asked: Sequence[Check]) -> list[Outcome]:
        if not self._reported and len(data) <= HANDFUL_ROWS:
            return ask_directly(data, asked)
        return self._runner.run(data, asked)

    def _require_lists(self, rows: Sequence[CandidateRow]) -> None:
        known = {
            "categorias": self._references.categorias,
            "contas_correntes": self._references.contas_correntes,
        }
        for name in sorted(needs_lists(self._endpoint)):
            if not known[name] and any(uses_list(row.payload, name) for row in rows):
                raise ConfigurationError(LIST_NEVER_READ.format(lista=TITLES[name]))

    def _result(self, outcome: Outcome) -> ExpectationResult:
        check = outcome.check
        motivo, correcao = check.texts(self._rules)
        return ExpectationResult(
            field=check.field,
            rule=check.rule,
            motivo=motivo,
            correcao=correcao,
            expectation=check.expectation,
            columns=check.columns,
            arguments=check.arguments,
            severity=check.severity,
            evaluated=outcome.evaluated,
            missing=outcome.missing,
            failed=len(outcome.rows),
        )

    def _held(
        self,
        rows: Sequence[CandidateRow],
        outcomes: Sequence[Outcome],
        failures: Sequence[RowFailure],
        confirmed: Mapping[str, AbstractSet[str]],
    ) -> tuple[RowHold, ...]:
        waiting = {
            row: outcome.check
            for outcome in outcomes
            if outcome.check.severity == "hold"
            for row in outcome.rows
        }
        failed = {failure.row for failure in failures}
        return tuple(
            RowHold(row.row, self._waits_for(row, waiting[row.row], confirmed))
            for row in rows
            if row.row in waiting and row.row not in failed
        )

    def _waits_for(
        self, row: CandidateRow, check: Check, confirmed: Mapping[str, AbstractSet[str]]
    ) -> str:
        """Which record the row waits for: the first, if there are several."""
        for pointer in pointers(self._endpoint, row.payload):
            target = pointer.target
            if target.code not in confirmed.get(target.endpoint, ()):
                return WAITS_FOR.format(codigo=target.code, onde=target.endpoint)
        return RULES[check.rule].motivo
