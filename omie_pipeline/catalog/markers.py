"""Markers in a payload: Omie's id of a record that this pipeline delivers itself.

A payload model is built before the records that it points at have an id, so it names them by our
own code: ``{"$omie_id": ["vendedores", "PRO-1"]}``. The hash is over the marker and so the same in
every run; the id takes its place when the row is sent.
"""

from __future__ import annotations

from typing import Any, Final

MARKER: Final = "$omie_id"
_PARTS: Final = 2

Target = tuple[str, str]
"""Endpoint and integration code."""


def target_of(value: Any) -> Target | None:
    """What ``value`` points at, ``None`` if it has not exactly a marker's shape."""
    if type(value) is not dict or set(value) != {MARKER}:
        return None
    parts = value[MARKER]
    if not isinstance(parts, list) or len(parts) != _PARTS:
        return None
    endpoint, code = parts
    if not isinstance(endpoint, str) or not isinstance(code, str) or not code.strip(" "):
        return None
    return endpoint, code
