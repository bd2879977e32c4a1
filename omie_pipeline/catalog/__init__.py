"""What Omie is, as pure data: one small file per endpoint, one registry."""

from omie_pipeline.catalog.endpoints.baixas import (
    BAIXAS_PAGAR,
    BAIXAS_RECEBER,
    ESTORNAR_BAIXAS_PAGAR,
    ESTORNAR_BAIXAS_RECEBER,
)
from omie_pipeline.catalog.endpoints.categorias import CATEGORIAS
from omie_pipeline.catalog.endpoints.clientes import ASSOCIAR_CLIENTES, CLIENTES, CLIENTES_CPF_CNPJ
from omie_pipeline.catalog.endpoints.contas_pagar import CONTAS_PAGAR, EXCLUIR_CONTAS_PAGAR
from omie_pipeline.catalog.endpoints.contas_receber import CONTAS_RECEBER, EXCLUIR_CONTAS_RECEBER
from omie_pipeline.catalog.endpoints.contratos import CONTRATOS, SITUACAO_CONTRATOS
from omie_pipeline.catalog.endpoints.departamentos import DEPARTAMENTOS
from omie_pipeline.catalog.endpoints.ordens_servico import FATURAR_OS, ORDENS_SERVICO
from omie_pipeline.catalog.endpoints.projetos import PROJETOS
from omie_pipeline.catalog.endpoints.referencias import CONTAS_CORRENTES, EMPRESAS
from omie_pipeline.catalog.endpoints.servicos import SERVICOS
from omie_pipeline.catalog.endpoints.vendedores import VENDEDORES
from omie_pipeline.catalog.model import ComplexType, Endpoint, Field, Kind, Method, Service

REGISTRY: dict[str, Endpoint] = {
    endpoint.name: endpoint
    for endpoint in (
        CATEGORIAS,
        DEPARTAMENTOS,
        PROJETOS,
        VENDEDORES,
        ASSOCIAR_CLIENTES,
        CLIENTES,
        CLIENTES_CPF_CNPJ,
        SERVICOS,
        CONTRATOS,
        SITUACAO_CONTRATOS,
        ESTORNAR_BAIXAS_RECEBER,
        ESTORNAR_BAIXAS_PAGAR,
        CONTAS_RECEBER,
        CONTAS_PAGAR,
        BAIXAS_RECEBER,
        BAIXAS_PAGAR,
        ORDENS_SERVICO,
        FATURAR_OS,
        EXCLUIR_CONTAS_RECEBER,
        EXCLUIR_CONTAS_PAGAR,
        CONTAS_CORRENTES,
        EMPRESAS,
    )
}
"""Every endpoint by name, in the order in which a full run sends them."""

WRITABLE: tuple[Endpoint, ...] = tuple(e for e in REGISTRY.values() if e.writable)

__all__ = [
    "REGISTRY",
    "WRITABLE",
    "ComplexType",
    "Endpoint",
    "Field",
    "Kind",
    "Method",
    "Service",
]
