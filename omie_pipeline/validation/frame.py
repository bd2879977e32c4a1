"""Rows of a payload model as the DataFrame that the expectations look at."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, Final

import pandas as pd

from omie_pipeline.catalog import Endpoint, Field
from omie_pipeline.errors import ModelError
from omie_pipeline.validation.addresses import municipality_codes
from omie_pipeline.validation.block_rules import BLOCK_RULES
from omie_pipeline.validation.checks import MARKERS_COLUMN, Check, confirmed_column, either_column
from omie_pipeline.validation.clinic_gaps import gap_flags, tells_gaps
from omie_pipeline.validation.documents import is_company
from omie_pipeline.validation.fields import is_blank, is_computed
from omie_pipeline.validation.markers import codes_at, marked, takes_markers, targets_of
from omie_pipeline.validation.model import CandidateRow, ClinicRules
from omie_pipeline.validation.nested import NestedChecker, Problem
from omie_pipeline.validation.person_checks import PATIENT_COLUMNS, PATIENT_DOCUMENT, names_patient
from omie_pipeline.validation.suites import key_column
from omie_pipeline.validation.unreadable import reading_columns

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
        raise ModelError(f"O Omie não tem em {endpoint.name}: {', '.join(unknown)}.")
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
        if value is None:
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
            texts = [_as_text(row.extra.get(name)) for row in rows]
            helpers[name] = to_column(texts, index)
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
