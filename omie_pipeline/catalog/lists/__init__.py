"""What comes back from Omie, as pure data: one declaration per list, one registry."""

from omie_pipeline.catalog.lists.cadastros import (
    CATEGORIAS,
    CLIENTES,
    CONTAS_CORRENTES,
    DEPARTAMENTOS,
    DRE,
    EMPRESAS,
    PARCELAS,
    PROJETOS,
    VENDEDORES,
)
from omie_pipeline.catalog.lists.model import (
    Admission,
    Audit,
    ChildTable,
    Column,
    Family,
    ListCall,
    MirrorTable,
    Window,
)
from omie_pipeline.catalog.lists.movimentacoes import LANCAMENTOS_CONTA_CORRENTE, MOVIMENTACOES
from omie_pipeline.catalog.lists.notas import NOTAS_PRODUTO, NOTAS_SERVICO
from omie_pipeline.catalog.lists.titulos import BAIXAS, CONTAS_PAGAR, CONTAS_RECEBER

MIRROR: dict[str, MirrorTable] = {
    table.name: table
    for table in (
        EMPRESAS,
        CATEGORIAS,
        DRE,
        CONTAS_CORRENTES,
        DEPARTAMENTOS,
        PARCELAS,
        PROJETOS,
        VENDEDORES,
        CLIENTES,
        CONTAS_RECEBER,
        CONTAS_PAGAR,
        BAIXAS,
        MOVIMENTACOES,
        LANCAMENTOS_CONTA_CORRENTE,
        NOTAS_SERVICO,
        NOTAS_PRODUTO,
    )
}
"""Every list by name, in the order in which a full import reads them."""

STATEMENT = "extrato"
"""The statement of an account is no list: it is read per account and month."""

__all__ = [
    "MIRROR",
    "STATEMENT",
    "Admission",
    "Audit",
    "ChildTable",
    "Column",
    "Family",
    "ListCall",
    "MirrorTable",
    "Window",
]
