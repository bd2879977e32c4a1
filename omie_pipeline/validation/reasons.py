"""From the row numbers of an outcome to reasons that a person can act on."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from omie_pipeline.catalog import Endpoint, Field
from omie_pipeline.validation.checks import Check, rule_texts
from omie_pipeline.validation.clinic_gaps import MISSING, gap_reasons, without_echoes
from omie_pipeline.validation.documents import document_problem
from omie_pipeline.validation.fields import ACCENTS, character_rules, kind_problem
from omie_pipeline.validation.model import (
    CandidateRow,
    ClinicRules,
    Reason,
    References,
    RowFailure,
)
from omie_pipeline.validation.mojibake import damage
from omie_pipeline.validation.nested import Problem, reference_problem
from omie_pipeline.validation.suite_runner import Outcome
from omie_pipeline.validation.unreadable import RULE, reason_of, unreadable_of


@dataclass(frozen=True, slots=True)
class ReasonWriter:
    """Writes the reasons of one chunk.

    An expectation says *that* a value is refused; if its rule has several causes (a document's
    length or its digits, a control character or an emoji), the failing value is looked at again
    here, one by one: few rows fail.
    """

    endpoint: Endpoint
    rules: ClinicRules
    references: References
    nested: Mapping[tuple[int, str], list[Problem]]

    def failures(
        self, rows: Sequence[CandidateRow], outcomes: Sequence[Outcome]
    ) -> tuple[RowFailure, ...]:
        """Every failing row with every reason, in the order of ``rows``."""
        broken: defaultdict[int, list[Check]] = defaultdict(list)
        for outcome in outcomes:
            if outcome.check.severity == "critical":
                for row in outcome.rows:
                    broken[row].append(outcome.check)
        return tuple(
            RowFailure(row.row, self._reasons(row, broken[row.row]))
            for row in rows
            if row.row in broken
        )

    def _reasons(self, row: CandidateRow, checks: Sequence[Check]) -> tuple[Reason, ...]:
        # A value of the wrong type fails the other checks of its field for no reason of its own.
        mistyped = {check.field for check in checks if check.rule == "formato"}
        unread = unreadable_of(row)
        # Nor is a field missing whose value is there and could not be read.
        empty_for_it = {name for value in unread for name in value.fields}
        found = {
            (path, rule): self._reason(path, rule, catalog, row.payload.get(path))
            for check in checks
            if check.field != MISSING
            if check.rule == "formato" or check.field not in mistyped
            for path, rule, catalog in self._causes(check, row)
            if rule != RULE and path.rpartition(".")[2] not in empty_for_it
        }
        told = without_echoes(row, self.rules, tuple(found.values()))
        return (
            *(reason_of(value, self.endpoint) for value in unread),
            *gap_reasons(row, self.rules),
            *told,
        )

    def _causes(self, check: Check, row: CandidateRow) -> Iterator[tuple[str, str, Field | None]]:
        inside = self.nested.get((row.row, check.columns[0]))
        if inside is not None:
            for problem in inside:
                yield problem.path, problem.rule, problem.field
            return
        name = check.columns[0]
        value = row.payload[name] if name in row.payload else row.extra.get(name)
        for rule in self._causing_rules(check, value):
            yield check.field, rule, check.catalog

    def _causing_rules(self, check: Check, value: Any) -> list[str]:
        cause: str | None = check.rule
        if check.rule == "formato" and check.catalog is not None:
            years = (self.rules.earliest_year, self.rules.latest_year)
            cause = kind_problem(check.catalog, value, years)
        elif check.rule == "caracteres" and check.catalog is not None:
            return character_rules(check.catalog, value) or [check.rule]
        elif check.rule == "documento":
            cause = document_problem(value)
        elif check.rule in ("categoria_inexistente", "conta_inexistente"):
            cause = reference_problem(check.field, value, self.references)
        return [cause or check.rule]

    def _reason(self, path: str, rule: str, catalog: Field | None, value: Any) -> Reason:
        shown = f" ({damage(value)})" if rule == ACCENTS and isinstance(value, str) else ""
        day = _day(value) if rule == "data_ano" else ""
        texts = rule_texts(rule, path, catalog, self.rules, shown=shown, day=day)
        return Reason(path, rule, *texts)


def _day(value: Any) -> str:
    """An ISO date as people here write it."""
    parts = value.split("-") if isinstance(value, str) else []
    return "/".join(reversed(parts))
