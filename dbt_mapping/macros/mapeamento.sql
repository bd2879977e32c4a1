{# De-para: what `omie-pipeline mapping` keeps in the warehouse for the clinic's own values. #}

{# The mappings in force, one row for each value. To be a CTE called `mapeamento`. #}
{% macro mapeamento() -%}
    select
        empresa, kind, source,
        {%- for alvo in ['category', 'department', 'project'] %}
        max(code) filter (where target = '{{ alvo }}') as {{ alvo }}{{ "," if not loop.last }}
        {%- endfor %}
    from {{ source('omie_sync', 'mapping') }}
    group by empresa, kind, source
{%- endmacro %}


{# Joins `mapeamento` to a row with `empresa`: the empresa's own mapping and that of `*`. `nome` is the
   alias by which `mapeado` finds it, `valor` an SQL text of the row. Of `outras`, every other value, that of
   `*` names nothing of the row: a join would look through all mappings for each, so `mapeado` asks once. #}
{% macro juncao_do_mapeamento(nome, linha, tipo, valor) -%}
    left join mapeamento as {{ nome }}
        on {{ nome }}.empresa = {{ linha }}.empresa
        and {{ nome }}.kind = '{{ tipo }}' and {{ nome }}.source = {{ valor }}
    {%- if nome != 'outras' %}
    left join mapeamento as {{ nome }}_de_todas
        on {{ nome }}_de_todas.empresa = '*'
        and {{ nome }}_de_todas.kind = '{{ tipo }}' and {{ nome }}_de_todas.source = {{ valor }}
    {%- endif %}
{%- endmacro %}


{# The code that a joined mapping gives. #}
{% macro mapeado(nome, alvo='category') -%}
    {%- if nome == 'outras' -%}
    coalesce(outras.{{ alvo }}, (
        select todas.{{ alvo }} from mapeamento as todas
        where todas.empresa = '*' and todas.kind = 'category' and todas.source = '*'
    ))
    {%- else -%}
    coalesce({{ nome }}.{{ alvo }}, {{ nome }}_de_todas.{{ alvo }})
    {%- endif -%}
{%- endmacro %}


{# Whether a text has the form of a category of Omie's (`1.01.01`), so that it may be meant as it is. #}
{% macro e_categoria_do_omie(valor) -%}
    {{ valor }} ~ '^[0-9]+([.][0-9]+)+$'
{%- endmacro %}


{# Omie's category for what the clinic calls `valor`: as mapped, else as it is where it has Omie's form,
   else the mapping of every other value (`*`), joined as `outros`; NULL where nothing says it. #}
{% macro categoria_mapeada(nome, valor, outros) -%}
    coalesce(
        {{ mapeado(nome) }},
        case when {{ e_categoria_do_omie(valor) }} then {{ valor }} end,
        case when {{ valor }} is not null then {{ mapeado(outros) }} end
    )
{%- endmacro %}


{# `_unmapped`: which value of the clinic's has no category, for validation to say so and to suggest
   some. Each item of `lista`: kind, SQL text of the value, SQL text of its name. The first that has a
   value counts. NULL where `categoria` says one of Omie's form. `campo`, where a row has several
   categories: SQL text of the beginning of the field that this one is for. #}
{% macro sem_mapeamento(categoria, lista, campo=none) -%}
    case when {{ e_categoria_do_omie(categoria) }} is not true then
        case
            {%- for tipo, valor, nome in lista %}
            when {{ valor }} is not null then jsonb_build_object(
                'kind', '{{ tipo }}', 'source', {{ valor }}, 'name', coalesce({{ nome }}, {{ valor }})
                {%- if campo is not none %}, 'field', {{ campo }}{% endif %})
            {%- endfor %}
        end
    end
{%- endmacro %}


{# A JSON array without its nulls. #}
{% macro sem_nulos(lista) -%}
    jsonb_path_query_array({{ lista }}, '$[*] ? (@ != null)')
{%- endmacro %}


{# The procedures, once each, with what the mapping makes of them: `categoria` is Omie's, or the clinic's
   own text where nothing maps it. `mapeamento` is a CTE. #}
{% macro procedimentos_mapeados(decide=[]) -%}
    select
        todos.*,
        coalesce(
            {{ mapeado('por_id') }},
            {{ categoria_mapeada('por_categoria', 'todos.codigo_categoria', 'outras') }},
            todos.codigo_categoria
        ) as categoria,
        {%- for alvo, coluna in [('department', 'departamento'), ('project', 'projeto')] %}
        coalesce({{ mapeado('por_id', alvo) }}, {{ mapeado('por_categoria', alvo) }}) as {{ coluna }}
        {{- "," if not loop.last }}
        {%- endfor %}
    from ({{ um_de_cada('procedimentos', decide) }}) as todos
    {{ juncao_do_mapeamento('por_id', 'todos', 'procedure', 'todos.id') }}
    {{ juncao_do_mapeamento('por_categoria', 'todos', 'category', 'todos.codigo_categoria') }}
    {{ juncao_do_mapeamento('outras', 'todos', 'category', "'*'") }}
{%- endmacro %}


{# The project of a row of int_titulos: the clinic's own, which is a record of ours, else the mapped
   number of Omie's. #}
{% macro projeto_mapeado() -%}
    coalesce(
        {{ omie_id('projetos', nosso_codigo('projetos', 'PRJ-', 'projeto_id')) }},
        to_jsonb(cast(projeto as bigint))
    )
{%- endmacro %}


{# The department of a row of int_titulos, as a split over one; NULL where none is mapped. #}
{% macro departamento_mapeado() -%}
    case when departamento is not null then
        jsonb_build_array(jsonb_build_object('cCodDep', departamento, 'nPerDep', 100))
    end
{%- endmacro %}


{# The company's own word for a category of Omie's; needs juncoes_da_categoria_gerencial. #}
{% macro categoria_gerencial() -%}
    coalesce(gerencial.code, gerencial_de_todas.code, outras_gerencial.code, outras_de_todas.code)
{%- endmacro %}


{# Joins the words of analysis to a row with `empresa` and `codigo_categoria`: of the category, else of
   every other one (`*`), the empresa's before those of all. #}
{% macro juncoes_da_categoria_gerencial(linha) -%}
    {%- set palavras = source('omie_sync', 'mapping') -%}
    {%- for nome, empresa, categoria in [
        ('gerencial', linha ~ '.empresa', linha ~ '.codigo_categoria'),
        ('gerencial_de_todas', "'*'", linha ~ '.codigo_categoria'),
        ('outras_gerencial', linha ~ '.empresa', "'*'"),
        ('outras_de_todas', "'*'", "'*'"),
    ] %}
    left join {{ palavras }} as {{ nome }}
        on {{ nome }}.empresa = {{ empresa }} and {{ nome }}.source = {{ categoria }}
        and {{ nome }}.kind = 'omie_category' and {{ nome }}.target = 'managerial_category'
    {%- endfor %}
{%- endmacro %}
