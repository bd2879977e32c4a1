"""financas/contareceber, financas/contapagar and financas/pesquisartitulos: títulos and baixas."""

from __future__ import annotations

from omie_pipeline.catalog.lists.model import (
    INFO,
    Admission,
    Audit,
    ChildTable,
    Column,
    ListCall,
    MirrorTable,
    Window,
    bigint,
    day,
    jsonb,
    numeric,
    text,
)
from omie_pipeline.catalog.services import load_service

# ``filtrar_apenas_inclusao`` narrows the window to the day of inclusion, which never changes and
# every title has (omie-api.md#paging): it cuts the list into partitions without overlap.
_CREATED = Window(
    "filtrar_por_data_de", "filtrar_por_data_ate", (("filtrar_apenas_inclusao", "S"),)
)
_CHANGED = Window("filtrar_por_data_de", "filtrar_por_data_ate")
_INFO = "cabecTitulo.info."
_ORDER = (("ordenar_por", "CODIGO"), ("apenas_importado_api", "N"))

_COMMON = (
    bigint("codigo_lancamento_omie", "codigo_lancamento_omie", "Id do título no Omie"),
    bigint("codigo_cliente_fornecedor", "codigo_cliente_fornecedor", "Id do cliente/fornecedor"),
    day("data_emissao", "data_emissao", "Emissão do documento"),
    day("data_vencimento", "data_vencimento", "Vencimento"),
    day("data_previsao", "data_previsao", "Previsão de pagamento ou recebimento"),
    numeric("valor_documento", "valor_documento", "Valor do título em R$"),
    text("status_titulo", "status_titulo", "Palavra do Omie no dia da leitura; depende da data"),
    text("codigo_categoria", "codigo_categoria", "Categoria (a primeira, se houver rateio)"),
    jsonb("categorias", "categorias", "Rateio por categoria"),
    jsonb("distribuicao", "distribuicao", "Rateio por departamento"),
    bigint("id_conta_corrente", "id_conta_corrente", "Conta corrente prevista"),
    bigint("codigo_projeto", "codigo_projeto", "Projeto"),
    bigint("codigo_vendedor", "codigo_vendedor", "Vendedor"),
    text("numero_documento", "numero_documento", "Número do documento"),
    text("numero_documento_fiscal", "numero_documento_fiscal", "Número da nota fiscal"),
    text("numero_parcela", "numero_parcela", "Parcela, por exemplo 001/003"),
    text("codigo_tipo_documento", "codigo_tipo_documento", "Tipo de documento"),
    text("id_origem", "id_origem", "Origem do lançamento (MANR, APIR, VENR, ...)"),
    text("observacao", "observacao", "Observação", "note"),
)


def _titulos(
    name: str, title: str, service: str, method: str, side: str, extra: tuple[Column, ...]
) -> MirrorTable:
    return MirrorTable(
        name=name,
        table=name,
        title=title,
        family="titulos",
        grain="fact",
        service=load_service(service),
        call=ListCall(
            method,
            "snake",
            fixed=(*_ORDER, ("exibir_obs", "S")),
            created=_CREATED,
            changed=_CHANGED,
        ),
        key=("codigo_lancamento_omie",),
        columns=(*_COMMON, *extra),
        audit=INFO,
        partition="info.dInc",
        integration_code="codigo_lancamento_integracao",
        ledger=name,
        admission=Admission(
            account="id_conta_corrente",
            status="status_titulo",
            closed=("RECEBIDO", "PAGO", "CANCELADO", "LIQUIDADO"),
        ),
        side="R" if side == "R" else "P",
    )


CONTAS_RECEBER = _titulos(
    "contas_receber",
    "Contas a receber",
    "financas_contareceber",
    "ListarContasReceber",
    "R",
    (
        day("data_registro", "data_registro", "Registro contábil"),
        bigint("codigo_os", "nCodOS", "Ordem de serviço que gerou o título"),
        jsonb("boleto", "boleto", "Situação do boleto"),
    ),
)
CONTAS_PAGAR = _titulos(
    "contas_pagar",
    "Contas a pagar",
    "financas_contapagar",
    "ListarContasPagar",
    "P",
    (day("data_entrada", "data_entrada", "Entrada do documento"),),
)

