"""CPF and CNPJ check digits: validate-docbr behind a guard.

validate-docbr alone is too kind: it pads a short CPF with zeros (``1234567890`` passes) and looks
only at what is left after dropping every sign it does not know. The guard lets through nothing but
ASCII letters and digits, the signs ``. - /`` and spaces, and exactly 11 or 14 characters without
the signs.
"""

from __future__ import annotations

import re
from functools import cache
from typing import TYPE_CHECKING, Any, Final

import numpy as np
import pandas as pd

if TYPE_CHECKING:
    from validate_docbr import CNPJ, CPF

_SIGNS: Final = re.compile(r"[.\-/ ]")
_CPF_LENGTH: Final = 11
_CNPJ_LENGTH: Final = 14
_LOST_ZEROS: Final = 3


@cache
def _checkers() -> tuple[CPF, CNPJ]:
    from validate_docbr import CNPJ, CPF

    return CPF(), CNPJ()


def bare(value: str) -> str:
    """The document without signs, letters in upper case (alphanumeric CNPJ, in use since 2026)."""
    return _SIGNS.sub("", value).upper()


def document_problem(value: str) -> str | None:
    """Rule that the CPF or CNPJ in ``value`` breaks, ``None`` when it is valid.

    Signs may stand anywhere: people type them freely and ``bare`` drops them before anything is
    compared. Letters are accepted in a CNPJ's first twelve places only.
    """
    if not value.isascii() or not bare(value).isalnum():
        return "documento_caracteres"
    document = bare(value)
    if len(document) not in (_CPF_LENGTH, _CNPJ_LENGTH):
        return "documento_sem_zero" if _lost_zeros(document) else "documento_tamanho"
    if len(set(document)) == 1:
        return "documento_repetido"
    is_cpf = len(document) == _CPF_LENGTH
    if not (document.isdigit() if is_cpf else document[-2:].isdigit()):
        return "documento_caracteres"
    cpf, cnpj = _checkers()
    valid = cpf.validate(document) if is_cpf else cnpj.validate(document)
    if valid:
        return None
    return "cpf_digitos" if is_cpf else "cnpj_digitos"


def _lost_zeros(document: str) -> bool:
    """Up to three zeros in front would make a right document of it. They are not put there: another
    digit may be missing just as well."""
    cpf, cnpj = _checkers()
    for length, checker in ((_CPF_LENGTH, cpf), (_CNPJ_LENGTH, cnpj)):
        if length - _LOST_ZEROS <= len(document) < length and document.isdigit():
            return bool(checker.validate(document.zfill(length)))
    return False


def valid_documents(values: pd.Series[str]) -> pd.Series[bool]:
    """True where ``values`` (text, no nulls) holds a valid CPF or CNPJ.

    The check digits of a whole column are computed together; what is not text is none.
    """
    if not isinstance(values.dtype, pd.StringDtype):
        return values.map(lambda value: isinstance(value, str) and document_problem(value) is None)
    documents = values.str.replace(_SIGNS.pattern, "", regex=True)
    valid = pd.Series(False, index=values.index)
    for pattern, weights in _WEIGHTS.items():
        # In capitals only now: of other letters than these some become A to Z.
        chosen = documents[documents.str.fullmatch(pattern).astype(bool)].str.upper()
        if len(chosen):
            valid.loc[chosen.index] = _check_digits_are_right(chosen, weights)
    return valid


_WEIGHTS: Final = {
    "[0-9]{11}": (11, 10, 9, 8, 7, 6, 5, 4, 3, 2),
    "[0-9A-Za-z]{12}[0-9]{2}": (6, 5, 4, 3, 2, 9, 8, 7, 6, 5, 4, 3, 2),
}
"""Of a CPF and of a CNPJ: what its signs but the last are multiplied by for the second check digit;
for the first, all but the first of these."""


def _check_digits_are_right(documents: pd.Series[str], weights: tuple[int, ...]) -> Any:
    """By row; all documents are bare and as long as there are weights, and one sign more."""
    length = len(weights) + 1
    signs = np.frombuffer("".join(documents).encode("ascii"), dtype=np.uint8)
    # A letter counts as its code less that of the nought (alphanumeric CNPJ).
    numbers = signs.reshape(-1, length).astype(np.int64) - ord("0")
    right = ~(numbers == numbers[:, :1]).all(axis=1)
    for digit, multiplied in ((length - 2, weights[1:]), (length - 1, weights)):
        rest = numbers[:, :digit] @ np.array(multiplied) % 11
        right &= numbers[:, digit] == np.where(rest < 2, 0, 11 - rest)
    return right


def is_company(value: object) -> bool:
    """The document has the length of a CNPJ: its owner is no pessoa física, so has no RG."""
    return isinstance(value, str) and len(bare(value)) == _CNPJ_LENGTH
