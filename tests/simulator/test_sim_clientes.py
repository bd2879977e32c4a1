"""geral/clientes: codes, documents, texts."""

from __future__ import annotations

import pytest

from omie_pipeline.simulator import check_digits
from omie_pipeline.simulator.engine.server import Simulator
from tests.simulator.omie_caller import Api

CPF, CPF_BARE = "529.982.247-25", "52998224725"


def test_upsert_creates_then_changes_by_integration_code(sim: Simulator, api: Api) -> None:
    fields = {"codigo_cliente_integracao": "PAC-1", "razao_social": "Maria"}
    made = api.ok("UpsertCliente", **fields)
    changed = api.ok("UpsertCliente", **fields, email="m@x.br")
    assert made["descricao_status"] == "Cliente cadastrado com sucesso!"
    assert changed["descricao_status"] == "Cliente alterado com sucesso!"
    assert made["codigo_status"] == changed["codigo_status"] == "0"
    assert made["codigo_cliente_omie"] == changed["codigo_cliente_omie"]
    [record] = sim.control.records("clientes")
    assert (record["razao_social"], record["email"]) == ("Maria", "m@x.br")


def test_upsert_needs_the_integration_code(api: Api) -> None:
    assert "[codigo_cliente_integracao]" in api.fault("UpsertCliente", razao_social="A")[2]


def test_upsert_with_an_id_of_another_code_is_not_found(api: Api) -> None:
    omie_id = api.cliente("PAC-1")
    sent = {"codigo_cliente_omie": omie_id, "codigo_cliente_integracao": "PAC-2"}
    assert api.fault("UpsertCliente", **sent, razao_social="A")[1] == "Client-103"


def test_incluir_refuses_a_code_that_exists(api: Api) -> None:
    omie_id = api.cliente("PAC-1")
    fault = api.fault("IncluirCliente", codigo_cliente_integracao="PAC-1", razao_social="A")
    assert fault == (
        500,
        "Client-102",
        "ERROR: Cliente já cadastrado para o Código de Integração [PAC-1] "
        f"com o nCod [{omie_id}] !",
    )


def test_a_second_record_with_the_same_document_is_refused(api: Api) -> None:
    omie_id = api.cliente("PAC-1", cnpj_cpf=CPF_BARE)
    fault = api.fault(
        "UpsertCliente", codigo_cliente_integracao="PAC-2", razao_social="B", cnpj_cpf=CPF
    )
    assert fault == (
        500,
        "Client-102",
        f"ERROR: Cliente já cadastrado para o CPF/CNPJ [{CPF}] com o Id [{omie_id}] "
        "e código de integração [PAC-1] ! (add)",
    )


def test_changing_to_a_document_of_another_record_is_refused(api: Api) -> None:
    api.cliente("PAC-1", cnpj_cpf=CPF)
    api.cliente("PAC-2")
    sent = {"codigo_cliente_integracao": "PAC-2", "cnpj_cpf": CPF}
    assert "CPF/CNPJ" in api.fault("AlterarCliente", **sent)[2]


@pytest.mark.parametrize("document", ["52998224724", "111.111.111-11", "123", "11222333000182"])
def test_a_wrong_check_digit_is_refused(api: Api, document: str) -> None:
    sent = {"codigo_cliente_integracao": "P", "razao_social": "A", "cnpj_cpf": document}
    status, code, text = api.fault("UpsertCliente", **sent)
    assert (status, code) == (500, "Client-206")
    assert text == "ERROR: O CNPJ ou CPF informado está inválido."


@pytest.mark.parametrize(
    ("sent", "read", "person"),
    [
        (CPF_BARE, CPF, "S"),
        ("11222333000181", "11.222.333/0001-81", "N"),
        ("12.ABC.345/01DE-35", "12.ABC.345/01DE-35", "N"),
    ],
)
def test_documents_come_back_punctuated(api: Api, sent: str, read: str, person: str) -> None:
    api.cliente("PAC-1", cnpj_cpf=sent)
    answer = api.ok("ConsultarCliente", codigo_cliente_integracao="PAC-1")
    assert (answer["cnpj_cpf"], answer["pessoa_fisica"]) == (read, person)


def test_document_rules_know_non_ascii_digits() -> None:
    assert not check_digits.is_valid("٥٢٩٩٨٢٢٤٧٢٥")
    assert not check_digits.is_valid("")


def test_a_document_can_be_made_mandatory(sim: Simulator, api: Api) -> None:
    sim.control.set_behaviour(require_document=True)
    sent = {"codigo_cliente_integracao": "P", "razao_social": "A"}
    assert "[cnpj_cpf] é obrigatório" in api.fault("UpsertCliente", **sent)[2]
    api.cliente("P", estado="EX")


