"""Títulos: references, categories, settlements, status words."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from omie_pipeline.simulator.engine.server import Simulator
from tests.simulator.omie_caller import Api, titulo

SIDES = ["ContaReceber", "ContaPagar"]


def _fault(api: Api, side: str, **fields: Any) -> tuple[int, str, str]:
    return api.fault(f"Upsert{side}", **titulo(**fields))


@pytest.mark.parametrize("side", SIDES)
def test_upsert_creates_changes_and_deletes(api: Api, side: str) -> None:
    api.cliente()
    made = api.ok(f"Upsert{side}", **titulo("T-1"))
    changed = api.ok(f"Upsert{side}", **titulo("T-1", valor_documento=10))
    assert made["descricao_status"] == "Lançamento cadastrado com sucesso!"
    assert changed["descricao_status"] == "Lançamento alterado com sucesso!"
    assert made["codigo_lancamento_omie"] == changed["codigo_lancamento_omie"]
    gone = api.ok(f"Excluir{side}", codigo_lancamento_integracao="T-1")
    assert gone["descricao_status"] == "Lançamento excluído com sucesso!"
    text = api.fault(f"Consultar{side}", codigo_lancamento_integracao="T-1")[2]
    assert text == "ERROR: Lançamento não cadastrado para o Código de Integração [T-1] !"


def test_the_id_has_another_name_when_a_receivable_is_deleted(api: Api) -> None:
    api.cliente()
    omie_id = api.receber()
    assert api.fault("ExcluirContaReceber", codigo_lancamento_omie=omie_id)[1] == "Client-5001"
    assert api.ok("ExcluirContaReceber", chave_lancamento=omie_id)
    assert api.ok("ExcluirContaPagar", codigo_lancamento_omie=api.pagar())


@pytest.mark.parametrize("side", SIDES)
def test_the_customer_must_exist(api: Api, side: str) -> None:
    assert _fault(api, side) == (
        500,
        "Client-103",
        "ERROR: Cliente não cadastrado para o Código de Integração [PAC-1] !",
    )
    by_id = {"codigo_cliente_fornecedor": 7, "codigo_cliente_fornecedor_integracao": None}
    text = _fault(api, side, **by_id)[2]
    assert text == "ERROR: Cliente não cadastrado para o Código [7] !"


def test_the_customer_is_bound_by_id(api: Api) -> None:
    cliente = api.cliente()
    api.receber()
    answer = api.ok("ConsultarContaReceber", codigo_lancamento_integracao="REC-1")
    assert answer["codigo_cliente_fornecedor"] == cliente


@pytest.mark.parametrize(
    ("field", "value", "said"),
    [
        ("codigo_categoria", "9.99.99", "não cadastrada"),
        ("codigo_categoria", "1.01", "não cadastrada"),
        ("codigo_categoria", "2.99.99", "inativa"),
        ("id_conta_corrente", 123, "não cadastrada"),
        ("id_conta_corrente", 9100000004, "inativa"),
    ],
)
@pytest.mark.parametrize("side", SIDES)
def test_category_and_account_must_exist_and_be_active(
    api: Api, side: str, field: str, value: object, said: str
) -> None:
    api.cliente()
    status, code, text = _fault(api, side, **{field: value})
    assert (status, code) == (500, "Client-102")
    assert f"[{value}]" in text
    assert said in text


def test_an_inactive_customer_is_refused(api: Api) -> None:
    api.cliente(inativo="S")
    assert "inativo" in _fault(api, "ContaReceber")[2]


def test_the_account_can_be_made_mandatory(sim: Simulator, api: Api) -> None:
    api.cliente()
    api.receber(id_conta_corrente=None)
    sim.control.set_behaviour(require_account=True)
    text = _fault(api, "ContaPagar", id_conta_corrente=None)[2]
    assert "[id_conta_corrente] é obrigatório" in text


def test_categories_always_come_back_and_add_up_to_a_hundred(api: Api) -> None:
    api.cliente()
    api.receber("A")
    single = api.ok("ConsultarContaReceber", codigo_lancamento_integracao="A")["categorias"]
    assert single == [
        {"codigo_categoria": "1.01.01", "percentual": 100, "valor": Decimal("150.25")}
    ]
    split = [
        {"codigo_categoria": "1.01.01", "percentual": 60},
        {"codigo_categoria": "1.01.02", "percentual": 30},
    ]
    assert "[categorias]" in _fault(api, "ContaReceber", categorias=split)[2]
    split[1]["percentual"] = 40
    api.receber("B", categorias=split, codigo_categoria=None)


def test_a_change_of_category_must_resend_the_value(api: Api) -> None:
    api.cliente()
    api.receber()
    sent = {"codigo_lancamento_integracao": "REC-1", "codigo_categoria": "1.01.02"}
    text = api.fault("AlterarContaReceber", **sent)[2]
    assert "[valor_documento] é obrigatório para alterar a categoria!" in text
    assert api.ok("AlterarContaReceber", **sent, valor_documento=150.25)


def test_omie_fills_in_what_was_not_sent(api: Api) -> None:
    api.cliente()
    api.pagar()
    answer = api.ok("ConsultarContaPagar", codigo_lancamento_integracao="REP-1")
    assert answer["data_previsao"] == "10/01/2026"
    assert answer["numero_parcela"] == "001/001"
    assert answer["id_origem"] == "APIP"


@pytest.mark.parametrize(
    ("due", "word"),
    [("06/01/2026", "A VENCER"), ("05/01/2026", "VENCE HOJE"), ("04/01/2026", "ATRASADO")],
)
def test_the_status_word_follows_the_day(api: Api, due: str, word: str) -> None:
    api.cliente()
    api.receber(data_vencimento=due)
    read = api.ok("ConsultarContaReceber", codigo_lancamento_integracao="REC-1")
    assert read["status_titulo"] == word


@pytest.mark.parametrize(
    ("side", "settle", "undo", "word"),
    [
        ("ContaReceber", "LancarRecebimento", "CancelarRecebimento", "RECEBIDO"),
        ("ContaPagar", "LancarPagamento", "CancelarPagamento", "PAGO"),
    ],
)
def test_a_settled_title_is_closed_until_undone(
    api: Api, side: str, settle: str, undo: str, word: str
) -> None:
    api.cliente()
    api.ok(f"Upsert{side}", **titulo("T-1"))
    key = {"codigo_lancamento_integracao": "T-1"}
    part = api.ok(settle, **key, valor=50, codigo_baixa_integracao="B-1")
    assert (part["liquidado"], part["valor_baixado"]) == ("N", 50)
    rest = api.ok(settle, **key, valor=100.25)
    assert rest["liquidado"] == "S"
    assert api.ok(f"Consultar{side}", **key)["status_titulo"] == word
    assert "alterar" in _fault(api, side, codigo_lancamento_integracao="T-1")[2]
    assert "excluir" in api.fault(f"Excluir{side}", **key)[2]
    assert "saldo" in api.fault(settle, **key, valor=1)[2]
    assert api.ok(undo, codigo_baixa=rest["codigo_baixa"])["codigo_baixa"] == rest["codigo_baixa"]
    assert api.ok(undo, codigo_baixa_integracao="B-1")
    assert "Baixa não cadastrada" in api.fault(undo, codigo_baixa_integracao="B-1")[2]
    assert "[codigo_baixa]" in api.fault(undo, codigo_baixa=0)[2]
    assert api.ok(f"Excluir{side}", **key)


@pytest.mark.parametrize("code", [{}, {"codigo_baixa_integracao": "BXR-1"}])
def test_repeating_a_settlement_settles_twice(
    sim: Simulator, api: Api, code: dict[str, str]
) -> None:
    api.cliente()
    omie_id = api.receber()
    for _ in range(2):
        api.ok("LancarRecebimento", codigo_lancamento=omie_id, valor=10, **code)
    assert [item["valor"] for item in sim.control.settlements(omie_id)] == [10, 10]


def test_where_it_is_set_so_a_repeated_settlement_is_refused(sim: Simulator, api: Api) -> None:
    sim.control.set_behaviour(repeated_settlement_refused=True)
    api.cliente()
    asked = {"codigo_lancamento": api.receber(), "codigo_baixa_integracao": "BXR-1", "valor": 1}
    api.ok("LancarRecebimento", **asked)
    assert "já cadastrada" in api.fault("LancarRecebimento", **asked)[2]


def test_a_whole_payment_repeated_is_stopped_by_the_balance_alone(sim: Simulator, api: Api) -> None:
    api.cliente()
    asked = {"codigo_lancamento": api.receber(), "codigo_baixa_integracao": "B", "valor": 150.25}
    api.ok("LancarRecebimento", **asked)
    assert "saldo" in api.fault("LancarRecebimento", **asked)[2]
    sim.control.set_behaviour(settlement_above_balance_refused=False)
    api.ok("LancarRecebimento", **asked)
    assert len(sim.control.settlements("REC-1")) == 2


def test_a_settlement_is_found_by_the_code_of_its_title(api: Api) -> None:
    api.cliente()
    api.receber("REC-1")
    made = api.ok(
        "LancarRecebimento",
        codigo_lancamento_integracao="REC-1",
        codigo_baixa_integracao="BXR-1",
        valor=100,
        juros=2,
        conciliar_documento="S",
    )
    api.receber("REC-2")
    found = api.ok("PesquisarLancamentos", nPagina=1, cCodIntTitulo="REC-1")
    [title] = found["titulosEncontrados"]
    assert title["cabecTitulo"]["cCodIntTitulo"] == "REC-1"
    [item] = title["lancamentos"]
    assert (item["cCodIntLanc"], item["nCodLanc"]) == ("BXR-1", made["codigo_baixa"])
    assert (item["nValLanc"], item["nJuros"]) == (100, 2)
    none = api.fault("PesquisarLancamentos", nPagina=1, cCodIntTitulo="REC-9")
    assert none[1] == "Client-5113"


def test_a_settlement_is_conciliated_at_once_or_later(sim: Simulator, api: Api) -> None:
    api.cliente()
    api.receber("REC-1")
    asked = {"codigo_lancamento_integracao": "REC-1", "valor": 10}
    api.ok("LancarRecebimento", **asked, codigo_baixa_integracao="A", conciliar_documento="S")
    api.ok("LancarRecebimento", **asked, codigo_baixa_integracao="B")
    assert [item.get("conciliado") for item in sim.control.settlements("REC-1")] == ["S", None]
    api.ok("ConciliarRecebimento", codigo_baixa_integracao="B")
    assert [item.get("conciliado") for item in sim.control.settlements("REC-1")] == ["S", "S"]
    assert "Baixa não cadastrada" in api.fault("ConciliarRecebimento", codigo_baixa=1)[2]


def test_a_title_may_bring_its_own_settlement(sim: Simulator, api: Api) -> None:
    api.cliente()
    api.receber("A", recebimento={"valor": 150.25, "codigo_conta_corrente": 9100000001})
    api.pagar("B", baixar_documento="S")
    assert [r["status_titulo"] for r in sim.control.records("contas_receber")] == ["RECEBIDO"]
    assert [r["status_titulo"] for r in sim.control.records("contas_pagar")] == ["PAGO"]
    too_much = titulo("C", recebimento={"valor": 999})
    assert "saldo" in api.fault("UpsertContaReceber", **too_much)[2]
    assert sim.control.record("contas_receber", "C") is None


def test_a_cancelled_title_says_so_and_cannot_be_changed(api: Api) -> None:
    api.cliente()
    omie_id = api.receber()
    answer = api.ok("CancelarContaReceber", chave_lancamento=omie_id)
    assert answer["descricao_status"] == "Boleto cancelado com sucesso!"
    read = api.ok("ConsultarContaReceber", codigo_lancamento_omie=omie_id)
    assert read["status_titulo"] == "CANCELADO"
    assert "cancelado" in _fault(api, "ContaReceber")[2]
