"""Taxes shown before a note is issued: cents, retentions, regime."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from omie_pipeline.nfse.taxes import Item, Taxes, order_taxes, taxes_of
from tests.nfse.conftest import Notes

D = Decimal


def _taxes(valor: str, of_service: dict[str, Any], of_order: dict[str, Any] | None = None) -> Taxes:
    return taxes_of([Item(D(valor), of_order or {}, of_service)], {"regime_tributario": "3"})


def _of(taxes: Taxes, name: str) -> tuple[Decimal | None, Decimal, Decimal]:
    (one,) = [tax for tax in taxes.taxes if tax.name == name]
    return one.rate, one.valor, one.withheld


def test_rates_of_the_service_with_what_is_withheld() -> None:
    taxes = _taxes(
        "1000.00",
        {
            "nAliqISS": D("5"), "cRetISS": "N", "nAliqPIS": D("0.65"), "cRetPIS": "S",
            "nAliqCOFINS": D("3"), "cRetCOFINS": "S", "nAliqIR": D("1.5"), "cRetIR": "S",
            "nAliqCSLL": D("1"), "cRetCSLL": "S", "nAliqINSS": D("11"), "cRetINSS": "N",
        },
    )  # fmt: skip
    assert _of(taxes, "ISS") == (D("5"), D("50.00"), D("0"))
    assert _of(taxes, "PIS") == (D("0.65"), D("6.50"), D("6.50"))
    assert _of(taxes, "INSS") == (D("11"), D("110.00"), D("0"))
    assert (taxes.withheld, taxes.net, taxes.total) == (D("61.50"), D("938.50"), D("221.50"))


def test_half_a_cent_goes_up() -> None:
    assert _of(_taxes("0.50", {"nAliqISS": D("5")}), "ISS")[1] == D("0.03")
    assert _of(_taxes("33.33", {"nAliqISS": D("2.5")}), "ISS")[1] == D("0.83")


def test_a_rate_given_in_the_order_wins() -> None:
    taxes = _taxes(
        "100.00", {"nAliqIR": D("1.5"), "cRetIR": "N"}, {"nAliqIRRF": D("4.8"), "cRetemIRRF": "S"}
    )
    assert _of(taxes, "IR") == (D("4.8"), D("4.80"), D("4.80"))


def test_a_reduced_base_is_reduced() -> None:
    taxes = _taxes("100.00", {"nAliqINSS": D("10"), "nRedBaseINSS": D("50"), "cRetINSS": "S"})
    assert _of(taxes, "INSS") == (D("10"), D("5.00"), D("5.00"))


def test_rates_that_differ_by_item_have_none_of_their_own() -> None:
    items = [Item(D("100"), {}, {"nAliqISS": D("2")}), Item(D("100"), {}, {"nAliqISS": D("5")})]
    assert _of(taxes_of(items, {}), "ISS") == (None, D("7.00"), D("0"))


def test_the_regime_is_the_companys() -> None:
    simples = taxes_of([], {"regime_tributario": "1", "optante_simples_nacional": "S"})
    assert (simples.regime, simples.simples_nacional) == ("Simples Nacional", True)
    assert taxes_of([], {}).regime == "não informado no Omie"


def test_an_orders_taxes_are_read_from_omie(notes: Notes) -> None:
    code = notes.order(1, nQtde=2, nValUnit=D("100.05"))
    taxes = order_taxes(notes.client, code)
    assert taxes.gross == D("200.10")
    assert _of(taxes, "ISS") == (D("2.5"), D("5.00"), D("0"))
    assert _of(taxes, "IR") == (D("1.5"), D("3.00"), D("3.00"))
    assert taxes.net == D("197.10")
    assert taxes.regime
