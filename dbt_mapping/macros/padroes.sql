{# Defaults of each empresa: seeds padroes_empresa and contas_por_forma_pagamento. #}

{# Hook of a seed: every column that dbt_project.yml gives a type to is there, whatever the file has.
   Before loading, for a table made from an older file; after it, for a file older than the columns. #}
{% macro colunas_da_semente() -%}
    {%- set partes = [] -%}
    {%- for coluna, tipo in model.config.column_types.items() -%}
        {%- do partes.append('add column if not exists ' ~ adapter.quote(coluna) ~ ' ' ~ tipo) -%}
    {%- endfor -%}
alter table if exists {{ this }} {{ partes | join(', ') }}
{%- endmacro %}


{# The value of a column of padroes_empresa: the empresa's own, else that of `*`. #}
{% macro padrao(coluna) -%}
    coalesce(da_empresa.{{ coluna }}, de_todas.{{ coluna }})
{%- endmacro %}


{# A column of padroes_empresa that says S or N. #}
{% macro padrao_sim(coluna) -%}
    coalesce(upper(btrim({{ padrao(coluna) }})) = 'S', false)
{%- endmacro %}


{% macro juncoes_dos_padroes(linha) -%}
    left join {{ ref('padroes_empresa') }} as da_empresa on {{ linha }}.empresa = da_empresa.empresa
    left join {{ ref('padroes_empresa') }} as de_todas on de_todas.empresa = '*'
{%- endmacro %}


{# A register row given twice must not double the rows that point at it. #}
{% macro um_de_cada(tabela) -%}
    select distinct on (empresa, id) *
    from {{ ref(tabela) }}
    order by empresa, id, atualizado_em desc nulls last
{%- endmacro %}


{# Omie's account of a row with `forma_pagamento_id`; needs juncoes_da_conta and the defaults. #}
{% macro conta_corrente() -%}
    coalesce(
        formas.codigo_conta_corrente,
        {%- for nome in ['por_id', 'por_tipo', 'todas_por_id', 'todas_por_tipo'] %}
        {{ nome }}.codigo_conta_corrente,
        {%- endfor %}
        da_empresa.conta_corrente_padrao,
        de_todas.conta_corrente_padrao
    )
{%- endmacro %}


{# `formas` is a CTE by um_de_cada('formas_pagamento'). #}
{% macro juncoes_da_conta(linha) -%}
    {%- set contas = ref('contas_por_forma_pagamento') -%}
    {%- set forma = linha ~ '.forma_pagamento_id' -%}
    left join formas
        on {{ linha }}.empresa = formas.empresa and {{ forma }} = formas.id
    left join {{ contas }} as por_id
        on {{ linha }}.empresa = por_id.empresa and {{ forma }} = por_id.forma_pagamento
    left join {{ contas }} as por_tipo
        on {{ linha }}.empresa = por_tipo.empresa and formas.tipo = por_tipo.forma_pagamento
    left join {{ contas }} as todas_por_id
        on todas_por_id.empresa = '*' and {{ forma }} = todas_por_id.forma_pagamento
    left join {{ contas }} as todas_por_tipo
        on todas_por_tipo.empresa = '*' and formas.tipo = todas_por_tipo.forma_pagamento
    {{ juncoes_dos_padroes(linha) }}
{%- endmacro %}