BAIXAS = MirrorTable(
    name="baixas",
    table="saldos_titulos",
    title="Saldos dos títulos e suas baixas",
    family="titulos",
    grain="fact",
    service=load_service("financas_pesquisartitulos"),
    call=ListCall(
        "PesquisarLancamentos",
        "hungarian",
        fixed=(("cOrdenarPor", "CODIGO"), ("lDadosCad", "S")),
        created=Window("dDtIncDe", "dDtIncAte"),
        changed=Window("dDtAltDe", "dDtAltAte"),
        page_size=100,
    ),
    key=("codigo_titulo",),
    columns=(
        bigint("codigo_titulo", "cabecTitulo.nCodTitulo", "Id do título no Omie"),
        text("natureza", "cabecTitulo.cNatureza", "R a receber, P a pagar"),
        bigint("codigo_cliente", "cabecTitulo.nCodCliente", "Id do cliente/fornecedor"),
        text("documento", "cabecTitulo.cCPFCNPJCliente", "CPF/CNPJ", "document"),
        text("status_titulo", "cabecTitulo.cStatus", "Palavra do Omie no dia da leitura"),
        day("data_vencimento", "cabecTitulo.dDtVenc", "Vencimento"),
        day("data_pagamento", "cabecTitulo.dDtPagamento", "Último pagamento"),
        day("data_cancelamento", "cabecTitulo.dDtCanc", "Cancelamento"),
        bigint("id_conta_corrente", "cabecTitulo.nCodCC", "Conta corrente"),
        numeric("valor_titulo", "cabecTitulo.nValorTitulo", "Valor do título em R$"),
        numeric("valor_pago", "resumo.nValPago", "Já pago ou recebido, em R$"),
        numeric("valor_aberto", "resumo.nValAberto", "Saldo em aberto, em R$"),
        numeric("valor_liquido", "resumo.nValLiquido", "Pago com juros, multa e desconto, em R$"),
        numeric("desconto", "resumo.nDesconto", "Descontos, em R$"),
        numeric("juros", "resumo.nJuros", "Juros, em R$"),
        numeric("multa", "resumo.nMulta", "Multas, em R$"),
        text("liquidado", "resumo.cLiquidado", "S quando não resta saldo"),
    ),
    audit=Audit(
        _INFO + "dInc",
        _INFO + "hInc",
        _INFO + "uInc",
        _INFO + "dAlt",
        _INFO + "hAlt",
        _INFO + "uAlt",
        _INFO + "cImpAPI",
    ),
    partition=_INFO + "dInc",
    integration_code="cabecTitulo.cCodIntTitulo",
    child=ChildTable(
        table="baixas",
        title="Baixas: recebimentos e pagamentos de títulos",
        path="lancamentos",
        key="codigo_baixa",
        parent="codigo_titulo",
        columns=(
            bigint("codigo_baixa", "nCodLanc", "Id da baixa no Omie"),
            text("codigo_integracao", "cCodIntLanc", "Código de integração da baixa"),
            bigint("codigo_lancamento_cc", "nIdLancCC", "Lançamento na conta corrente"),
            bigint("id_conta_corrente", "nCodCC", "Conta corrente"),
            day("data", "dDtLanc", "Dia do pagamento ou recebimento"),
            text("natureza", "cNatureza", "R recebimento, P pagamento"),
            numeric("valor", "nValLanc", "Valor baixado em R$, sem juros, multa e desconto"),
            numeric("desconto", "nDesconto", "Desconto em R$"),
            numeric("juros", "nJuros", "Juros em R$"),
            numeric("multa", "nMulta", "Multa em R$"),
            text("observacao", "cObsLanc", "Observação", "note"),
        ),
    ),
    admission=Admission(
        account="id_conta_corrente",
        nature="natureza",
        status="status_titulo",
        closed=("RECEBIDO", "PAGO", "CANCELADO", "LIQUIDADO"),
    ),
)
