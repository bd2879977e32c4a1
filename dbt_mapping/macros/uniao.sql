{# The rows of several CTEs under one another, each read by the names of its columns: in which order a
   branch writes them is no matter, and one that lacks a column stops the build. #}
{% macro uniao(partes, colunas) -%}
    {%- for parte in partes %}
    select {{ colunas | join(', ') }} from {{ parte }}
    {{- "\n    union all" if not loop.last }}
    {%- endfor %}
{%- endmacro %}
