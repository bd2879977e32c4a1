"""The demo clinic's expenses, purchases and sales of goods."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, timedelta

from sample.generator.brasil_files import CsvFile, money
from sample.generator.brasil_lists import DESPESAS, PRODUTOS
from sample.generator.brasil_people import People

FIRST_MONTH, MONTHS = date(2023, 1, 1), 14


def _months() -> list[date]:
    return [date(FIRST_MONTH.year + month // 12, month % 12 + 1, 1) for month in range(MONTHS)]


def despesas(people: People) -> CsvFile:
    """Expenses of every month."""
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
                    money(cents + people.integer(0, spread)),
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


def compras(people: People) -> CsvFile:
    """Two purchases of goods a month."""
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
                    money(price * quantity),
                    people.number(10_000, 99_999),
                )
            )
    return CsvFile("br_compras_produtos.csv", ("id", "fornecedor_id", *_GOODS_HEADER), rows)


def vendas(people: People, patients: Sequence[Mapping[str, str]]) -> CsvFile:
    """Three sales of goods a month."""
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
                    money(price * quantity),
                    people.number(1_000, 9_999),
                )
            )
    return CsvFile("br_vendas_produtos.csv", ("id", "paciente_id", *_GOODS_HEADER), rows)
