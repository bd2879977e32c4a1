"""A small clinic that bills: instalments, payments, orders, contracts, rules of repasse."""

from __future__ import annotations

from collections.abc import Mapping

from tests.dbt_mapping.test_canonica import METHOD, PATIENT, PROCEDURE, RECEIPT

START = "2026-01-01"

OLD_COLUMNS = (
    "empresa,categoria_padrao_agenda,categoria_padrao_repasse,categoria_padrao_venda,"
    "categoria_padrao_despesa,categoria_padrao_compra,conta_corrente_padrao"
)
NEW_COLUMNS = (
    "faturar_os_automaticamente,gerar_os_sempre,profissional_como_vendedor,prazo_repasse_dias,"
    "lc116_padrao,servico_municipal_padrao,tributacao_padrao,cidade_prestacao,condicao_parcela_os"
)
DEFAULTS = f"""\
{OLD_COLUMNS},{NEW_COLUMNS}
principal,1.01,2.01,1.03,2.02,2.03,91,N,N,S,15,4.03,04146,01,SAO PAULO (SP),
filial,1.01,2.01,1.03,2.02,2.03,91,S,S,,,,,,,001
*,8.01,8.02,8.03,8.04,8.05,98,,,,,,,02,,
"""
ACCOUNTS = """\
empresa,forma_pagamento,codigo_conta_corrente
principal,PIX,92
principal,CRC,94
"""

_EMPTY: Mapping[str, object] = {
    "empresa": None, "data_cadastro": None, "atualizado_em": None, "_empresa": "principal",
}  # fmt: skip
_PROFESSIONAL: Mapping[str, object] = {
    **_EMPTY, "id": "5", "nome": "Dra. Lia", "cpf_cnpj": "11144477735", "conselho": "CRM 1",
    "email": "lia@exemplo.com.br", "telefone": None, "logradouro": None, "numero": None,
    "complemento": None, "bairro": None, "cidade": None, "uf": None, "cep": None, "banco": "341",
    "agencia": "1", "conta": "2", "chave_pix": None, "comissao": "12.5",
}  # fmt: skip
_RECEIPT: Mapping[str, object] = {
    **RECEIPT, "profissional_id": "5", "parcela": None, "parcelas": None, "gerar_os": None,
    "faturar": None, "projeto_id": None,
}  # fmt: skip
_PAID: Mapping[str, object] = {
    "empresa": None, "id": "1", "origem": "recebimentos", "origem_id": "1", "parcela": "2",
    "forma_pagamento_id": "2", "data": "2026-05-06", "valor": "30", "desconto": "3.33",
    "juros": None, "multa": None, "conciliado": "S", "estornado": None, "observacao": "no caixa",
    "atualizado_em": None, "_empresa": "principal",
}  # fmt: skip
_RULE: Mapping[str, object] = {
    **_EMPTY, "id": "geral", "profissional_id": None, "procedimento_id": None, "percentual": "10",
    "valor": None, "dias_para_vencer": None, "ativo": None,
}  # fmt: skip
_CONTRACT: Mapping[str, object] = {
    **_EMPTY, "id": "1", "paciente_id": "1", "numero": "2026/01", "situacao": "10",
    "vigencia_inicial": "2026-01-01", "vigencia_final": "2026-12-31", "dia_faturamento": "5",
    "tipo_faturamento": "01", "codigo_categoria": None, "codigo_conta_corrente": "77",
    "profissional_id": "5", "projeto_id": "A", "cidade_prestacao": None, "tipo_vencimento": "001",
    "dias_vencimento": "10", "dia_fixo": None, "contato": "Ana", "email": "ana@exemplo.com.br",
    "observacao": "obs", "dados_adicionais_nf": None,
}  # fmt: skip
_ITEM: Mapping[str, object] = {
    **_EMPTY, "id": "1", "contrato_id": "1", "procedimento_id": "1", "quantidade": "2",
    "valor_unitario": "50", "descricao": None, "codigo_categoria": "5.06", "desconto": "1.5",
    "ordem": "2",
}  # fmt: skip
_UNCODED: Mapping[str, object] = {
    **dict.fromkeys((
        "codigo_lc116", "codigo_servico_municipal", "codigo_tributacao", "codigo_nbs",
        "descricao_completa", "aliquota_iss", "retem_iss",
    )),
    **PROCEDURE, "id": "sem-codigos",
}  # fmt: skip

