"""Every rule of the clientes suite, broken and kept."""

from __future__ import annotations

from typing import Any

import pytest

from omie_pipeline.catalog import REGISTRY
from omie_pipeline.errors import ModelError
from omie_pipeline.validation import ClinicRules, References, Validator
from tests.validation.rows import PATIENT, Told, cliente, told, told_together

COMPANY = {"_tipo": "fornecedor"}

BROKEN: list[tuple[dict[str, Any], Told]] = [
    ({"key": None}, {("codigo_cliente_integracao", "chave_ausente")}),
    ({"key": "P" * 61}, {("codigo_cliente_integracao", "tamanho")}),
    ({"razao_social": None}, {("razao_social", "obrigatorio")}),
    ({"razao_social": "   "}, {("razao_social", "obrigatorio")}),
    ({"razao_social": "M" * 61}, {("razao_social", "tamanho")}),
    ({"razao_social": "Maria\x07"}, {("razao_social", "caractere_controle")}),
    ({"razao_social": "Maria\nda Silva"}, {("razao_social", "caractere_controle")}),
    ({"razao_social": "Maria\u200b"}, {("razao_social", "caractere_controle")}),
    ({"razao_social": "Maria 😀"}, {("razao_social", "emoji")}),
    ({"razao_social": "Maria ❤️"}, {("razao_social", "emoji")}),
    ({"razao_social": "Concei\ufffdo"}, {("razao_social", "caractere_ilegivel")}),
    ({"razao_social": "Maria \ud83d"}, {("razao_social", "caractere_ilegivel")}),
    ({"razao_social": "NaN"}, {("razao_social", "texto_nan")}),
    (
        {"razao_social": "😀\x07" * 31},
        {
            ("razao_social", "tamanho"),
            ("razao_social", "emoji"),
            ("razao_social", "caractere_controle"),
        },
    ),
    ({"nome_fantasia": 12}, {("nome_fantasia", "tipo_texto")}),
    ({"nome_fantasia": ["Maria"]}, {("nome_fantasia", "tipo_texto")}),
    ({"nome_fantasia": {"a": 1}}, {("nome_fantasia", "tipo_texto")}),
    ({"inativo": True}, {("inativo", "booleano")}),
    ({"inativo": "X"}, {("inativo", "valor_sn")}),
    ({"inativo": "s"}, {("inativo", "valor_sn")}),
    ({"pessoa_fisica": "S"}, {("pessoa_fisica", "somente_leitura")}),
    ({"info": {"dInc": "2026-01-01"}}, {("info", "somente_leitura")}),
    ({"valor_limite_credito": "NaN"}, {("valor_limite_credito", "nao_numero")}),
    ({"valor_limite_credito": float("nan")}, {("valor_limite_credito", "nao_numero")}),
    ({"codigo_cliente_omie": "12"}, {("codigo_cliente_omie", "tipo_inteiro")}),
    ({"codigo_cliente_omie": 2**63}, {("codigo_cliente_omie", "tipo_inteiro")}),
    ({"cnpj_cpf": None}, {("cnpj_cpf", "documento_ausente")}),
    ({"cnpj_cpf": "390.533.447-06"}, {("cnpj_cpf", "cpf_digitos")}),
    ({"cnpj_cpf": "11222333000182"}, {("cnpj_cpf", "cnpj_digitos")}),
    ({"cnpj_cpf": "3905334470"}, {("cnpj_cpf", "documento_tamanho")}),
    ({"endereco": None}, {("endereco", "endereco_incompleto")}),
    ({"endereco_numero": ""}, {("endereco_numero", "endereco_incompleto")}),
    ({"bairro": None}, {("bairro", "endereco_incompleto")}),
    ({"cidade": None}, {("cidade", "endereco_incompleto")}),
    ({"cep": None}, {("cep", "endereco_incompleto")}),
    ({"estado": None}, {("estado", "endereco_incompleto")}),
    ({"estado": "ZZ"}, {("estado", "uf_inexistente")}),
    ({"cidade": "Campinos"}, {("cidade", "cidade_fora_da_uf")}),
    ({"cep": "0131-100"}, {("cep", "cep_formato")}),
    ({"cep": "20040-002"}, {("cep", "cep_fora_da_uf")}),
    ({"tags": "Cliente"}, {("tags", "tipo_estrutura")}),
    ({"tags": [{"tag": "Cliente"}, "x"]}, {("tags[2]", "tipo_estrutura")}),
    ({"tags": [{"tags": "Cliente"}]}, {("tags[1].tags", "campo_desconhecido")}),
    (
        {"caracteristicas": [{"campo": "RG", "conteudo": "1" * 61}, {"campo": "x" * 31}]},
        {
            ("caracteristicas[1].conteudo", "tamanho"),
            ("caracteristicas[2].campo", "tamanho"),
            ("caracteristicas[2].conteudo", "obrigatorio"),
        },
    ),
    ({"dadosBancarios": []}, {("dadosBancarios", "tipo_estrutura")}),
    (
        {"dadosBancarios": {"codigo_banco": "0341", "transf_padrao": True, "agencia": "1😀"}},
        {
            ("dadosBancarios.codigo_banco", "tamanho"),
            ("dadosBancarios.transf_padrao", "booleano"),
            ("dadosBancarios.agencia", "emoji"),
        },
    ),
]


