"""Which rows may leave, which go to quarantine and why, which must wait."""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, Final

import pandas as pd

from omie_pipeline.catalog import Endpoint, Field
from omie_pipeline.errors import ConfigurationError, ModelError
from omie_pipeline.texts import validation as texts
from omie_pipeline.texts.validation import LIST_NEVER_READ, RULES, WAITS_FOR
from omie_pipeline.validation.addresses import municipality_codes
from omie_pipeline.validation.conditions import Outcome, SuiteRunner, ask_directly
from omie_pipeline.validation.documents import document_problem, is_company
from omie_pipeline.validation.model import (
    CandidateRow,
    ClinicRules,
    ExpectationResult,
    Reason,
    References,
    RowFailure,
    RowHold,
    ValidationReport,
)
from omie_pipeline.validation.rules import (
    BLOCK_RULES,
    MARKERS_COLUMN,
    MISSING,
    PATIENT_COLUMNS,
    PATIENT_DOCUMENT,
    RULE,
    Check,
    checks_for,
    confirmed_column,
    either_column,
    gap_flags,
    gap_reasons,
    key_column,
    names_patient,
    reading_columns,
    reason_of,
    rule_texts,
    tells_gaps,
    unreadable_of,
    with_unmapped,
    without_echoes,
)
from omie_pipeline.validation.values import (
    ACCENTS,
    TITLES,
    NestedChecker,
    Problem,
    character_rules,
    codes_at,
    damage,
    is_blank,
    is_computed,
    kind_problem,
    marked,
    needs_lists,
    pointers,
    reference_problem,
    takes_markers,
    targets_of,
    uses_list,
)

# From the row numbers of an outcome to reasons that a person can act on.


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
        told = with_unmapped(row, told, self.references)
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
        told = rule_texts(rule, path, catalog, self.rules, shown=shown, day=day)
        return Reason(path, rule, *told)


def _day(value: Any) -> str:
    """An ISO date as people here write it."""
    parts = value.split("-") if isinstance(value, str) else []
    return "/".join(reversed(parts))


# Rows of a payload model as the DataFrame that the expectations look at.

_PATIENT: Final = "paciente"
_STRUCTURE: Final = object()
"""Stands for a list or an object where a plain value belongs: expectations need to hash it."""


@dataclass(frozen=True, slots=True)
class Frame:
    """One chunk, ready to be validated.

    Attributes:
        data: index = number of the row (int64), without a name: Great Expectations then answers
            with a plain list of index values instead of looking a column up row by row. Text
            columns are ``str`` with blanks as nulls, numbers and mixed columns ``object``, nested
            fields and helper columns booleans (null = nothing to look at); ``_<value field>`` is
            float64, good enough to compare with zero.
        nested: what is wrong inside the nested fields, by row and column.
    """

    data: pd.DataFrame
    nested: Mapping[tuple[int, str], list[Problem]]


def build_frame(
    endpoint: Endpoint,
    rows: Sequence[CandidateRow],
    checks: Sequence[Check],
    checker: NestedChecker,
    rules: ClinicRules,
    *,
    confirmed: Mapping[str, AbstractSet[str]] | None,
    duplicated_keys: AbstractSet[str],
) -> Frame:
    """Spread rows over columns: those any row has, and those a check always asks for.

    Args:
        endpoint: its declaration.
        rows: the rows of the plan.
        checks: the checks of the suite.
        checker: the checker of objects and lists.
        rules: the rules of the clinic.
        confirmed: codes that Omie holds, by endpoint.
        duplicated_keys: codes that stand more than once.

    Raises:
        ModelError: a row has a field that Omie's payload does not have.
    """
    present = set().union(*(row.payload for row in rows))
    fields = _known_fields(endpoint, present)
    always = {column for check in checks if check.always for column in check.columns}
    columns: dict[str, pd.Series[Any]] = {}
    nested: dict[tuple[int, str], list[Problem]] = {}
    index = pd.Index([row.row for row in rows], dtype="int64")
    for name in sorted(present | (always & set(fields))):
        values = [row.payload.get(name) for row in rows]
        if name == endpoint.integration_key:
            values = [row.key if row.key is not None else row.payload.get(name) for row in rows]
        field = fields[name]
        if field.kind in ("object", "array") and not is_computed(field):
            found = _nested_problems(checker, field, values)
            nested |= {(int(index[i]), name): problems for i, problems in found.items()}
            columns[name] = _flags(values, found, index)
        else:
            columns[name] = to_column(values, index)
    key = key_column(endpoint)
    if key not in fields:
        columns[key] = to_column([row.key for row in rows], index)
    columns |= _helper_columns(endpoint, rows, columns, index)
    columns |= _block_columns(endpoint, rows, index, nested)
    for name, flags in reading_columns(rows).items():
        columns[name] = pd.Series(flags, index=index, dtype="object")
    if tells_gaps(endpoint):
        columns |= _gap_columns(rows, index, rules)
    if duplicated_keys and key in columns:
        columns["_chave_unica"] = ~columns[key].isin(list(duplicated_keys))
    if confirmed is not None and not endpoint.deletes:
        columns |= _confirmed_columns(endpoint, rows, columns, index, confirmed)
    return Frame(pd.DataFrame(columns, index=index), nested)


