"""What the demo clinic wants invoiced and what was paid, as committed."""

from __future__ import annotations

import csv
from collections import Counter
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path

import pytest

from omie_pipeline.simulator.company import reference_lists
from sample.generator import brasil_contracts, servicos_pt
from sample.generator.brasil_billing import INSTALMENTS

ROOT = Path(__file__).parents[2]
DEMO = ("2023-12-01", "2024-02-29")
"""The days that the demo runs."""

Line = dict[str, str]


def read(name: str) -> list[Line]:
    with (ROOT / "sample" / f"{name}.csv").open(encoding="utf-8", newline="") as lines:
        return list(csv.DictReader(lines))


@pytest.fixture(scope="module")
def receipts() -> dict[str, Line]:
    """The payments of the export since 2023, by id, with what the clinic says of them."""
    said = {row["id"]: row for row in read("brasil/br_recebimentos")}
    found = {
        row["ID"]: {"parcelas": "", "gerar_os": "", "faturar": "", **row, **said.get(row["ID"], {})}
        for row in read("synthea/claims_transactions")
        if row["TYPE"] == "PAYMENT" and row["FROMDATE"] >= "2023"
    }
    assert said.keys() <= found.keys()
    return found


@pytest.fixture(scope="module")
def payments() -> list[Line]:
    return read("brasil/br_pagamentos")


def test_a_third_of_the_receipts_makes_an_order_and_some_are_billed(
    receipts: dict[str, Line],
) -> None:
    counted = Counter((row["gerar_os"], row["faturar"]) for row in receipts.values())
    assert counted == {("", ""): 259, ("S", "S"): 47, ("S", "N"): 56}
    in_demo = [row for row in receipts.values() if DEMO[0] <= row["FROMDATE"][:10] <= DEMO[1]]
    assert len(in_demo) == 63
    assert Counter((row["gerar_os"], row["faturar"]) for row in in_demo) == {
        ("", ""): 43,
        ("S", "S"): 9,
        ("S", "N"): 11,
    }


def test_instalments_come_out_even(receipts: dict[str, Line]) -> None:
    several = [row for row in receipts.values() if row["parcelas"]]
    assert len(several) == 19
    for row in several:
        assert row["parcelas"] == str(INSTALMENTS)
        assert Decimal(row["PAYMENTS"]) * 100 % INSTALMENTS == 0
        assert row["gerar_os"] == ""


def test_two_thirds_of_the_receipts_are_paid(
    receipts: dict[str, Line], payments: list[Line]
) -> None:
    paid = {row["origem_id"] for row in payments if row["origem"] == "recebimentos"}
    assert paid <= receipts.keys()
    assert 0.6 < len(paid) / len(receipts) < 0.7
    assert Counter(row["origem"] for row in payments) == {
        "recebimentos": 245,
        "vendas_produtos": 27,
        "despesas": 30,
        "repasses": 34,
    }
    assert len({row["id"] for row in payments}) == len(payments)
    assert max(len(f"BXR-{row['id']}") for row in payments) <= 20


def test_no_more_is_paid_than_is_owed(receipts: dict[str, Line], payments: list[Line]) -> None:
    settled: Counter[tuple[str, str]] = Counter()
    ways: Counter[str] = Counter()
    for row in payments:
        ways.update(name for name in ("desconto", "juros", "multa", "estornado") if row[name])
        if row["origem"] == "recebimentos" and row["estornado"] != "S":
            cents = Decimal(row["valor"]) + Decimal(row["desconto"] or 0)
            settled[row["origem_id"], row["parcela"]] += int(cents * 100)
    parts = 0
    for (receipt, parcela), cents_paid in settled.items():
        line = receipts[receipt]
        owed = int(Decimal(line["PAYMENTS"]) * 100) // int(line["parcelas"] or 1)
        assert (parcela != "") == (line["parcelas"] != "")
        assert cents_paid <= owed
        parts += cents_paid < owed
    assert parts >= 3, "part payments"
    assert min(ways.values()) >= 5
    assert set(ways) == {"desconto", "juros", "multa", "estornado"}


def test_a_paid_share_is_the_percentage_of_its_receipt(
    receipts: dict[str, Line], payments: list[Line]
) -> None:
    percentage = {
        row["profissional_id"]: Decimal(row["percentual"])
        for row in read("brasil/br_regras_repasse")
    }
    shares = [row for row in payments if row["origem"] == "repasses"]
    assert shares
    for row in shares:
        receipt = receipts[row["origem_id"]]
        share = Decimal(receipt["PAYMENTS"]) * percentage[receipt["PROVIDERID"]] / 100
        assert abs(Decimal(row["valor"]) - share) <= Decimal("0.005")


def test_services_have_codes_but_for_three() -> None:
    lines = {row["codigo"]: row for row in read("brasil/br_procedimentos")}
    without = {code for code, row in lines.items() if not row["codigo_lc116"]}
    assert without == servicos_pt.NO_CODES
    no_city = {code for code, row in lines.items() if not row["codigo_servico_municipal"]}
    assert no_city - without == servicos_pt.NO_CITY_CODE
    assert {row["codigo_lc116"] for row in lines.values()} - {""} == {
        *("4.01", "4.02", "4.03", "4.06", "4.08", "4.16"),
    }
    named = {row["descricao_completa"] for row in lines.values()}
    assert named.isdisjoint({row["nome"] for row in lines.values()}), "treatments are health data"


def test_contracts_are_of_patients_and_one_item_is_of_nothing() -> None:
    patients = {row["id"]: row for row in read("brasil/br_pacientes")}
    contracts = {row["id"]: row for row in read("brasil/br_contratos")}
    assert [row["situacao"] for row in contracts.values()] == ["10", "90", "10"]
    for row in contracts.values():
        assert row["email"] == patients[row["paciente_id"]]["email"]
    items = read("brasil/br_contratos_itens")
    assert {row["contrato_id"] for row in items} == contracts.keys()
    procedures = {row["codigo"] for row in read("brasil/br_procedimentos")}
    bare = [row["id"] for row in items if not row["procedimento_id"] and not row["descricao"]]
    assert bare == [brasil_contracts.ITEM_OF_NOTHING]
    assert {row["procedimento_id"] for row in items} - {""} <= procedures


def test_categories_stand_under_categories_of_the_simulator() -> None:
    lists = reference_lists("demo", datetime(2024, 1, 1, tzinfo=UTC))
    known = {record["codigo"]: record for record in lists["categorias"]}
    for row in read("brasil/br_categorias"):
        assert known[row["categoria_superior"]]
        assert row["descricao"] not in {record["descricao"] for record in known.values()}
