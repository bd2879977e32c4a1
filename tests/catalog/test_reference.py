"""The reference data, against facts that are easy to look up."""

from __future__ import annotations

from omie_pipeline.catalog import reference


def test_counts_and_well_known_places() -> None:
    assert len(reference.estados()) == 27
    assert len(reference.municipios()) == 5571
    assert sum(municipio.capital for municipio in reference.municipios()) == 27
    assert reference.estados()["SP"].nome == "São Paulo"
    assert set(reference.municipios_por_uf()) == set(reference.estados())
    assert [city.nome for city in reference.municipios_por_uf()["DF"]] == ["Brasília"]


def test_cep_ranges_hold_known_addresses() -> None:
    avenida_paulista, outside = 1310100, 20040020
    assert any(avenida_paulista in faixa for faixa in reference.cep_faixas_por_uf()["SP"])
    assert not any(outside in faixa for faixa in reference.cep_faixas_por_uf()["SP"])
    sao_paulo = reference.cep_faixas_por_municipio()[3550308]
    assert any(avenida_paulista in faixa for faixa in sao_paulo)
    assert 5101837 not in reference.cep_faixas_por_municipio()
    assert set(reference.cep_faixas_por_uf()) == set(reference.estados())


def test_area_codes_and_document_types() -> None:
    assert 11 in reference.ddds_por_uf()["SP"]
    assert 61 in reference.ddds_por_uf()["DF"] & reference.ddds_por_uf()["GO"]
    assert set(reference.ddds_por_uf()) == set(reference.estados())
    needed = {"DIN", "PIX", "CRC", "CRD", "BOL", "TRA", "CHQ", "CON", "DEP"}
    assert needed <= set(reference.tipos_documento())
