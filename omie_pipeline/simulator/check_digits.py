"""CPF and CNPJ: check digits and the punctuation Omie answers with.

The letters of the alphanumeric CNPJ (July 2026) count as their ASCII code minus 48.
"""

from __future__ import annotations

import re

_PUNCTUATION = str.maketrans("", "", "./- ")
_CNPJ = re.compile(r"[0-9A-Z]{12}[0-9]{2}")
_CPF = re.compile(r"[0-9]{11}")


def bare(document: str) -> str:
    """Without punctuation, letters upper-cased."""
    return document.translate(_PUNCTUATION).upper()


def _digit(values: list[int], weights: range | list[int]) -> int:
    rest = sum(value * weight for value, weight in zip(values, weights, strict=True)) % 11
    return 0 if rest < 2 else 11 - rest


def is_valid(document: str) -> bool:
    """True for a CPF or CNPJ, punctuated or not, whose check digits are right."""
    text = bare(document)
    if len(set(text)) == 1:
        return False
    values = [ord(sign) - 48 for sign in text]
    if _CPF.fullmatch(text):
        return all(_digit(values[:n], range(n + 1, 1, -1)) == values[n] for n in (9, 10))
    if _CNPJ.fullmatch(text):
        weights = [6, 5, 4, 3, 2, 9, 8, 7, 6, 5, 4, 3, 2]
        return all(_digit(values[:n], weights[13 - n :]) == values[n] for n in (12, 13))
    return False


def punctuated(document: str) -> str:
    """``999.999.999-99`` or ``99.999.999/9999-99``, the form Omie answers with (seen)."""
    text = bare(document)
    if len(text) == 11:
        return f"{text[:3]}.{text[3:6]}.{text[6:9]}-{text[9:]}"
    if len(text) == 14:
        return f"{text[:2]}.{text[2:5]}.{text[5:8]}/{text[8:12]}-{text[12:]}"
    return document


def is_person(document: str) -> bool:
    """True for a CPF."""
    return len(bare(document)) == 11


def cpf_of(stem: int) -> str:
    """A valid CPF that begins with nine given digits."""
    values = [int(digit) for digit in f"{stem:09d}"]
    for length in (9, 10):
        values.append(_digit(values, range(length + 1, 1, -1)))
    return "".join(map(str, values))


def cnpj_of(stem: int) -> str:
    """A valid CNPJ that begins with twelve given digits."""
    values = [int(digit) for digit in f"{stem:012d}"]
    weights = [6, 5, 4, 3, 2, 9, 8, 7, 6, 5, 4, 3, 2]
    for length in (12, 13):
        values.append(_digit(values, weights[13 - length :]))
    return "".join(map(str, values))
