{{ config(materialized='ephemeral') }}
{# Every título, to receive and to pay, in one shape, with category and account resolved. It is
   inlined in the two payload models; PostgreSQL drops the branches that the filter excludes. #}
{%- set colunas = [
    'origem', 'codigo', 'cliente', 'empresa', 'id', 'procedimento_id', 'forma_pagamento_id',
    'codigo_categoria', 'data', 'data_vencimento', 'valor', 'numero_documento', 'parcela',
    'observacao', 'projeto_id', '_unreadable',
] %}

-- Read twice, by branches of which one payload model needs neither.
with recebimentos as not materialized (

    select * from {{ ref('recebimentos') }}

),

vendas_produtos as (

    select * from {{ ref('vendas_produtos') }}

),

int_repasses as (

    select * from {{ ref('int_repasses') }}

),

int_repasses_por_regra as (

    select * from {{ ref('int_repasses_por_regra') }}

),

despesas as (

    select * from {{ ref('despesas') }}

),

compras_produtos as (

    select * from {{ ref('compras_produtos') }}

),

mapeamento as (

    {{ mapeamento() }}

),

procedimentos as (

    {{ procedimentos_mapeados(['codigo_categoria', '_unreadable']) }}

),

-- What kind of supplier is meant, with what the mapping makes of it.
fornecedores as (

    select
        todos.empresa, todos.id, todos.tipo_fornecedor,
        {%- for alvo, coluna in [
            ('category', 'categoria'), ('department', 'departamento'), ('project', 'projeto'),
        ] %}
        {{ mapeado('por_tipo', alvo) }} as {{ coluna }}{{ "," if not loop.last }}
        {%- endfor %}
    from ({{ um_de_cada('fornecedores') }}) as todos
    {{ juncao_do_mapeamento('por_tipo', 'todos', 'supplier_kind', 'todos.tipo_fornecedor') }}

),

projetos as (

    select distinct empresa, id from {{ ref('clinica_projetos') }}

),

formas as (

    {{ formas_de_cada() }}

),

codigos as (

    select * from {{ ref('clientes_codigos') }}

),

colisoes as (

    select * from {{ ref('int_colisoes') }}

),

recebimentos_inteiros as (

    select
        'recebimentos' as origem,
        'REC-' || id as codigo,
        'PAC-' || paciente_id as cliente,
        empresa,
        id,
        procedimento_id,
        forma_pagamento_id,
        cast(null as text) as codigo_categoria,
        data,
        data_vencimento,
        valor,
        numero_documento,
        case when parcelas > 999 then '1/' || parcelas else parcela end as parcela,
        observacao,
        projeto_id,
        {{ ilegiveis({'recebimentos': ['but', 'gerar_os', 'faturar', 'atualizado_em']}) }} as _unreadable
    from recebimentos
    where {{ em_parcelas('parcelas') }} is not true

),

recebimentos_em_parcelas as (

    select
        'recebimentos' as origem,
        {{ codigo_do_recebimento('id', 'k', 'parcelas') }} as codigo,
        'PAC-' || paciente_id as cliente,
        empresa,
        id,
        procedimento_id,
        forma_pagamento_id,
        cast(null as text) as codigo_categoria,
        data,
        {{ vencimento_da_parcela('data_vencimento', 'k') }} as data_vencimento,
        {{ valor_da_parcela('valor', 'k', 'parcelas') }} as valor,
        numero_documento,
        k || '/' || parcelas as parcela,
        observacao,
        projeto_id,
        {{ ilegiveis({'recebimentos': ['but', 'gerar_os', 'faturar', 'atualizado_em']}) }} as _unreadable
    from recebimentos
    cross join lateral generate_series(1, parcelas) as k
    where {{ em_parcelas('parcelas') }}

),

vendas as (

    select
        'vendas_produtos' as origem,
        'VEN-' || id as codigo,
        'PAC-' || paciente_id as cliente,
        empresa,
        id,
        cast(null as text) as procedimento_id,
        forma_pagamento_id,
        codigo_categoria,
        data,
        data_vencimento,
        valor,
        numero_documento,
        cast(null as text) as parcela,
        produto as observacao,
        cast(null as text) as projeto_id,
        {{ ilegiveis({'vendas_produtos': ['but', 'atualizado_em']}) }} as _unreadable
    from vendas_produtos

),

repasses as (

    select
        'repasses' as origem,
        codigo,
        'PRO-' || profissional_id as cliente,
        empresa,
        id,
        cast(null as text) as procedimento_id,
        cast(null as text) as forma_pagamento_id,
        cast(null as text) as codigo_categoria,
        data,
        data_vencimento,
        valor,
        cast(null as text) as numero_documento,
        cast(null as text) as parcela,
        observacao,
        cast(null as text) as projeto_id,
        _unreadable
    from int_repasses

),

repasses_por_regra as (

    select
        'repasses_por_regra' as origem,
        'REP-R' || recebimento_id as codigo,
        'PRO-' || profissional_id as cliente,
        empresa,
        recebimento_id as id,
        cast(null as text) as procedimento_id,
        cast(null as text) as forma_pagamento_id,
        cast(null as text) as codigo_categoria,
        data,
        data_vencimento,
        valor,
        cast(null as text) as numero_documento,
        cast(null as text) as parcela,
        'Repasse do recebimento ' || recebimento_id as observacao,
        cast(null as text) as projeto_id,
        _unreadable
    from int_repasses_por_regra

),

contas_da_clinica as (

    select
        'despesas' as origem,
        'DES-' || id as codigo,
        'FOR-' || fornecedor_id as cliente,
        empresa,
        id,
        cast(null as text) as procedimento_id,
        forma_pagamento_id,
        codigo_categoria,
        data,
        data_vencimento,
        valor,
        numero_documento,
        cast(null as text) as parcela,
        observacao,
        cast(null as text) as projeto_id,
        {{ ilegiveis({'despesas': ['but', 'atualizado_em']}) }} as _unreadable
    from despesas

),

compras as (

    select
        'compras_produtos' as origem,
        'COM-' || id as codigo,
        'FOR-' || fornecedor_id as cliente,
        empresa,
        id,
        cast(null as text) as procedimento_id,
        forma_pagamento_id,
        codigo_categoria,
        data,
        data_vencimento,
        valor,
        numero_documento,
        cast(null as text) as parcela,
        produto as observacao,
        cast(null as text) as projeto_id,
        {{ ilegiveis({'compras_produtos': ['but', 'atualizado_em']}) }} as _unreadable
    from compras_produtos

),

titulos as (
    {{ uniao([
        'recebimentos_inteiros', 'recebimentos_em_parcelas', 'vendas', 'repasses',
        'repasses_por_regra', 'contas_da_clinica', 'compras',
    ], colunas) }}

)

select
    titulos.origem,
    titulos.empresa,
    titulos.id,
    titulos.codigo,
    coalesce(codigos.titular, titulos.cliente) as cliente,
    titulos.data,
    -- Without a readable business date the due date is withheld: the row must be refused, not sent.
    case when titulos.data is not null then titulos.data_vencimento end as data_vencimento,
    titulos.valor,
    coalesce(
        {{ categoria_mapeada('da_linha', 'titulos.codigo_categoria', 'outras') }},
        -- What the row calls its category and nothing maps stays, for validation to refuse.
        titulos.codigo_categoria,
        procedimentos.categoria,
        fornecedores.categoria,
        {%- for coluna, origem in [
            ('agenda', 'recebimentos'), ('venda', 'vendas_produtos'), ('repasse', 'repasses'),
            ('repasse', 'repasses_por_regra'), ('despesa', 'despesas'),
            ('compra', 'compras_produtos'),
        ] %}
        case when titulos.origem = '{{ origem }}'
            then {{ padrao('categoria_padrao_' ~ coluna) }} end{{ "," if not loop.last }}
        {%- endfor %}
    ) as codigo_categoria,
    {{ conta_corrente() }} as id_conta_corrente,
    formas.tipo as codigo_tipo_documento,
    titulos.numero_documento,
    titulos.parcela,
    titulos.observacao,
    titulos.projeto_id,
    coalesce(
        {{ mapeado('da_linha', 'department') }}, procedimentos.departamento,
        fornecedores.departamento,
        {{ mapeado('outras', 'department') }}
    ) as departamento,
    coalesce(
        {{ mapeado('da_linha', 'project') }}, procedimentos.projeto, fornecedores.projeto,
        {{ mapeado('outras', 'project') }}
    ) as projeto,
    titulos.codigo_categoria as categoria_da_clinica,
    procedimentos.codigo_categoria as categoria_do_procedimento,
    procedimentos.id as procedimento_id,
    procedimentos.nome as procedimento,
    fornecedores.tipo_fornecedor,
    {{ ilegiveis({
        'titulos': ['but'],
        'procedimentos': ['codigo_categoria'],
        'formas': ['codigo_conta_corrente', 'tipo'],
    }) }} as _unreadable,
    colisoes.entre as colisao,
    {%- set da_tabela = "case when titulos.origem = 'repasses_por_regra' then 'recebimentos' "
        ~ "else titulos.origem end" %}
    {%- set dos_cadastros = [
        ('profissional_id', 'profissionais', "'repasses', 'repasses_por_regra'"),
        ('fornecedor_id', 'fornecedores', "'despesas', 'compras_produtos'"),
    ] %}
    {%- set pessoa, cadastro = ["case"], ["case"] %}
    {%- for coluna, tabela, origens in dos_cadastros %}
        {%- do pessoa.append("when titulos.origem in (" ~ origens ~ ") then '" ~ coluna ~ "'") %}
        {%- do cadastro.append("when titulos.origem in (" ~ origens ~ ") then '" ~ tabela ~ "'") %}
    {%- endfor %}
    {%- set pessoa = pessoa | join(' ') ~ " else 'paciente_id' end" %}
    {%- set cadastro = cadastro | join(' ') ~ " else 'pacientes' end" %}
    {%- set produto = "titulos.origem in ('vendas_produtos', 'compras_produtos')" %}
    {{ faltas(
        faltas_da_pessoa('titulos.cliente', da_tabela, pessoa, cadastro)
        + [
            falta_de('titulos', da_tabela, 'procedimento_id', 'procedimentos', 'procedimentos.id'),
            {'quando': 'procedimentos.divergem', 'tipo': 'twice', 'tabela': da_tabela,
             'coluna': "'procedimento_id'", 'texto': 'titulos.procedimento_id',
             'de': "'procedimentos'"},
            falta_de('titulos', da_tabela, 'projeto_id', 'projetos', 'projetos.id'),
            {'quando': 'titulos.data is null', 'tabela': da_tabela, 'coluna': "'data'"},
            {'quando': produto ~ ' and titulos.observacao is null', 'tabela': da_tabela,
             'coluna': "'produto'"},
        ]
        + faltas_da_forma('titulos', da_tabela,
            exigida="titulos.origem not in ('repasses', 'repasses_por_regra')")
    ) }} as faltas
from titulos
left join colisoes on titulos.empresa = colisoes.empresa and titulos.codigo = colisoes.codigo
left join codigos
    on titulos.empresa = codigos.empresa and titulos.cliente = codigos.codigo
left join projetos
    on titulos.empresa = projetos.empresa and titulos.projeto_id = projetos.id
left join fornecedores
    on titulos.empresa = fornecedores.empresa and titulos.cliente = 'FOR-' || fornecedores.id
left join procedimentos
    on titulos.empresa = procedimentos.empresa and titulos.procedimento_id = procedimentos.id
{{ juncao_do_mapeamento('da_linha', 'titulos', 'category', 'titulos.codigo_categoria') }}
{{ juncao_do_mapeamento('outras', 'titulos', 'category', "'*'") }}
{{ juncoes_da_conta('titulos') }}
