"""YAML that people write, read within bounds: no file may hang or break the program."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import yaml

from omie_pipeline.texts import tools as texts

MOST_NESTED = 50
MOST_NODES = 100_000

if TYPE_CHECKING:
    from yaml.cyaml import CSafeLoader

    Loader = type[yaml.SafeLoader] | type[CSafeLoader]

FAST_LOADER: Loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
"""libyaml's, where PyYAML was built with it: ten times as fast, for large files that nobody writes
by hand. Its errors do not quote the line."""


def load_yaml(text: str, loader: Loader | None = None) -> Any:
    """What a text says.

    Args:
        loader: default: the fast one, and for a text that it refuses the one that quotes the line.

    Raises:
        yaml.YAMLError: no YAML, or a text that is nested too deep, that contains itself or whose
            aliases unfold to more than anybody writes.
    """
    if loader is None:
        try:
            return load_yaml(text, FAST_LOADER)
        except yaml.YAMLError:
            return load_yaml(text, yaml.SafeLoader)
    _refuse_unbounded(text, loader)
    return yaml.load(text, loader)  # noqa: S506 - a SafeLoader


def _refuse_unbounded(text: str, loader: Loader) -> None:
    """Go through the events, which takes no recursion, and count what the aliases would unfold."""
    sizes: dict[str, int] = {}
    opened: list[tuple[str | None, int]] = []
    nodes = 0
    for event in yaml.parse(text, loader):
        if isinstance(event, yaml.CollectionStartEvent):
            opened.append((event.anchor, nodes))
            if len(opened) > MOST_NESTED:
                raise yaml.YAMLError(texts.too_deep(MOST_NESTED))
            nodes += 1
        elif isinstance(event, yaml.CollectionEndEvent):
            anchor, before = opened.pop()
            if anchor is not None:
                sizes[anchor] = nodes - before
        elif isinstance(event, yaml.AliasEvent):
            if any(anchor == event.anchor for anchor, _ in opened):
                raise yaml.YAMLError(texts.contains_itself(event.anchor))
            nodes += sizes.get(event.anchor or "", 1)
        elif isinstance(event, yaml.ScalarEvent):
            nodes += 1
            if event.anchor is not None:
                sizes[event.anchor] = 1
        if nodes > MOST_NODES:
            raise yaml.YAMLError(texts.too_many_values(MOST_NODES))
