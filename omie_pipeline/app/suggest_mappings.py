"""Suggestions of the de-para as a person goes through them: see, accept, refuse.

What is accepted is what was shown: the suggestion is made anew from what is known by then, and its
sentence stands in the history with who accepted or refused it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import sqlalchemy as sa

from omie_pipeline.app.deployment import Deployment
from omie_pipeline.app.map_lists import not_mapped, refuse_decided, reject
from omie_pipeline.errors import ConfigurationError
from omie_pipeline.list_mapping import store
from omie_pipeline.list_mapping.clinic_values import values_of
from omie_pipeline.list_mapping.model import (
    ALL,
    TARGETS,
    SourceItem,
    SourceKey,
    SourceKind,
    Suggestion,
    TargetKind,
)
from omie_pipeline.list_mapping.store import Author, Change
from omie_pipeline.list_mapping.suggestions import choices_for
from omie_pipeline.list_mapping.wanted import Checker, Wanted, refuse_unread
from omie_pipeline.postgres.engine import warehouse_errors
from omie_pipeline.texts import app as texts


@dataclass(frozen=True, slots=True)
class NamedSuggestion:
    """A suggestion, and what Omie calls its code."""

    suggestion: Suggestion
    name: str


@dataclass(frozen=True, slots=True)
class SuggestedValue:
    """A value that nothing maps, and what it may mean, the likeliest first; maybe nothing."""

    empresa: str
    item: SourceItem
    target: TargetKind
    suggestions: tuple[NamedSuggestion, ...]


def suggested(
    deployment: Deployment, empresas: Sequence[str], kinds: Sequence[SourceKind]
) -> tuple[SuggestedValue, ...]:
    """What the values that nothing maps may mean, by what each kind is mapped to most.

    The surest come first: they are gone through fastest.

    Args:
        deployment: the composed deployment.
        empresas: whose values.
        kinds: of which kinds.

    Raises:
        ConfigurationError: Omie's list of what a kind is mapped to was never read.
    """
    found = []
    for kind in kinds:
        target = TARGETS[kind][0]
        for empresa in empresas:
            items = [one.item for one in not_mapped(deployment, [empresa], kind)]
            if not items:
                continue
            with warehouse_errors(), deployment.engine.connect() as connection:
                today = deployment.clock.now().date()
                choices = choices_for(connection, empresa, kind, target, today)
            refuse_unread(empresa, target, choices.targets)
            made = choices.suggested(items)
            names = {one.code: one.name for one in choices.targets}
            found += [
                SuggestedValue(
                    empresa,
                    item,
                    target,
                    tuple(
                        NamedSuggestion(one, names[one.code])
                        for one in made[item.kind, item.source]
                    ),
                )
                for item in items
            ]
    return tuple(sorted(found, key=_surest_first))


def accept(deployment: Deployment, wanted: Wanted, by: str, expected: str | None = None) -> Change:
    """Map a value to what is suggested for it.

    Args:
        deployment: the composed deployment.
        wanted: the value; its code may be empty: the likeliest.
        by: who accepts.
        expected: the code that the person saw in force; ``""``: none. One that was decided
            meanwhile stays.

    Returns:
        What the value was mapped to before, and by whom.

    Raises:
        ConfigurationError: no such value, or nothing, or not this code, is suggested for it; or it
            was decided meanwhile.
    """
    with warehouse_errors(), deployment.engine.begin() as connection:
        store.deciding(connection)
        checker = Checker(connection, deployment.empresas)
        key = _of_one(checker, wanted)
        if expected is not None:
            refuse_decided(deployment, connection, key, expected)
        shown = _shown(deployment, connection, key)
        code = wanted.code.strip()
        chosen = next((one for one in shown if code in ("", one.code)), None)
        if chosen is None:
            raise ConfigurationError(
                texts.not_suggested(
                    source=key.source,
                    code=code or texts.NOT_NAMED,
                    known=", ".join(one.code for one in shown) or texts.NOTHING_SUGGESTED,
                )
            )
        checked = Wanted(key.empresa, key.kind, key.source, chosen.code, key.target)
        author = Author(by, deployment.clock.now(), "suggestion")
        (change,) = store.put(connection, [checker.checked(checked)], author, chosen)
        return change


def refuse(deployment: Deployment, wanted: Wanted, by: str) -> bool:
    """Refuse a code for a value: it is not suggested again, not even in quarantine.

    Args:
        deployment: the composed deployment.
        wanted: the value and the code.
        by: who refuses.

    Returns:
        False if it was refused before.

    Raises:
        ConfigurationError: no such empresa, kind or target, or no code is named.
    """
    if not wanted.code.strip():
        raise ConfigurationError(texts.REFUSE_WHICH)
    shown = None
    with warehouse_errors(), deployment.engine.connect() as connection:
        key = Checker(connection, deployment.empresas).key(
            wanted.empresa, wanted.kind, wanted.source, wanted.target
        )
        if key.empresa != ALL:
            made = _shown(deployment, connection, key)
            shown = next((one for one in made if one.code == wanted.code.strip()), None)
    return reject(deployment, wanted, by, shown)


def _of_one(checker: Checker, wanted: Wanted) -> SourceKey:
    key = checker.key(wanted.empresa, wanted.kind, wanted.source, wanted.target)
    if key.empresa == ALL:
        raise ConfigurationError(texts.SUGGESTED_FOR_ONE)
    return key


def _shown(
    deployment: Deployment, connection: sa.Connection, key: SourceKey
) -> tuple[Suggestion, ...]:
    """What is suggested for one value by now."""
    values = values_of(connection, key.kind, key.empresa)
    item = next(
        (one for one in values if one.source == key.source),
        SourceItem(key.kind, key.source, key.source),
    )
    today = deployment.clock.now().date()
    choices = choices_for(connection, key.empresa, key.kind, key.target, today)
    refuse_unread(key.empresa, key.target, choices.targets)
    return choices.suggested([item])[key.kind, key.source]


def _surest_first(one: SuggestedValue) -> tuple[float, str, str, str]:
    best = one.suggestions[0].suggestion.confidence if one.suggestions else 0.0
    return (-best, one.empresa, one.item.kind, one.item.source)
