"""A mapping in the making: what was proposed, and what a person changed of it."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from decimal import Decimal, InvalidOperation
from functools import cached_property

from omie_pipeline.catalog import Endpoint, Field
from omie_pipeline.decimal_json import loads
from omie_pipeline.errors import ConfigurationError
from omie_pipeline.mapping.codes import prefix_for
from omie_pipeline.mapping.evidence import evidence
from omie_pipeline.mapping.proposal import (
    Proposal,
    clinical_columns,
    key_words,
    propose,
    role_constants,
    withheld,
)
from omie_pipeline.mapping.sampling import SampledTable
from omie_pipeline.mapping.targets import (
    EMPRESA,
    KIND,
    PATIENT,
    Target,
    demanded_of,
    missing_of,
    target_called,
    targets_of,
    unfed,
)
from omie_pipeline.texts import mapping as texts
from omie_pipeline.validation.model import ClinicRules

# A constant given for a field, held against what the catalog says of it.

_SHAPES = {"object": dict, "array": list}


def checked_constant(target: Target, text: str) -> str:
    """``text`` as the model will hold it: dates in ISO form, everything else as it came.

    Raises:
        ConfigurationError: the field cannot hold it; the message names the field and the rule.
    """
    field = target.field
    problem = _problem(field, text)
    if problem:
        raise ConfigurationError(f"{target.path}: {problem}")
    return _day(text).isoformat() if field.kind == "date" else text


def _problem(field: Field, text: str) -> str:
    if field.kind in _SHAPES:
        return "" if _is_json(text, _SHAPES[field.kind]) else texts.MUST_BE_JSON
    if field.kind == "date":
        return "" if _readable_day(text) else texts.MUST_BE_DATE
    if field.kind == "integer":
        number = text.removeprefix("-")
        return "" if number.isascii() and number.isdigit() else texts.MUST_BE_INTEGER
    if field.kind == "decimal":
        return "" if _is_number(text) else texts.MUST_BE_NUMBER
    if field.values and text not in field.values:
        return texts.must_be_one_of(", ".join(field.values))
    if field.max_length is not None and len(text) > field.max_length:
        return texts.too_long(field.max_length)
    return ""


def _is_json(text: str, shape: type) -> bool:
    try:
        return isinstance(loads(text), shape)
    except ValueError:
        return False


def _is_number(text: str) -> bool:
    try:
        return Decimal(text).is_finite()
    except InvalidOperation:
        return False


def _day(text: str) -> date:
    if "/" in text:
        text = "-".join(reversed(text.strip().split("/")))
    return date.fromisoformat(text.strip())


def _readable_day(text: str) -> bool:
    try:
        _day(text)
    except ValueError:
        return False
    return True


_NAME = r'"((?:[^"]|"")+)"|([^".]+)'
_TABLE = re.compile(rf"(?:(?:{_NAME})\.)?(?:{_NAME})")
_TOLD_COLUMNS = 40


@dataclass(frozen=True)
class Mapping:
    """Fields of an endpoint and the columns or constants that feed them.

    Attributes:
        chosen: in the catalog's order, each path once.
        prefix: what our codes begin with.
        rules: what validation asks of the clinic's rows.
    """

    endpoint: Endpoint
    table: SampledTable
    chosen: tuple[Proposal, ...]
    prefix: str
    rules: ClinicRules = field(default_factory=ClinicRules)

    @cached_property
    def targets(self) -> tuple[Target, ...]:
        """Every field there is."""
        return targets_of(self.endpoint)

    @property
    def missing(self) -> tuple[str, ...]:
        """Fields that Omie or validation asks for and nothing feeds."""
        given = {one.target.path for one in self.chosen}
        told = missing_of(self.endpoint, self.targets, given)
        kind = next((one for one in self.chosen if one.target.path == KIND), None)
        patient = kind is None or kind.origin == "column" or kind.source == PATIENT
        asked = unfed(demanded_of(self.endpoint, self.rules), given, patient=patient)
        return tuple(dict.fromkeys((*told, *asked)))

    @property
    def withheld(self) -> tuple[str, ...]:
        """Columns that feed nothing because they may hold data of a person's health."""
        return tuple(name for name in clinical_columns(self.table) if name in self.unused)

    @property
    def unused(self) -> tuple[str, ...]:
        """Columns of the table that feed nothing."""
        used = {one.source for one in self.chosen if one.origin == "column"}
        return tuple(column.name for column in self.table.columns if column.name not in used)

    def with_column(self, path: str, column: str) -> Mapping:
        """This mapping with ``column`` in the field at ``path``.

        Raises:
            ConfigurationError: no such field or column, or a field that Omie computes.
        """
        target = target_called(self.targets, self.endpoint, path)
        found = self.table.column(column)
        if found is None:
            known = ", ".join(one.name for one in self.table.columns[:_TOLD_COLUMNS])
            raise ConfigurationError(
                texts.no_such_column(
                    schema=self.table.schema, table=self.table.name, column=column, known=known
                )
            )
        if target.field.kind in ("object", "array") and not found.data_type.startswith("JSON"):
            raise ConfigurationError(texts.column_not_jsonb(path=path, column=found.name))
        _, told = evidence(target, found)
        if withheld(target, found):
            told += texts.HEALTH_DATA
        changed = self._with(
            Proposal(target, "column", found.name, 1.0, texts.own_choice_told(told))
        )
        if not target.is_key:
            return changed
        words = key_words(self.table)
        if self.prefix in ("", prefix_for(self.endpoint.name, words)):
            return replace(changed, prefix=prefix_for(self.endpoint.name, words, found))
        return changed

    def with_constant(self, path: str, value: str) -> Mapping:
        """This mapping with the same ``value`` in the field at ``path`` of every row.

        Raises:
            ConfigurationError: no such field, one that Omie computes or that names the record, or
                a value that it cannot hold.
        """
        target = target_called(self.targets, self.endpoint, path)
        if target.is_key:
            raise ConfigurationError(texts.key_needs_column(path))
        constant = checked_constant(target, value)
        return self._with(Proposal(target, "constant", constant, 1.0, texts.OWN_CHOICE))

    def with_prefix(self, prefix: str) -> Mapping:
        """This mapping with codes that begin with ``prefix``, and what follows from it."""
        changed = replace(self, prefix=prefix)
        if self.endpoint.document_field:
            for one in role_constants(self.targets, prefix).values():
                changed = changed._with(one)
        return changed

    def without(self, path: str) -> Mapping:
        """This mapping with nothing in the field at ``path``, nor in what is inside it."""
        target = target_called(self.targets, self.endpoint, path)
        kept = [
            one
            for one in self.chosen
            if one.target.path != target.path and not one.target.path.startswith(f"{target.path}.")
        ]
        return replace(self, chosen=tuple(kept))

    def _with(self, mine: Proposal) -> Mapping:
        path = mine.target.path
        by_path = {one.target.path: one for one in self.without(path).chosen}
        by_path[path] = mine
        ordered = (by_path.get(target.path) for target in self.targets)
        return replace(self, chosen=tuple(one for one in ordered if one is not None))


def start_mapping(endpoint: Endpoint, table: SampledTable, empresas: Sequence[str]) -> Mapping:
    """What can be proposed for ``table``; the only empresa there is stands for all rows."""
    chosen = propose(endpoint, table, empresas)
    key = next((one for one in chosen if one.target.is_key), None)
    column = table.column(key.source) if key is not None else None
    prefix = prefix_for(endpoint.name, key_words(table), column)
    mapping = Mapping(endpoint, table, chosen, prefix)
    if any(one.target.path == EMPRESA for one in chosen) or len(empresas) != 1:
        return mapping
    only = mapping.with_constant(EMPRESA, empresas[0])
    return replace(
        only,
        chosen=tuple(
            replace(one, reason=texts.ONLY_EMPRESA) if one.target.path == EMPRESA else one
            for one in only.chosen
        ),
    )


def split_table(text: str) -> tuple[str, str] | None:
    """Schema and table of ``schema.table`` (``public`` without one); ``None`` for anything else."""
    found = _TABLE.fullmatch(text.strip())
    if found is None:
        return None
    schema = found.group(1) or found.group(2) or "public"
    table = found.group(3) or found.group(4)
    return schema.replace('""', '"').strip(), table.replace('""', '"').strip()
