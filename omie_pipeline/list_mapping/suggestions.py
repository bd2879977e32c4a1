"""Suggestions for what the warehouse knows of one empresa."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING

import sqlalchemy as sa

from omie_pipeline.list_mapping.model import (
    ALL,
    KINDS,
    SourceItem,
    SourceKind,
    Suggestion,
    TargetCode,
    TargetKind,
)
from omie_pipeline.list_mapping.omie_codes import codes_of
from omie_pipeline.list_mapping.pattern_store import serving
from omie_pipeline.list_mapping.store import rejections
from omie_pipeline.postgres.engine import warehouse_errors
from omie_pipeline.texts import list_mapping as texts
from omie_pipeline.validation.model import UnmappedValue

if TYPE_CHECKING:
    from omie_pipeline.list_mapping.suggest import Known


@dataclass(frozen=True, slots=True)
class Choices:
    """What values of one kind may be mapped to, and what is known of either."""

    targets: tuple[TargetCode, ...]
    known: Known

    def suggested(
        self, items: Sequence[SourceItem]
    ) -> dict[tuple[str, str], tuple[Suggestion, ...]]:
        """By (kind, source) what each value may mean, the likeliest first."""
        # numpy and rapidfuzz are loaded by whom they help: most pushes suggest nothing.
        from omie_pipeline.list_mapping.suggest import suggest

        return suggest(items, self.targets, self.known)


def choices_for(
    connection: sa.Connection, empresa: str, kind: SourceKind, target: TargetKind, today: date
) -> Choices:
    """Omie's list, the records and the refusals, as the warehouse has them.

    Args:
        connection: to the warehouse.
        empresa: whose values.
        kind: of which kind they are.
        target: what they are to be mapped to.
        today: records fade with age, counted from here.
    """
    from omie_pipeline.list_mapping.patterns import Pattern
    from omie_pipeline.list_mapping.suggest import Known
    from omie_pipeline.list_mapping.usage import profiles_of, uses_of

    refused = {
        (one.key.kind, one.key.source, one.code)
        for one in rejections(connection)
        if one.key.target == target and one.key.empresa in (ALL, empresa)
    }
    known = Known(
        today,
        uses_of(connection, empresa, kind, target),
        profiles_of(connection, empresa, kind),
        [
            Pattern(kind, target, one.glob, one.code, one.written_by)
            for one in serving(connection, empresa)
            if (one.kind, one.target) == (kind, target)
        ],
        refused,
    )
    return Choices(tuple(codes_of(connection, target, empresa)), known)


class Suggester:
    """Suggests categories for one value after the other, as validation meets them.

    What the warehouse knows is read once for each kind, when the first value of it asks.
    """

    def __init__(self, engine: sa.Engine, empresa: str, today: date) -> None:
        self._engine, self._empresa, self._today = engine, empresa, today
        self._choices: dict[SourceKind, Choices] = {}
        self._told: dict[tuple[str, str], tuple[str, ...]] = {}

    def __call__(self, value: UnmappedValue) -> Sequence[str]:
        """At most three categories, the likeliest first, as staff read them."""
        key = (value.kind, value.source)
        if key not in self._told:
            kind = next((one for one in KINDS if one == value.kind), None)
            self._told[key] = self._found(kind, value) if kind else ()
        return self._told[key]

    def _found(self, kind: SourceKind, value: UnmappedValue) -> tuple[str, ...]:
        if kind not in self._choices:
            with warehouse_errors(), self._engine.connect() as connection:
                self._choices[kind] = choices_for(
                    connection, self._empresa, kind, "category", self._today
                )
        choices = self._choices[kind]
        names = {one.code: one.name for one in choices.targets}
        found = choices.suggested([SourceItem(kind, value.source, value.name)])
        return tuple(
            texts.suggested(code=one.code, name=names[one.code], percent=f"{one.confidence:.0%}")
            for one in found[kind, value.source]
        )
