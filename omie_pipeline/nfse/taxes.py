"""Taxes of a service order before its note is issued, from what Omie knows.

Rates stand in the order's items if they were given there, else in Omie's record of the service;
the regime stands in Omie's record of the company. What the city hall will compute may differ (a
deduction, a minimum for a retention): this is what a person is shown before the order is billed.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal
from typing import Any

from omie_pipeline.catalog.services import load_service
from omie_pipeline.errors import RecordRejected
from omie_pipeline.omie import OmieClient
from omie_pipeline.omie.client import of_other_sizes
from omie_pipeline.texts import nfse as texts

TAXES = ("ISS", "PIS", "COFINS", "IR", "CSLL", "INSS")
_CENT = Decimal("0.01")
_ORDERS = load_service("servicos_os")
_SERVICES = load_service("servicos_servico")
_COMPANIES = load_service("geral_empresas")
# An order calls two of them otherwise than the service does.
_IN_ORDER = {"IR": "IRRF"}
# CRT of the NF-e, which Omie's field follows (a guess; 1 was recorded with Simples Nacional).


@dataclass(frozen=True, slots=True)
class Tax:
    """One tax on an order.

    Attributes:
        rate: per cent of ``base``; ``None`` if the items of the order differ.
        base, valor: R$.
        withheld: R$ of ``valor`` that the client withholds.
    """

    name: str
    rate: Decimal | None
    base: Decimal
    valor: Decimal
    withheld: Decimal


@dataclass(frozen=True, slots=True)
class Taxes:
    """All taxes of an order; sums in R$."""

    regime: str
    simples_nacional: bool
    gross: Decimal
    taxes: tuple[Tax, ...]

    @property
    def total(self) -> Decimal:
        """What is due, withheld or not."""
        return sum((one.valor for one in self.taxes), Decimal())

    @property
    def withheld(self) -> Decimal:
        """What the client withholds."""
        return sum((one.withheld for one in self.taxes), Decimal())

    @property
    def net(self) -> Decimal:
        """What the client pays."""
        return self.gross - self.withheld


@dataclass(frozen=True, slots=True)
class Item:
    """A service of an order: its sum in R$, and rates of the order and of the service."""

    valor: Decimal
    of_order: Mapping[str, Any]
    of_service: Mapping[str, Any]


def taxes_of(items: Sequence[Item], company: Mapping[str, Any]) -> Taxes:
    """Taxes of an order's items under the regime of ``company`` (a record of ListarEmpresas)."""
    parts = {name: [_part(name, item) for item in items] for name in TAXES}
    simples = company.get("optante_simples_nacional") == "S"
    regime = texts.REGIMES.get(str(company.get("regime_tributario") or ""), "")
    if not regime:
        regime = texts.SIMPLES if simples else texts.REGIME_UNKNOWN
    return Taxes(
        regime,
        simples,
        sum((item.valor for item in items), Decimal()),
        tuple(_sum(name, found) for name, found in parts.items()),
    )


def order_taxes(client: OmieClient, cod_int_os: str) -> Taxes:
    """Taxes of an order that Omie has: reads the order, its services and the company.

    Raises:
        OmieFault: Omie has no such order, or one of the three cannot be read.
    """
    order = client.read(_ORDERS, "ConsultarOS", {"cCodIntOS": cod_int_os})
    known: dict[str, Mapping[str, Any]] = {}
    items = []
    for line in order.get("ServicosPrestados") or []:
        key = _service_key(line)
        if str(key) not in known:
            known[str(key)] = _service(client, key)
        items.append(Item(_value(line), line.get("impostos") or {}, known[str(key)]))
    return taxes_of(items, company_of(client))


def company_of(client: OmieClient) -> Mapping[str, Any]:
    """The record of the app's own company; ``{}`` if Omie has none.

    Raises:
        OmieFault: it cannot be read.
    """
    asked = {"pagina": 1, "registros_por_pagina": 1}
    others = of_other_sizes(asked, "registros_por_pagina")
    body = client.read(_COMPANIES, "ListarEmpresas", asked, others=others)
    found = body.get("empresas_cadastro") or []
    return found[0] if found and isinstance(found[0], Mapping) else {}


def _service_key(line: Mapping[str, Any]) -> dict[str, Any]:
    if line.get("nCodServico"):
        return {"nCodServ": line["nCodServico"]}
    return {"cCodIntServ": line["cCodIntServico"]} if line.get("cCodIntServico") else {}


def _service(client: OmieClient, key: Mapping[str, Any]) -> Mapping[str, Any]:
    if not key:
        return {}
    try:
        found = client.read(_SERVICES, "ConsultarCadastroServico", key)
    except RecordRejected:
        # A service typed into the order by hand has no record.
        return {}
    return found.get("impostos") or {}


def _value(line: Mapping[str, Any]) -> Decimal:
    gross = _cents(_number(line.get("nQtde")) * _number(line.get("nValUnit")))
    discount = _number(line.get("nValorDesconto"))
    if line.get("cTpDesconto") == "P" or (not discount and _number(line.get("nAliqDesconto"))):
        discount = gross * _number(line.get("nAliqDesconto")) / 100
    return gross - _cents(discount) + _cents(_number(line.get("nValorAcrescimos")))


def _part(name: str, item: Item) -> tuple[Decimal, Decimal, Decimal, bool]:
    """Rate, base, sum and whether it is withheld, of one item."""
    inner = _IN_ORDER.get(name, name)
    rate = _number(item.of_order.get(f"nAliq{inner}"))
    withheld = item.of_order.get(f"cRetem{inner}")
    if not rate:
        rate = _number(item.of_service.get(f"nAliq{name}"))
    if withheld not in ("S", "N") or not item.of_order.get(f"nAliq{inner}"):
        withheld = item.of_service.get(f"cRet{name}") or withheld
    reduced = _number(item.of_service.get(f"nRedBase{name}"))
    base = _cents(item.valor * (100 - reduced) / 100)
    return rate, base, _cents(base * rate / 100), withheld == "S"


def _sum(name: str, parts: Sequence[tuple[Decimal, Decimal, Decimal, bool]]) -> Tax:
    rates = {rate for rate, _, _, _ in parts}
    return Tax(
        name,
        rates.pop() if len(rates) == 1 else None,
        sum((base for _, base, _, _ in parts), Decimal()),
        sum((valor for _, _, valor, _ in parts), Decimal()),
        sum((valor for _, _, valor, withheld in parts if withheld), Decimal()),
    )


def _number(value: Any) -> Decimal:
    try:
        return Decimal(str(value))
    except ArithmeticError:
        return Decimal()


def _cents(value: Decimal) -> Decimal:
    return value.quantize(_CENT, ROUND_HALF_UP)