def _gap_columns(
    rows: Sequence[CandidateRow], index: pd.Index[int], rules: ClinicRules
) -> dict[str, pd.Series[Any]]:
    flags = [gap_flags(row, rules) for row in rows]
    return {
        name: pd.Series([one[name] for one in flags], index=index, dtype="object")
        for name in flags[0]
    }


def _block_columns(
    endpoint: Endpoint,
    rows: Sequence[CandidateRow],
    index: pd.Index[int],
    nested: dict[tuple[int, str], list[Problem]],
) -> dict[str, pd.Series[Any]]:
    """Flags of the rules on blocks; what breaks them goes into ``nested``."""
    columns = {}
    for rule in BLOCK_RULES.get(endpoint.name, ()):
        values = [row.payload.get(rule.block) for row in rows]
        found = {}
        for position, value in enumerate(values):
            paths = [] if value is None else rule.paths(value)
            if paths:
                found[position] = [Problem(path, rule.rule, None) for path in paths]
        nested |= {(int(index[i]), rule.column): problems for i, problems in found.items()}
        columns[rule.column] = _flags(values, found, index)
    return columns


def _confirmed_columns(
    endpoint: Endpoint,
    rows: Sequence[CandidateRow],
    columns: Mapping[str, pd.Series[Any]],
    index: pd.Index[int],
    confirmed: Mapping[str, AbstractSet[str]],
) -> dict[str, pd.Series[Any]]:
    """True if every record that a reference or a marker names is confirmed, null if none."""
    made = {}
    for name, target in endpoint.references:
        known = confirmed.get(target, frozenset())
        if name in columns:
            codes = columns[name]
            made[confirmed_column(name)] = (
                codes.isin(list(known)).astype(object).where(codes.notna())
            )
        elif "." in name:
            found = [codes_at(row.payload, name) for row in rows]
            flags = [known >= set(codes) if codes else None for codes in found]
            made[confirmed_column(name)] = pd.Series(flags, index=index, dtype="object")
    if takes_markers(endpoint.name):
        named = [targets_of(row.payload) for row in rows]
        flags = [
            all(item.code in confirmed.get(item.endpoint, ()) for item in items) if items else None
            for items in named
        ]
        made[MARKERS_COLUMN] = pd.Series(flags, index=index, dtype="object")
    return made


def _known_fields(endpoint: Endpoint, names: AbstractSet[str]) -> dict[str, Field]:
    """All fields of the payload by name, having made sure that ``names`` are among them."""
    known = {item.name: item for item in endpoint.payload.fields}
    unknown = sorted(set(names) - set(known))
    if unknown:
        raise ModelError(texts.not_in_omie(endpoint=endpoint.name, names=", ".join(unknown)))
    return known


def to_column(values: Sequence[Any], index: pd.Index[int]) -> pd.Series[Any]:
    """A column of pandas' ``str`` type if every value is text, else of objects.

    Blank texts become nulls. NaN and infinity become their names, as PostgreSQL writes them in
    JSON: a float NaN would pass for a null, that is, for an empty field.
    """
    if set(map(type, values)) <= {str, type(None)}:
        try:
            column = pd.Series(values, index=index, dtype="str")
        except UnicodeEncodeError:  # half of a surrogate pair: shown as the unreadable sign
            column = pd.Series([_readable(v) for v in values], index=index, dtype="str")
        return column.where(column.str.strip(" ") != "")
    named = [None if is_blank(value) else _scalar(value) for value in values]
    return pd.Series(named, index=index, dtype="object")


def _readable(value: Any) -> Any:
    if not isinstance(value, str):
        return value
    return value.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")


def _scalar(value: Any) -> Any:
    if isinstance(value, dict | list):
        return marked(value) or _STRUCTURE
    if isinstance(value, float) and not math.isfinite(value):
        return "NaN" if math.isnan(value) else "Infinity"
    if isinstance(value, Decimal) and not value.is_finite():
        return "NaN" if value.is_nan() else "Infinity"
    return _readable(value)


