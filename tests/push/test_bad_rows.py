"""Bad input through the real validation: refused with its reason, never cut, never sent."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest
import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import JSONB

from omie_pipeline.errors import ConfigurationError
from omie_pipeline.push.policy import EndpointPolicy, Guardrails
from tests.push.world import CLIENTE_COLUMNS, TITULO_COLUMNS, World, cliente, titulo

LENIENT = EndpointPolicy(guardrails=Guardrails(max_quarantined_share=1))

BAD_CLIENTES: dict[str, dict[str, Any]] = {
    "too long": {"razao_social": "x" * 61},
    "control character": {"razao_social": "Maria\x07 Souza"},
    "line break": {"endereco": "Rua A\nfundos"},
    "emoji": {"nome_fantasia": "Maria 😀"},
    "not a number": {"valor_limite_credito": Decimal("NaN")},
    "three decimals": {"valor_limite_credito": Decimal("10.005")},
    "code too long": {"codigo_cliente_integracao": "PAC-" + "9" * 57},
    "no code": {"codigo_cliente_integracao": None},
    "blank code": {"codigo_cliente_integracao": "  "},
    "nested field of another type": {"tags": [{"tag": 7}]},
    "nested field unknown": {"tags": [{"etiqueta": "x"}]},
    "array that is none": {"tags": "Cliente"},
    "wrong document": {"cnpj_cpf": "11111111112"},
}


def test_bad_clientes_never_leave(world: World) -> None:
    rows = [cliente(n, **bad) for n, bad in enumerate(BAD_CLIENTES.values(), start=1)]
    world.model("clientes", [*rows, cliente(50)])
    report = world.push(policy=LENIENT)
    assert (report.total.quarantined, report.total.created) == (len(rows), 1)
    assert report.closes
    assert [call.param["razao_social"] for call in world.writes()] == ["Paciente Numero 50"]
    found = world.rows("SELECT reasons, row_masked::text FROM omie_sync.quarantine")
    assert len(found) == len(rows)
    for reasons, masked in found:
        assert all(reason["reason"] and reason["fix"] for reason in reasons)
        assert cliente(1)["cnpj_cpf"] not in masked


BAD_TITULOS: dict[str, dict[str, Any]] = {
    "date of another shape": {"data_vencimento": "05/02/2026"},
    "a day that does not exist": {"data_vencimento": "2026-02-30"},
    "a year of typing": {"data_vencimento": "0206-02-05"},
    "no date": {"data_vencimento": None},
    "zero": {"valor_documento": Decimal("0")},
    "negative": {"valor_documento": Decimal("-1")},
    "three decimals": {"valor_documento": Decimal("10.001")},
    "infinite": {"valor_documento": Decimal("NaN")},
    "category that does not exist": {"codigo_categoria": "9.99"},
    "inactive category": {"codigo_categoria": "2.99.99"},
    "total line": {"codigo_categoria": "1.01"},
    "closed account": {"id_conta_corrente": 9100000004},
}


def test_bad_titulos_never_leave(world: World) -> None:
    world.confirmed(1)
    world.read_references()
    world.control.clear_calls()
    columns = {**TITULO_COLUMNS, "data_vencimento": sa.Text, "categorias": JSONB}
    rows = [
        titulo(n, **{"data_vencimento": "2026-02-05", **bad})
        for n, bad in enumerate(BAD_TITULOS.values(), start=1)
    ]
    good = titulo(99, data_vencimento="2026-02-05")
    world.model("contas_receber", [*rows, good], columns)
    report = world.push("contas_receber", policy=LENIENT)
    assert (report.total.quarantined, report.total.created) == (len(rows), 1)
    assert report.closes
    (call,) = world.control.calls()
    assert call.param["codigo_lancamento_integracao"] == "REC-99"
    assert call.param["data_vencimento"] == "05/02/2026"


def test_a_code_of_60_characters_is_delivered_whole(world: World) -> None:
    code = "PAC-" + "9" * 56
    world.model("clientes", [cliente(1, codigo_cliente_integracao=code)])
    assert world.push().total.created == 1
    assert set(world.held_by_omie()) == {code}


def test_a_list_that_was_never_read_holds_the_titulos(world: World) -> None:
    world.confirmed(1)
    world.model("contas_receber", [titulo(1)])
    with pytest.raises(ConfigurationError, match="categorias"):
        world.push("contas_receber")
    assert world.control.calls() == ()
    assert world.ledger("contas_receber") == {"REC-1": "held"}
    world.read_references()
    assert world.push("contas_receber").total.created == 1


def test_text_that_postgres_cannot_store_is_no_reason_to_stop(world: World) -> None:
    from omie_pipeline.simulator.engine.planned_faults import PlannedFault

    body = (
        r'{"faultstring":"ERROR: Texto \u0000 com \ud800 dentro","faultcode":"SOAP-ENV:Client-1"}'
    )
    world.control.next_faults(PlannedFault("custom", body=body))
    world.model("clientes", [cliente(1), cliente(2)], CLIENTE_COLUMNS)
    report = world.push()
    assert (report.total.rejected, report.total.created) == (1, 1)
    assert world.rows("SELECT fault_text FROM omie_sync.rejected") == [
        ("ERROR: Texto ? com ? dentro",)
    ]