TABLES: Mapping[str, list[Mapping[str, object]]] = {
    "pacientes": [
        {**PATIENT, "email": "jose@exemplo.com.br"},
        {**PATIENT, "empresa": "filial", "rg": None},
    ],
    "profissionais": [_PROFESSIONAL, {**_PROFESSIONAL, "empresa": "filial"}],
    "formas_pagamento": [METHOD, {**METHOD, "id": "2", "tipo": "CRC"}],
    "procedimentos": [
        {
            **PROCEDURE, "valor": "150", "codigo_lc116": "4.01",
            "codigo_servico_municipal": "04030", "codigo_tributacao": "03",
            "codigo_nbs": "123012200", "descricao_completa": "Consulta médica", "aliquota_iss": "2",
            "retem_iss": "N",
        },
        {**_UNCODED, "id": "2", "nome": "Curativo", "codigo_categoria": None},
        _UNCODED,
        {**_UNCODED, "id": "so-lc116", "codigo_lc116": "4.01"},
        {**_UNCODED, "id": "em-ordem", "empresa": "filial"},
        {**_UNCODED, "id": "outra", "empresa": "filial"},
    ],
    "recebimentos": [
        {
            **_RECEIPT, "valor": "100", "parcelas": "3", "data": "2026-01-20",
            "data_vencimento": "2026-01-31", "gerar_os": "S", "projeto_id": "A",
        },
        {**_RECEIPT, "id": "simples", "procedimento_id": "2", "parcelas": "1", "valor": "80"},
        {**_RECEIPT, "id": "faturado", "profissional_id": "6", "gerar_os": "S", "faturar": "S"},
        {**_RECEIPT, "id": "abril", "procedimento_id": None, "valor": "80", "data": "2026-04-01"},
        {**_RECEIPT, "id": "abril-2", "procedimento_id": "2", "valor": "80", "data": "2026-04-02"},
        {**_RECEIPT, "id": "combinado", "procedimento_id": None},
        {**_RECEIPT, "id": "nada", "profissional_id": "7"},
        {**_RECEIPT, "id": "sem-ninguem", "profissional_id": None, "parcela": "2/3"},
        {**_RECEIPT, "id": "sujo", "profissional_id": None, "parcelas": "3", "valor": "10.0055"},
        {**_RECEIPT, "id": "demais", "profissional_id": None, "parcelas": "1000"},
        {**_RECEIPT, "empresa": "filial", "procedimento_id": None, "faturar": "N"},
        {**_RECEIPT, "empresa": "filial", "id": "2", "procedimento_id": "em-ordem"},
    ],
    "repasses": [
        {
            "empresa": None, "id": "1", "profissional_id": "5", "recebimento_id": "combinado",
            "data": "2026-03-04", "data_vencimento": "2026-03-30", "valor": "7",
            "observacao": None, "atualizado_em": None, "_empresa": "principal",
        },
        {
            "empresa": None, "id": "2", "profissional_id": "6", "recebimento_id": "combinado",
            "data": "2026-03-04", "data_vencimento": "2026-03-30", "valor": "3",
            "observacao": None, "atualizado_em": None, "_empresa": "principal",
        },
    ],
    "regras_repasse": [
        _RULE,
        {**_RULE, "id": "da-lia", "profissional_id": "5", "percentual": "20"},
        {**_RULE, "id": "lia-1", "profissional_id": "5", "procedimento_id": "1",
         "percentual": "33.335", "dias_para_vencer": "5"},
        {**_RULE, "id": "curativo", "procedimento_id": "1", "percentual": None, "valor": "15"},
        {**_RULE, "id": "velha", "profissional_id": "6", "percentual": "90", "ativo": "N"},
        {**_RULE, "id": "nenhum", "profissional_id": "7", "percentual": "0"},
        {**_RULE, "id": "lia-abril", "profissional_id": "5", "percentual": "25",
         "data_cadastro": "2026-04-01"},
        {**_RULE, "id": "lia-2", "profissional_id": "5", "procedimento_id": "2",
         "percentual": "50", "data_cadastro": "2026-04-01"},
    ],
    "pagamentos": [
        _PAID,
        {**_PAID, "id": "so", "origem_id": "simples", "parcela": None, "forma_pagamento_id": None,
         "conciliado": "N", "juros": "1", "multa": "0.5", "desconto": None},
        {**_PAID, "id": "segunda", "origem_id": "sem-ninguem", "parcela": "2"},
        {**_PAID, "id": "qual", "parcela": None},
        {**_PAID, "id": "quarta", "origem_id": "simples", "parcela": "4"},
        {**_PAID, "id": "volta", "parcela": "1", "estornado": "S"},
        {**_PAID, "id": "repasse", "origem": "repasses", "parcela": None},
        {**_PAID, "id": "regra", "origem": "repasses", "origem_id": "Rsimples", "parcela": None},
        {**_PAID, "id": "volta-p", "origem": "repasses", "parcela": None, "estornado": "S"},
        {**_PAID, "id": "de-nada", "origem": "outra"},
    ],
    "contratos": [
        _CONTRACT,
        {**_CONTRACT, "id": "rascunho", "situacao": "00", "projeto_id": None, "email": None,
         "codigo_conta_corrente": None, "tipo_vencimento": None, "dias_vencimento": None},
        {**_CONTRACT, "id": "fim", "situacao": "99"},
        {**_CONTRACT, "id": "palavras", "situacao": "00", "codigo_categoria": "Acompanhamento"},
    ],
    "contratos_itens": [
        _ITEM,
        {**_ITEM, "id": "0", "procedimento_id": "2", "ordem": "1", "desconto": None,
         "descricao": "Curativo em casa", "codigo_categoria": None},
        {**_ITEM, "id": "f", "contrato_id": "fim", "procedimento_id": None},
        {**_ITEM, "id": "p1", "contrato_id": "palavras", "ordem": "1", "codigo_categoria": "5.06"},
        {**_ITEM, "id": "p2", "contrato_id": "palavras", "codigo_categoria": "Visita"},
    ],
    "projetos": [
        {**_EMPTY, "id": "A", "nome": "Unidade A", "ativo": "S"},
        {**_EMPTY, "id": "B", "nome": "Unidade B", "ativo": "N"},
    ],
    "categorias": [
        {**_EMPTY, "id": "9", "categoria_superior": "1.01", "descricao": "Cirurgias",
         "natureza": None, "tipo_categoria": None, "codigo_dre": None},
    ],
}  # fmt: skip
