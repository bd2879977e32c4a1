"""The lists we only read: categorias, contas correntes and the company itself."""

from omie_pipeline.catalog.model import Endpoint
from omie_pipeline.catalog.services import load_service

CATEGORIAS = Endpoint(
    name="categorias",
    title="Categorias",
    service=load_service("geral_categorias"),
    grain="register",
    omie_key="codigo",
    read="ConsultarCategoria",
    read_omie_key="codigo",
    list="ListarCategorias",
)

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