def test_upsert_by_document_finds_the_record_of_another_code(sim: Simulator, api: Api) -> None:
    [omie_id] = sim.control.seed("clientes", [{"razao_social": "Maria", "cnpj_cpf": CPF}])
    sent = {"codigo_cliente_integracao": "PAC-1", "cnpj_cpf": CPF_BARE, "razao_social": "Maria S"}
    assert api.ok("UpsertClienteCpfCnpj", **sent)["codigo_cliente_omie"] == omie_id
    record = sim.control.record("clientes", "PAC-1")
    assert record is not None
    assert record["razao_social"] == "Maria S"
    new = {**sent, "codigo_cliente_integracao": "PAC-2", "cnpj_cpf": "11222333000181"}
    assert "cadastrado" in api.ok("UpsertClienteCpfCnpj", **new)["descricao_status"]


def test_a_record_of_omie_can_be_given_our_code(sim: Simulator, api: Api) -> None:
    [omie_id] = sim.control.seed("clientes", [{"razao_social": "Maria", "cnpj_cpf": CPF}])
    api.cliente("PAC-2")
    both = {"codigo_cliente_omie": omie_id, "codigo_cliente_integracao": "PAC-1"}
    assert api.ok("AssociarCodIntCliente", **both)["codigo_cliente_omie"] == omie_id
    assert api.ok("ConsultarCliente", codigo_cliente_integracao="PAC-1")["cnpj_cpf"] == CPF
    taken = {**both, "codigo_cliente_integracao": "PAC-2"}
    assert api.fault("AssociarCodIntCliente", **taken)[1] == "Client-102"
    gone = {**both, "codigo_cliente_omie": 1}
    assert api.fault("AssociarCodIntCliente", **gone)[1] == "Client-105"
    assert (
        "[codigo_cliente_omie]"
        in api.fault("AssociarCodIntCliente", codigo_cliente_integracao="PAC-3")[2]
    )


@pytest.mark.parametrize("call", ["ConsultarCliente", "AlterarCliente", "ExcluirCliente"])
def test_missing_records_are_named_by_the_key_asked_for(api: Api, call: str) -> None:
    assert api.fault(call, codigo_cliente_omie=999999999) == (
        500,
        "Client-105",
        "ERROR: Cliente não cadastrado para o Código [999999999] !",
    )
    assert api.fault(call, codigo_cliente_integracao="PAC-0") == (
        500,
        "Client-103",
        "ERROR: Cliente não cadastrado para o Código de Integração [PAC-0] !",
    )


def test_a_record_named_by_two_keys_that_disagree_is_not_found(api: Api) -> None:
    omie_id = api.cliente("PAC-1")
    sent = {"codigo_cliente_omie": omie_id, "codigo_cliente_integracao": "PAC-9"}
    for call in ("AlterarCliente", "ConsultarCliente", "ExcluirCliente"):
        assert api.fault(call, **sent)[1] == "Client-103"


def test_delete_then_recreate_gives_a_new_id(api: Api) -> None:
    first = api.cliente("PAC-1")
    gone = api.ok("ExcluirCliente", codigo_cliente_integracao="PAC-1")
    assert gone["descricao_status"] == "Cliente excluído com sucesso!"
    assert api.fault("ConsultarCliente", codigo_cliente_omie=first)[1] == "Client-105"
    assert api.cliente("PAC-1") != first


def test_lists_are_replaced_whole_and_blocks_are_merged(api: Api) -> None:
    api.cliente("P", tags=[{"tag": "Cliente"}], dadosBancarios={"codigo_banco": "341"})
    api.cliente("P", tags=[{"tag": "Fornecedor"}], dadosBancarios={"agencia": "1"})
    answer = api.ok("ConsultarCliente", codigo_cliente_integracao="P")
    assert answer["tags"] == [{"tag": "Fornecedor"}]
    assert answer["dadosBancarios"]["codigo_banco"] == "341"
    assert answer["dadosBancarios"]["agencia"] == "1"


def test_who_and_when_is_stamped(sim: Simulator, api: Api) -> None:
    api.cliente("P")
    sim.control.advance(86_400)
    sim.control.edit("clientes", "P", {"email": "a@b.c"})
    info = api.ok("ConsultarCliente", codigo_cliente_integracao="P")["info"]
    assert (info["dInc"], info["uInc"], info["cImpAPI"]) == ("05/01/2026", "WEBSERVICE", "S")
    assert info["dAlt"] == "06/01/2026"
    assert info["uAlt"].startswith("P000")


def test_a_code_may_be_given_again_but_not_taken(sim: Simulator, api: Api) -> None:
    first, second = api.cliente("PAC-1"), api.cliente("PAC-2")
    for _ in range(2):
        api.ok(
            "AssociarCodIntCliente", codigo_cliente_omie=first, codigo_cliente_integracao="PAC-9"
        )
    taken = {"codigo_cliente_omie": second, "codigo_cliente_integracao": "PAC-9"}
    assert "já cadastrado" in api.fault("AssociarCodIntCliente", **taken)[2]
    held = sim.control.record("clientes", "PAC-9")
    assert held is not None
    assert held["codigo_cliente_omie"] == first
