"""Places that exist: municipalities with their UF, area code and CEP range."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache

from omie_pipeline.catalog.reference import (
    cep_faixas_por_municipio,
    cep_faixas_por_uf,
    municipios,
)


@dataclass(frozen=True, slots=True)
class Place:
    """A municipality where people of the sample live; CEP ends included, as numbers."""

    cidade: str
    uf: str
    ddd: int
    cep_inicial: int
    cep_final: int
    capital: bool


@cache
def places() -> tuple[Place, ...]:
    """Every municipality whose first CEP range lies inside a range of its UF (5,570 of 5,571)."""
    ranges_of_city = cep_faixas_por_municipio()
    ranges_of_uf = cep_faixas_por_uf()
    found = []
    for municipio in municipios():
        for faixa in ranges_of_city.get(municipio.codigo_ibge, ())[:1]:
            if any(
                faixa.cep_inicial in of_uf and faixa.cep_final in of_uf
                for of_uf in ranges_of_uf[municipio.uf]
            ):
                found.append(
                    Place(
                        cidade=municipio.nome,
                        uf=municipio.uf,
                        ddd=municipio.ddd,
                        cep_inicial=faixa.cep_inicial,
                        cep_final=faixa.cep_final,
                        capital=municipio.capital,
                    )
                )
    return tuple(found)
