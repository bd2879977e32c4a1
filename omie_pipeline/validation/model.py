"""What goes into a validation and what comes out: rows, rules, references, counts, and reasons in
the words of a clinic's front desk."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, field, replace
from typing import Any, Final, Literal

from pydantic import BaseModel, ConfigDict

from omie_pipeline.catalog.model import Grain
from omie_pipeline.catalog.money_years import FIRST_MONEY_YEAR, LAST_MONEY_YEAR
from omie_pipeline.texts import validation as texts

Severity = Literal["critical", "warning", "hold"]
"""``critical`` quarantines the row, ``hold`` makes it wait, ``warning`` is only counted."""


@dataclass(frozen=True, slots=True)
class CandidateRow:
    """One row of a payload model on its way to Omie.

    Attributes:
        row: number of the row, unique within one run.
        key: integration code, ``None`` when the model has none for this row.
        payload: fields under Omie's names, as the model's JSON gives them: dates as ``AAAA-MM-DD``
            text, numbers as ``int`` or ``Decimal``, NaN as the text ``NaN``, ``None`` = not sent.
        extra: columns that are not sent (``_tipo``, ``_rg``, ``_rg_orgao_emissor``).
    """

    row: int
    key: str | None
    payload: Mapping[str, Any]
    extra: Mapping[str, Any] = field(default_factory=dict)


class ClinicRules(BaseModel):
    """Which of the clinic's own rules are on. What Omie itself refuses is always checked.

    Attributes:
        require_document: every paciente, profissional and fornecedor has a CPF or CNPJ. A document
            that is filled in is checked even when this is off.
        require_rg: the patient of an ordem de serviço, a pessoa física, has an RG with its issuing
            body; asked together with ``os_requires_patient``.
        require_rg_of_patients: so has every paciente who becomes a cliente.
        require_address: endereço, número, bairro, cidade, UF and CEP are all filled in. Parts that
            are filled in are checked even when this is off.
        require_payment_method: receipts, sales, expenses, purchases and payments name a payment
            method that the clinic has, and the method has its document type. When this is off, such
            a row goes through the default account.
        require_conta_corrente: every título names its conta corrente.
        require_category: every título has a category (its own or a split in ``categorias``).
        os_requires_patient: the patient of an ordem de serviço has a CPF (or CNPJ), an RG (see
            ``require_rg``; a company has none) and a complete address.
        earliest_year: a date before 1 January of this year is a typing error.
        latest_year: a date after 31 December of this year is a typing error.
        earliest_money_year: the same of what is dated by the day, as títulos and payments are.
        latest_money_year: the same of what is dated by the day.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    require_document: bool = True
    require_rg: bool = True
    require_rg_of_patients: bool = False
    require_address: bool = True
    require_payment_method: bool = True
    require_conta_corrente: bool = True
    require_category: bool = True
    os_requires_patient: bool = True
    earliest_year: int = 1901
    latest_year: int = 2100
    earliest_money_year: int = FIRST_MONEY_YEAR
    latest_money_year: int = LAST_MONEY_YEAR

    def of_grain(self, grain: Grain) -> ClinicRules:
        """The rules as they hold for registers or for facts: the years that a date may have."""
        if grain == "register":
            return self
        years = {
            "earliest_year": max(self.earliest_year, self.earliest_money_year),
            "latest_year": min(self.latest_year, self.latest_money_year),
        }
        return self.model_copy(update=years)


@dataclass(frozen=True, slots=True)
class UnmappedValue:
    """A value of the clinic's that no category of Omie's stands for.

    Attributes:
        kind: ``category``, ``procedure`` or ``supplier_kind``.
        source: as the clinic writes it; of a procedure its id.
        name: what people call it.
        field: beginning of the fields that it is the category of; ``""`` for every one of the row.
    """

    kind: str
    source: str
    name: str
    field: str = ""


@dataclass(frozen=True, slots=True)
class References:
    """What the warehouse last read from Omie for one empresa.

    Attributes:
        categorias: code -> may be used in a título (active and not a total line).
        contas_correntes: Omie's id -> is active.
        suggest: the categories that a value of the clinic's may mean, likeliest first, as staff
            read them; ``None``: nothing is suggested.

    ``None`` or empty means that the list was never read: rows that name a code of it then raise
    ``ConfigurationError`` instead of failing one by one. ``needs_lists`` says who needs which.
    """

    categorias: Mapping[str, bool] | None = None
    contas_correntes: Mapping[int, bool] | None = None
    suggest: Callable[[UnmappedValue], Sequence[str]] | None = None


@dataclass(frozen=True, slots=True)
class Reason:
    """Why a row was refused, in words a receptionist can act on.

    Attributes:
        field: Omie's name of the field, dotted below a nested one (``dadosBancarios.agencia``,
            ``categorias[2].percentual``).
        rule: short stable name of the rule, see ``messages.RULES``.
        reason: what is wrong, in Portuguese, without the bad value.
        fix: what to do about it, in Portuguese.
    """

    field: str
    rule: str
    reason: str
    fix: str


