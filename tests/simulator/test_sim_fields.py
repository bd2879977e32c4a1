"""The structure of a request: tags, types, lengths, values, dates, mandatory ones."""

from __future__ import annotations

from typing import Any

import pytest

from tests.simulator.omie_caller import Api, titulo


def _upsert(api: Api, **fields: Any) -> tuple[int, str, str]:
    return api.fault("UpsertCliente", codigo_cliente_integracao="PAC-9", **fields)


def test_an_unknown_tag_is_named_in_capitals_with_its_type(api: Api) -> None:
    assert _upsert(api, razao_social="A", cpf="1") == (
        500,
        "Client-5001",
        "ERROR: Tag [CPF] não faz parte da estrutura do tipo complexo [clientes_cadastro]!",
    )


def test_an_unknown_tag_inside_a_block_names_the_block(api: Api) -> None:
    text = _upsert(api, razao_social="A", enderecoEntrega={"rua": "x"})[2]
    assert "[RUA]" in text
    assert "[enderecoEntrega]" in text


@pytest.mark.parametrize("tag", ["pessoa_fisica", "exterior", "importado_api", "info"])
def test_a_read_only_tag_is_refused_as_unknown(api: Api, tag: str) -> None:
    value: object = {} if tag == "info" else "S"
    assert _upsert(api, razao_social="A", **{tag: value})[1] == "Client-5001"


def test_consultar_cliente_refuses_cnpj_cpf(api: Api) -> None:
    assert api.fault("ConsultarCliente", cnpj_cpf="1")[1] == "Client-5001"


def test_tags_are_case_sensitive(api: Api) -> None:
    assert _upsert(api, Razao_Social="A")[1] == "Client-5001"


def test_a_text_too_long_names_element_and_limit(api: Api) -> None:
    text = _upsert(api, razao_social="A" * 61)[2]
    assert "O número máximo de caracteres permitido para o elemento [razao_social] é de 60" in text
    api.cliente("PAC-9", razao_social="Á" * 60)


@pytest.mark.parametrize(
    ("tag", "value"),
    [
        ("telefone1_ddd", 11),
        ("codigo_cliente_omie", "5"),
        ("valor_limite_credito", "10,00"),
        ("valor_limite_credito", True),
        ("valor_limite_credito", 10**15),
        ("codigo_cliente_omie", 2**63),
        ("tags", {"tag": "Cliente"}),
        ("tags", ["Cliente"]),
        ("enderecoEntrega", "Rua"),
    ],
)
def test_a_value_of_another_type_is_refused(api: Api, tag: str, value: object) -> None:
    status, _, text = _upsert(api, razao_social="A", **{tag: value})
    assert status == 500
    assert f"[{tag}]" in text


def test_a_yes_or_no_takes_nothing_else(api: Api) -> None:
    assert "[inativo]" in _upsert(api, razao_social="A", inativo="X")[2]
    api.cliente("PAC-9", inativo="")


@pytest.mark.parametrize(
    "date", ["2026-01-10", "31/02/2026", "10/01/1900", "1/1/2026", "10/01/26", "٠١/01/2026"]
)
def test_a_date_is_day_month_year_after_1900(api: Api, date: str) -> None:
    api.cliente()
    status, code, text = api.fault("UpsertContaReceber", **titulo(data_vencimento=date))
    assert (status, code) == (500, "Client-104")
    assert "[data_vencimento]" in text


def test_a_patterned_text_is_held_to_its_pattern(api: Api) -> None:
    api.cliente()
    assert "[numero_parcela]" in api.fault("UpsertContaReceber", **titulo(numero_parcela="1/1"))[2]
    api.receber(numero_parcela="001/012")


@pytest.mark.parametrize("tag", ["data_vencimento", "valor_documento"])
def test_a_mandatory_tag_is_named(api: Api, tag: str) -> None:
    api.cliente()
    for blank in (None, ""):
        if blank == "" and tag == "valor_documento":
            continue
        text = api.fault("UpsertContaReceber", **{**titulo(), tag: blank})[2]
        assert text == f"ERROR: O preenchimento da tag [{tag}] é obrigatório!"


def test_razao_social_is_mandatory_for_a_new_cliente_only(api: Api) -> None:
    assert "[razao_social]" in _upsert(api, email="a@b.c")[2]
    api.cliente("PAC-9")
    assert api.ok("UpsertCliente", codigo_cliente_integracao="PAC-9", email="a@b.c")


def test_a_mandatory_tag_inside_a_block_is_named(api: Api) -> None:
    text = _upsert(api, razao_social="A", caracteristicas=[{"conteudo": "1"}])[2]
    assert "[campo]" in text


def test_a_conditional_tag_is_asked_for_when_its_condition_holds(api: Api) -> None:
    api.cliente()
    block = {"codigo_forma_pagamento": "PIX"}
    text = api.fault("UpsertContaPagar", **titulo(cnab_integracao_bancaria=block))[2]
    assert "[pix_qrcode]" in text


def test_one_of_two_tags_is_asked_for(api: Api) -> None:
    api.cliente()
    without = {k: v for k, v in titulo().items() if k != "codigo_categoria"}
    text = api.fault("UpsertContaReceber", **without)[2]
    assert "[codigo_categoria] ou [categorias]" in text
    text = api.fault("ExcluirContaReceber", chave_lancamento=0)[2]
    assert text == (
        "ERROR: O preenchimento da tag [chave_lancamento] ou [codigo_lancamento_integracao] "
        "é obrigatório!"
    )


def test_the_account_asks_for_its_keys_in_its_own_words(api: Api) -> None:
    text = api.fault("ConsultarContaCorrente", nCodCC=0)[2]
    assert "O preenchimento das tags [nCodCC] ou [cCodIntCC] é obrigatório!" in text


def test_more_than_two_decimals_are_refused_on_a_value(api: Api) -> None:
    api.cliente()
    assert (
        "[valor_documento]" in api.fault("UpsertContaReceber", **titulo(valor_documento=1.005))[2]
    )
