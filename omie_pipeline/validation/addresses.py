"""Cidade, UF and CEP against the lists of the IBGE and the Correios."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache, lru_cache
from typing import Any, Final

import pandas as pd

from omie_pipeline.catalog import reference

CEP_PATTERN: Final = r"^[0-9]{2}\.?[0-9]{3}-?[0-9]{3}$"
"""Eight digits, with or without the usual signs."""

_SUFFIX: Final = re.compile(r"^(.*?)\s*\(([A-Za-z]{2})\)$")
_APOSTROPHES: Final = re.compile(r"['`´’‘]")
_SEPARATORS: Final = re.compile(r"[\s\-–]+")


def ufs() -> frozenset[str]:
    """The 27 units of the federation."""
    return frozenset(reference.estados())


def plain_name(name: str) -> str:
    """A name to compare by: upper case, no accents, apostrophes or hyphens, single spaces."""
    letters = unicodedata.normalize("NFKD", _APOSTROPHES.sub("", name))
    bare = "".join(letter for letter in letters if not unicodedata.combining(letter))
    return _SEPARATORS.sub(" ", bare).strip().upper()


@cache
def _codes_by_name() -> Mapping[tuple[str, str], int]:
    return {(m.uf, plain_name(m.nome)): m.codigo_ibge for m in reference.municipios()}


@lru_cache(maxsize=20_000)
def municipality(cidade: str, uf: str) -> int | None:
    """IBGE code of ``cidade`` in ``uf``, ``None`` when there is no such city there.

    Case, accents, apostrophes and hyphens do not count. Omie's own form ``SAO PAULO (SP)``
    (omie-api.md#documents-and-cities) is understood; its UF must then be the same.
    """
    match = _SUFFIX.match(cidade.strip())
    if match:
        if match[2].upper() != uf:
            return None
        cidade = match[1]
    return _codes_by_name().get((uf, plain_name(cidade)))


def municipality_codes(cidades: pd.Series[str], estados: pd.Series[str]) -> pd.Series[float]:
    """IBGE codes row by row, null if the city is not in the UF.

    Each pair is looked up once: a clinic's customers live in few cities.
    """
    pairs = list(zip(cidades, estados, strict=True))
    codes = {pair: _code(*pair) for pair in set(pairs)}
    return pd.Series([codes[pair] for pair in pairs], index=cidades.index, dtype="float64")


def _code(cidade: object, uf: object) -> int | None:
    return municipality(cidade, uf) if isinstance(cidade, str) and isinstance(uf, str) else None


def cities_in_uf(cidades: pd.Series[str], estados: pd.Series[str]) -> pd.Series[bool]:
    """True where the city exists in the UF, or if the UF itself is unknown (reported elsewhere)."""
    return municipality_codes(cidades, estados).notna() | ~estados.isin(ufs())


def ceps_in_uf(ceps: pd.Series[str], estados: pd.Series[str]) -> pd.Series[bool]:
    """True where the CEP lies in the UF's ranges, or if CEP or UF is malformed itself."""
    return _in_ranges(ceps, estados, _limits_by_uf()) | ~estados.isin(ufs())


def ceps_in_city(ceps: pd.Series[str], codes: pd.Series[float]) -> pd.Series[bool]:
    """True where the CEP lies in the ranges of the municipality, or if one is unknown.

    The ranges date from 2023 and CEPs are added all the time: a miss is worth a look, no more.
    """
    limits = _limits_by_city()
    return _in_ranges(ceps, codes, limits) | ~codes.isin(limits[0].first.index)


@dataclass(frozen=True, slots=True)
class _Limits:
    """First and last CEP of each place's nth range; places with fewer ranges are not in it."""

    first: pd.Series[float]
    last: pd.Series[float]


@cache
def _limits_by_uf() -> tuple[_Limits, ...]:
    return _limits(reference.cep_faixas_por_uf())


@cache
def _limits_by_city() -> tuple[_Limits, ...]:
    return _limits(reference.cep_faixas_por_municipio())


def _limits(ranges: Mapping[Any, tuple[reference.FaixaCep, ...]]) -> tuple[_Limits, ...]:
    nths = []
    for nth in range(max(len(items) for items in ranges.values())):
        found = {key: items[nth] for key, items in ranges.items() if len(items) > nth}
        first = {key: item.cep_inicial for key, item in found.items()}
        last = {key: item.cep_final for key, item in found.items()}
        nths.append(_Limits(pd.Series(first, dtype="float64"), pd.Series(last, dtype="float64")))
    return tuple(nths)


def _in_ranges(
    ceps: pd.Series[str], keys: pd.Series[Any], limits: tuple[_Limits, ...]
) -> pd.Series[bool]:
    digits = ceps.where(ceps.str.match(CEP_PATTERN)).str.replace(r"[.\-]", "", regex=True)
    numbers = pd.to_numeric(digits, errors="coerce").astype("float64")
    inside = numbers.isna()
    for nth in limits:
        inside |= numbers.between(keys.map(nth.first), keys.map(nth.last))
    return inside
