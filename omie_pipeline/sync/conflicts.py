"""Why a row that passed validation stays here all the same: what was done with its record in Omie
cannot be changed there any more. Reasons of quarantine, in Portuguese."""

from __future__ import annotations

from omie_pipeline.validation.model import Reason

_ASK_FINANCE = "Confira com o financeiro: estorne na clínica, ou libere on_settled: undo."

TITULO_BAIXADO = Reason(
    field="codigo_lancamento_integracao",
    rule="titulo_baixado",
    motivo="O título mudou na clínica depois de baixado no Omie, que não altera título baixado.",
    correcao=_ASK_FINANCE,
)
_NAO_CABE = (
    "A clínica tem nele pagamentos acima do valor, ou o Omie tem uma baixa sem pagamento na "
    "clínica: estornada, não voltaria."
)
_NAO_CABE_CORRECAO = "Acerte na clínica o valor ou os pagamentos, ou estorne lá o que não vale."
TITULO_NAO_CABE = Reason(
    field="codigo_lancamento_integracao",
    rule="titulo_baixado",
    motivo=f"O título mudou na clínica depois de baixado no Omie. {_NAO_CABE}",
    correcao=_NAO_CABE_CORRECAO,
)
BAIXA_NAO_CABE = Reason(
    field="codigo_baixa_integracao",
    rule="baixa_lancada",
    motivo=f"O pagamento mudou na clínica depois de baixado no Omie. Título: {_NAO_CABE}",
    correcao=_NAO_CABE_CORRECAO,
)
BAIXA_LANCADA = Reason(
    field="codigo_baixa_integracao",
    rule="baixa_lancada",
    motivo="O pagamento mudou na clínica depois de baixado no Omie.",
    correcao=_ASK_FINANCE,
)
OS_FATURADA = Reason(
    field="Cabecalho.cCodIntOS",
    rule="os_faturada",
    motivo="O recebimento mudou na clínica depois de faturada a OS; a nota já saiu ou está saindo.",
    correcao="Desfaça a mudança na clínica, ou cancele a nota (omie-pipeline nfse cancel) e faça a "
    "nova OS direto no Omie, ou cadastre um novo recebimento.",
)
OS_CANCELADA = Reason(
    field="Cabecalho.cCodIntOS",
    rule="os_faturada",
    motivo="O recebimento mudou na clínica depois de cancelada a nota; a OS cancelada não muda.",
    correcao="Faça a nova OS direto no Omie, ou cadastre um novo recebimento; este sai da "
    "quarentena quando voltar ao que era, ou quando sair da clínica.",
)
CATEGORIA_CRIADA = Reason(
    field="descricao",
    rule="categoria_criada",
    motivo="A categoria mudou na clínica depois de criada no Omie.",
    correcao="Altere-a no Omie: este fluxo só cria categorias, não muda as que existem.",
)
