"""What a Brazilian clinic has and the Synthea export lacks, made once with a fixed seed.

``python -m sample.generator.brasil sample/synthea sample/brasil`` writes the files
again, byte for byte (with the Faker version of the lock file). Of the 27 patients 22 are right in
every field, three have one defect each and two are left bare.
"""

from __future__ import annotations

import csv
import random
import statistics
import sys
from collections.abc import Iterator, Mapping, Sequence
from datetime import date
from decimal import Decimal
from pathlib import Path

from sample.generator.brasil_billing import (
    PAYMENTS_HEADER,
    RECEIPTS_HEADER,
    Due,
    Receipt,
    cents,
    payments,
    receipts,
)
from sample.generator.brasil_contracts import (
    CATEGORIES,
    CATEGORIES_HEADER,
    CONTRACTS_HEADER,
    ITEMS,
    ITEMS_HEADER,
    PROJECTS,
    PROJECTS_HEADER,
    RULED,
    RULES,
    RULES_HEADER,
    contracts,
)
from sample.generator.brasil_files import CsvFile, read_csv
from sample.generator.brasil_lists import (
    ALPHANUMERIC_SUPPLIER,
    COUNCILS,
    FORMAS_PAGAMENTO,
    FORNECEDORES,
)
from sample.generator.brasil_movements import compras, despesas, vendas
from sample.generator.brasil_people import People
from sample.generator.procedimentos_pt import NOMES, SEM_CATEGORIA
from sample.generator.servicos_pt import service_columns

SEED = 20231120
BILLING_SEED = 20231121

# Line of patients.csv, counted from 0. Each of them has payments since 2023.
WRONG_CPF = 4
NO_RG_ISSUER = 11
CEP_OF_ANOTHER_UF = 17
BARE_WITHOUT_ROW = 13
BARE_EMPTY_ROW = 19


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
        price = f"{statistics.median(values[code]):.2f}"
        rows.append((code, name, category, price, "S", *service_columns(code, name)))
    return CsvFile(
        "br_procedimentos.csv",
        (
            *("codigo", "nome", "codigo_categoria", "valor", "ativo"),
            *("codigo_lc116", "codigo_servico_municipal", "codigo_tributacao"),
            *("descricao_completa", "aliquota_iss", "retem_iss"),
        ),
        rows,
    )


def _regras(people: People, profissionais: CsvFile) -> CsvFile:
    shares = [(row[0], people.choice(("40.00", "50.00", "60.00"))) for row in profissionais.rows]
    rows = [share for share in shares if share[0] not in RULED]
    return CsvFile("br_regras_repasse.csv", ("profissional_id", "percentual"), rows)


def _paid_otherwise(
    received: Sequence[Receipt], shares: CsvFile, expenses: CsvFile, sales: CsvFile
) -> Iterator[Due]:
    """Sales, expenses, and every fifth share of the professionals without rules."""
    for row in sales.rows:
        yield Due("vendas_produtos", row[0], Decimal(row[8]), date.fromisoformat(row[6]), row[5])
    for row in expenses.rows:
        yield Due("despesas", row[0], Decimal(row[7]), date.fromisoformat(row[6]), row[4])
    percentage = {row[0]: Decimal(row[1]) for row in shares.rows}
    for receipt in received[::5]:
        share = cents(receipt.value * percentage.get(receipt.provider, Decimal(0)) / 100)
        if share > 0:
            yield Due("repasses", receipt.id, share, receipt.day, "ECHECK")


def _billing(
    payments_of: Sequence[Mapping[str, str]], shares: CsvFile, expenses: CsvFile, sales: CsvFile
) -> tuple[CsvFile, CsvFile]:
    numbers = random.Random(BILLING_SEED)  # noqa: S311 (a sample, not a secret)
    received = receipts(payments_of, numbers)
    others = _paid_otherwise(received, shares, expenses, sales)
    said = [receipt.row() for receipt in received if receipt.says_something()]
    return (
        CsvFile("br_recebimentos.csv", RECEIPTS_HEADER, said),
        CsvFile("br_pagamentos.csv", PAYMENTS_HEADER, payments(received, others, numbers)),
    )


def build(synthea: Path, seed: int = SEED) -> tuple[CsvFile, ...]:
    """The complement of the export in folder ``synthea``, ready to write."""
    people = People(random.Random(seed), seed)  # noqa: S311 (a sample, not a secret)
    patients = read_csv(synthea / "patients.csv")
    transactions = read_csv(synthea / "claims_transactions.csv")
    payments_of = [row for row in transactions if row["TYPE"] == "PAYMENT"]
    working = frozenset(row["PROVIDERID"] for row in transactions)
    profissionais = _profissionais(people, read_csv(synthea / "providers.csv"), working)
    pacientes = _pacientes(people, patients)
    fornecedores = _fornecedores(people)
    expenses, purchases, sales = despesas(people), compras(people), vendas(people, patients)
    shares = _regras(people, profissionais)
    named = {row[0]: (row[1], row[5], row[11], row[12]) for row in pacientes.rows}
    return (
        pacientes,
        profissionais,
        CsvFile(
            "br_formas_pagamento.csv",
            ("metodo", "nome", "tipo", "codigo_conta_corrente"),
            FORMAS_PAGAMENTO,
        ),
        _procedimentos(payments_of),
        *(fornecedores, expenses, purchases, sales, shares),
        *_billing(payments_of, shares, expenses, sales),
        CsvFile("br_regras_por_procedimento.csv", RULES_HEADER, RULES),
        CsvFile("br_projetos.csv", PROJECTS_HEADER, PROJECTS),
        CsvFile("br_categorias.csv", CATEGORIES_HEADER, CATEGORIES),
        CsvFile("br_contratos.csv", CONTRACTS_HEADER, contracts(patients, named)),
        CsvFile("br_contratos_itens.csv", ITEMS_HEADER, ITEMS),
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
