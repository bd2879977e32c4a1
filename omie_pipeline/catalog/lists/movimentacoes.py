"""financas/mf, financas/contacorrentelancamentos and financas/extrato: money that moved."""

from __future__ import annotations

from omie_pipeline.catalog.lists.model import (
    INFO,
    Admission,
    Audit,
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

_CREATED, _CHANGED = Window("dDtIncDe", "dDtIncAte"), Window("dDtAltDe", "dDtAltAte")
_D = "detalhes."

MOVIMENTACOES = MirrorTable(
    name="movimentacoes",
    table="movimentacoes",
    title="Movimentações financeiras",
    family="movimentacoes",
    grain="fact",
    service=load_service("financas_mf"),
    call=ListCall(
        "ListarMovimentos",
        "hungarian",
        fixed=(("cOrdenarPor", "CODIGO"), ("lDadosCad", "S"), ("cExibirDepartamentos", "S")),
        created=_CREATED,
        changed=_CHANGED,
    ),
    # The protocol's row key (chave) may stand on both rows of a mirrored settlement.
    key=("chave", "grupo", "origem"),
    columns=(
        text(
            "chave", "", "B<baixa>:<título>, M<movimento de conta>:<título> ou T<título>: a chave"
        ),
        text("grupo", _D + "cGrupo", "CONTA_A_RECEBER, CONTA_CORRENTE_REC, ..."),
        text("origem", _D + "cOrigem", "Origem do lançamento (BAXR, VENR, EXTP, ...)"),
        bigint("codigo_titulo", _D + "nCodTitulo", "Título; 0 nos lançamentos de conta"),
        bigint("codigo_baixa", _D + "nCodBaixa", "Baixa"),
        bigint("codigo_movimento_cc", _D + "nCodMovCC", "Movimento da conta corrente"),
        text("natureza", _D + "cNatureza", "R ou P; pode vir trocada em lançamentos de conta"),
        text("status", _D + "cStatus", "Palavra do Omie no dia da leitura"),
        text("numero_titulo", _D + "cNumTitulo", "Número do documento"),
        text("numero_parcela", _D + "cNumParcela", "Parcela"),
        text("tipo_documento", _D + "cTipo", "Tipo de documento"),
        day("data_emissao", _D + "dDtEmissao", "Emissão"),
        day("data_vencimento", _D + "dDtVenc", "Vencimento"),
        day("data_previsao", _D + "dDtPrevisao", "Previsão"),
        day("data_pagamento", _D + "dDtPagamento", "Dia em que o dinheiro se moveu"),
        day("data_credito", _D + "dDtCredito", "Crédito na conta"),
        day("data_conciliacao", _D + "dDtConcilia", "Conciliação"),
        bigint("codigo_cliente", _D + "nCodCliente", "Cliente ou fornecedor"),
        text("documento", _D + "cCPFCNPJCliente", "CPF/CNPJ", "document"),
        bigint("id_conta_corrente", _D + "nCodCC", "Conta corrente"),
        text("codigo_categoria", _D + "cCodCateg", "Categoria"),
        bigint("codigo_projeto", _D + "cCodProjeto", "Projeto"),
        numeric("valor_titulo", _D + "nValorTitulo", "Valor do título em R$"),
        numeric("valor_movimento_cc", _D + "nValorMovCC", "Valor do movimento de conta em R$"),
        numeric("valor_pago", "resumo.nValPago", "Pago ou recebido em R$"),
        numeric("valor_aberto", "resumo.nValAberto", "Em aberto em R$"),
        numeric("valor_liquido", "resumo.nValLiquido", "Líquido em R$"),
        numeric("desconto", "resumo.nDesconto", "Desconto em R$", _D + "nDesconto"),
        numeric("juros", "resumo.nJuros", "Juros em R$", _D + "nJuros"),
        numeric("multa", "resumo.nMulta", "Multa em R$", _D + "nMulta"),
        text("liquidado", "resumo.cLiquidado", "S quando não resta saldo"),
        jsonb("categorias", "categorias", "Rateio por categoria"),
        jsonb("departamentos", "departamentos", "Rateio por departamento"),
        text("observacao", _D + "observacao", "Observação", "note"),
    ),
    audit=Audit(
        _D + "dDtInc", _D + "cHrInc", _D + "cUsInc", _D + "dDtAlt", _D + "cHrAlt", _D + "cUsAlt"
    ),
    partition=_D + "dDtInc",
    integration_code=_D + "cCodIntTitulo",
    derived=(
        ("espelho", "boolean", "Repete dinheiro que outra linha já conta"),
        (
            "valor_movimentado",
            "numeric",
            "Entrada (+) ou saída (-) em R$; nulo em espelhos e previsões: some sem filtrar",
        ),
    ),
    admission=Admission(account="id_conta_corrente", nature="natureza"),
)

LANCAMENTOS_CONTA_CORRENTE = MirrorTable(
    name="lancamentos_conta_corrente",
    table="lancamentos_conta_corrente",
    title="Lançamentos de conta corrente",
    family="movimentacoes",
    grain="fact",
    service=load_service("financas_contacorrentelancamentos"),
    call=ListCall(
        "ListarLancCC",
        "hungarian",
        fixed=(("cOrdenarPor", "CODIGO"),),
        created=_CREATED,
        changed=_CHANGED,
    ),
    key=("codigo_lancamento",),
    columns=(
        bigint("codigo_lancamento", "nCodLanc", "Id do lançamento no Omie"),
        bigint("codigo_agrupamento", "nCodAgrup", "Agrupamento"),
        bigint("id_conta_corrente", "cabecalho.nCodCC", "Conta corrente"),
        day("data", "cabecalho.dDtLanc", "Dia do lançamento"),
        numeric("valor", "cabecalho.nValorLanc", "Valor em R$"),
        text("natureza", "diversos.cNatureza", "R entrada, P saída"),
        text("origem", "diversos.cOrigem", "Origem (EXTR, TRAP, BAXR, ...)"),
        text("codigo_categoria", "detalhes.cCodCateg", "Categoria"),
        jsonb("categorias", "detalhes.aCodCateg", "Rateio por categoria"),
        text("tipo_documento", "detalhes.cTipo", "Tipo de documento"),
        text("numero_documento", "detalhes.cNumDoc", "Número do documento"),
        bigint("codigo_cliente", "detalhes.nCodCliente", "Cliente ou fornecedor"),
        bigint("codigo_projeto", "detalhes.nCodProjeto", "Projeto"),
        bigint("conta_destino", "transferencia.nCodCCDestino", "Conta de destino"),
        jsonb("departamentos", "departamentos", "Rateio por departamento"),
        bigint("codigo_conta_pagar", "diversos.nCodLancCP", "Conta a pagar baixada"),
        bigint("codigo_conta_receber", "diversos.nCodLancCR", "Conta a receber baixada"),
        day("data_conciliacao", "diversos.dDtConc", "Conciliação"),
        text("observacao", "detalhes.cObs", "Observação", "note"),
    ),
    audit=INFO,
    partition="info.dInc",
    integration_code="cCodIntLanc",
    admission=Admission(account="id_conta_corrente", nature="natureza"),
)
