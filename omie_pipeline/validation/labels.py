"""Omie's field names in the words of a clinic's front desk."""

from __future__ import annotations

import re
from typing import Final

LABELS: Final[dict[str, str]] = {
    # clientes
    "codigo_cliente_omie": "código do cliente no Omie",
    "codigo_cliente_integracao": "código de integração do cliente",
    "razao_social": "nome ou razão social",
    "cnpj_cpf": "CPF ou CNPJ",
    "nome_fantasia": "nome fantasia",
    "telefone1_ddd": "DDD do telefone",
    "telefone1_numero": "telefone",
    "telefone2_ddd": "DDD do segundo telefone",
    "telefone2_numero": "segundo telefone",
    "fax_ddd": "DDD do fax",
    "fax_numero": "fax",
    "contato": "nome do contato",
    "endereco": "logradouro (rua, avenida)",
    "endereco_numero": "número do endereço",
    "bairro": "bairro",
    "complemento": "complemento do endereço",
    "estado": "UF",
    "cidade": "cidade",
    "cidade_ibge": "código IBGE da cidade",
    "cep": "CEP",
    "codigo_pais": "código do país",
    "email": "e-mail",
    "homepage": "página na internet",
    "inscricao_estadual": "inscrição estadual",
    "inscricao_municipal": "inscrição municipal",
    "inscricao_suframa": "inscrição na Suframa",
    "optante_simples_nacional": "optante do Simples Nacional",
    "tipo_atividade": "tipo de atividade",
    "cnae": "CNAE",
    "produtor_rural": "produtor rural",
    "contribuinte": "contribuinte do ICMS",
    "observacao": "observação",
    "obs_detalhadas": "observações detalhadas",
    "recomendacao_atraso": "recomendação de atraso",
    "recomendacoes": "recomendações",
    "tags": "etiquetas (tags)",
    "tag": "etiqueta",
    "pessoa_fisica": "pessoa física",
    "valor_limite_credito": "limite de crédito",
    "bloquear_faturamento": "bloquear faturamento",
    "bloquear_exclusao": "bloquear exclusão",
    "inativo": "inativo",
    "nif": "NIF (documento fiscal estrangeiro)",
    "documento_exterior": "documento do exterior",
    "enviar_anexos": "enviar anexos",
    "pesquisar_cep": "pesquisar CEP",
    "separar_endereco": "separar endereço",
    "caracteristicas": "características",
    "campo": "nome da característica",
    "conteudo": "conteúdo da característica",
    "dadosBancarios": "dados bancários",
    "codigo_banco": "código do banco",
    "agencia": "agência",
    "conta_corrente": "conta corrente do favorecido",
    "doc_titular": "CPF ou CNPJ do titular",
    "nome_titular": "nome do titular",
    "transf_padrao": "transferência padrão",
    "cChavePix": "chave Pix",
    "enderecoEntrega": "endereço de entrega",
    "entRazaoSocial": "nome de quem recebe",
    "entCnpjCpf": "CPF ou CNPJ de quem recebe",
    "entEndereco": "logradouro",
    "entNumero": "número",
    "entComplemento": "complemento",
    "entBairro": "bairro",
    "entCEP": "CEP",
    "entEstado": "UF",
    "entCidade": "cidade",
    "entTelefone": "telefone",
    "entIE": "inscrição estadual",
    "_rg": "RG",
    "_rg_orgao_emissor": "órgão emissor do RG",
    # títulos
    "codigo_lancamento_omie": "código do lançamento no Omie",
    "chave_lancamento": "código do lançamento no Omie",
    "codigo_lancamento_integracao": "código de integração do lançamento",
    "codigo_cliente_fornecedor": "código do cliente no Omie",
    "codigo_cliente_fornecedor_integracao": "cliente ou fornecedor",
    "data_vencimento": "data de vencimento",
    "data_previsao": "data de previsão",
    "data_emissao": "data de emissão",
    "data_entrada": "data de entrada",
    "data_registro": "data de registro",
    "valor_documento": "valor",
    "codigo_categoria": "categoria",
    "categorias": "rateio por categoria",
    "id_conta_corrente": "conta corrente",
    "codigo_conta_corrente": "conta corrente",
    "numero_documento": "número do documento",
    "numero_documento_fiscal": "número do documento fiscal",
    "numero_parcela": "número da parcela",
    "numero_pedido": "número do pedido",
    "numero_parcelas": "número de parcelas",
    "codigo_tipo_documento": "tipo de documento",
    "chave_nfe": "chave da NF-e",
    "codigo_barras_ficha_compensacao": "código de barras do boleto",
    "codigo_cmc7_cheque": "código CMC7 do cheque",
    "codigo_vendedor": "vendedor",
    "codigo_projeto": "projeto",
    "id_origem": "origem",
    "operacao": "operação",
    "status_titulo": "situação do lançamento",
    "nsu": "NSU",
    "acao": "ação",
    "bloqueado": "bloqueado",
    "bloquear_baixa": "bloquear baixa",
    "baixar_documento": "baixar documento",
    "conciliar_documento": "conciliar documento",
    "distribuicao": "rateio por departamento",
    "cCodDep": "departamento",
    "nValDep": "valor do departamento",
    "nPerDep": "percentual do departamento",
    "lancamento_detalhe": "detalhe do lançamento",
    "recebimento": "recebimento",
    "pagamento": "pagamento",
    "repeticao": "repetição",
    "mensal": "repetição mensal",
    "semanal": "repetição semanal",
    "especifico": "repetição específica",
    "boleto": "boleto",
    "info": "dados de auditoria",
    "importado_api": "importado pela API",
    "aprendizado_rateio": "aprendizado do rateio",
    "cnab_integracao_bancaria": "integração bancária (CNAB)",
    "codigo_forma_pagamento": "forma de pagamento",
    "servico_tomado": "serviço tomado",
    "percentual": "percentual",
    "valor": "valor",
    "desconto": "desconto",
    "juros": "juros",
    "multa": "multa",
    "data": "data",
}
"""A name that is not here is shown as Omie writes it."""

ALTERNATIVES: Final = " ou "
"""Joins the fields of which one must be filled in."""

_PART: Final = re.compile(r"^(\w+)(?:\[(\d+)\])?$")


def label(path: str) -> str:
    """A dotted path in words: ``categorias[2].percentual`` → ``rateio por categoria, item 2:
    percentual``; alternatives (``a ou b``) are set apart by a slash."""
    alternatives = path.split(ALTERNATIVES)
    return " / ".join(": ".join(map(_part, path.split("."))) for path in alternatives)


def _part(part: str) -> str:
    match = _PART.match(part)
    if match is None:
        return part
    words = LABELS.get(match[1], match[1])
    return f"{words}, item {match[2]}" if match[2] else words


def sentence(text: str) -> str:
    """``text`` with its first letter in upper case, the rest untouched."""
    return text[:1].upper() + text[1:]
