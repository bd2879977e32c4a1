"""What a Brazilian clinic has and the Synthea export lacks, made once with a fixed seed.

``python -m omie_pipeline.clinic.sample.brasil sample/synthea sample/brasil`` writes the files
again, byte for byte (with the Faker version of the lock file). Of the 27 patients 22 are right in
every field, three have one defect each and two are left bare.
"""

from __future__ import annotations

import csv
import random
import statistics
import sys
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from pathlib import Path

from omie_pipeline.clinic.sample.brasil_lists import (
    ALPHANUMERIC_SUPPLIER,
    COUNCILS,
    DESPESAS,
    FORMAS_PAGAMENTO,
    FORNECEDORES,
    PRODUTOS,
)
from omie_pipeline.clinic.sample.brasil_people import People
from omie_pipeline.clinic.sample.procedimentos_pt import NOMES, SEM_CATEGORIA

SEED = 20231120

# Line of patients.csv, counted from 0. Each of them has payments since 2023.
WRONG_CPF = 4
NO_RG_ISSUER = 11
CEP_OF_ANOTHER_UF = 17
BARE_WITHOUT_ROW = 13
BARE_EMPTY_ROW = 19

FIRST_MONTH, MONTHS = date(2023, 1, 1), 14


@dataclass(frozen=True, slots=True)
class CsvFile:
    """One file to write: its name, header and rows, all text."""

    name: str
    header: Sequence[str]
    rows: Iterable[Sequence[str]]


def _read(path: Path) -> list[Mapping[str, str]]:
    with path.open(encoding="utf-8", newline="") as lines:
        return list(csv.DictReader(lines))


def _money(cents: int) -> str:
    return f"{Decimal(cents) / 100:.2f}"


def _pacientes(people: People, patients: Sequence[Mapping[str, str]]) -> CsvFile:
    rows: list[Sequence[str]] = []
    for line, patient in enumerate(patients):
        if line == BARE_WITHOUT_ROW:
            continue
        if line == BARE_EMPTY_ROW:
            rows.append((patient["Id"], *[""] * 14))
            continue
        person = people.person(female=patient["GENDER"] == "F")
        address = person.address
        cep = people.cep_of_another_uf(address.uf) if line == CEP_OF_ANOTHER_UF else address.cep
        rows.append(
            (
                patient["Id"],
                person.nome,
                people.cpf(wrong=line == WRONG_CPF),
                people.rg(),
                "" if line == NO_RG_ISSUER else f"SSP/{address.uf}",
                person.email,
                person.telefone,
                *address.until_uf(),
                cep,
                people.day(date(2018, 1, 2), 1700).isoformat(),
            )
        )
    return CsvFile(
        "br_pacientes.csv",
        (
            *("id", "nome", "cpf", "rg", "rg_orgao_emissor", "email", "telefone"),
            *("logradouro", "numero", "complemento", "bairro", "cidade", "uf", "cep"),
            "data_cadastro",
        ),
        rows,
    )


def _profissionais(
    people: People, providers: Sequence[Mapping[str, str]], working: frozenset[str]
) -> CsvFile:
    rows = []
    for provider in providers:
        if provider["Id"] not in working:
            continue
        person = people.person(female=provider["GENDER"] == "F")
        document = people.cnpj() if people.one_in(4) else people.cpf()
        council = COUNCILS.get(provider["SPECIALITY"], "CRM")
        rows.append(
            (
                provider["Id"],
                person.nome,
                document,
                f"{council}/{person.address.uf} {people.number(1_000, 200_000)}",
                person.email,
                person.telefone,
                *person.address.until_uf(),
                person.address.cep,
                *people.bank_account(),
                person.email,
                people.day(date(2015, 1, 5), 1400).isoformat(),
            )
        )
    return CsvFile(
        "br_profissionais.csv",
        (
            *("id", "nome", "cpf_cnpj", "conselho", "email", "telefone"),
            *("logradouro", "numero", "complemento", "bairro", "cidade", "uf", "cep"),
            *("banco", "agencia", "conta", "chave_pix", "data_cadastro"),
        ),
        rows,
    )


def _fornecedores(people: People) -> CsvFile:
    rows = []
    for number, (razao_social, nome_fantasia) in enumerate(FORNECEDORES, start=1):
        address = people.address()
        rows.append(
            (
                str(number),
                razao_social,
                nome_fantasia,
                people.cnpj(alphanumeric=number == ALPHANUMERIC_SUPPLIER),
                "ISENTO",
                f"financeiro@{people.slug(nome_fantasia, joint='-')}.example.com.br",
                people.telefone(address.ddd),
                *address.until_uf(),
                address.cep,
                people.day(date(2016, 1, 4), 2000).isoformat(),
            )
        )
    return CsvFile(
        "br_fornecedores.csv",
        (
            *("id", "razao_social", "nome_fantasia", "cnpj", "inscricao_estadual"),
            *("email", "telefone", "logradouro", "numero", "complemento", "bairro"),
            *("cidade", "uf", "cep", "data_cadastro"),
        ),
        rows,
    )


