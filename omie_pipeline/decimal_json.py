"""JSON without floats: money is a decimal from the raw token to the raw token."""

from __future__ import annotations

from typing import Any

import simplejson


def dumps(value: Any) -> str:
    """JSON text with decimals as exact numbers and non-ASCII escaped, keys in given order."""
    return simplejson.dumps(value, use_decimal=True, ensure_ascii=True, separators=(",", ":"))


def loads(text: str | bytes) -> Any:
    """Parsed JSON, decimals kept from the raw token.

    Raises:
        ValueError: the text is no JSON.
    """
    return simplejson.loads(text, use_decimal=True)
