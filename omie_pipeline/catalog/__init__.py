"""What Omie is, as pure data: one small file per endpoint, one registry."""

from omie_pipeline.catalog.clientes import CLIENTES
from omie_pipeline.catalog.contas_pagar import CONTAS_PAGAR, EXCLUIR_CONTAS_PAGAR
from omie_pipeline.catalog.contas_receber import CONTAS_RECEBER, EXCLUIR_CONTAS_RECEBER
from omie_pipeline.catalog.model import ComplexType, Endpoint, Field, Kind, Method, Service
from omie_pipeline.catalog.referencias import CATEGORIAS, CONTAS_CORRENTES, EMPRESAS

REGISTRY: dict[str, Endpoint] = {
    endpoint.name: endpoint
    for endpoint in (
        CLIENTES,
        CONTAS_RECEBER,
        CONTAS_PAGAR,
        EXCLUIR_CONTAS_RECEBER,
        EXCLUIR_CONTAS_PAGAR,
        CATEGORIAS,
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
