"""The payments and defects of what a synthetic clinic invoices."""

from __future__ import annotations

from collections import Counter
from decimal import Decimal
from pathlib import Path

import pytest

from sample.generator import generate
from sample.generator.generate import write_sample
from tests.clinic.test_sample import rows_of


@pytest.fixture(scope="module")
def clean(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("limpa")
    write_sample(5000, 0, 7, str(folder))
    return folder


def test_payments_are_of_their_receipts(clean: Path) -> None:
    receipts = {row["id"]: row for row in rows_of(clean, "recebimentos")}
    counted = Counter[str]()
    for payment in rows_of(clean, "pagamentos"):
        receipt = receipts[payment["origem_id"]]
        parts = int(receipt["parcelas"] or 1)
        owed = Decimal(receipt["valor"]) / parts
        settled = Decimal(payment["valor"]) + Decimal(payment["desconto"] or 0)
        assert payment["origem"] == "recebimentos"
        assert payment["parcela"] == ("1" if parts == 3 else "")
        assert settled <= owed + 1
        assert payment["data"] >= receipt["data"]
        assert payment["forma_pagamento_id"] == receipt["forma_pagamento_id"]
        counted["whole"] += abs(settled - owed) < Decimal("0.01")
        counted.update(name for name in ("desconto", "juros", "multa") if payment[name])
        counted["undone"] += payment["estornado"] == "true"
    assert counted["whole"] > 0.85 * len(receipts) * 2 // 3
    assert min(counted.values()) > 50
    assert sum(row["gerar_os"] == "true" for row in receipts.values()) in range(1300, 1700)


def test_payments_are_the_same_whatever_the_place_of_their_receipt(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(generate, "CHUNK_ROWS", 70)
    write_sample(200, 0, 4, str(tmp_path))
    receipts = {row["id"]: row["valor"] for row in rows_of(tmp_path, "recebimentos")}
    whole = [
        row for row in rows_of(tmp_path, "pagamentos") if row["valor"] == receipts[row["origem_id"]]
    ]
    assert len(whole) > 80


def test_every_defect_of_invoicing_is_a_defect(tmp_path: Path) -> None:
    told = {one.name: dict(one.defects) for one in write_sample(3000, 1, 1, str(tmp_path))}
    procedures = rows_of(tmp_path, "procedimentos")
    without = sum(not row["codigo_lc116"] for row in procedures)
    assert without == told["procedimentos"]["no_lc116"] > 0
    no_city = sum(not row["codigo_servico_municipal"] for row in procedures)
    assert no_city == told["procedimentos"]["no_city_code"] > 0
    payments = rows_of(tmp_path, "pagamentos")
    told_of = told["pagamentos"]
    assert sum(row["origem_id"] == "0" for row in payments) == told_of["unknown_origem"]
    assert sum(float(row["valor"]) < 0 for row in payments) == told_of["negative_value"]
    assert sum(not row["data"] for row in payments) == told_of["no_date"]
    items = rows_of(tmp_path, "contratos_itens")
    bare = sum(not row["procedimento_id"] and not row["descricao"] for row in items)
    assert bare == told["contratos_itens"]["item_of_nothing"] == len(items)