def _nested_problems(
    checker: NestedChecker, field: Field, values: Sequence[Any]
) -> dict[int, list[Problem]]:
    """By position. Many rows say the same (a tag, an address): each content is looked at once."""
    found = {}
    known: dict[str, list[Problem]] = {}
    for position, value in enumerate(values):
        if value is None or checker.is_plainly_right(field, value):
            continue
        told = repr(value)
        if told not in known:
            known[told] = checker.problems(field, value)
        if known[told]:
            found[position] = known[told]
    return found


def _flags(
    values: Sequence[Any], found: Mapping[int, list[Problem]], index: pd.Index[int]
) -> pd.Series[Any]:
    flags = [None if value is None else i not in found for i, value in enumerate(values)]
    return pd.Series(flags, index=index, dtype="object")


def _helper_columns(
    endpoint: Endpoint,
    rows: Sequence[CandidateRow],
    columns: Mapping[str, pd.Series[Any]],
    index: pd.Index[int],
) -> dict[str, pd.Series[Any]]:
    helpers: dict[str, pd.Series[Any]] = {}
    for group in endpoint.either:
        filled = pd.Series(False, index=index)
        for name in group:
            if name in columns:
                filled |= columns[name].notna()
        helpers[either_column(group)] = filled
    if endpoint.value_field in columns:
        values = columns[endpoint.value_field]
        numbers = pd.to_numeric(values, errors="coerce").astype("float64")
        helpers[f"_{endpoint.value_field}"] = numbers.where(numbers.abs() != math.inf)
    if endpoint.document_field:
        due = [
            row.extra.get("_tipo") == _PATIENT
            and not is_company(row.payload.get(endpoint.document_field))
            for row in rows
        ]
        helpers |= _rg_columns(rows, due, index)
        if "cidade" in columns and "estado" in columns:
            helpers["_municipio"] = municipality_codes(columns["cidade"], columns["estado"])
    if names_patient(endpoint):
        due = [not is_company(row.extra.get(PATIENT_DOCUMENT)) for row in rows]
        helpers |= _rg_columns(rows, due, index)
        for name in PATIENT_COLUMNS:
            column = [_as_text(row.extra.get(name)) for row in rows]
            helpers[name] = to_column(column, index)
    return helpers


def _as_text(value: Any) -> str | None:
    return None if value is None else str(value)


def _rg_columns(
    rows: Sequence[CandidateRow], due: Sequence[bool], index: pd.Index[int]
) -> dict[str, pd.Series[Any]]:
    """RG and issuer if they are due: a person, not a company, who is a paciente."""
    columns: dict[str, pd.Series[Any]] = {}
    for name in ("_rg", "_rg_orgao_emissor"):
        values = [
            row.extra.get(name) if is_due else None for row, is_due in zip(rows, due, strict=True)
        ]
        filled = [
            not is_blank(value) if is_due else None
            for value, is_due in zip(values, due, strict=True)
        ]
        columns[name] = to_column([_as_text(value) for value in values], index)
        columns[f"{name}_preenchido"] = pd.Series(filled, index=index, dtype="object")
    return columns


HANDFUL_ROWS: Final = 1_000
"""So many rows are asked directly if no new report is wanted: what a day brings must not cost the 3
to 5 seconds that importing Great Expectations does. Asking them takes less than a tenth of one."""


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
        shown: Callable[[Sequence[ExpectationResult]], bool] = lambda _: False,
    ) -> None:
        """Derive the suite.

        Args:
            rules: of the clinic, for one empresa.
            references: the lists of Omie's that the empresa has.
            reported: a report of the run is wanted, so Great Expectations runs the suite however
                few the rows.
            shown: whether the report of an earlier run shows just these results. A handful of rows
                of which that is true is asked directly all the same: most often they are those that
                were refused the time before.
        """
        rules = rules.of_grain(endpoint.grain)
        self._endpoint = endpoint
        self._rules = rules
        self._references = references
        self._checks = checks_for(endpoint, rules, references)
        self._runner = SuiteRunner(endpoint.name)
        self._reported = reported
        self._shown = shown
        self._nested = NestedChecker(
            endpoint.service, references, (rules.earliest_year, rules.latest_year)
        )

    def referenced_codes(self, rows: Sequence[CandidateRow]) -> dict[str, set[str]]:
        """Integration codes of other endpoints that these rows point at, by endpoint.

        Those of declared references, at any depth, and of markers (``catalog/model.py``).
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
        if len(data) <= HANDFUL_ROWS:
            outcomes = ask_directly(data, asked)
            if not self._reported or self._shown([self._result(one) for one in outcomes]):
                return outcomes
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
        reason, fix = check.texts(self._rules)
        return ExpectationResult(
            field=check.field,
            rule=check.rule,
            reason=reason,
            fix=fix,
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
        return RULES[check.rule].reason
