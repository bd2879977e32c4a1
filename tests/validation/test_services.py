"""Every rule of the endpoints beside clientes and títulos, broken and kept."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest

from omie_pipeline.catalog import REGISTRY, WRITABLE
from omie_pipeline.errors import ModelError
from omie_pipeline.validation import CandidateRow, ClinicRules, References, Validator
from omie_pipeline.validation.model import UnmappedValue
from tests.validation.conftest import REFERENCES
from tests.validation.rows import Told, told_together
from tests.validation.service_rows import GOOD, row_of

Case = tuple[Any, ...]
"""What is changed (``service_rows.row_of``), then ``path: rule`` of each reason told."""

BROKEN: dict[str, list[Case]] = {
    "projetos": [
        ({"nome": None}, "nome: obrigatorio"),
        ({"_key": "P" * 21}, "codInt: tamanho"),
        ({"_key": None, "codInt": None}, "codInt: chave_ausente"),
    ],
    "vendedores": [
        (
            {"nome": "x" * 71},
            "nome: tamanho",
        ),
        ({"comissao": "10%"}, "comissao: tipo_decimal"),
        ({"fatura_pedido": "sim"}, "fatura_pedido: valor_sn"),
    ],
    "categorias": [
        ({"descricao": " "}, "descricao: obrigatorio"),
        ({"categoria_superior": None}, "categoria_superior: obrigatorio"),
        ({"categoria_superior": "9.99"}, "categoria_superior: categoria_superior_inexistente"),
        ({"_key": None}, "_chave: chave_ausente"),
    ],
    "associar_clientes": [
        ({"codigo_cliente_omie": None}, "codigo_cliente_omie: obrigatorio"),
    ],
    "clientes_cpf_cnpj": [
        ({"cnpj_cpf": None}, "cnpj_cpf: documento_ausente"),
        ({"cnpj_cpf": "11222333000182"}, "cnpj_cpf: cnpj_digitos"),
        ({"_tipo": "paciente", "_rg": "1"}, "_rg_orgao_emissor: rg_orgao_ausente"),
    ],
    "servicos": [
        ({"cabecalho.cCodLC116": None}, "cabecalho.cCodLC116: lc116_ausente"),
        ({"cabecalho.cCodLC116": "0401"}, "cabecalho.cCodLC116: lc116_formato"),
        ({"cabecalho.cCodServMun": ""}, "cabecalho.cCodServMun: servico_municipal_ausente"),
        ({"cabecalho.cDescricao": None}, "cabecalho.cDescricao: obrigatorio"),
        ({"cabecalho": None}, "cabecalho: obrigatorio"),
        ({"cabecalho.nValorDesc": 1}, "cabecalho.nValorDesc: somente_leitura"),
        ({"cabecalho.cCodCateg": "9.9"}, "cabecalho.cCodCateg: categoria_inexistente"),
        ({"cabecalho.nPrecoUnit": Decimal("1.001")}, "cabecalho.nPrecoUnit: casas_decimais"),
        (
            {"_key": None, "intEditar": None},
            "intEditar: obrigatorio",
            "intEditar.cCodIntServ: chave_ausente",
        ),
        (
            {"intEditar.cCodIntServ": "S" * 61},
            "intEditar.cCodIntServ: tamanho",
        ),
        ({"impostos.cRetISS": True}, "impostos.cRetISS: booleano"),
    ],
    "contratos": [
        ({"cabecalho.nCodCli": None}, "cabecalho.nCodCli: obrigatorio"),
        ({"cabecalho.nCodCli": "7"}, "cabecalho.nCodCli: tipo_inteiro"),
        ({"cabecalho.nCodCli": {"$omie_id": ["clientes"]}}, "cabecalho.nCodCli: marca_invalida"),
        ({"cabecalho.nCodCli": {"$omie_id": ["nada", "X"]}}, "cabecalho.nCodCli: marca_invalida"),
        ({"cabecalho.nCodCli": {"id": 1}}, "cabecalho.nCodCli: tipo_inteiro"),
        ({"cabecalho.cCodSit": "01"}, "cabecalho.cCodSit: valor_fechado"),
        ({"cabecalho.cTipoFat": "04"}, "cabecalho.cTipoFat: valor_fechado"),
        ({"cabecalho.nValTotMes": 10}, "cabecalho.nValTotMes: somente_leitura"),
        ({"cabecalho.dVigFinal": "2026-01-01"}, "cabecalho.dVigFinal: vigencia_invertida"),
        ({"cabecalho.dVigFinal": "31/12/2026"}, "cabecalho.dVigFinal: data_invalida"),
        ({"cabecalho.nDiaFat": 32}, "cabecalho.nDiaFat: dia_do_mes"),
        ({"cabecalho.cCodIntCtr": "C" * 21}, "cabecalho.cCodIntCtr: tamanho"),
        ({"vencTextos": None}, "vencTextos: obrigatorio"),
        ({"vencTextos.nDias": None}, "vencTextos.nDias: vencimento_dias"),
        ({"vencTextos.cTpVenc": "002"}, "vencTextos.nDiaFixo: vencimento_dia_fixo"),
        ({"vencTextos": {"cTpVenc": "002", "nDiaFixo": 0}}, "vencTextos.nDiaFixo: dia_do_mes"),
        ({"infAdic.nCodCC": 5}, "infAdic.nCodCC: conta_inexistente"),
        (
            {"infAdic.nCodCC": {"$omie_id": ["vendedores", "P"]}},
            "infAdic.nCodCC: conta_inexistente",
        ),
        ({"infAdic.cCodCateg": "2.99.99"}, "infAdic.cCodCateg: categoria_inativa"),
        ({"infAdic.cCentroCusto": 1}, "infAdic.cCentroCusto: campo_desconhecido"),
        ({"infoCadastro": {"dInc": "2026-01-01"}}, "infoCadastro: somente_leitura"),
        ({"itensContrato.0.itemCabecalho": {}}, "itensContrato[1]: item_sem_servico"),
        (
            {"itensContrato.0": {"itemDescrServ": {"descrCompleta": "x"}}},
            "itensContrato[1]: item_sem_servico",
        ),
        (
            {"itensContrato.1.itemCabecalho": {"quant": 1, "valorUnit": 1}},
            "itensContrato[2]: item_sem_servico",
        ),
        (
            {"itensContrato.1.itemCabecalho.codLC116": None},
            "itensContrato[2].itemCabecalho.codLC116: obrigatorio",
        ),
        (
            {"itensContrato.1.itemCabecalho.quant": None},
            "itensContrato[2].itemCabecalho.quant: obrigatorio",
        ),
        (
            {"itensContrato.1.itemCabecalho.valorTotal": 1},
            "itensContrato[2].itemCabecalho.valorTotal: somente_leitura",
        ),
        (
            {"itensContrato.1.itemDescrServ.descrCompleta": ""},
            "itensContrato[2].itemDescrServ.descrCompleta: obrigatorio",
        ),
        (
            {"itensContrato.1.itemOutrasInf": {"nTipoItVigFinal": 4}},
            "itensContrato[2].itemOutrasInf.nTipoItVigFinal: valor_fechado",
        ),
        ({"itensContrato.1.itemViaUnica": []}, "itensContrato[2].itemViaUnica: tipo_estrutura"),
        (
            {"departamentos": [{"cCodDep": "1" * 41}]},
            "departamentos[1].cCodDep: tamanho",
        ),
        (
            {"produtosUtilizados": {"produtoUtilizado": [{"nCodProdutoPU": 1}]}},
            "produtosUtilizados.cAcaoProdUtilizados: obrigatorio",
            "produtosUtilizados.produtoUtilizado[1].nQtdePU: obrigatorio",
        ),
        ({"itensContrato": []}, "itensContrato: sem_itens"),
        ({"itensContrato": None}, "itensContrato: obrigatorio"),
    ],
    "situacao_contratos": [
        ({"cCodSit": "00"}, "cCodSit: valor_fechado"),
        ({"cCodSit": None}, "cCodSit: obrigatorio"),
    ],
    "baixas_receber": [
        ({"valor": 0}, "valor: valor_positivo"),
        ({"valor": None}, "valor: obrigatorio"),
        ({"data": None}, "data: obrigatorio"),
        ({"codigo_conta_corrente": None}, "codigo_conta_corrente: conta_ausente"),
        ({"codigo_conta_corrente": 5}, "codigo_conta_corrente: conta_inexistente"),
        ({"_key": "B" * 21}, "codigo_baixa_integracao: tamanho"),
        (
            {"codigo_lancamento_integracao": None},
            "codigo_lancamento ou codigo_lancamento_integracao: um_dos",
        ),
        ({"juros": Decimal("0.001")}, "juros: casas_decimais"),
    ],
    "baixas_pagar": [
        ({"codigo_conta_corrente": 9100000004}, "codigo_conta_corrente: conta_inativa"),
    ],
    "ordens_servico": [
        ({"Cabecalho": None}, "Cabecalho: obrigatorio"),
        ({"Cabecalho.cCodParc": None}, "Cabecalho.cCodParc: obrigatorio"),
        ({"Cabecalho.cCodIntCli": None}, "Cabecalho.cCodIntCli: os_sem_cliente"),
        ({"Cabecalho.nValorTotal": 1}, "Cabecalho.nValorTotal: somente_leitura"),
        ({"Cabecalho.cEtapa": "60"}, "Cabecalho.cEtapa: valor_fechado"),
        ({"InfoCadastro": {"cFaturada": "S"}}, "InfoCadastro: somente_leitura"),
        ({"InformacoesAdicionais": None}, "InformacoesAdicionais: obrigatorio"),
        ({"InformacoesAdicionais.nCodCC": None}, "InformacoesAdicionais.nCodCC: obrigatorio"),
        ({"ServicosPrestados": []}, "ServicosPrestados: sem_itens"),
        ({"ServicosPrestados": None}, "ServicosPrestados: obrigatorio"),
        (
            {"ServicosPrestados.0": {"nQtde": 1, "nValUnit": 1, "cDescServ": "x"}},
            "ServicosPrestados[1]: item_sem_servico",
        ),
        (
            {"ServicosPrestados.1.cCodServMun": None},
            "ServicosPrestados[2].cCodServMun: obrigatorio",
        ),
        ({"ServicosPrestados.1.nValUnit": None}, "ServicosPrestados[2].nValUnit: obrigatorio"),
        ({"ServicosPrestados.0.nQtde": None}, "ServicosPrestados[1].nQtde: obrigatorio"),
        (
            {"ServicosPrestados.1.impostos": {"nValorISS": 1}},
            "ServicosPrestados[2].impostos.nValorISS: somente_leitura",
        ),
        ({"_cpf": None}, "_cpf: documento_ausente"),
        ({"_cpf": "390.533.447-06"}, "_cpf: cpf_digitos"),
        ({"_rg": ""}, "_rg: rg_ausente"),
        ({"_rg_orgao_emissor": None}, "_rg_orgao_emissor: rg_orgao_ausente"),
        ({"_endereco": None}, "_endereco: endereco_incompleto"),
        ({"_endereco_numero": None}, "_endereco_numero: endereco_incompleto"),
        ({"_bairro": None}, "_bairro: endereco_incompleto"),
        ({"_cidade": None}, "_cidade: endereco_incompleto"),
        ({"_estado": None}, "_estado: endereco_incompleto"),
        ({"_cep": None}, "_cep: endereco_incompleto"),
        ({"_cep": "123"}, "_cep: cep_formato"),
        ({"_estado": "ZZ"}, "_estado: uf_inexistente"),
    ],
    "faturar_os": [
        (
            {"_key": None, "cCodIntOS": None},
            "cCodIntOS: chave_ausente",
            "cCodIntOS ou nCodOS: um_dos",
        ),
    ],
}
CASES = [(name, *case) for name, cases in BROKEN.items() for case in cases]


def validator(name: str, rules: ClinicRules | None = None) -> Validator:
    return Validator(REGISTRY[name], rules or ClinicRules(), REFERENCES)


@pytest.fixture(scope="module")
def told_of_broken() -> dict[int, Told]:
    """One validation per endpoint: that is what costs."""
    found: dict[int, Told] = {}
    for name in GOOD:
        rows = [
            row_of(name, number, case[1]) for number, case in enumerate(CASES) if case[0] == name
        ]
        good = row_of(name, 9999)
        rules = ClinicRules(require_rg_of_patients=True)
        answers = told_together(validator(name, rules), [*rows, good])
        assert 9999 not in answers, (name, answers)
        found |= answers
    return found


@pytest.mark.parametrize("number", range(len(CASES)), ids=lambda n: str(CASES[n][:2])[:70])
def test_broken_rule_is_told_alone(number: int, told_of_broken: dict[int, Told]) -> None:
    told = {f"{path}: {rule}" for path, rule in told_of_broken.get(number, set())}
    assert told == set(CASES[number][2:])


def test_every_endpoint_with_a_suite_is_here_or_has_its_own_tests() -> None:
    elsewhere = {"clientes", "contas_receber", "contas_pagar"}
    assert {e.name for e in WRITABLE if not e.deletes} == set(GOOD) | elsewhere


def test_a_company_as_patient_needs_no_rg() -> None:
    change = {"_cpf": "11222333000181", "_rg": None, "_rg_orgao_emissor": None}
    rows = [row_of("ordens_servico", 1, change)]
    assert told_together(validator("ordens_servico"), rows) == {}


def test_the_rg_of_an_order_can_be_left_out_by_rule() -> None:
    row = row_of("ordens_servico", 1, {"_rg": None, "_rg_orgao_emissor": None})
    (told,) = told_together(validator("ordens_servico"), [row]).values()
    assert {rule for _, rule in told} == {"rg_ausente", "rg_orgao_ausente"}
    free = validator("ordens_servico", ClinicRules(require_rg=False))
    assert told_together(free, [row]) == {}


def test_the_patient_can_be_left_out_by_rule() -> None:
    free = validator("ordens_servico", ClinicRules(os_requires_patient=False))
    row = row_of("ordens_servico")
    assert free.validate([CandidateRow(1, "OS-1", row.payload)]).failures == ()


def test_a_model_without_the_patient_columns_is_told_of_all_of_them() -> None:
    row = CandidateRow(1, "OS-1", row_of("ordens_servico").payload)
    (told,) = told_together(validator("ordens_servico"), [row]).values()
    assert {field for field, _ in told} == {
        "_cpf", "_rg", "_rg_orgao_emissor", "_endereco", "_endereco_numero", "_bairro", "_cidade",
        "_estado", "_cep",
    }  # fmt: skip


def test_unknown_section_stops_the_chunk() -> None:
    with pytest.raises(ModelError, match="cabecalho2"):
        validator("contratos").validate([row_of("contratos", 1, {"cabecalho2": {}})])


def test_repeated_keys_of_a_section_fail() -> None:
    rows = [row_of("ordens_servico", 1, {"_key": "OS-1"}), row_of("ordens_servico", 2)]
    report = validator("ordens_servico").validate(rows, duplicated_keys={"OS-1"})
    assert [(f.row, f.reasons[0].field, f.reasons[0].rule) for f in report.failures] == [
        (1, "Cabecalho.cCodIntOS", "chave_repetida")
    ]


def test_reasons_read_well() -> None:
    rows = [
        row_of("servicos", 1, {"cabecalho.cCodLC116": None}),
        row_of("servicos", 2, {"cabecalho.cCodServMun": None}),
    ]
    reasons = [f.reasons[0] for f in validator("servicos").validate(rows).failures]
    assert reasons[0].reason == "Código da lista de serviços (LC 116) não foi preenchido."
    assert "contador" in reasons[1].fix
    item = row_of("contratos", 1, {"itensContrato.0.itemCabecalho": {}})
    (failure,) = validator("contratos").validate([item]).failures
    assert failure.reasons[0].reason == "Itens do contrato, item 1: não diz qual é o serviço."


def test_every_category_of_a_contract_that_nobody_mapped_is_told_at_once() -> None:
    """By the clinic's word, each with what it may mean; another code that Omie lacks stays told."""

    def suggest(value: UnmappedValue) -> list[str]:
        return [f"1.01.01 para {value.source}"]

    def unmapped(field: str, word: str) -> dict[str, str]:
        return {"kind": "category", "source": word, "name": word, "field": field}

    row = row_of(
        "contratos",
        1,
        {
            "infAdic.cCodCateg": "Acompanhamento",
            "itensContrato.0.itemCabecalho.cCodCategItem": "9.99.99",
            "itensContrato.1.itemCabecalho.cCodCategItem": "Visita em casa",
            "_unmapped": [
                unmapped("infAdic", "Acompanhamento"),
                unmapped("itensContrato[2]", "Visita em casa"),
                unmapped("itensContrato[10]", "De outro contrato"),
            ],
        },
    )
    references = replace(REFERENCES, suggest=suggest)
    contracts = Validator(REGISTRY["contratos"], ClinicRules(), references)
    (failure,) = contracts.validate([row]).failures
    told = [(one.field, one.rule, one.reason, one.fix) for one in failure.reasons]
    assert [(field, rule) for field, rule, _, _ in told] == [
        ("codigo_categoria", "unmapped_category"),
        ("codigo_categoria", "unmapped_category"),
        ("itensContrato[1].itemCabecalho.cCodCategItem", "categoria_inexistente"),
    ]
    for (_, _, reason, fix), word in zip(
        told[:2], ("Acompanhamento", "Visita em casa"), strict=True
    ):
        assert f"'{word}'" in reason
        assert f"1.01.01 para {word}" in fix


def test_counts_are_by_rule_of_the_block() -> None:
    rows = [row_of("servicos", n, {"cabecalho.cCodLC116": None}) for n in range(3)]
    report = validator("servicos").validate([*rows, row_of("servicos", 9)])
    counts = {item.rule: (item.evaluated, item.failed) for item in report.expectations}
    assert counts["lc116_ausente"] == (4, 3)
    assert counts["lc116_formato"] == (4, 0)


def test_lists_are_asked_for_only_where_a_row_uses_them() -> None:
    bare = Validator(REGISTRY["servicos"], ClinicRules(), References())
    row = row_of("servicos", 1, {"cabecalho.cCodCateg": None})
    assert bare.validate([row]).failures == ()
