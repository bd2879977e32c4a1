"""The registers: clientes, and the lists that títulos point to."""

from __future__ import annotations

from omie_pipeline.catalog.lists.model import (
    INFO,
    Audit,
    Column,
    ListCall,
    MirrorTable,
    Window,
    bigint,
    day,
    jsonb,
    numeric,
    text,
)
from omie_pipeline.catalog.services import load_service

_NO_AUDIT = Audit()
_ORDER = (("ordenar_por", "CODIGO"), ("apenas_importado_api", "N"))

CLIENTES = MirrorTable(
    name="clientes",
    table="clientes",
    title="Clientes e fornecedores",
    family="cadastros",
    grain="register",
    service=load_service("geral_clientes"),
    call=ListCall(
        "ListarClientes",
        "snake",
        fixed=(*_ORDER, ("exibir_caracteristicas", "S"), ("exibir_obs", "S")),
        changed=Window("filtrar_por_data_de", "filtrar_por_data_ate"),
    ),
    key=("codigo_cliente_omie",),
    columns=(
        bigint("codigo_cliente_omie", "codigo_cliente_omie", "Id do cliente no Omie"),
        text("razao_social", "razao_social", "Nome ou razão social", "name"),
        text("nome_fantasia", "nome_fantasia", "Nome fantasia", "name"),
        text("cnpj_cpf", "cnpj_cpf", "CPF/CNPJ como o Omie devolve", "document"),
        text("pessoa_fisica", "pessoa_fisica", "S pessoa física"),
        text("email", "email", "E-mail", "contact"),
        text("telefone1_ddd", "telefone1_ddd", "DDD", "contact"),
        text("telefone1_numero", "telefone1_numero", "Telefone", "contact"),
        text("telefone2_ddd", "telefone2_ddd", "DDD do segundo telefone", "contact"),
        text("telefone2_numero", "telefone2_numero", "Segundo telefone", "contact"),
        text("contato", "contato", "Pessoa de contato", "name"),
        text("endereco", "endereco", "Logradouro", "contact"),
        text("endereco_numero", "endereco_numero", "Número", "contact"),
        text("complemento", "complemento", "Complemento", "contact"),
        text("bairro", "bairro", "Bairro", "contact"),
        text("cidade", "cidade", "Cidade"),
        text("cidade_ibge", "cidade_ibge", "Município (IBGE)"),
        text("estado", "estado", "UF"),
        text("cep", "cep", "CEP", "contact"),
        text("inscricao_estadual", "inscricao_estadual", "Inscrição estadual", "document"),
        text("inscricao_municipal", "inscricao_municipal", "Inscrição municipal", "document"),
        numeric("valor_limite_credito", "valor_limite_credito", "Limite de crédito em R$"),
        text("inativo", "inativo", "S inativo"),
        text("bloqueado", "bloqueado", "S bloqueado"),
        jsonb("tags", "tags", "Papéis: Cliente, Fornecedor, ..."),
        text("observacao", "observacao", "Observação", "note"),
    ),
    audit=INFO,
    integration_code="codigo_cliente_integracao",
    ledger="clientes",
)


def _list(
    name: str,
    title: str,
    service: str,
    method: str,
    columns: tuple[Column, ...],
    *,
    audit: Audit = _NO_AUDIT,
    integration_code: str = "",
    hidden: tuple[str, ...] = (),
    fixed: tuple[tuple[str, str], ...] = (),
    unpaged: bool = False,
) -> MirrorTable:
    """A short list, read whole each time; the first column is its key."""
    return MirrorTable(
        name=name,
        table=name,
        title=title,
        family="cadastros",
        grain="register",
        service=load_service(service),
        call=ListCall(method, "none" if unpaged else "snake", fixed, page_size=100),
        key=(columns[0].name,),
        columns=columns,
        audit=audit,
        integration_code=integration_code,
        hidden=hidden,
    )


