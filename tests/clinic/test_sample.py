"""The synthetic clinic: the same by seed, valid where it is not meant to be dirty."""

from __future__ import annotations

import csv
import hashlib
import re
from collections.abc import Callable
from datetime import date
from pathlib import Path

import pyarrow as pa
import pytest
import sqlalchemy as sa
import typer
from typer.testing import CliRunner
from validate_docbr import CNPJ, CPF

from omie_pipeline.catalog.reference import (
    cep_faixas_por_municipio,
    cep_faixas_por_uf,
    ddds_por_uf,
    municipios,
)
from omie_pipeline.clinic.extract import HowToRead, extract_table
from omie_pipeline.clinic.reader import open_clinic
from omie_pipeline.clinic.sources import read_sources
from omie_pipeline.clinic.tables import CLINIC_TABLES
from omie_pipeline.errors import ConfigurationError
from sample.generator import generate
from sample.generator.command import sample_command
from sample.generator.generate import table_sizes, write_sample

ROOT = Path(__file__).parents[2]
SOURCES = ROOT / "dbt_mapping" / "models" / "staging" / "canonica" / "_canonica__sources.yml"
MAY_BE_EMPTY = {
    *(("recebimentos", "projeto_id"), ("contratos", "projeto_id")),
    *(("contratos", "profissional_id"), ("regras_repasse", "profissional_id")),
    ("regras_repasse", "procedimento_id"),
}
REAL_CITIES = {(one.nome, one.uf): one.codigo_ibge for one in municipios()}


def rows_of(folder: Path, name: str) -> list[dict[str, str]]:
    with (folder / f"{name}.csv").open(encoding="utf-8", newline="") as lines:
        return list(csv.DictReader(lines))


def digest(folder: Path) -> str:
    total = hashlib.sha256()
    for file in sorted(folder.iterdir()):
        total.update(file.name.encode() + file.read_bytes())
    return total.hexdigest()


