"""What was probably meant by a name that does not exist."""

from __future__ import annotations

import difflib
import unicodedata
from collections.abc import Iterable

_LIKENESS = 0.75


def likely(name: str, known: Iterable[str], most: int = 1) -> list[str]:
    """Those of ``known`` that look like ``name``, the likeliest first; case, accents, hyphens and
    underscores never matter."""
    by_form: dict[str, str] = {}
    for one in known:
        by_form.setdefault(_form(one), one)
    found = difflib.get_close_matches(_form(name), by_form, most, _LIKENESS)
    return [by_form[one] for one in found]


def did_you_mean(name: str, known: Iterable[str]) -> str:
    """`` (seria clientes?)``, or nothing."""
    found = likely(name, known)
    return f" (seria {found[0]}?)" if found else ""


def _form(name: str) -> str:
    plain = unicodedata.normalize("NFKD", name.casefold())
    return "".join(char for char in plain if char.isalnum())
