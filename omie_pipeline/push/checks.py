"""What a plan must pass before anything leaves: the suites, the conditions of an effect, and
the guardrails.

A row that fails is quarantined, and one that has to wait is held, with every reason. A plan that
looks like an accident as a whole is stopped before the first call.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal
from functools import partial
from pathlib import Path
from statistics import median
from typing import TYPE_CHECKING

import sqlalchemy as sa

from omie_pipeline.catalog import Endpoint
from omie_pipeline.imports.references import usable_categorias, usable_contas_correntes
from omie_pipeline.list_mapping.suggestions import Suggester
from omie_pipeline.omie.masking import mask
from omie_pipeline.payload import PayloadModel, PlanRow, RowOutcome, Selection
from omie_pipeline.push.conflicts import codigo_de_dois
from omie_pipeline.push.dependents import KnownRecords
from omie_pipeline.push.ledger import Ledger
from omie_pipeline.push.plan import RefusedRow, Scope, duplicated_keys, refused_row
from omie_pipeline.push.policy import EndpointPolicy, Guardrails
from omie_pipeline.texts import push as texts
from omie_pipeline.validation.data_docs import is_shown
from omie_pipeline.validation.model import (
    CandidateRow,
    ClinicRules,
    Reason,
    References,
    ValidationReport,
    merge_reports,
)
from omie_pipeline.validation.values import needs_lists

if TYPE_CHECKING:
    from omie_pipeline.validation import Validator

CHUNK_ROWS = 20_000
_SHARED = "_colisao"
"""Column of a payload model that names the two rows of the clinic that would share a código."""


@dataclass(frozen=True, slots=True)
class PlanCheck:
    """The plan of a run, as those see it that judge its rows before anything leaves.

    Attributes:
        rules: the rules of the clinic.
        now: time of the check.
        store: false for a dry run, which marks the plan and writes nothing else.
    """

    scope: Scope
    selection: Selection
    model: PayloadModel
    policy: EndpointPolicy
    rules: ClinicRules
    ledger: Ledger
    now: datetime
    store: bool

    def rows(self) -> Iterator[list[PlanRow]]:
        """The rows that are still to be sent, in chunks."""
        return self.ledger.ready_rows(CHUNK_ROWS)

    def refuse(self, rows: Sequence[RefusedRow]) -> None:
        """Quarantine rows."""
        self.scope.refuse(rows, self.now, store=self.store)

    def hold(self, outcomes: Sequence[RowOutcome]) -> None:
        """Let rows have their outcome though nothing was sent."""
        if outcomes:
            self.ledger.write_outcomes(outcomes, [], self.now, plan_only=not self.store, sent=False)


# The conditions of an effect: rows that must not be sent because of what was already done with
# their record in Omie.
#
# Omie refuses to change a título that is settled and an order that is billed
# (omie-api.md#settled-and-billed-records). Asking again in every run would spend the error budget
# of rows that could go.


@dataclass(frozen=True, slots=True)
class Verdict:
    """Rows that are refused, and rows that wait."""

    refused: Sequence[tuple[PlanRow, Reason]] = ()
    outcomes: Sequence[RowOutcome] = ()


def hold_or_refuse(
    check: PlanCheck,
    judge: Callable[[Sequence[PlanRow]], Verdict],
    stay: Callable[[Sequence[PlanRow]], Sequence[RowOutcome]] | None = None,
) -> int:
    """Take out of a plan what must not leave: quarantined for a person, or held.

    Args:
        check: the plan.
        judge: what becomes of rows that are to be made or changed.
        stay: the outcomes of those records to delete that Omie keeps; by default it keeps none.

    Returns:
        How many rows were quarantined here.
    """
    refused_rows = 0
    for rows in check.rows():
        verdict = judge([row for row in rows if row.action != "delete"])
        verdict = _but_for_unchanged(check.scope, verdict)
        leaving = [row for row in rows if row.action == "delete"]
        staying = stay(leaving) if stay is not None and leaving else []
        refused = [refused_row(row, [reason]) for row, reason in verdict.refused]
        check.refuse(refused)
        refused_rows += len(refused)
        check.hold([*verdict.outcomes, *staying])
    return refused_rows


def _but_for_unchanged(scope: Scope, verdict: Verdict) -> Verdict:
    """The verdict without rows that are in Omie as they are: a row that was held with a change
    which the clinic then took back has nothing to send."""
    stopped = {row.code: row for row, _ in verdict.refused}
    stopped |= {one.row.code: one.row for one in verdict.outcomes}
    if not stopped or not scope.endpoint.confirmation_lasts:
        return verdict
    known = KnownRecords(scope.engine, scope.empresa).confirmed(scope.endpoint.name, stopped)
    same = {
        code
        for code, row in stopped.items()
        if code in known and known[code].payload_hash == row.payload_hash
    }
    if not same:
        return verdict
    standing = [
        RowOutcome(row, "linked", row.omie_id, omie_code=known[code].omie_code, at=known[code].at)
        for code, row in stopped.items()
        if code in same
    ]
    return Verdict(
        refused=[one for one in verdict.refused if one[0].code not in same],
        outcomes=[one for one in verdict.outcomes if one.row.code not in same] + standing,
    )


def held(row: PlanRow, text: str, code: str) -> RowOutcome:
    """A row that waits, with why in words and as a code."""
    return RowOutcome(row, "held", row.omie_id, error=text, error_code=code)


def refused_by_omie(row: PlanRow, text: str, fix: str) -> RowOutcome:
    """A row that Omie refused already, in its words."""
    masked = mask(dict(row.payload))
    return RowOutcome(row, "rejected", row.omie_id, error=text, fix=fix, row_masked=masked)


# The suites: candidate rows through the rules, in chunks.


def check_plan(check: PlanCheck, *, docs: Path | None) -> ValidationReport | None:
    """Validate every planned row that sends a payload; quarantine and hold what must not leave.

    Args:
        check: the plan.
        docs: folder of the page of Data Docs that is wanted. Great Expectations runs then however
            few the rows, unless the page that is there shows the same already.

    Returns:
        Counts of all chunks, ``None`` when there was nothing to validate (and Great Expectations
        was not even imported).

    Raises:
        ConfigurationError: a título needs a reference list that was never read from Omie.
    """
    scope = check.scope
    engine, empresa, endpoint = scope.engine, scope.empresa, scope.endpoint
    validator = None
    reports: list[ValidationReport] = []
    duplicates: set[str] = set()
    for rows in check.rows():
        to_check = [row for row in rows if row.action != "delete"]
        if not to_check:
            continue
        if validator is None:
            from omie_pipeline.validation import Validator

            lists = references_for(engine, endpoint, empresa, check.now.date())
            validator = Validator(
                endpoint,
                check.rules,
                lists,
                reported=docs is not None,
                shown=partial(is_shown, endpoint.name, docs),
            )
            duplicates = duplicated_keys(engine, scope.run_id, check.model, empresa)
        candidates = [
            CandidateRow(r.number, r.codigo_integracao, r.payload, r.extra) for r in to_check
        ]
        confirmed = confirmed_references(engine, empresa, validator, candidates)
        report = validator.validate(candidates, confirmed=confirmed, duplicated_keys=duplicates)
        by_number = {row.number: row for row in to_check}
        shared = {row.number: row.extra[_SHARED] for row in to_check if row.extra.get(_SHARED)}
        refused = [
            refused_row(by_number[failure.row], failure.reasons)
            for failure in report.failures
            if failure.row not in shared
        ]
        refused += [
            refused_row(
                by_number[number], [codigo_de_dois(endpoint, by_number[number].payload, two)]
            )
            for number, two in shared.items()
        ]
        check.refuse(refused)
        held = [
            RowOutcome(by_number[hold.row], "held", error=hold.reason, error_code="reference")
            for hold in report.held
            if hold.row not in shared
        ]
        check.hold(held)
        reports.append(report.counts_only())
    return merge_reports(reports) if reports else None


def confirmed_references(
    engine: sa.Engine, empresa: str, validator: Validator, rows: Sequence[CandidateRow]
) -> dict[str, set[str]]:
    """Endpoint -> codes that these rows point at and Omie holds for us.

    Args:
        engine: the warehouse.
        empresa: the empresa whose rows are meant.
        validator: the validator of the endpoint.
        rows: the rows of the plan.
    """
    known = KnownRecords(engine, empresa)
    return {
        target: set(known.living(target, codes))
        for target, codes in validator.referenced_codes(rows).items()
    }


def references_for(
    engine: sa.Engine, endpoint: Endpoint, empresa: str, today: date | None = None
) -> References:
    """The lists of Omie's that rows of this endpoint are held against, as last read.

    Args:
        engine: the warehouse.
        endpoint: whose rows they are.
        empresa: the empresa whose rows are meant.
        today: suggest categories for values that nobody mapped, as of this day.
    """
    if not needs_lists(endpoint):
        return References()
    return References(
        categorias=usable_categorias(engine, empresa),
        contas_correntes=usable_contas_correntes(engine, empresa),
        suggest=None if today is None else Suggester(engine, empresa, today),
    )


# The guardrails: is the plan as a whole an accident?

_RUNS_BEFORE_MEDIAN = 3
# Below this a share or a median says nothing: a day with two sales and one bad row is no accident.
_ROWS_BEFORE_SHARE = 5
# Fewer deletes, or emptied fields, than this are a clinic's day, whatever part they are of a small
# ledger.
_DELETES_BEFORE_SHARE = 10


@dataclass(frozen=True, slots=True)
class PlanFigures:
    """What a plan would do, in numbers.

    Attributes:
        model_rows: selected rows that the model has; those that ``mirror`` deletes are not.
        quarantined: rows refused for what they say; not those that pass, but can no longer be
            changed in Omie (a settled título, a billed order): in time most títulos cannot.
        known_rows: records of this endpoint the ledger holds as confirmed.
        recent_selected: rows selected by recent runs over the same span.
        value_sum: sum in R$ of what would be sent, ``None`` for registers.
        emptied: field -> records of Omie's that would lose its value.
    """

    selected: int
    model_rows: int
    quarantined: int
    deletes: int
    known_rows: int
    recent_selected: Sequence[int] = ()
    value_sum: Decimal | None = None
    emptied: Mapping[str, int] = field(default_factory=dict)


def refusals(figures: PlanFigures, limits: Guardrails) -> tuple[str, ...]:
    """Why this plan must not run without approval, in Portuguese; empty when it may."""
    reasons = []
    share = figures.quarantined / max(figures.selected, 1)
    if figures.selected >= _ROWS_BEFORE_SHARE and share > limits.max_quarantined_share:
        reasons.append(
            texts.many_quarantined(
                quarantined=figures.quarantined,
                selected=figures.selected,
                most=limits.max_quarantined_share,
            )
        )
    if figures.deletes > limits.max_deletes:
        reasons.append(texts.many_deletes(deletes=figures.deletes, most=limits.max_deletes))
    many = figures.deletes >= _DELETES_BEFORE_SHARE and figures.known_rows > 0
    if many and figures.deletes / figures.known_rows > limits.max_delete_share:
        reasons.append(
            texts.large_share_deleted(
                deletes=figures.deletes, known=figures.known_rows, most=limits.max_delete_share
            )
        )
    for name, rows in sorted(figures.emptied.items()):
        share = rows / max(figures.known_rows, 1)
        if rows >= _DELETES_BEFORE_SHARE and share > limits.max_emptied_share:
            reasons.append(
                texts.field_emptied(
                    field=name, rows=rows, known=figures.known_rows, most=limits.max_emptied_share
                )
            )
    if len(figures.recent_selected) >= _RUNS_BEFORE_MEDIAN:
        usual = median(figures.recent_selected)
        few = figures.model_rows < usual * limits.min_rows_vs_median
        if few and usual >= _ROWS_BEFORE_SHARE:
            reasons.append(
                texts.few_rows(
                    rows=figures.model_rows, usual=usual, least=limits.min_rows_vs_median
                )
            )
    ceiling = limits.max_value_sum
    if ceiling is not None and figures.value_sum is not None and figures.value_sum > ceiling:
        reasons.append(texts.large_sum(total=figures.value_sum, most=ceiling))
    return tuple(reasons)