CATEGORIAS = _list(
    "categorias",
    "Categorias",
    "geral_categorias",
    "ListarCategorias",
    (
        text("codigo", "codigo", "Código da categoria"),
        text("descricao", "descricao", "Descrição"),
        text("categoria_superior", "categoria_superior", "Grupo a que pertence"),
        text("totalizadora", "totalizadora", "S para grupos: não recebe títulos"),
        text("conta_inativa", "conta_inativa", "S inativa"),
        text("conta_receita", "conta_receita", "S receita"),
        text("conta_despesa", "conta_despesa", "S despesa"),
        text("transferencia", "transferencia", "S transferência"),
        text("codigo_dre", "codigo_dre", "Linha do plano de contas (DRE)"),
    ),
)
DRE = _list(
    "dre",
    "Plano de contas (DRE)",
    "geral_dre",
    "ListarCadastroDRE",
    (
        text("codigo_dre", "codigoDRE", "Código da linha"),
        text("descricao", "descricaoDRE", "Descrição"),
        bigint("nivel", "nivelDRE", "Nível na árvore"),
        text("sinal", "sinalDRE", "+ ou - no resultado"),
        text("totaliza", "totalizaDRE", "S totaliza as linhas abaixo"),
        text("nao_exibir", "naoExibirDRE", "S não aparece no DRE"),
    ),
    unpaged=True,
)
CONTAS_CORRENTES = _list(
    "contas_correntes",
    "Contas correntes",
    "geral_contacorrente",
    "ListarContasCorrentes",
    (
        bigint("n_cod_cc", "nCodCC", "Id da conta no Omie"),
        text("c_cod_cc_int", "cCodCCInt", "Código de integração"),
        text("descricao", "descricao", "Nome da conta"),
        text("tipo", "tipo_conta_corrente", "CC, CX, AC, ..."),
        text("codigo_banco", "codigo_banco", "Banco (COMPE)"),
        text("codigo_agencia", "codigo_agencia", "Agência"),
        text("numero_conta_corrente", "numero_conta_corrente", "Número da conta", "document"),
        numeric("saldo_inicial", "saldo_inicial", "Saldo inicial em R$"),
        day("saldo_data", "saldo_data", "Dia do saldo inicial"),
        text("inativo", "inativo", "S inativa"),
        text("nao_fluxo", "nao_fluxo", "S fora do fluxo de caixa"),
    ),
    audit=Audit(
        "data_inc", "hora_inc", "user_inc", "data_alt", "hora_alt", "user_alt", "importado_api"
    ),
)
EMPRESAS = _list(
    "empresas",
    "Empresas",
    "geral_empresas",
    "ListarEmpresas",
    (
        bigint("codigo_empresa", "codigo_empresa", "Id da empresa no Omie"),
        text("razao_social", "razao_social", "Razão social"),
        text("nome_fantasia", "nome_fantasia", "Nome fantasia"),
        text("cnpj", "cnpj", "CNPJ"),
        text("cidade", "cidade", "Cidade"),
        text("estado", "estado", "UF"),
        text("optante_simples_nacional", "optante_simples_nacional", "S optante do Simples"),
        text("regime_tributario", "regime_tributario", "Regime tributário"),
    ),
    hidden=tuple(
        field.name
        for field in load_service("geral_empresas").types["empresas_cadastro"].fields
        if field.sensitive
    ),
)
DEPARTAMENTOS = _list(
    "departamentos",
    "Departamentos",
    "geral_departamentos",
    "ListarDepartamentos",
    (
        text("codigo", "codigo", "Código: um texto, mesmo que só de algarismos"),
        text("descricao", "descricao", "Descrição"),
        text("estrutura", "estrutura", "Posição na árvore, por exemplo 001.004"),
        text("inativo", "inativo", "S inativo"),
    ),
)
PARCELAS = _list(
    "parcelas",
    "Parcelas (condições de pagamento)",
    "geral_parcelas",
    "ListarParcelas",
    (
        text("codigo", "nCodigo", "Código: um texto, por exemplo 000 ou A03"),
        text("descricao", "cDescricao", "Descrição, por exemplo Para 30/60 dias"),
        bigint("parcelas", "nParcelas", "Número de parcelas"),
    ),
)
PROJETOS = _list(
    "projetos",
    "Projetos",
    "geral_projetos",
    "ListarProjetos",
    (
        bigint("codigo", "codigo", "Id do projeto no Omie"),
        text("nome", "nome", "Nome"),
        text("inativo", "inativo", "S inativo"),
    ),
    audit=Audit(
        "info.data_inc",
        "info.hora_inc",
        "info.user_inc",
        "info.data_alt",
        "info.hora_alt",
        "info.user_alt",
    ),
    integration_code="codInt",
)
VENDEDORES = _list(
    "vendedores",
    "Vendedores",
    "geral_vendedores",
    "ListarVendedores",
    (
        bigint("codigo", "codigo", "Id do vendedor no Omie"),
        text("nome", "nome", "Nome", "name"),
        text("email", "email", "E-mail", "contact"),
        numeric("comissao", "comissao", "Comissão em %"),
        text("inativo", "inativo", "S inativo"),
    ),
    integration_code="codInt",
)
