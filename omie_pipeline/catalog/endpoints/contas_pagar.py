"""financas/contapagar: títulos a pagar and their explicit deletion."""

from omie_pipeline.catalog.model import Endpoint
from omie_pipeline.catalog.services import load_service

_SERVICE = load_service("financas_contapagar")

CONTAS_PAGAR = Endpoint(
    name="contas_pagar",
    title="Contas a pagar",
    service=_SERVICE,
    grain="fact",
    integration_key="codigo_lancamento_integracao",
    omie_key="codigo_lancamento_omie",
    upsert="UpsertContaPagar",
    insert="IncluirContaPagar",
    update="AlterarContaPagar",
    delete="ExcluirContaPagar",
    delete_omie_key="codigo_lancamento_omie",
    read="ConsultarContaPagar",
    read_omie_key="codigo_lancamento_omie",
    list="ListarContasPagar",
    effect="title",
    either=(
        ("codigo_cliente_fornecedor", "codigo_cliente_fornecedor_integracao"),
        ("codigo_categoria", "categorias"),
    ),
    references=(("codigo_cliente_fornecedor_integracao", "clientes"),),
    points_at=("projetos", "vendedores", "clientes_cpf_cnpj"),
    value_field="valor_documento",
    likeness=(
        "codigo_cliente_fornecedor_integracao",
        "codigo_cliente_fornecedor",
        "valor_documento",
        "data_vencimento",
        "data_emissao",
    ),
)

EXCLUIR_CONTAS_PAGAR = Endpoint(
    name="excluir_contas_pagar",
    title="Excluir contas a pagar",
    service=_SERVICE,
    grain="fact",
    integration_key="codigo_lancamento_integracao",
    omie_key="codigo_lancamento_omie",
    delete="ExcluirContaPagar",
    delete_omie_key="codigo_lancamento_omie",
    read="ConsultarContaPagar",
    read_omie_key="codigo_lancamento_omie",
    either=(("codigo_lancamento_omie", "codigo_lancamento_integracao"),),
    deletes="contas_pagar",
)
