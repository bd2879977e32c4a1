"""Nothing is lost or invented between a payload, the wire and back."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from omie_pipeline.catalog import REGISTRY
from omie_pipeline.omie import wire

CONTAS_RECEBER = REGISTRY["contas_receber"]
MONEY = st.decimals(
    allow_nan=False, allow_infinity=False, min_value=-(10**12), max_value=10**12, places=2
)


def to_wire(payload: dict[str, Any]) -> dict[str, Any]:
    return wire.to_wire(payload, CONTAS_RECEBER.payload, CONTAS_RECEBER.service)


@given(MONEY)
@settings(derandomize=True, max_examples=200, deadline=None)
def test_money_is_the_same_to_the_last_digit(value: Decimal) -> None:
    text = wire.dumps({"valor_documento": value})
    assert "e" not in text.lower().replace("valor_documento", "")
    assert wire.loads(text)["valor_documento"] == value


@pytest.mark.parametrize("token", ["652", "15870.04", "1612.05", "0.10", "99999999999.99", "1e2"])
def test_numbers_come_from_the_raw_token(token: str) -> None:
    assert wire.loads(f'{{"v":{token}}}')["v"] == Decimal(token)


@given(st.integers(min_value=-(2**63), max_value=2**63 - 1))
@settings(derandomize=True, max_examples=100, deadline=None)
def test_ids_have_64_bits(number: int) -> None:
    assert wire.loads(wire.dumps({"id": number})) == {"id": number}


@given(st.dates(min_value=date(1901, 1, 1), max_value=date(2100, 12, 31)))
@settings(derandomize=True, max_examples=100, deadline=None)
def test_dates_turn_around(day: date) -> None:
    sent = to_wire({"data_vencimento": day.isoformat(), "observacao": day.isoformat()})
    assert sent["data_vencimento"] == f"{day.day:02d}/{day.month:02d}/{day.year:04d}"
    assert sent["observacao"] == day.isoformat(), "only what the catalog calls a date"


def test_nested_blocks_too() -> None:
    payload = {
        "recebimento": {"data": "2026-02-05", "valor": Decimal("1.10"), "codigo_conta_corrente": 1},
        "repeticao": None,
        "categorias": [{"codigo_categoria": "1.01", "percentual": Decimal("33.3333")}],
        "data_previsao": "",
    }
    assert to_wire(payload) == {
        **payload,
        "recebimento": {"data": "05/02/2026", "valor": Decimal("1.10"), "codigo_conta_corrente": 1},
    }


@pytest.mark.parametrize("text", ["2026-02-30", "05/02/2026", "amanhã", "2026-2-5"])
def test_what_is_no_date_is_not_guessed(text: str) -> None:
    assert to_wire({"data_vencimento": text}) == {"data_vencimento": text}


def test_a_fingerprint_knows_neither_order_nor_spelling() -> None:
    one = wire.fingerprint("M", {"a": Decimal("1.10"), "b": {"c": 1, "d": "ç"}})
    assert one == wire.fingerprint("M", {"b": {"d": "ç", "c": 1}, "a": Decimal("1.10")})
    assert one != wire.fingerprint("N", {"a": Decimal("1.10"), "b": {"c": 1, "d": "ç"}})
    assert one != wire.fingerprint("M", {"a": Decimal("1.11"), "b": {"c": 1, "d": "ç"}})


@pytest.mark.parametrize(
    ("sent", "read"),
    [
        ({"cnpj_cpf": "52998224725"}, {"cnpj_cpf": "529.982.247-25"}),
        ({"cnpj_cpf": "12ABC34501DE35"}, {"cnpj_cpf": "12.abc.345/01de-35"}),
        ({"cep": "01001000"}, {"cep": "01001-000"}),
        ({"valor_documento": Decimal("150.00")}, {"valor_documento": 150}),
        ({"observacao": "ok "}, {"observacao": "ok"}),
        ({"observacao": ""}, {}),
        ({"enderecoEntrega": {"entCEP": "1"}}, {"enderecoEntrega": {"entCEP": "1", "entNome": ""}}),
        ({"tags": [{"tag": "a"}]}, {"tags": [{"tag": "a"}]}),
    ],
)
def test_same_record(sent: dict[str, Any], read: dict[str, Any]) -> None:
    assert wire.same_record(sent, read)


@pytest.mark.parametrize(
    ("sent", "read"),
    [
        ({"email": "ab@x.br"}, {"email": "a.b@x.br"}),
        ({"razao_social": "Jose"}, {"razao_social": "José"}),
        ({"razao_social": "MARIA"}, {"razao_social": "Maria"}),
        ({"endereco_numero": "10-A"}, {"endereco_numero": "10A"}),
        ({"valor_documento": Decimal("150.01")}, {"valor_documento": 150}),
        ({"tags": [{"tag": "a"}]}, {"tags": [{"tag": "a"}, {"tag": "b"}]}),
        ({"enderecoEntrega": {"entCEP": "1"}}, {"enderecoEntrega": None}),
        ({"nCodPedido": 1}, {}),
    ],
)
def test_another_record(sent: dict[str, Any], read: dict[str, Any]) -> None:
    assert not wire.same_record(sent, read)


def test_what_no_database_stores_is_replaced() -> None:
    assert wire.json_object(r'{"a\u0000":["\ud800x","\ud83d\ude00"]}') == {"a?": ["?x", "😀"]}
    assert wire.json_object("[" * 100_000) is None
