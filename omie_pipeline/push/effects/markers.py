"""The ids that markers stand for, put in their place (:mod:`omie_pipeline.catalog.markers`)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from omie_pipeline.catalog.markers import Target, target_of


def targets_in(value: Any) -> Iterator[Target]:
    """Every record that a payload points at by markers, nested ones too."""
    target = target_of(value)
    if target is not None:
        yield target
    elif isinstance(value, Mapping):
        for inner in value.values():
            yield from targets_in(inner)
    elif isinstance(value, list):
        for item in value:
            yield from targets_in(item)


def resolved(value: Any, ids: Mapping[Target, int]) -> Any:
    """``value`` with the ids of its markers; ``KeyError`` if one is not known."""
    target = target_of(value)
    if target is not None:
        return ids[target]
    if isinstance(value, Mapping):
        return {name: resolved(inner, ids) for name, inner in value.items()}
    if isinstance(value, list):
        return [resolved(item, ids) for item in value]
    return value