def _procedimentos(payments: Sequence[Mapping[str, str]]) -> CsvFile:
    values: dict[str, list[Decimal]] = {}
    names: dict[str, str] = {}
    for payment in payments:
        code = payment["PROCEDURECODE"]
        values.setdefault(code, []).append(Decimal(payment["PAYMENTS"]))
        names.setdefault(code, payment["NOTES"])
    rows = []
    for code in sorted(values):
        name, category = NOMES.get(code, (names[code], SEM_CATEGORIA))
        rows.append((code, name, category, f"{statistics.median(values[code]):.2f}", "S"))
    return CsvFile(
        "br_procedimentos.csv", ("codigo", "nome", "codigo_categoria", "valor", "ativo"), rows
    )


def _months() -> list[date]:
    return [date(FIRST_MONTH.year + month // 12, month % 12 + 1, 1) for month in range(MONTHS)]


def _despesas(people: People) -> CsvFile:
    rows: list[Sequence[str]] = []
    for month in _months():
        for supplier, description, category, method, day, cents, spread in DESPESAS:
            issued = month.replace(day=day)
            rows.append(
                (
                    f"D{len(rows) + 1:04d}",
                    str(supplier),
                    description,
                    category,
                    method,
                    issued.isoformat(),
                    (issued + timedelta(days=10)).isoformat(),
                    _money(cents + people.integer(0, spread)),
                    f"{people.number(1_000, 99_999)}",
                )
            )
    return CsvFile(
        "br_despesas.csv",
        (
            *("id", "fornecedor_id", "descricao", "codigo_categoria", "forma_pagamento"),
            *("data", "data_vencimento", "valor", "numero_documento"),
        ),
        rows,
    )


_GOODS_HEADER = (
    *("produto", "quantidade", "codigo_categoria", "forma_pagamento"),
    *("data", "data_vencimento", "valor", "numero_documento"),
)


def _compras(people: People) -> CsvFile:
    rows: list[Sequence[str]] = []
    for month in _months():
        for _ in range(2):
            product, price, _selling = people.choice(PRODUTOS)
            quantity = people.integer(5, 60)
            bought = month.replace(day=people.integer(1, 28))
            rows.append(
                (
                    f"C{len(rows) + 1:04d}",
                    people.choice(("1", "4")),
                    *(product, str(quantity), "2.01.02", "BOLETO"),
                    bought.isoformat(),
                    (bought + timedelta(days=28)).isoformat(),
                    _money(price * quantity),
                    people.number(10_000, 99_999),
                )
            )
    return CsvFile("br_compras_produtos.csv", ("id", "fornecedor_id", *_GOODS_HEADER), rows)


def _vendas(people: People, patients: Sequence[Mapping[str, str]]) -> CsvFile:
    rows: list[Sequence[str]] = []
    for month in _months():
        for _ in range(3):
            product, _buying, price = people.choice(PRODUTOS)
            quantity = people.integer(1, 3)
            sold = month.replace(day=people.integer(1, 28)).isoformat()
            method = people.choice(("CASH", "CC", "COPAY"))
            rows.append(
                (
                    f"V{len(rows) + 1:04d}",
                    people.choice(patients)["Id"],
                    *(product, str(quantity), "1.01.03", method, sold, sold),
                    _money(price * quantity),
                    people.number(1_000, 9_999),
                )
            )
    return CsvFile("br_vendas_produtos.csv", ("id", "paciente_id", *_GOODS_HEADER), rows)


def build(synthea: Path, seed: int = SEED) -> tuple[CsvFile, ...]:
    """The complement of the export in folder ``synthea``, ready to write."""
    people = People(random.Random(seed), seed)  # noqa: S311 (a sample, not a secret)
    patients = _read(synthea / "patients.csv")
    transactions = _read(synthea / "claims_transactions.csv")
    payments = [row for row in transactions if row["TYPE"] == "PAYMENT"]
    working = frozenset(row["PROVIDERID"] for row in transactions)
    profissionais = _profissionais(people, _read(synthea / "providers.csv"), working)
    return (
        _pacientes(people, patients),
        profissionais,
        CsvFile(
            "br_formas_pagamento.csv",
            ("metodo", "nome", "tipo", "codigo_conta_corrente"),
            FORMAS_PAGAMENTO,
        ),
        _procedimentos(payments),
        _fornecedores(people),
        _despesas(people),
        _compras(people),
        _vendas(people, patients),
        CsvFile(
            "br_regras_repasse.csv",
            ("profissional_id", "percentual"),
            [(row[0], people.choice(("40.00", "50.00", "60.00"))) for row in profissionais.rows],
        ),
    )


def write(synthea: Path, folder: Path, seed: int = SEED) -> None:
    """Writes the ``br_*.csv`` files (UTF-8, comma, ``\\n``) into ``folder``."""
    folder.mkdir(parents=True, exist_ok=True)
    for file in build(synthea, seed):
        with (folder / file.name).open("w", encoding="utf-8", newline="") as out:
            writer = csv.writer(out, lineterminator="\n")
            writer.writerow(file.header)
            writer.writerows(file.rows)


if __name__ == "__main__":
    write(Path(sys.argv[1]), Path(sys.argv[2]))
