"""financas/contareceber: títulos a receber and their explicit deletion."""

from omie_pipeline.catalog.model import Endpoint
from omie_pipeline.catalog.services import load_service

_SERVICE = load_service("financas_contareceber")

CONTAS_RECEBER = Endpoint(
    name="contas_receber",
    title="Contas a receber",
    service=_SERVICE,
    grain="fact",
    integration_key="codigo_lancamento_integracao",
    omie_key="codigo_lancamento_omie",
    upsert="UpsertContaReceber",
    insert="IncluirContaReceber",
    update="AlterarContaReceber",
    delete="ExcluirContaReceber",
    delete_omie_key="chave_lancamento",
    read="ConsultarContaReceber",
    read_omie_key="codigo_lancamento_omie",
    list="ListarContasReceber",
    lot="UpsertContaReceberPorLote",
    lot_array="conta_receber_cadastro",
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

EXCLUIR_CONTAS_RECEBER = Endpoint(
    name="excluir_contas_receber",
    title="Excluir contas a receber",
    service=_SERVICE,
    grain="fact",
    integration_key="codigo_lancamento_integracao",
    omie_key="codigo_lancamento_omie",
    delete="ExcluirContaReceber",
    delete_omie_key="chave_lancamento",
    read="ConsultarContaReceber",
    read_omie_key="codigo_lancamento_omie",
    either=(("chave_lancamento", "codigo_lancamento_integracao"),),
    deletes="contas_receber",
)
