"""Every rule of the two títulos suites and of the explicit deletes."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, datetime
from decimal import Decimal
from typing import Any

import pytest

from omie_pipeline.catalog import REGISTRY
from omie_pipeline.errors import ConfigurationError
from omie_pipeline.validation import CandidateRow, ClinicRules, References, Validator
from omie_pipeline.validation.model import UnmappedValue
from tests.validation.conftest import REFERENCES
from tests.validation.rows import Told, titulo, told, told_together

BROKEN: list[tuple[dict[str, Any], Told]] = [
    ({"valor_documento": None}, {("valor_documento", "obrigatorio")}),
    ({"valor_documento": 0}, {("valor_documento", "valor_positivo")}),
    ({"valor_documento": Decimal("-1.50")}, {("valor_documento", "valor_positivo")}),
    ({"valor_documento": Decimal("10.005")}, {("valor_documento", "casas_decimais")}),
    ({"valor_documento": "NaN"}, {("valor_documento", "nao_numero")}),
    ({"valor_documento": "Infinity"}, {("valor_documento", "nao_numero")}),
    ({"valor_documento": Decimal("NaN")}, {("valor_documento", "nao_numero")}),
    ({"valor_documento": float("inf")}, {("valor_documento", "nao_numero")}),
    ({"valor_documento": "150,00"}, {("valor_documento", "tipo_decimal")}),
    ({"valor_documento": True}, {("valor_documento", "tipo_decimal")}),
    ({"data_vencimento": None}, {("data_vencimento", "obrigatorio")}),
    ({"data_vencimento": "2026-02-30"}, {("data_vencimento", "data_invalida")}),
    ({"data_vencimento": "30/11/2026"}, {("data_vencimento", "data_invalida")}),
    ({"data_vencimento": "infinity"}, {("data_vencimento", "data_invalida")}),
    ({"data_vencimento": 20261130}, {("data_vencimento", "data_invalida")}),
    ({"data_vencimento": datetime(2026, 11, 30)}, {("data_vencimento", "data_invalida")}),
    ({"data_previsao": "1900-12-31"}, {("data_previsao", "data_ano")}),
    ({"data_previsao": "2206-11-30"}, {("data_previsao", "data_ano")}),
    ({"data_emissao": "2026-11-30T00:00:00"}, {("data_emissao", "data_invalida")}),
    ({"numero_parcela": "1/3"}, {("numero_parcela", "padrao")}),
    (
        {"numero_parcela": "001/003\n"},
        {("numero_parcela", "tamanho"), ("numero_parcela", "caractere_controle")},
    ),
    ({"codigo_tipo_documento": "XXX"}, {("codigo_tipo_documento", "tipo_documento_inexistente")}),
    ({"codigo_categoria": "9.99"}, {("codigo_categoria", "categoria_inexistente")}),
    ({"codigo_categoria": "2.99.99"}, {("codigo_categoria", "categoria_inativa")}),
    ({"codigo_categoria": ["1.01.01"]}, {("codigo_categoria", "tipo_texto")}),
    ({"id_conta_corrente": None}, {("id_conta_corrente", "conta_ausente")}),
    ({"id_conta_corrente": 5}, {("id_conta_corrente", "conta_inexistente")}),
    ({"id_conta_corrente": 9100000004}, {("id_conta_corrente", "conta_inativa")}),
    ({"id_conta_corrente": "9100000001"}, {("id_conta_corrente", "tipo_inteiro")}),
    ({"codigo_categoria": None}, {("codigo_categoria ou categorias", "categoria_ausente")}),
    (
        {"codigo_cliente_fornecedor_integracao": None},
        {("codigo_cliente_fornecedor ou codigo_cliente_fornecedor_integracao", "um_dos")},
    ),
    ({"boleto": {"cGerado": "S"}}, {("boleto", "somente_leitura")}),
    ({"retem_iss": "SN"}, {("retem_iss", "tamanho")}),
    (
        {
            "categorias": [
                {"codigo_categoria": "1.01.01", "percentual": Decimal(60)},
                {"codigo_categoria": "8.88", "percentual": Decimal("30.5")},
            ]
        },
        {
            ("categorias[2].codigo_categoria", "categoria_inexistente"),
            ("categorias", "soma_percentual"),
        },
    ),
    (
        {"categorias": [{"codigo_categoria": "1.01.01", "valor": Decimal("1.001")}]},
        {("categorias[1].valor", "casas_decimais")},
    ),
    (
        {"recebimento": {"codigo_conta_corrente": 7, "data": "ontem", "valor": "NaN"}},
        {
            ("recebimento.codigo_conta_corrente", "conta_inexistente"),
            ("recebimento.data", "data_invalida"),
            ("recebimento.valor", "nao_numero"),
        },
    ),
    ({"repeticao": {"antecipar": "S"}}, {("repeticao", "um_bloco")}),
    (
        {"repeticao": {"semanal": {"repetir_dia_semana": "sunday", "repetir_por": "2"}}},
        {
            ("repeticao.semanal.repetir_dia_semana", "valor_fechado"),
            ("repeticao.semanal.repetir_por", "tipo_inteiro"),
        },
    ),
    (
        {"repeticao": {"mensal": {"repetir_por": 2}}},
        {("repeticao.mensal.repetir_todo_dia", "obrigatorio")},
    ),
]


@pytest.fixture(scope="module")
def told_of_broken(receber: Validator) -> dict[int, Told]:
    rows = [titulo(number, **changes) for number, (changes, _) in enumerate(BROKEN)]
    return told_together(receber, [*rows, titulo(9999)])


@pytest.mark.parametrize("number", range(len(BROKEN)), ids=lambda n: str(BROKEN[n][0])[:50])
def test_broken_rule_is_told_alone(number: int, told_of_broken: dict[int, Told]) -> None:
    assert told_of_broken[number] == BROKEN[number][1]


def test_good_row_beside_bad_ones_passes(told_of_broken: dict[int, Told]) -> None:
    assert 9999 not in told_of_broken


def test_good_rows_pass(receber: Validator) -> None:
    split = [
        {"codigo_categoria": "1.01.01", "percentual": Decimal("33.3333")},
        {"codigo_categoria": "1.01.01", "percentual": Decimal("66.6667")},
    ]
    rows = [
        titulo(1),
        titulo(2, valor_documento=1),
        titulo(3, valor_documento=Decimal("10.5000")),
        titulo(4, valor_documento=Decimal("9999999999999.99")),
        titulo(5, codigo_categoria=None, categorias=split),
        titulo(
            6, codigo_cliente_fornecedor_integracao=None, codigo_cliente_fornecedor=123456789012
        ),
        titulo(7, data_vencimento=date(2026, 11, 30)),
        titulo(8, data_emissao="2000-01-01", numero_parcela=None),
        titulo(9, repeticao={"mensal": {"repetir_todo_dia": 5, "repetir_por": 12}}),
        titulo(10, recebimento={"codigo_conta_corrente": 9100000001, "valor": 10}),
    ]
    assert told_together(receber, rows) == {}


def test_a_pagar_has_its_own_nested_fields(pagar: Validator) -> None:
    transfer = {"codigo_forma_pagamento": "TRA", "banco_transferencia": "341"}
    rows = [
        titulo(1, cnab_integracao_bancaria={"codigo_forma_pagamento": "PIX", "pix_qrcode": "abc"}),
        titulo(2, cnab_integracao_bancaria=transfer),
        titulo(3, pagamento={"codigo_conta_corrente": 9100000004}),
        titulo(4, distribuicao=[{"cCodDep": "1" * 41, "nPerDep": Decimal("12.3456")}]),
    ]
    found = told_together(pagar, rows)
    assert 1 not in found
    missing = {path.rpartition(".")[2] for path, rule in found[2] if rule == "obrigatorio"}
    assert "agencia_transferencia" in missing
    assert found[3] == {("pagamento.codigo_conta_corrente", "conta_inativa")}
    assert found[4] == {("distribuicao[1].cCodDep", "tamanho")}


def test_unconfirmed_customer_holds_a_valid_row_only(receber: Validator) -> None:
    rows = [
        titulo(1),
        titulo(2, codigo_cliente_fornecedor_integracao="PAC-2"),
        titulo(3, codigo_cliente_fornecedor_integracao="PAC-2", valor_documento=0),
        titulo(4, codigo_cliente_fornecedor_integracao=None, codigo_cliente_fornecedor=77),
    ]
    assert receber.referenced_codes(rows) == {"clientes": {"PAC-1", "PAC-2"}}
    report = receber.validate(rows, confirmed={"clientes": {"PAC-1"}})
    assert [hold.row for hold in report.held] == [2]
    assert "Aguarda" in report.held[0].reason
    assert [failure.row for failure in report.failures] == [3]
    assert (report.failed_rows, report.held_rows) == (1, 1)


def test_nobody_waits_when_no_confirmations_are_given(receber: Validator) -> None:
    assert receber.validate([titulo(codigo_cliente_fornecedor_integracao="X")]).held == ()


@pytest.mark.parametrize(
    ("references", "name"),
    [
        (References(None, REFERENCES.contas_correntes), "categorias"),
        (References({}, REFERENCES.contas_correntes), "categorias"),
        (References(REFERENCES.categorias, None), "contas correntes"),
    ],
)
def test_list_never_read_is_one_error_and_no_failing_row(references: References, name: str) -> None:
    validator = Validator(REGISTRY["contas_receber"], ClinicRules(), references)
    with pytest.raises(ConfigurationError, match=name):
        validator.validate([titulo()])


def test_explicit_delete_needs_one_of_the_two_keys() -> None:
    validator = Validator(REGISTRY["excluir_contas_receber"], ClinicRules(), References())
    rows = [
        CandidateRow(1, "REC-1", {"codigo_lancamento_integracao": "REC-1"}),
        CandidateRow(2, None, {"chave_lancamento": 12}),
        CandidateRow(3, None, {"codigo_lancamento_integracao": None}),
    ]
    assert told_together(validator, rows) == {
        3: {("chave_lancamento ou codigo_lancamento_integracao", "um_dos")}
    }


def test_rules_on_category_and_account_can_be_switched_off() -> None:
    rules = ClinicRules(require_category=False, require_conta_corrente=False)
    validator = Validator(REGISTRY["contas_receber"], rules, References())
    assert told(validator, titulo(codigo_categoria=None, id_conta_corrente=None)) == set()


def test_a_category_that_nobody_mapped_is_told_by_the_clinics_word() -> None:
    """One reason, whatever else is wrong with the word as a code, with what it may mean."""
    asked: list[UnmappedValue] = []

    def suggest(value: UnmappedValue) -> list[str]:
        asked.append(value)
        return ["1.01.01 Consultas (90%: mesmo nome)"] if value.kind == "procedure" else []

    references = replace(REFERENCES, suggest=suggest)
    validator = Validator(REGISTRY["contas_receber"], ClinicRules(), references)
    word = "Aluguel das salas de atendimento"
    rent = {"kind": "category", "source": word, "name": word}
    visit = {"kind": "procedure", "source": "12", "name": "Consulta"}
    rows = [
        replace(titulo(1, codigo_categoria=word), extra={"_unmapped": rent}),
        replace(titulo(2, codigo_categoria=None), extra={"_unmapped": visit}),
        replace(titulo(3), extra={"_unmapped": None}),
    ]
    first, second = validator.validate(rows).failures
    ((rule, reason, fix),) = [(one.rule, one.reason, one.fix) for one in first.reasons]
    assert rule == "unmapped_category"
    assert reason == f"Categoria não mapeada: a categoria '{word}'."
    assert f"mapping set EMPRESA category '{word}' CÓDIGO." in fix
    ((reason, fix),) = [(one.reason, one.fix) for one in second.reasons]
    assert reason == "Categoria não mapeada: o procedimento 'Consulta' (12)."
    assert fix.endswith("Talvez: 1.01.01 Consultas (90%: mesmo nome).")
    assert asked == [UnmappedValue(**rent), UnmappedValue(**visit)]
