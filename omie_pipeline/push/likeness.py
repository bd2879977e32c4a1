"""A record's content without its code, and a code without its way of writing, as digests.

An id that a spreadsheet turned from ``701`` into ``701.0`` is another code to Omie, and its row
another record: the same sale twice.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from omie_pipeline.catalog import Endpoint

_ZERO_DECIMALS = re.compile(r"[.,]0+(?![0-9])")
_SEPARATORS = re.compile(r"[^a-z0-9]+")
_LEADING_ZEROS = re.compile(r"(?<![0-9])0+(?=[0-9])")
_AFTER_LETTERS = re.compile(r"(?<=[a-z])-(?=[0-9])")


def plain_form(code: str) -> str:
    """A code without what programs change of it by themselves: case, blanks, punctuation, leading
    zeros, ``.0`` behind a number. Two parts of digits stay apart: ``1-12`` is not ``11-2``."""
    text = _ZERO_DECIMALS.sub("", code.casefold())
    text = _SEPARATORS.sub("-", text).strip("-")
    return _AFTER_LETTERS.sub("", _LEADING_ZEROS.sub("", text))


def likeness_of(endpoint: Endpoint, payload: Mapping[str, Any]) -> str:
    """Digest of the fields by which a person would call two rows the same; ``""`` if the
    endpoint declares none, or the row fills none."""
    said = [_plain(_at(payload, path)) for path in endpoint.likeness]
    if not any(said):
        return ""
    text = json.dumps(said, sort_keys=True, ensure_ascii=False)
    return hashlib.sha256(text.encode()).hexdigest()[:32]


def _at(payload: Mapping[str, Any], path: str) -> Any:
    value: Any = payload
    for name in path.split("."):
        value = value.get(name) if isinstance(value, Mapping) else None
    return value


def _plain(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {name: _plain(inner) for name, inner in value.items()}
    if isinstance(value, list):
        return [_plain(item) for item in value]
    if isinstance(value, str):
        return plain_form(value)
    if isinstance(value, (int, float, Decimal)) and not isinstance(value, bool):
        return format(Decimal(str(value)).normalize(), "f")
    return value