@pytest.fixture(scope="module")
def clean(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("limpa")
    write_sample(5000, 0, 7, str(folder))
    return folder


def test_has_all_tables_with_their_columns_and_sizes(clean: Path) -> None:
    sizes = table_sizes(5000)
    assert sizes["recebimentos"] == 5000
    for table in CLINIC_TABLES.values():
        rows = rows_of(clean, table.name)
        assert len(rows) == sizes[table.name]
        assert list(rows[0]) == [column.name for column in table.columns]
        assert len({row["id"] for row in rows}) == len(rows)
    assert len(list(clean.iterdir())) == 16


def is_valid(document: str) -> bool:
    return bool(CPF().validate(document) if len(document) == 14 else CNPJ().validate(document))


@pytest.mark.parametrize(
    ("table", "column"),
    [("pacientes", "cpf"), ("profissionais", "cpf_cnpj"), ("fornecedores", "cpf_cnpj")],
)
def test_documents_are_valid_and_different(clean: Path, table: str, column: str) -> None:
    documents = [row[column] for row in rows_of(clean, table)]
    assert all(is_valid(document) for document in documents)
    assert len(set(documents)) == len(documents)


def test_some_company_numbers_are_alphanumeric(tmp_path: Path) -> None:
    write_sample(30_000, 0, 3, str(tmp_path))
    numbers = [row["cpf_cnpj"] for row in rows_of(tmp_path, "fornecedores")]
    lettered = [number for number in numbers if re.match("[A-Z]", number)]
    assert len(lettered) == 3
    assert all(CNPJ().validate(number) for number in numbers)


@pytest.mark.parametrize("table", ["pacientes", "profissionais", "fornecedores"])
def test_addresses_exist(clean: Path, table: str) -> None:
    for row in rows_of(clean, table):
        cep = int(row["cep"].replace("-", ""))
        ranges = cep_faixas_por_municipio()[REAL_CITIES[row["cidade"], row["uf"]]]
        assert any(cep in one for one in ranges)
        assert any(cep in one for one in cep_faixas_por_uf()[row["uf"]])
        assert int(row["telefone"][1:3]) in ddds_por_uf()[row["uf"]]
        assert re.fullmatch(r"\(\d\d\) 9\d{4}-\d{4}", row["telefone"])
        assert all(row[name] for name in ("logradouro", "numero", "bairro"))
        assert all(len(row[name]) <= 60 for name in ("logradouro", "bairro", "email"))


def test_names_fit_and_identity_cards_have_issuers(clean: Path) -> None:
    for row in rows_of(clean, "pacientes"):
        assert 5 <= len(row["nome"]) <= 60
        assert re.fullmatch(r"\d\d\.\d{3}\.\d{3}-[\dX]", row["rg"])
        assert row["rg_orgao_emissor"] == f"SSP/{row['uf']}"
        assert row["data_nascimento"] <= row["data_cadastro"]


def test_references_lead_to_rows(clean: Path) -> None:
    ids = {name: {row["id"] for row in rows_of(clean, name)} for name in CLINIC_TABLES}
    target = {
        "paciente_id": "pacientes",
        "procedimento_id": "procedimentos",
        "profissional_id": "profissionais",
        "forma_pagamento_id": "formas_pagamento",
        "fornecedor_id": "fornecedores",
        "recebimento_id": "recebimentos",
        "contrato_id": "contratos",
        "projeto_id": "projetos",
    }
    for name in CLINIC_TABLES:
        for row in rows_of(clean, name):
            assert all(
                row[column] in ids[table] or (not row[column] and (name, column) in MAY_BE_EMPTY)
                for column, table in target.items()
                if column in row
            )
            if "valor" in row and name != "regras_repasse":
                assert re.fullmatch(r"\d+\.\d\d", row["valor"])
                assert float(row["valor"]) > 0
            if "data_vencimento" in row:
                assert "2026-01-01" <= row["data"] <= "2026-10-27"
                assert row["data"] <= row["data_vencimento"]


def test_same_seed_same_bytes_other_seed_other_bytes(tmp_path: Path) -> None:
    for name, seed in (("a", 5), ("b", 5), ("c", 6)):
        write_sample(1200, 0.1, seed, str(tmp_path / name))
    assert digest(tmp_path / "a") == digest(tmp_path / "b")
    assert digest(tmp_path / "a") != digest(tmp_path / "c")


def test_dirty_share_is_exact_over_chunks_and_one_defect_a_row(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(generate, "CHUNK_ROWS", 333)
    write_sample(4000, 0, 9, str(tmp_path / "limpa"))
    results = write_sample(4000, 0.05, 9, str(tmp_path / "suja"))
    for result in results:
        expected = int(0.05 * result.rows)
        assert sum(count for _, count in result.defects) == expected
        pairs = zip(
            rows_of(tmp_path / "limpa", result.name),
            rows_of(tmp_path / "suja", result.name),
            strict=True,
        )
        changed = [
            sum(clean[column] != dirty[column] for column in clean) for clean, dirty in pairs
        ]
        assert sum(changed) <= expected  # a spoiled value may have been empty before
        assert max(changed) <= 1
        assert sum(changed) >= expected * 0.9


def test_every_defect_is_a_defect(tmp_path: Path) -> None:
    results = {one.name: dict(one.defects) for one in write_sample(3000, 1, 1, str(tmp_path))}
    pacientes = rows_of(tmp_path, "pacientes")
    told = results["pacientes"]
    assert set(told) == {
        *("wrong_check_digit", "no_rg_issuer", "no_cpf", "cep_of_another_uf", "empty_address"),
        *("unknown_city", "name_too_long", "emoji", "control_character", "empty_name"),
    }
    assert (
        sum(bool(row["cpf"]) and not is_valid(row["cpf"]) for row in pacientes)
        == told["wrong_check_digit"]
    )
    assert sum(not row["cpf"] for row in pacientes) == told["no_cpf"]
    assert sum(len(row["nome"]) > 60 for row in pacientes) == told["name_too_long"]
    assert sum("😀" in row["nome"] for row in pacientes) == told["emoji"]
    assert sum("\x07" in row["nome"] for row in pacientes) == told["control_character"]
    assert (
        sum((row["cidade"], row["uf"]) not in REAL_CITIES for row in pacientes)
        == told["unknown_city"]
    )
    ranges = cep_faixas_por_uf()
    assert told["cep_of_another_uf"] == sum(
        not any(int(row["cep"].replace("-", "")) in one for one in ranges[row["uf"]])
        for row in pacientes
    )
    recebimentos = rows_of(tmp_path, "recebimentos")
    told = results["recebimentos"]
    assert sum(float(row["valor"]) < 0 for row in recebimentos) == told["negative_value"]
    assert sum(row["paciente_id"] == "0" for row in recebimentos) == told["unknown_paciente"]


@pytest.mark.slow
def test_memory_is_a_chunk_whatever_the_number_of_rows(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(generate, "CHUNK_ROWS", 1000)
    write_sample(10, 0, 1, str(tmp_path / "pools"))  # the name pools are kept
    held: list[int] = []
    before = pa.total_allocated_bytes()
    write_sample(
        40_000, 0, 1, str(tmp_path / "x"),
        written=lambda _: held.append(pa.total_allocated_bytes() - before),
    )  # fmt: skip
    assert max(held) < 1_500_000  # of 9 MB written
    assert sum(file.stat().st_size for file in (tmp_path / "x").iterdir()) > 8_000_000


def beside_the_warehouse(database_url: str) -> str:
    """The test's database, in the schema ``public``."""
    url = sa.make_url(database_url).update_query_dict({"options": "-csearch_path=public"})
    return url.render_as_string(hide_password=False)


@pytest.mark.usefixtures("engine")
def test_never_writes_over_the_mirror(database_url: str) -> None:
    name = sa.make_url(database_url).username
    assert name == "omie", "PostgreSQL takes a schema of the user's name first"
    with pytest.raises(ConfigurationError, match="schema omie do próprio armazém"):
        write_sample(20, 0, 1, database_url, replace=True)


@pytest.mark.slow
@pytest.mark.parametrize("kind", ["postgresql", "sqlite", "csv"])
def test_goes_to_a_target_and_through_the_extract(
    kind: str,
    database_url: str,
    engine: sa.Engine,
    tmp_path: Path,
    rows: Callable[[str], list[tuple[object, ...]]],
) -> None:
    to = {
        "postgresql": beside_the_warehouse(database_url),
        "sqlite": f"sqlite:///{tmp_path / 'clinica.db'}",
        "csv": str(tmp_path / "csv"),
    }[kind]
    write_sample(200, 0.05, 2, to)
    reader = open_clinic(to)
    tables = read_sources(SOURCES)
    assert reader.missing_tables(tables) == ()
    for table in tables:
        result = extract_table(reader, table, engine, empresa="principal")
        assert result.inserted == table_sizes(200)[table.name]
        again = extract_table(reader, table, engine, empresa="principal", how=HowToRead(full=True))
        assert again.unchanged == result.inserted
    reader.close()
    assert rows(
        "select count(*), count(distinct id) from clinic_raw.recebimentos "
        "where data::date between '2026-01-01' and '2026-10-27' and valor::numeric is not null"
    ) == [(200, 200)]


def test_existing_tables_are_never_replaced_unasked(tmp_path: Path) -> None:
    for to in (str(tmp_path / "csv"), f"sqlite:///{tmp_path / 'clinica.db'}"):
        write_sample(20, 0, 1, to)
        with pytest.raises(ConfigurationError, match="Já existe no destino: pacientes"):
            write_sample(20, 0, 2, to)
        write_sample(30, 0, 2, to, replace=True)
    assert len(rows_of(tmp_path / "csv", "recebimentos")) == 30


@pytest.mark.parametrize(
    "wrong", [{"rows": 0}, {"dirty": 1.5}, {"dirty": -0.1}, {"seed": -1}, {"days": 0}]
)
def test_arguments_out_of_range_are_refused(tmp_path: Path, wrong: dict[str, float]) -> None:
    arguments = {"rows": 10, "dirty": 0.0, "seed": 1, **wrong}
    with pytest.raises(ConfigurationError):
        write_sample(**arguments, to=str(tmp_path / "x"))  # type: ignore[arg-type]
    assert not (tmp_path / "x").exists()


def test_command_tells_what_it_wrote(tmp_path: Path) -> None:
    app = typer.Typer()
    app.command()(sample_command)
    result = CliRunner().invoke(
        app,
        ["--rows", "100", "--dirty", "0.1", "--seed", "3", "--to", str(tmp_path / "x"),
         "--start", "2025-03-01", "--days", "10"],
    )  # fmt: skip
    assert result.exit_code == 0, result.output
    assert "recebimentos: 100 linhas, 10 com defeito" in result.output
    days = {date.fromisoformat(row["data"]) for row in rows_of(tmp_path / "x", "recebimentos")}
    assert min(days) >= date(2025, 3, 1)
    assert max(days) <= date(2025, 3, 10)
