{{ config(materialized='ephemeral') }}
{# Every título, to receive and to pay, in one shape, with category and account resolved. It is
   inlined in the two payload models; PostgreSQL drops the branches that the filter excludes. #}

with titulos as (

    select
        'recebimentos' as origem, 'REC-' || id as codigo, 'PAC-' || paciente_id as cliente,
        empresa, id, procedimento_id, forma_pagamento_id, cast(null as text) as codigo_categoria,
        data, data_vencimento, valor, numero_documento, parcela, observacao
    from {{ ref('recebimentos') }}

    union all

    select
        'vendas_produtos', 'VEN-' || id, 'PAC-' || paciente_id,
        empresa, id, null, forma_pagamento_id, codigo_categoria,
        data, data_vencimento, valor, numero_documento, null, produto
    from {{ ref('vendas_produtos') }}

    union all

    select
        'repasses', 'REP-' || id, 'PRO-' || profissional_id,
        empresa, id, null, null, null,
        data, data_vencimento, valor, null, null, observacao
    from {{ ref('repasses') }}

    union all

    select
        'despesas', 'DES-' || id, 'FOR-' || fornecedor_id,
        empresa, id, null, forma_pagamento_id, codigo_categoria,
        data, data_vencimento, valor, numero_documento, null, observacao
    from {{ ref('despesas') }}

    union all

    select
        'compras_produtos', 'COM-' || id, 'FOR-' || fornecedor_id,
        empresa, id, null, forma_pagamento_id, codigo_categoria,
        data, data_vencimento, valor, numero_documento, null, produto
    from {{ ref('compras_produtos') }}

),

-- A register row given twice must not double the títulos that point at it.
procedimentos as (

    select distinct on (empresa, id) empresa, id, codigo_categoria
    from {{ ref('procedimentos') }}
    order by empresa, id, atualizado_em desc nulls last

),

formas as (

    select distinct on (empresa, id) empresa, id, tipo, codigo_conta_corrente
    from {{ ref('formas_pagamento') }}
    order by empresa, id, atualizado_em desc nulls last

),

contas as (

    select empresa, forma_pagamento, codigo_conta_corrente
    from {{ ref('contas_por_forma_pagamento') }}

),

padroes as (

    select * from {{ ref('padroes_empresa') }}

)

select
    titulos.origem,
    titulos.empresa,
    titulos.id,
    titulos.codigo,
    titulos.cliente,
    titulos.data,
    -- Without a readable business date the due date is withheld: the row must be refused, not sent.
    case when titulos.data is not null then titulos.data_vencimento end as data_vencimento,
    titulos.valor,
    coalesce(
        titulos.codigo_categoria,
        procedimentos.codigo_categoria,
        {%- for coluna, origem in [
            ('agenda', 'recebimentos'), ('venda', 'vendas_produtos'), ('repasse', 'repasses'),
            ('despesa', 'despesas'), ('compra', 'compras_produtos'),
        ] %}
        case when titulos.origem = '{{ origem }}' then coalesce(
            da_empresa.categoria_padrao_{{ coluna }}, de_todas.categoria_padrao_{{ coluna }}
        ) end{{ "," if not loop.last }}
        {%- endfor %}
    ) as codigo_categoria,
    coalesce(
        formas.codigo_conta_corrente,
        {%- for nome in ['por_id', 'por_tipo', 'todas_por_id', 'todas_por_tipo'] %}
        {{ nome }}.codigo_conta_corrente,
        {%- endfor %}
        da_empresa.conta_corrente_padrao,
        de_todas.conta_corrente_padrao
    ) as id_conta_corrente,
    formas.tipo as codigo_tipo_documento,
    titulos.numero_documento,
    titulos.parcela,
    titulos.observacao
from titulos
left join procedimentos
    on titulos.empresa = procedimentos.empresa and titulos.procedimento_id = procedimentos.id
left join formas
    on titulos.empresa = formas.empresa and titulos.forma_pagamento_id = formas.id
left join contas as por_id
    on titulos.empresa = por_id.empresa and titulos.forma_pagamento_id = por_id.forma_pagamento
left join contas as por_tipo
    on titulos.empresa = por_tipo.empresa and formas.tipo = por_tipo.forma_pagamento
left join contas as todas_por_id
    on todas_por_id.empresa = '*' and titulos.forma_pagamento_id = todas_por_id.forma_pagamento
left join contas as todas_por_tipo
    on todas_por_tipo.empresa = '*' and formas.tipo = todas_por_tipo.forma_pagamento
left join padroes as da_empresa on titulos.empresa = da_empresa.empresa
left join padroes as de_todas on de_todas.empresa = '*'
