"""The committed complement of the Synthea export."""

from __future__ import annotations

import csv
import hashlib
from pathlib import Path

import pytest
from validate_docbr import CNPJ, CPF

from omie_pipeline.catalog.reference import (
    cep_faixas_por_municipio,
    cep_faixas_por_uf,
    municipios,
)
from omie_pipeline.clinic.csv_reader import CsvReader
from omie_pipeline.clinic.sources import read_sources
from sample.generator import brasil

ROOT = Path(__file__).parents[2]
SYNTHEA, BRASIL = ROOT / "sample" / "synthea", ROOT / "sample" / "brasil"
CITIES = {(one.nome, one.uf): one.codigo_ibge for one in municipios()}
SYNTHEA_SHA256 = "aef53c70fe30b62e3e56d6b203386b3a06f3f02f8836cfeaf8e1ef72598b55af"


def read(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8", newline="") as lines:
        return list(csv.DictReader(lines))


@pytest.fixture(scope="module")
def pacientes() -> dict[str, dict[str, str]]:
    return {row["id"]: row for row in read(BRASIL / "br_pacientes.csv")}


def defects(row: dict[str, str]) -> list[str]:
    cep = int(row["cep"].replace("-", ""))
    found = []
    if not CPF().validate(row["cpf"]):
        found.append("cpf")
    if not (row["rg"] and row["rg_orgao_emissor"]):
        found.append("rg_orgao_emissor")
    if not any(cep in one for one in cep_faixas_por_uf()[row["uf"]]):
        found.append("cep")
    elif not any(
        cep in one for one in cep_faixas_por_municipio()[CITIES[row["cidade"], row["uf"]]]
    ):
        found.append("cep of another city")
    if not all(row[name] for name in ("nome", "logradouro", "numero", "bairro")):
        found.append("address")
    return found


def test_the_script_writes_the_committed_files(tmp_path: Path) -> None:
    brasil.write(SYNTHEA, tmp_path)
    made = {file.name: file.read_bytes() for file in tmp_path.iterdir()}
    committed = {file.name: file.read_bytes() for file in BRASIL.iterdir()}
    assert made == committed, "another Faker version, or run sample.generator.brasil"


def test_the_export_is_untouched() -> None:
    total = hashlib.sha256()
    for file in sorted(SYNTHEA.glob("*.csv")):
        total.update(file.read_bytes())
    assert total.hexdigest() == SYNTHEA_SHA256
    assert (SYNTHEA / "LICENSE").is_file()


def test_22_patients_are_right_three_have_one_defect_and_two_are_bare(
    pacientes: dict[str, dict[str, str]],
) -> None:
    patients = [row["Id"] for row in read(SYNTHEA / "patients.csv")]
    assert len(patients) == 27
    bare = [
        id for id in patients if id not in pacientes or not any(list(pacientes[id].values())[1:])
    ]
    told = {id: defects(pacientes[id]) for id in patients if id not in bare}
    assert len(bare) == 2
    assert sum(not found for found in told.values()) == 22
    assert sorted(found for found in told.values() if found) == [
        ["cep"], ["cpf"], ["rg_orgao_emissor"],
    ]  # fmt: skip


def test_defective_and_bare_patients_have_recent_payments(
    pacientes: dict[str, dict[str, str]],
) -> None:
    paying = {
        row["PATIENTID"]
        for row in read(SYNTHEA / "claims_transactions.csv")
        if row["TYPE"] == "PAYMENT" and row["FROMDATE"] >= "2023"
    }
    patients = [row["Id"] for row in read(SYNTHEA / "patients.csv")]
    chosen = (
        *(brasil.WRONG_CPF, brasil.NO_RG_ISSUER, brasil.CEP_OF_ANOTHER_UF),
        *(brasil.BARE_WITHOUT_ROW, brasil.BARE_EMPTY_ROW),
    )
    assert all(patients[line] in paying for line in chosen)


def test_ledger_finds_everything_it_names() -> None:
    payments = [
        row for row in read(SYNTHEA / "claims_transactions.csv") if row["TYPE"] == "PAYMENT"
    ]
    assert len(payments) == 1843

    def ids(name: str, column: str) -> set[str]:
        return {row[column] for row in read(BRASIL / f"br_{name}.csv")}

    assert {row["PROVIDERID"] for row in payments} == ids("profissionais", "id")
    by_rule = ids("regras_por_procedimento", "profissional_id")
    assert len(by_rule) == 2
    assert by_rule.isdisjoint(ids("regras_repasse", "profissional_id"))
    assert ids("profissionais", "id") == by_rule | ids("regras_repasse", "profissional_id")
    assert {row["PROCEDURECODE"] for row in payments} == ids("procedimentos", "codigo")
    assert {row["METHOD"] for row in payments} <= ids("formas_pagamento", "metodo")
    for name in ("despesas", "compras_produtos"):
        assert ids(name, "fornecedor_id") <= ids("fornecedores", "id")
        assert ids(name, "forma_pagamento") <= ids("formas_pagamento", "metodo")


def test_suppliers_and_professionals_have_valid_documents() -> None:
    suppliers = [row["cnpj"] for row in read(BRASIL / "br_fornecedores.csv")]
    assert all(CNPJ().validate(one) for one in suppliers)
    assert sum(one[0].isalpha() for one in suppliers) == 1
    professionals = [row["cpf_cnpj"] for row in read(BRASIL / "br_profissionais.csv")]
    assert all(CPF().validate(one) or CNPJ().validate(one) for one in professionals)


def test_every_source_of_the_demo_is_in_the_sample() -> None:
    tables = read_sources(ROOT / "dbt_mapping/models/staging/synthea/_synthea__sources.yml")
    reader = CsvReader(ROOT / "sample")
    assert reader.missing_tables(tables) == ()
    for table in tables:
        assert set(table.key) <= set(reader.columns(table))