@dataclass(frozen=True, slots=True)
class RowFailure:
    """A row that goes to quarantine, with every reason at once."""

    row: int
    reasons: tuple[Reason, ...]


@dataclass(frozen=True, slots=True)
class RowHold:
    """A valid row that waits for another record, such as the customer of a título."""

    row: int
    reason: str


@dataclass(frozen=True, slots=True)
class ExpectationResult:
    """Counts of one rule in one field, without any value of any row.

    Attributes:
        expectation: type of the expectation that asks the rule, of this field and of others.
        columns: the column it was asked of, or the two of a pair; a helper column if the rule
            combines several.
        arguments: what it compares with (lengths, patterns, closed lists).
        evaluated: rows it looked at.
        missing: rows if it had nothing to look at.
        failed: rows that break it.
    """

    field: str
    rule: str
    reason: str
    fix: str
    expectation: str
    columns: tuple[str, ...]
    arguments: Mapping[str, Any]
    severity: Severity
    evaluated: int
    missing: int
    failed: int

    @property
    def success(self) -> bool:
        """No row breaks it."""
        return self.failed == 0


@dataclass(frozen=True, slots=True)
class ValidationReport:
    """What one chunk, or several merged, came to. Rows in neither list are valid.

    Attributes:
        endpoint: name of the endpoint in the catalog.
        evaluated: rows looked at.
        failures: rows to quarantine, in row order.
        held: rows to hold, in row order; none of them is in ``failures``.
        expectations: counts by rule and field, in the order of the suite.
        failed_rows: how many rows failed, kept by ``counts_only``.
        held_rows: how many rows wait, kept by ``counts_only``.
    """

    endpoint: str
    evaluated: int
    failures: tuple[RowFailure, ...]
    held: tuple[RowHold, ...]
    expectations: tuple[ExpectationResult, ...]
    failed_rows: int
    held_rows: int

    def counts_only(self) -> ValidationReport:
        """The same report without its rows: what to keep of a chunk that has been stored."""
        return replace(self, failures=(), held=())

    def to_json_dict(self) -> dict[str, Any]:
        """Counts as JSON-safe types, for metadata; no row, no value."""
        return {
            "endpoint": self.endpoint,
            "evaluated": self.evaluated,
            "failed_rows": self.failed_rows,
            "held_rows": self.held_rows,
            "expectations": [
                {
                    "field": item.field,
                    "rule": item.rule,
                    "reason": item.reason,
                    "expectation": item.expectation,
                    "severity": item.severity,
                    "evaluated": item.evaluated,
                    "missing": item.missing,
                    "failed": item.failed,
                    "success": item.success,
                }
                for item in self.expectations
            ],
        }


@dataclass(frozen=True, slots=True)
class RuleSummary:
    """One line of the documentation of a suite."""

    endpoint: str
    field: str
    rule: str
    reason: str
    fix: str
    expectation: str


def merge_reports(reports: Sequence[ValidationReport]) -> ValidationReport:
    """Add up the chunks of one endpoint's run.

    Raises:
        ValueError: no report, or reports of different endpoints.
    """
    names: AbstractSet[str] = {report.endpoint for report in reports}
    if len(names) != 1:
        raise ValueError("merge_reports needs the reports of exactly one endpoint")
    merged: dict[tuple[tuple[str, ...], str, str], ExpectationResult] = {}
    for item in (item for report in reports for item in report.expectations):
        key = (item.columns, item.rule, item.expectation)
        known = merged.get(key)
        merged[key] = (
            item
            if known is None
            else replace(
                known,
                evaluated=known.evaluated + item.evaluated,
                missing=known.missing + item.missing,
                failed=known.failed + item.failed,
            )
        )
    return ValidationReport(
        endpoint=reports[0].endpoint,
        evaluated=sum(report.evaluated for report in reports),
        failures=tuple(failure for report in reports for failure in report.failures),
        held=tuple(hold for report in reports for hold in report.held),
        expectations=tuple(merged.values()),
        failed_rows=sum(report.failed_rows for report in reports),
        held_rows=sum(report.held_rows for report in reports),
    )


# Fields and rules in the words of a clinic's front desk.

_PART: Final = re.compile(r"^(\w+)(?:\[(\d+)\])?$")


def reason_of_several(rule: str) -> str:
    """The motivo of a rule that is asked of several fields, without any one of them in it."""
    text = texts.RULES[rule].reason.removeprefix("{campo}: ")
    return text.format_map(texts.OF_SEVERAL)


def label(path: str) -> str:
    """A dotted path in words: ``categorias[2].percentual`` → ``rateio por categoria, item 2:
    percentual``; alternatives (``a ou b``) are set apart by a slash."""
    alternatives = path.split(texts.ALTERNATIVES)
    return " / ".join(": ".join(map(_part, path.split("."))) for path in alternatives)


def _part(part: str) -> str:
    match = _PART.match(part)
    if match is None:
        return part
    words = texts.LABELS.get(match[1], match[1])
    return f"{words}, item {match[2]}" if match[2] else words


def sentence(text: str) -> str:
    """``text`` with its first letter in upper case, the rest untouched."""
    return text[:1].upper() + text[1:]
