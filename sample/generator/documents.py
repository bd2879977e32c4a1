"""Brazilian documents in bulk: CPF, CNPJ (alphanumeric too) and RG with right check digits.

Everything here is a pure function from whole-number arrays to Arrow text arrays, so that a million
documents cost a second and the same numbers always give the same documents.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

Ints = npt.NDArray[np.int64]
TextArray = Any  # pyarrow ships no types

_PRIME_BELOW_1E9 = 999_999_937
_PRIME_BELOW_1E8 = 99_999_989
_CPF_WEIGHTS = np.arange(10, 1, -1)
_CNPJ_WEIGHTS = np.array([5, 4, 3, 2, 9, 8, 7, 6, 5, 4, 3, 2])
_RG_WEIGHTS = np.arange(2, 10)
_BYTE_0, _BYTE_A, _BYTE_X = ord("0"), ord("A"), ord("X")


def _digits(numbers: Ints, width: int) -> Ints:
    """``numbers`` as a matrix of decimal digits, most significant first."""
    return (numbers[:, None] // 10 ** np.arange(width - 1, -1, -1, dtype=np.int64)) % 10


def _modulo_11(values: Ints, weights: Ints) -> Ints:
    rest = (values * weights).sum(axis=1) % 11
    return np.where(rest < 2, 0, 11 - rest)


def _text(codes: Ints, pattern: str) -> TextArray:
    """Character codes laid out in ``pattern``, where ``#`` stands for the next character."""
    template = np.frombuffer(pattern.encode("ascii"), dtype=np.uint8)
    lines = np.tile(template, (len(codes), 1))
    lines[:, template == ord("#")] = codes.astype(np.uint8)
    fixed = np.ascontiguousarray(lines).view(f"S{len(pattern)}").ravel()
    return pc.cast(pa.array(fixed, type=pa.binary(len(pattern))).cast(pa.binary()), pa.string())


def digits_text(numbers: Ints, pattern: str) -> TextArray:
    """Whole numbers laid out in ``pattern``, one digit for each ``#``, leading zeros kept."""
    return _text(_digits(numbers, pattern.count("#")) + _BYTE_0, pattern)


def cpf_bases(sequence: Ints, multiplier: int) -> Ints:
    """Nine-digit CPF bases: one for each ``sequence`` number, never one digit repeated.

    Multiplication modulo a prime shuffles without collisions; nine-fold repetitions, which every
    check refuses, move to numbers above the prime, where nothing else falls.
    """
    bases = (sequence % _PRIME_BELOW_1E9) * (multiplier % _PRIME_BELOW_1E9 or 1) % _PRIME_BELOW_1E9
    repeated = bases % 111_111_111 == 0
    return np.where(repeated, _PRIME_BELOW_1E9 + bases // 111_111_111, bases)


def cnpj_bases(sequence: Ints, multiplier: int) -> Ints:
    """Eight-digit CNPJ roots: different for different ``sequence`` numbers."""
    return sequence % _PRIME_BELOW_1E8 * (multiplier % _PRIME_BELOW_1E8 or 1) % _PRIME_BELOW_1E8


def cpf(bases: Ints, wrong: npt.NDArray[np.bool_] | None = None) -> TextArray:
    """CPFs ``000.000.000-00`` of nine-digit bases; if ``wrong``, the last digit is off."""
    digits = _digits(bases, 9)
    first = _modulo_11(digits, _CPF_WEIGHTS)
    longer = np.column_stack([digits[:, 1:], first])
    second = _modulo_11(np.column_stack([digits, first]), np.arange(11, 1, -1))
    if wrong is not None:
        second = np.where(wrong, (second + 1) % 10, second)
    codes = np.column_stack([digits[:, :1], longer, second]) + _BYTE_0
    return _text(codes, "###.###.###-##")


def cnpj(
    bases: Ints,
    alphanumeric: npt.NDArray[np.bool_],
    wrong: npt.NDArray[np.bool_] | None = None,
) -> TextArray:
    """CNPJs ``00.000.000/0001-00`` of eight-digit roots.

    Where ``alphanumeric``, the first two places are letters (the format issued since July 2026):
    a character counts as its ASCII code less 48 in the check digits. If ``wrong``, the last
    digit is off by one.
    """
    codes = (
        np.column_stack([_digits(bases, 8), np.tile(np.array([0, 0, 0, 1]), (len(bases), 1))])
        + _BYTE_0
    )
    codes[:, :2] = np.where(alphanumeric[:, None], codes[:, :2] - _BYTE_0 + _BYTE_A, codes[:, :2])
    values = codes - _BYTE_0
    first = _modulo_11(values, _CNPJ_WEIGHTS)
    second = _modulo_11(np.column_stack([values, first]), np.concatenate([[6], _CNPJ_WEIGHTS]))
    if wrong is not None:
        second = np.where(wrong, (second + 1) % 10, second)
    return _text(np.column_stack([codes, first + _BYTE_0, second + _BYTE_0]), "##.###.###/####-##")


def rg(numbers: Ints) -> TextArray:
    """RGs ``00.000.000-D`` of eight-digit numbers, with São Paulo's check digit (10 is ``X``)."""
    digits = _digits(numbers, 8)
    check = (11 - (digits * _RG_WEIGHTS).sum(axis=1) % 11) % 11
    check_codes = np.where(check == 10, _BYTE_X, check + _BYTE_0)
    return _text(np.column_stack([digits + _BYTE_0, check_codes]), "##.###.###-#")
