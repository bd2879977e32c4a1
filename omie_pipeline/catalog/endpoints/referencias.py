"""The lists we only read: contas correntes and the company itself."""

from omie_pipeline.catalog.model import Endpoint
from omie_pipeline.catalog.services import load_service

CONTAS_CORRENTES = Endpoint(
    name="contas_correntes",
    title="Contas correntes",
    service=load_service("geral_contacorrente"),
    grain="register",
    omie_key="nCodCC",
    integration_key="cCodCCInt",
    read="ConsultarContaCorrente",
    read_omie_key="nCodCC",
    list="ListarContasCorrentes",
)

EMPRESAS = Endpoint(
    name="empresas",
    title="Empresas",
    service=load_service("geral_empresas"),
    grain="register",
    omie_key="codigo_empresa",
    read="ConsultarEmpresa",
    read_omie_key="codigo_empresa",
    list="ListarEmpresas",
)
