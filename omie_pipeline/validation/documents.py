"""CPF and CNPJ check digits: validate-docbr behind a guard.

validate-docbr alone is too kind: it pads a short CPF with zeros (``1234567890`` passes) and looks
only at what is left after dropping every sign it does not know. The guard lets through nothing but
ASCII letters and digits, the signs ``. - /`` and spaces, and exactly 11 or 14 characters without
the signs.
"""

from __future__ import annotations

import re
from functools import cache
from typing import TYPE_CHECKING, Final

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
    """True where ``values`` (text, no nulls) holds a valid CPF or CNPJ."""
    return values.map(lambda value: isinstance(value, str) and document_problem(value) is None)


def is_company(value: object) -> bool:
    """The document has the length of a CNPJ: its owner is no pessoa física, so has no RG."""
    return isinstance(value, str) and len(bare(value)) == _CNPJ_LENGTH
