"""One check of a suite as plain data, the shapes that checks come in, the rules they make up."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Final

from omie_pipeline.catalog import Field
from omie_pipeline.validation.labels import label, sentence
from omie_pipeline.validation.messages import RULES
from omie_pipeline.validation.model import ClinicRules, Severity

MARKERS_COLUMN: Final = "_marcas_confirmadas"
"""Helper column: true if every record that a marker names is confirmed by Omie."""


@dataclass(frozen=True, slots=True)
class Check:
    """One rule asked of one field, and what a failure means.

    Attributes:
        field: path shown to people and stored with the reason.
        expectation: what is asked: a name in ``conditions.CONDITIONS``, and the type of the
            expectation that asks it where Great Expectations does.
        columns: one column, or the two of a pair.
        always: asked even when no row has the column, because absence is the failure.
        catalog: the catalog's field, for the texts' lengths and lists.
    """

    field: str
    rule: str
    expectation: str
    columns: tuple[str, ...]
    arguments: Mapping[str, Any] = dataclasses.field(default_factory=dict)
    severity: Severity = "critical"
    always: bool = False
    catalog: Field | None = None

    @property
    def name(self) -> str:
        """``campo.regra``, unique in a suite."""
        return f"{self.field}.{self.rule}.{self.expectation}"

    def texts(self, rules: ClinicRules) -> tuple[str, str]:
        """Motivo and correção of the rule as such, with no row in view."""
        return rule_texts(self.rule, self.field, self.catalog, rules)


@dataclass(frozen=True, slots=True)
class SuiteRule:
    """One expectation of a suite: a rule, with all the fields that it is asked of."""

    rule: str
    severity: Severity
    expectation: str
    checks: tuple[Check, ...]


def by_rule(checks: Iterable[Check]) -> tuple[SuiteRule, ...]:
    """The rules that ``checks`` make up, in the order in which they come first."""
    found: dict[tuple[str, Severity, str], list[Check]] = {}
    for check in checks:
        found.setdefault((check.rule, check.severity, check.expectation), []).append(check)
    return tuple(SuiteRule(*key, tuple(items)) for key, items in found.items())


def rule_texts(
    rule: str,
    path: str,
    catalog: Field | None,
    rules: ClinicRules,
    *,
    shown: str = "",
    day: str = "",
) -> tuple[str, str]:
    """Motivo and correção of ``rule`` on the field at ``path``.

    Args:
        rule: name of the rule.
        path: field that the reason names, dotted.
        catalog: the field's declaration, if there is one.
        rules: rules of the clinic.
        shown: what follows the field's name.
        day: the improbable date itself, if there is a row in view.
    """
    words = {
        "campo": label(path) + shown,
        "maximo": catalog.max_length if catalog else "",
        "valores": ", ".join(catalog.values) if catalog else "",
        "padrao": catalog.pattern if catalog else "",
        "primeiro": rules.earliest_year,
        "ultimo": rules.latest_year,
        "dia": day or "o valor",
        "coluna": "…",
        "valor": "…",
    }
    text = RULES[rule]
    return sentence(text.motivo.format(**words)), sentence(text.correcao.format(**words))


def either_column(group: tuple[str, ...]) -> str:
    """Helper column: true if one of ``group`` is filled in."""
    return "_" + "_ou_".join(group)


def confirmed_column(name: str) -> str:
    """Helper column: true if the record that ``name`` points at is confirmed by Omie."""
    return f"_{name}_confirmado"


def holds(path: str, rule: str, column: str, severity: Severity = "critical") -> Check:
    """A helper column that is true if the rule holds, null if there is nothing to ask.

    Args:
        path: field that the reason names, dotted.
        rule: name of the rule.
        column: the helper column.
        severity: whether a failure refuses the row.
    """
    return Check(path, rule, "expect_flags_to_be_true", (column,), severity=severity)


def filled(name: str, rule: str) -> Check:
    """``name`` has to be filled in, even if no row of a chunk has it."""
    return Check(name, rule, "expect_fields_to_be_filled", (name,), always=True)


def matching(
    path: str, rule: str, columns: tuple[str, ...], regex: str, catalog: Field | None = None
) -> Check:
    """Text that has to match a regular expression (Python's and RE2's).

    Args:
        path: field that the reason names, dotted.
        rule: name of the rule.
        columns: the columns that are checked.
        regex: one that both engines understand.
        catalog: the field's declaration, if there is one.
    """
    arguments = {"regex": regex}
    return Check(path, rule, "expect_fields_to_match_pattern", columns, arguments, catalog=catalog)


def in_list(name: str, what: str, known: Mapping[Any, bool] | None) -> Check:
    """``name`` has to be an active entry of a list; ``what`` begins the rule's name."""
    active = [code for code, is_active in (known or {}).items() if is_active]
    arguments = {"value_set": active}
    rule = f"{what}_inexistente"
    return Check(name, rule, "expect_fields_to_be_listed", (name,), arguments)
