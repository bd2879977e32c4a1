"""Patterns that a person wrote: ``*aluguel*`` is 2.04.01.

A pattern is a glob, not a regular expression: ``*`` stands for anything, ``?`` for one sign. It is
matched in time that grows with the text alone, whatever somebody writes, and everybody can read it.
Capitals and accents do not matter.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from fnmatch import translate
from functools import cache
from typing import Final

from omie_pipeline.list_mapping.model import SourceItem, SourceKind, TargetKind
from omie_pipeline.list_mapping.words import plain

LONGEST: Final = 100
_SHORTEST: Final = 3
"""Signs other than stars: ``*a*`` would be nearly everything."""
_LONGEST_TEXT: Final = 500
_BRACKET: Final = re.compile(r"([\[\]])")


@dataclass(frozen=True, slots=True)
class Pattern:
    """What a person said of every name that looks like this.

    Attributes:
        glob: as written; see :func:`checked`.
        code: what is meant by it.
        written_by: who.
    """

    kind: SourceKind
    target: TargetKind
    glob: str
    code: str
    written_by: str = ""


def checked(glob: str) -> str:
    """The pattern as it is kept.

    Raises:
        ValueError: it is empty, too long, or says too little to choose by.
    """
    kept = plain(glob)
    if len(kept) > LONGEST or len(re.sub(r"[*?\W_]", "", kept)) < _SHORTEST:
        raise ValueError(glob)
    return re.sub(r"\*+", "*", kept)


def matches(pattern: Pattern, item: SourceItem) -> bool:
    """Whether the value, its name or its description is as the pattern says."""
    if pattern.kind != item.kind:
        return False
    found = _compiled(checked(pattern.glob))
    texts = (item.name, item.source, item.description)
    return any(found.match(plain(text)[:_LONGEST_TEXT]) for text in texts if text)


@cache
def _compiled(glob: str) -> re.Pattern[str]:
    # A bracket stands for itself; every star of fnmatch's is tried once (it does not go back).
    return re.compile(translate(_BRACKET.sub(r"[\1]", glob)))