@pytest.fixture(scope="module")
def told_of_broken(clientes: Validator) -> dict[int, Told]:
    rows = [cliente(number, **changes) for number, (changes, _) in enumerate(BROKEN)]
    return told_together(clientes, [*rows, cliente(9999)])


@pytest.mark.parametrize("number", range(len(BROKEN)), ids=lambda n: str(BROKEN[n][0])[:50])
def test_broken_rule_is_told_alone(number: int, told_of_broken: dict[int, Told]) -> None:
    assert told_of_broken[number] == BROKEN[number][1]


def test_good_row_beside_bad_ones_passes(told_of_broken: dict[int, Told]) -> None:
    assert 9999 not in told_of_broken


def test_good_rows_pass(clientes: Validator) -> None:
    rows = [
        cliente(1),
        cliente(2, cnpj_cpf="12.ABC.345/01DE-35", extra={"_tipo": "paciente"}),
        cliente(3, cnpj_cpf="11222333000181", extra=COMPANY),
        cliente(4, email=None, inativo="", observacao="linha 1\r\nlinha 2\tfim"),
        cliente(5, razao_social="Œuvre “São João” – 1ª €", dadosBancarios={}),
        cliente(6, enderecoEntrega={"entCEP": "01310-100", "entSepararEndereco": "S"}),
        cliente(7, valor_limite_credito=100, codigo_cliente_omie=2**62),
    ]
    assert told_together(clientes, rows) == {}


def test_rg_of_a_patient(clientes: Validator) -> None:
    cases: list[tuple[dict[str, Any], set[str]]] = [
        ({"_tipo": "paciente"}, {"rg_ausente", "rg_orgao_ausente"}),
        ({**PATIENT, "_rg_orgao_emissor": " "}, {"rg_orgao_ausente"}),
        ({**PATIENT, "_rg": "não tem"}, {"rg_invalido"}),
        ({**PATIENT, "_rg_orgao_emissor": "-"}, {"rg_orgao_invalido"}),
        ({"_tipo": "profissional"}, set()),
        ({}, set()),
    ]
    rows = [cliente(number, extra=extra) for number, (extra, _) in enumerate(cases)]
    found = told_together(clientes, rows)
    for number, (_, rules) in enumerate(cases):
        assert {rule for _, rule in found.get(number, set())} == rules


def test_every_reason_of_a_bare_row_is_told(clientes: Validator) -> None:
    bare = cliente(
        extra={"_tipo": "paciente"},
        **dict.fromkeys(("cnpj_cpf", "endereco", "endereco_numero", "bairro")),
        cidade="Niterói",
        cep="20040-002",
        razao_social="x" * 80,
    )
    assert told(clientes, bare) == {
        ("cnpj_cpf", "documento_ausente"),
        ("endereco", "endereco_incompleto"),
        ("endereco_numero", "endereco_incompleto"),
        ("bairro", "endereco_incompleto"),
        ("cidade", "cidade_fora_da_uf"),
        ("cep", "cep_fora_da_uf"),
        ("razao_social", "tamanho"),
        ("_rg", "rg_ausente"),
        ("_rg_orgao_emissor", "rg_orgao_ausente"),
    }


def test_repeated_keys_fail_in_every_row_that_has_them(clientes: Validator) -> None:
    rows = [cliente(1, key="PAC-A"), cliente(2, key="PAC-A"), cliente(3), cliente(4)]
    report = clientes.validate(rows, duplicated_keys={"PAC-A", "PAC-4"})
    told_rules = {f.row: [reason.rule for reason in f.reasons] for f in report.failures}
    assert told_rules == {1: ["chave_repetida"], 2: ["chave_repetida"], 4: ["chave_repetida"]}


def test_cep_outside_the_city_is_counted_but_passes(clientes: Validator) -> None:
    report = clientes.validate([cliente(cidade="Campinas", cep="01310-100")])
    warned = [item for item in report.expectations if item.severity == "warning"]
    assert report.failures == ()
    assert [(item.rule, item.failed) for item in warned] == [("cep_fora_da_cidade", 1)]


def test_clinic_rules_can_be_switched_off() -> None:
    rules = ClinicRules(require_rg=False, require_address=False, require_document=False)
    lenient = Validator(REGISTRY["clientes"], rules, References())
    blank = ("cnpj_cpf", "endereco", "endereco_numero", "bairro", "cidade", "estado", "cep")
    assert told(lenient, cliente(extra={"_tipo": "paciente"}, **dict.fromkeys(blank))) == set()
    assert told(lenient, cliente(cnpj_cpf="123")) == {("cnpj_cpf", "documento_tamanho")}


def test_a_patient_without_rg_is_no_reason_by_default() -> None:
    usual = Validator(REGISTRY["clientes"], ClinicRules(), References())
    assert told(usual, cliente(extra={"_tipo": "paciente"})) == set()


def test_unknown_column_stops_the_chunk(clientes: Validator) -> None:
    with pytest.raises(ModelError, match="rg_do_cliente"):
        clientes.validate([cliente(rg_do_cliente="1")])


def test_key_is_taken_from_the_row_when_the_payload_has_none(clientes: Validator) -> None:
    row = cliente()
    payload = {k: v for k, v in row.payload.items() if k != "codigo_cliente_integracao"}
    assert clientes.validate([type(row)(1, "PAC-1", payload, PATIENT)]).failures == ()


def test_nothing_to_validate(clientes: Validator) -> None:
    report = clientes.validate([])
    assert (report.evaluated, report.failures, report.expectations) == (0, (), ())
