"""Texts whose accents were damaged on the way: UTF-8 read as Latin-1, or DOS read as Windows.

A damaged text cannot be sent, and what it was is only likely, so a person corrects it. The patterns
take no real Portuguese text for damaged: after an ``Ã`` or ``Â`` of a word in capitals there may be
a closing quote, an ellipsis or a space that does not break.
"""

from __future__ import annotations

import re
from typing import Final

_LETTER: Final = "A-Za-z\u00c0-\u00d6\u00d8-\u00f6\u00f8-\u00ff"
# What follows the first byte of a letter of two bytes, and never follows a real capital Ã.
_ALWAYS: Final = (
    "\u0192\u201a\u201e\u2020\u2021\u02c6\u2030\u0160\u2039\u0152\u017d\u2018\u201c\u2022"
    "\u20ac\u02dc\u2122\u0161\u203a\u0153\u017e\u0178\u00a1-\u00aa\u00ac-\u00b6\u00b8-\u00ba\u00bc-\u00bf"
)
# What may follow a real one, at the end of its word.
_INSIDE: Final = "\u00ab\u00b7\u00bb\u2019\u201d\u2013\u2026"
_CAPITAL: Final = "A-Z\u00c0-\u00d6\u00d8-\u00de"

MOJIBAKE: Final = "|".join(
    (
        f"\u00c3[{_ALWAYS}]",
        f"\u00c3[{_INSIDE}][{_LETTER}]",
        f"(?:^|[^{_CAPITAL}])\u00c3\u00a0",
        "\u00c2[\u00a1-\u00aa\u00ac-\u00ba\u00bc-\u00bf]",
        f"(?:^|[^{_CAPITAL}])\u00c2\u00a0",
        "\u00e2\u20ac",
        "\u00ef\u00bb\u00bf|\u00ef\u00bf\u00bd",
        "[\u2500-\u257f]",
        f"[{_LETTER}]\u2021[{_LETTER}]",
    )
)
"""Regular expression (Python's and RE2's) that finds a damaged text."""

_MOJIBAKE: Final = re.compile(MOJIBAKE)


def is_mojibake(value: str) -> bool:
    """The text has accents that were damaged."""
    return _MOJIBAKE.search(value) is not None


def damage(value: str) -> str:
    """The damaged signs, and what they probably were: ``"Ã£" no lugar de "ã"``; no more of the text
    is shown, because it may be a person's name."""
    found = _MOJIBAKE.search(value)
    if found is None:
        return ""
    start = found.start() + (len(found[0]) > 1 and found[0][0] not in "\u00c3\u00c2\u00e2\u00ef")
    wrong = value[start : start + 2] if value[start] in "\u00c3\u00c2" else found[0]
    try:
        right = wrong.encode("cp1252").decode("utf-8")
    except UnicodeError:
        return f'"{wrong}"'
    return f'"{wrong}" no lugar de "{right}"'
