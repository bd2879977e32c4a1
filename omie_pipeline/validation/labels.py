"""Fields and rules in the words of a clinic's front desk."""

from __future__ import annotations

import re
from typing import Final

from omie_pipeline.texts import validation as texts

_PART: Final = re.compile(r"^(\w+)(?:\[(\d+)\])?$")


def reason_of_several(rule: str) -> str:
    """The motivo of a rule that is asked of several fields, without any one of them in it."""
    text = texts.RULES[rule].reason.removeprefix("{campo}: ")
    return text.format_map(texts.OF_SEVERAL)


def label(path: str) -> str:
    """A dotted path in words: ``categorias[2].percentual`` → ``rateio por categoria, item 2:
    percentual``; alternatives (``a ou b``) are set apart by a slash."""
    alternatives = path.split(texts.ALTERNATIVES)
    return " / ".join(": ".join(map(_part, path.split("."))) for path in alternatives)


def _part(part: str) -> str:
    match = _PART.match(part)
    if match is None:
        return part
    words = texts.LABELS.get(match[1], match[1])
    return f"{words}, item {match[2]}" if match[2] else words


def sentence(text: str) -> str:
    """``text`` with its first letter in upper case, the rest untouched."""
    return text[:1].upper() + text[1:]
