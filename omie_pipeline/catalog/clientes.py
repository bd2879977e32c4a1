"""geral/clientes: customers and suppliers share one record, the role is a tag."""

from omie_pipeline.catalog.model import Endpoint
from omie_pipeline.catalog.services import load_service

CLIENTES = Endpoint(
    name="clientes",
    title="Clientes e fornecedores",
    service=load_service("geral_clientes"),
    grain="register",
    integration_key="codigo_cliente_integracao",
    omie_key="codigo_cliente_omie",
    upsert="UpsertCliente",
    insert="IncluirCliente",
    update="AlterarCliente",
    delete="ExcluirCliente",
    delete_omie_key="codigo_cliente_omie",
    read="ConsultarCliente",
    read_omie_key="codigo_cliente_omie",
    list="ListarClientes",
    link="AssociarCodIntCliente",
    link_omie_key="codigo_cliente_omie",
    document_field="cnpj_cpf",
)
