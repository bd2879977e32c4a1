{{ config(materialized='ephemeral') }}
{# Money that moved at the clinic, with the título it settles and the account it went through. #}

{%- set prefixos = {
    'recebimentos': 'REC-', 'vendas_produtos': 'VEN-', 'repasses': 'REP-', 'despesas': 'DES-',
    'compras_produtos': 'COM-',
} %}
{%- set sem_parcelas = ['vendas_produtos', 'despesas', 'compras_produtos'] %}

with recebimentos as (

    select
        'recebimentos' as origem,
        empresa,
        id,
        forma_pagamento_id,
        atualizado_em,
        {{ numero_de_parcelas('parcelas') }} as partes,
        -- A receipt that is itself the second of three, of a clinic that keeps one row for each.
        split_part(parcela, '/', 1) as sua_parcela,
        _unreadable
    from {{ ref('recebimentos') }}

),
{% for tabela in sem_parcelas %}
{{ tabela }} as (

    select
        '{{ tabela }}' as origem,
        empresa,
        id,
        forma_pagamento_id,
        atualizado_em,
        1 as partes,
        cast(null as text) as sua_parcela,
        _unreadable
    from {{ ref(tabela) }}

),
{% endfor %}
pagamentos as (

    select * from {{ ref('pagamentos') }}

),

repasses as (

    select distinct empresa, id, codigo from {{ ref('int_repasses') }}

),

formas as (

    {{ formas_de_cada() }}

),

colisoes as (

    select * from {{ ref('int_colisoes') }}

),

origens as (
    {{ uniao(['recebimentos'] + sem_parcelas, [
        'origem', 'empresa', 'id', 'forma_pagamento_id', 'atualizado_em', 'partes', 'sua_parcela',
        '_unreadable',
    ]) }}

),

uma_de_cada as (

    select distinct on (origem, empresa, id) *
    from origens
    order by origem, empresa, id, atualizado_em desc nulls last

),

pagos as (

    select
        pagamentos.*,
        {{ ilegiveis({
            'pagamentos': ['but', 'atualizado_em'],
            'uma_de_cada': ['parcelas', 'forma_pagamento_id'],
        }) }} as ilegiveis,
        coalesce(pagamentos.forma_pagamento_id, uma_de_cada.forma_pagamento_id) as forma,
        repasses.codigo as repasse,
        -- An instalment that there is not names a título that there is not: refused, not guessed.
        case
            when pagamentos.parcela is null then ''
            when coalesce(uma_de_cada.partes, 1) = 1 and (
                pagamentos.parcela = 1 or lpad(uma_de_cada.sua_parcela, 3, '0')
                = lpad(cast(pagamentos.parcela as text), 3, '0')
            ) then ''
            else '-' || pagamentos.parcela
        end as sufixo
    from pagamentos
    left join uma_de_cada
        on pagamentos.origem = uma_de_cada.origem
        and pagamentos.empresa = uma_de_cada.empresa
        and pagamentos.origem_id = uma_de_cada.id
    left join repasses
        on pagamentos.origem = 'repasses'
        and pagamentos.empresa = repasses.empresa
        and pagamentos.origem_id = repasses.id

),

linhas as (

    select
        empresa, id, origem, origem_id, data, valor, desconto, juros, multa, conciliado, estornado,
        observacao, forma as forma_pagamento_id, ilegiveis as _unreadable,
        coalesce(repasse, case origem
            {%- for tabela, prefixo in prefixos.items() %}
            when '{{ tabela }}' then '{{ prefixo }}'
            {%- endfor %}
        end || origem_id) || sufixo as titulo
    from pagos

)

select
    linhas.empresa, linhas.id, linhas.origem, linhas.titulo, linhas.data, linhas.valor,
    linhas.desconto, linhas.juros, linhas.multa, linhas.conciliado, linhas.estornado,
    linhas.observacao, linhas.forma_pagamento_id,
    {{ ilegiveis({'linhas': ['but'], 'formas': ['codigo_conta_corrente']}) }} as _unreadable,
    colisoes.entre as colisao,
    -- What names no known table is among the receipts, where validation refuses it.
    coalesce(linhas.origem, '') in ('repasses', 'despesas', 'compras_produtos') as a_pagar,
    {{ conta_corrente() }} as codigo_conta_corrente,
    {{ faltas(
        [
            {'quando': 'linhas.origem is null', 'tabela': "'pagamentos'", 'coluna': "'origem'"},
            {'quando': "linhas.origem not in ('" ~ prefixos | join("', '") ~ "')",
             'tabela': "'pagamentos'", 'coluna': "'origem'", 'texto': 'linhas.origem'},
            {'quando': 'linhas.origem_id is null', 'tabela': "'pagamentos'",
             'coluna': "'origem_id'"},
        ]
        + faltas_da_forma('linhas', "'pagamentos'",
            exigida="linhas.origem is distinct from 'repasses'")
    ) }} as faltas
from linhas
left join colisoes
    on linhas.empresa = colisoes.empresa and linhas.titulo = colisoes.codigo
{{ juncoes_da_conta('linhas') }}
