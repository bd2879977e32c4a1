"""Cities, UFs and CEPs."""

from __future__ import annotations

import pandas as pd
import pytest

from omie_pipeline.validation import addresses


def texts(*values: str | None) -> pd.Series[str]:
    return pd.Series(list(values), dtype="str")


@pytest.mark.parametrize(
    ("cidade", "uf", "code"),
    [
        ("São Paulo", "SP", 3550308),
        ("SAO PAULO (SP)", "SP", 3550308),
        ("sao  paulo", "SP", 3550308),
        ("Embu Guaçu", "SP", 3515103),
        ("SANTA BARBARA D'OESTE", "SP", 3545803),
        ("Santa Bárbara d´Oeste", "SP", 3545803),
        ("Boa Esperança do Norte", "MT", 5101837),
        ("São Paulo", "RJ", None),
        ("SAO PAULO (RJ)", "SP", None),
        ("S. Paulo", "SP", None),
    ],
)
def test_municipality(cidade: str, uf: str, code: int | None) -> None:
    assert addresses.municipality(cidade, uf) == code


def test_all_municipalities_are_found_under_their_own_names() -> None:
    from omie_pipeline.catalog import reference

    lost = [m for m in reference.municipios() if addresses.municipality(m.nome, m.uf) is None]
    assert lost == []


@pytest.mark.parametrize(
    ("cep", "uf", "inside"),
    [
        ("01310-100", "SP", True),
        ("01310100", "SP", True),
        ("01.310-100", "SP", True),
        ("20040-002", "SP", False),
        ("72800-000", "GO", True),
        ("72800-000", "DF", False),
        ("73000-100", "DF", True),
        ("69300-000", "AM", False),
        ("69400-000", "AM", True),
        ("1310-100", "SP", True),  # malformed: the rule on the format tells it
        ("01310-100", "XX", True),  # unknown UF: the rule on the UF tells it
    ],
)
def test_cep_in_uf(cep: str, uf: str, inside: bool) -> None:
    assert addresses.ceps_in_uf(texts(cep), texts(uf)).tolist() == [inside]


def test_cep_in_city_knows_several_ranges_and_forgives_cities_without_one() -> None:
    brasilia, without_range = 5300108.0, 5101837.0
    ceps = texts("72000-000", "73100-000", "72900-000", "78000-000")
    codes = pd.Series([brasilia, brasilia, brasilia, without_range])
    assert addresses.ceps_in_city(ceps, codes).tolist() == [True, True, False, True]


def test_city_of_an_unknown_uf_is_told_by_the_uf_alone() -> None:
    assert addresses.cities_in_uf(texts("São Paulo"), texts("XX")).tolist() == [True]
