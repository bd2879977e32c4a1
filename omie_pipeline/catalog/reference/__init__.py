"""Facts about Brazil and Omie's fixed code lists, read from the CSV files beside this module.

Sources and licences: ``SOURCES.md``. Every function reads its file once and keeps the answer; what
it returns is read-only.
"""

from __future__ import annotations

import csv
from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from types import MappingProxyType


@dataclass(frozen=True, slots=True)
class Estado:
    """One of the 27 units of the federation; ``codigo_ibge`` has two digits."""

    uf: str
    nome: str
    codigo_ibge: int
    regiao: str


@dataclass(frozen=True, slots=True)
class Municipio:
    """One municipality; ``codigo_ibge`` has seven digits, ``ddd`` is its telephone area code."""

    codigo_ibge: int
    nome: str
    uf: str
    capital: bool
    ddd: int


@dataclass(frozen=True, slots=True)
class FaixaCep:
    """A range of CEPs, both ends included, as numbers without leading zeros."""

    cep_inicial: int
    cep_final: int

    def __contains__(self, cep: int) -> bool:
        return self.cep_inicial <= cep <= self.cep_final


def _rows(file_name: str) -> Iterator[dict[str, str]]:
    text = (files(__name__) / file_name).read_text(encoding="utf-8")
    yield from csv.DictReader(text.splitlines())


@cache
def estados() -> Mapping[str, Estado]:
    """The 27 states by UF."""
    return MappingProxyType(
        {
            row["uf"]: Estado(row["uf"], row["nome"], int(row["codigo_ibge"]), row["regiao"])
            for row in _rows("estados.csv")
        }
    )


@cache
def municipios() -> tuple[Municipio, ...]:
    """The 5,571 municipalities, in the order of the file."""
    return tuple(
        Municipio(
            codigo_ibge=int(row["codigo_ibge"]),
            nome=row["nome"],
            uf=row["uf"],
            capital=row["capital"] == "1",
            ddd=int(row["ddd"]),
        )
        for row in _rows("municipios_ibge.csv")
    )


@cache
def municipios_por_uf() -> Mapping[str, tuple[Municipio, ...]]:
    """The municipalities of each UF."""
    by_uf: defaultdict[str, list[Municipio]] = defaultdict(list)
    for municipio in municipios():
        by_uf[municipio.uf].append(municipio)
    return MappingProxyType({uf: tuple(found) for uf, found in by_uf.items()})


def _faixas(file_name: str, key: str) -> dict[str, tuple[FaixaCep, ...]]:
    by_key: defaultdict[str, list[FaixaCep]] = defaultdict(list)
    for row in _rows(file_name):
        by_key[row[key]].append(FaixaCep(int(row["cep_inicial"]), int(row["cep_final"])))
    return {name: tuple(found) for name, found in by_key.items()}


@cache
def cep_faixas_por_uf() -> Mapping[str, tuple[FaixaCep, ...]]:
    """CEP ranges by UF; AM, GO and DF have two each."""
    return MappingProxyType(_faixas("cep_faixas_por_uf.csv", "uf"))


@cache
def cep_faixas_por_municipio() -> Mapping[int, tuple[FaixaCep, ...]]:
    """CEP ranges by the municipality's IBGE code; 5101837 (installed in 2025) has none."""
    found = _faixas("cep_faixas_por_municipio.csv", "codigo_ibge")
    return MappingProxyType({int(codigo): faixas for codigo, faixas in found.items()})


@cache
def ddds_por_uf() -> Mapping[str, frozenset[int]]:
    """Telephone area codes in use in each UF; 61 serves DF and part of GO."""
    by_uf: defaultdict[str, set[int]] = defaultdict(set)
    for row in _rows("ddd_por_uf.csv"):
        by_uf[row["uf"]].add(int(row["ddd"]))
    return MappingProxyType({uf: frozenset(ddds) for uf, ddds in by_uf.items()})


@cache
def tipos_documento() -> Mapping[str, str]:
    """Omie's document types: code (``DIN``, ``PIX``, ``CRC``, ...) to description."""
    return MappingProxyType(
        {row["codigo"]: row["descricao"] for row in _rows("omie_tipos_documento.csv")}
    )
