"""servicos/nfse and produtos/nfconsultar: the headers of notas fiscais, in one table."""

from __future__ import annotations

from omie_pipeline.catalog.lists.model import (
    INFO,
    Audit,
    ListCall,
    MirrorTable,
    Window,
    bigint,
    day,
    numeric,
    text,
)
from omie_pipeline.catalog.services import load_service

_TABLE = "notas_fiscais"

NOTAS_SERVICO = MirrorTable(
    name="notas_servico",
    table=_TABLE,
    title="NFS-e emitidas",
    family="notas",
    grain="fact",
    service=load_service("servicos_nfse"),
    # No window on change: a note cancelled later is found by reading its day of emission again.
    call=ListCall(
        "ListarNFSEs",
        "hungarian",
        fixed=(("cExibirDepartamentos", "S"), ("cExibirDescricao", "S")),
        created=Window("dEmiInicial", "dEmiFinal"),
        page_size=100,
    ),
    key=("tipo", "codigo_nf"),
    columns=(
        bigint("codigo_nf", "Cabecalho.nCodNF", "Id da nota no Omie"),
        text("numero", "Cabecalho.nNumeroNFSe", "Número da nota"),
        text("serie", "Cabecalho.cSerieNFSe", "Série"),
        text("status", "Cabecalho.cStatusNFSe", "F faturada, C cancelada"),
        text("chave", "Cabecalho.nChaveNFe", "Chave ou código do arquivo"),
        text("codigo_verificacao", "Cabecalho.cCodigoVerifNFSe", "Código de verificação"),
        text("ambiente", "Cabecalho.cAmbienteNFSe", "P produção, H homologação"),
        day("data_emissao", "Emissao.cDataEmissao", "Emissão"),
        day("data_cancelamento", "Cancelamento.cDataCancelamento", "Cancelamento"),
        numeric("valor", "Cabecalho.nValorNFSe", "Valor em R$"),
        bigint("codigo_cliente", "Cabecalho.nCodigoCliente", "Cliente"),
        text("documento", "Cabecalho.cCNPJDestinatario", "CNPJ do destinatário", "document"),
        text("documento_cpf", "Cabecalho.cCPFDestinatario", "CPF do destinatário", "document"),
        bigint("codigo_os", "OrdemServico.nCodigoOS", "Ordem de serviço"),
        text("codigo_categoria", "Adicionais.cCodigoCategoria", "Categoria"),
        bigint("id_conta_corrente", "Adicionais.nCodigoCC", "Conta corrente"),
    ),
    audit=Audit(
        "Inclusao.cDataInclusao",
        "Inclusao.cHoraInclusao",
        "Inclusao.cUsuarioInclusao",
        "Alteracao.cDataAlteracao",
        "Alteracao.cHoraAlteracao",
        "Alteracao.cUsuarioAlteracao",
    ),
    partition="Emissao.cDataEmissao",
    constants=(("tipo", "NFS-e"),),
)

NOTAS_PRODUTO = MirrorTable(
    name="notas_produto",
    table=_TABLE,
    title="NF-e emitidas e recebidas",
    family="notas",
    grain="fact",
    service=load_service("produtos_nfconsultar"),
    call=ListCall(
        "ListarNF",
        "snake",
        fixed=(("ordenar_por", "CODIGO"), ("apenas_importado_api", "N"), ("cApenasResumo", "S")),
        created=Window("dEmiInicial", "dEmiFinal"),
        # The window counts only with one flag set (omie-api.md#windows-of-days).
        changed=Window(
            "filtrar_por_data_de", "filtrar_por_data_ate", (("filtrar_apenas_alteracao", "S"),)
        ),
        page_size=100,
    ),
    key=("tipo", "codigo_nf"),
    columns=(
        bigint("codigo_nf", "compl.nIdNF", "Id da nota no Omie"),
        text("numero", "ide.nNF", "Número da nota"),
        text("serie", "ide.serie", "Série"),
        text("status", "ide.cDeneg", "S denegada"),
        text("chave", "compl.cChaveNFe", "Chave de acesso"),
        text("ambiente", "ide.tpAmb", "1 produção, 2 homologação"),
        day("data_emissao", "ide.dEmi", "Emissão"),
        day("data_cancelamento", "ide.dCan", "Cancelamento"),
        numeric("valor", "total.ICMSTot.vNF", "Valor em R$"),
        bigint("codigo_cliente", "nfDestInt.nCodCli", "Cliente ou fornecedor"),
        text("documento", "nfDestInt.cnpj_cpf", "CPF/CNPJ do destinatário", "document"),
        text("codigo_categoria", "compl.cCodCateg", "Categoria"),
    ),
    audit=INFO,
    partition="ide.dEmi",
    constants=(("tipo", "NF-e"),),
)
