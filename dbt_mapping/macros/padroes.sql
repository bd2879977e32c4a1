{# Defaults of each empresa, as `omie-pipeline defaults` keeps them in the warehouse. #}

{# The table of defaults under the names that the models use. #}
{% macro padroes_empresa() -%}
    (
        select
            empresa,
            receipt_category as categoria_padrao_agenda,
            repasse_category as categoria_padrao_repasse,
            sale_category as categoria_padrao_venda,
            expense_category as categoria_padrao_despesa,
            purchase_category as categoria_padrao_compra,
            account as conta_corrente_padrao,
            bill_orders as faturar_os_automaticamente,
            order_for_every_receipt as gerar_os_sempre,
            professionals_are_sellers as profissional_como_vendedor,
            repasse_days as prazo_repasse_dias,
            lc116 as lc116_padrao,
            municipal_service as servico_municipal_padrao,
            taxation as tributacao_padrao,
            service_city as cidade_prestacao,
            order_terms as condicao_parcela_os
        from {{ source('omie_sync', 'empresa_default') }}
    )
{%- endmacro %}


{# The value of a default: the empresa's own, else that of `*`. #}
{% macro padrao(coluna) -%}
    coalesce(da_empresa.{{ coluna }}, de_todas.{{ coluna }})
{%- endmacro %}


{# A default that says S or N. #}
{% macro padrao_sim(coluna) -%}
    coalesce(upper(btrim({{ padrao(coluna) }})) = 'S', false)
{%- endmacro %}


{% macro juncoes_dos_padroes(linha) -%}
    left join {{ padroes_empresa() }} as da_empresa on {{ linha }}.empresa = da_empresa.empresa
    left join {{ padroes_empresa() }} as de_todas on de_todas.empresa = '*'
{%- endmacro %}


{# A register row given twice must not double the rows that point at it. `divergem` says whether the
   rows of one id differ in the columns of `decide`: which of them is meant nobody can say then. #}
{% macro um_de_cada(tabela, decide=[]) -%}
    select distinct on (empresa, id)
        *
        {%- if decide %},
        {%- set valores = "jsonb_build_array(" ~ decide | join(', ') ~ ")::text" %}
        min({{ valores }}) over da_chave <> max({{ valores }}) over da_chave as divergem
        {%- endif %}
    from {{ ref(tabela) }}
    {%- if decide %}
    window da_chave as (partition by empresa, id)
    {%- endif %}
    order by empresa, id, atualizado_em desc nulls last
{%- endmacro %}


{# The payment methods, once each; `divergem` where one id has two accounts or types. #}
{% macro formas_de_cada() -%}
    {{ um_de_cada('formas_pagamento', ['tipo', 'codigo_conta_corrente', '_unreadable']) }}
{%- endmacro %}


{# Omie's account of a row with `forma_pagamento_id`; needs juncoes_da_conta and the defaults. #}
{% macro conta_corrente() -%}
    coalesce(
        formas.codigo_conta_corrente,
        {%- for nome in ['por_id', 'por_tipo', 'todas_por_id', 'todas_por_tipo'] %}
        {{ nome }}.account,
        {%- endfor %}
        da_empresa.conta_corrente_padrao,
        de_todas.conta_corrente_padrao
    )
{%- endmacro %}


{# `formas` is a CTE by formas_de_cada. #}
{% macro juncoes_da_conta(linha) -%}
    {%- set contas = source('omie_sync', 'payment_account') -%}
    {%- set forma = linha ~ '.forma_pagamento_id' -%}
    left join formas
        on {{ linha }}.empresa = formas.empresa and {{ forma }} = formas.id
    left join {{ contas }} as por_id
        on {{ linha }}.empresa = por_id.empresa and {{ forma }} = por_id.payment_method
    left join {{ contas }} as por_tipo
        on {{ linha }}.empresa = por_tipo.empresa and formas.tipo = por_tipo.payment_method
    left join {{ contas }} as todas_por_id
        on todas_por_id.empresa = '*' and {{ forma }} = todas_por_id.payment_method
    left join {{ contas }} as todas_por_tipo
        on todas_por_tipo.empresa = '*' and formas.tipo = todas_por_tipo.payment_method
    left join (select distinct empresa from formas) as com_formas
        on {{ linha }}.empresa = com_formas.empresa
    {{ juncoes_dos_padroes(linha) }}
{%- endmacro %}
