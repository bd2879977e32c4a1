"""A company with a past: months of títulos, baixas, account entries, notas; always the same."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

from omie_pipeline.simulator.check_digits import cnpj_of, cpf_of
from omie_pipeline.simulator.control import Control
from omie_pipeline.simulator.rules.base import BY_PERSON

_CAIXA, _BANK = 9_100_000_001, 9_100_000_002
_NAMES = (
    "Alice Moura", "Bento Prado", "Cecília Ramos", "Davi Teles", "Elisa Nunes", "Fábio Couto",
    "Glória Braga", "Hugo Peixoto", "Iara Sales", "João Brito", "Karina Melo", "Lucas Farias",
)  # fmt: skip
_SUPPLIERS = ("Dental Norte Ltda", "Imobiliária Centro Ltda", "Laboratório Vida Ltda")
_RECEIVED = ("1.01.01", "1.01.02", "1.01.03")
_PAID = ("2.01.01", "2.01.02", "2.02.01", "2.02.02")


def give_a_past(control: Control, days: int = 90) -> None:
    """Fill the model company: clientes, fornecedores, and for each day títulos of both kinds.

    About two thirds of what is due is settled, some in part, late, or with a discount; accounts
    have entries and transfers of their own. Every record's inclusion is in the past.
    """
    today = control.now().date()
    first = today - timedelta(days=days)
    people = control.seed("clientes", list(_people(first)))
    suppliers = control.seed("clientes", list(_suppliers(first)))
    for back in range(days, 0, -1):
        day = today - timedelta(days=back)
        control.seed("contas_receber", list(_receivables(day, today, people)))
        if day.weekday() < 5:
            control.seed("contas_pagar", [_payable(day, today, suppliers)])
        if day.day in {5, 20}:
            control.transferir(_CAIXA, _BANK, Decimal("300.00") + day.day, day=day)
        if day.day == 10:
            control.lancar_em_conta(_BANK, Decimal("-38.90"), day=day, note="Tarifa do banco")
        if day.day in {12, 26}:
            control.issue_note("notas_servico", Decimal("180.00") + day.month, day=day)


def _people(first: date) -> Iterator[dict[str, Any]]:
    for number, name in enumerate(_NAMES):
        yield {
            "razao_social": name,
            "nome_fantasia": name.split()[0],
            "cnpj_cpf": cpf_of(700_000_100 + number),
            "pessoa_fisica": "S",
            "email": f"{name.split()[0].lower()}@exemplo.com.br",
            "telefone1_ddd": "11",
            "telefone1_numero": f"9{number:04d}-0000",
            "cidade": "SAO PAULO (SP)",
            "estado": "SP",
            "inativo": "N",
            "tags": [{"tag": "Cliente"}],
            "info": _info(first, 9),
        }


def _suppliers(first: date) -> Iterator[dict[str, Any]]:
    for number, name in enumerate(_SUPPLIERS):
        yield {
            "razao_social": name,
            "nome_fantasia": name.removesuffix(" Ltda"),
            "cnpj_cpf": cnpj_of((11_444_777 + number) * 10_000 + 1),
            "pessoa_fisica": "N",
            "inativo": "N",
            "tags": [{"tag": "Fornecedor"}],
            "info": _info(first, 9),
        }


def _receivables(day: date, today: date, people: Any) -> Iterator[dict[str, Any]]:
    for number in range(1 + day.day % 3):
        seed = day.toordinal() * 7 + number * 3
        value = Decimal(9_000 + seed * 131 % 40_000) / 100
        due = day + timedelta(days=15 + seed % 30)
        title = _title(day, due, value, people[seed % len(people)], _RECEIVED[seed % 3], "MANR")
        title["data_registro"] = title["data_emissao"]
        yield {**title, "_baixas": _settlements(seed, value, due, today)}


def _payable(day: date, today: date, suppliers: Any) -> dict[str, Any]:
    seed = day.toordinal() * 5
    value = Decimal(12_000 + seed * 97 % 60_000) / 100
    due = day + timedelta(days=10 + seed % 20)
    title = _title(day, due, value, suppliers[seed % len(suppliers)], _PAID[seed % 4], "MANP")
    return {**title, "_baixas": _settlements(seed + 1, value, due, today)}


def _title(
    day: date, due: date, value: Decimal, client: Any, category: str, origin: str
) -> dict[str, Any]:
    return {
        "codigo_cliente_fornecedor": client,
        "data_emissao": _written(day),
        "data_vencimento": _written(due),
        "data_previsao": _written(due),
        "valor_documento": value,
        "codigo_categoria": category,
        "categorias": [{"codigo_categoria": category, "percentual": 100, "valor": value}],
        "id_conta_corrente": _BANK if value > 200 else _CAIXA,
        "numero_parcela": "001/001",
        "id_origem": origin,
        "operacao": "01",
        "info": _info(day, 10),
    }


def _settlements(seed: int, value: Decimal, due: date, today: date) -> list[dict[str, Any]]:
    """Most of what is due is paid: whole, in part, late with interest, or with a discount."""
    paid_on = due + timedelta(days=seed % 4)
    if seed % 3 == 0 or paid_on >= today:
        return []
    settlement: dict[str, Any] = {"valor": value, "data": _written(paid_on)}
    if seed % 7 == 0:
        settlement["valor"] = (value / 2).quantize(Decimal("0.01"))
    elif paid_on > due:
        settlement |= {"juros": Decimal("1.37"), "multa": Decimal("2.00")}
    elif seed % 5 == 0:
        settlement |= {"valor": value - Decimal("5.00"), "desconto": Decimal("5.00")}
    return [settlement]


def _info(day: date, hour: int) -> dict[str, str]:
    written, time = _written(day), f"{hour:02d}:00:00"
    stamp = {"dInc": written, "hInc": time, "uInc": BY_PERSON, "cImpAPI": "N"}
    return {**stamp, "dAlt": written, "hAlt": time, "uAlt": BY_PERSON}


def _written(day: date) -> str:
    return day.strftime("%d/%m/%Y")
