"""Texts of requests that name nobody and stay readable: codes, flags, dates, words of lists.

Written down by hand: a new field is masked by :mod:`omie_pipeline.omie.masking`, or it is put here
after somebody has thought about it. Free texts never belong here.
"""

HARMLESS = frozenset({
    "CCF", "COO", "acao", "apenas_importado_api", "baixa_bloqueada", "banco_transferencia",
    "bloqueado", "cCFOP", "cCST", "cCidPrestServ", "cCidadeEvento", "cCidadeExtEvento",
    "cClassTrib", "cClassifServico", "cCodART", "cCodAtivEvento", "cCodCateg", "cCodCategItem",
    "cCodCategReemb", "cCodCategRem", "cCodDep", "cCodDepto", "cCodIntCli", "cCodIntCtr",
    "cCodIntOS", "cCodIntServ", "cCodIntServico", "cCodIntTarefa", "cCodLC116", "cCodObra",
    "cCodPaisEvento", "cCodParc", "cCodServLC116", "cCodServMun", "cCodigo", "cCstIbsCbs",
    "cDesDep", "cDescParc", "cDescricao", "cFormaDeducao", "cIndOPer", "cIndOper", "cManCbs",
    "cManIbsMun", "cManIbsUf", "cNFReferencia", "cNbs", "cNumBancario", "cNumBoleto",
    "cNumContrato", "cNumCtr", "cNumEncap", "cNumOS", "cNumPedido", "cNumRecibo",
    "cNumeroContrato", "cOrigem", "cPedidoCliente", "cReembolso", "cTipoDeduducao",
    "cTipoUtilizacao", "cUfEvento", "cUsoConsumo", "campo", "categoria_adiantamento",
    "categoria_superior", "chave", "chave_nfe", "cidade", "cidade_ibge", "classTrib", "cnae",
    "codInt", "codIntItem", "codLC116", "codNBS", "codServMunic", "codigo",
    "codigo_baixa_integracao",
    "codigo_banco", "codigo_barras_boleto", "codigo_barras_ficha_compensacao", "codigo_categoria",
    "codigo_cliente_fornecedor_integracao", "codigo_cliente_integracao",
    "codigo_conta_corrente_integracao", "codigo_dre", "codigo_integracao",
    "codigo_lancamento_integracao", "codigo_pagamento_integracao", "codigo_pais",
    "codigo_recebimento_integracao", "codigo_servico", "codigo_tipo_documento", "cstIbsCbs",
    "cst_cofins", "cst_pis", "descricao", "entCidade", "filtrar_apenas_alteracao",
    "filtrar_apenas_ativo", "filtrar_apenas_inclusao", "filtrar_por_data_ate",
    "filtrar_por_data_de", "finalidade_transferencia", "fonte", "id_conta_corrente_integracao",
    "indOper", "lDeduzISS", "manCbs", "manIbsMun", "manIbsUf", "nCodInt", "nIdNBS", "natureza",
    "nsu", "numero_documento", "numero_documento_fiscal", "numero_nf", "numero_parcela",
    "numero_parcelas", "numero_pedido", "ordem_descrescente", "ordenar_por", "serie_nf",
    "status_titulo", "tag", "tipo_categoria", "tipo_documento", "uAlt", "uInc",
})  # fmt: skip
