"""geral/clientes: customers and suppliers share one record, the role is a tag."""

from omie_pipeline.catalog.model import Endpoint, Proof
from omie_pipeline.catalog.services import load_service

_SERVICE = load_service("geral_clientes")

CLIENTES = Endpoint(
    name="clientes",
    title="Clientes e fornecedores",
    service=_SERVICE,
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
    likeness=("cnpj_cpf", "razao_social"),
)

CLIENTES_CPF_CNPJ = Endpoint(
    name="clientes_cpf_cnpj",
    title="Clientes pelo CPF/CNPJ",
    service=_SERVICE,
    grain="register",
    omie_key="codigo_cliente_omie",
    upsert="UpsertClienteCpfCnpj",
    effect="document",
    read="ConsultarCliente",
    read_omie_key="codigo_cliente_omie",
    list="ListarClientes",
    document_field="cnpj_cpf",
    proof=Proof(_SERVICE, "ListarClientes", "clientesFiltro"),
)
"""For companies that never used integration codes: the document decides. The CPF itself is never
our key: the model names each row in ``_chave``."""

ASSOCIAR_CLIENTES = Endpoint(
    name="associar_clientes",
    title="Associar código de integração de clientes",
    service=_SERVICE,
    grain="register",
    integration_key="codigo_cliente_integracao",
    omie_key="codigo_cliente_omie",
    upsert="AssociarCodIntCliente",
    read="ConsultarCliente",
    read_omie_key="codigo_cliente_omie",
)
