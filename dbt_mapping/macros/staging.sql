{# The chosen staging set: `--vars '{staging: ...}'`, else OMIE_PIPELINE_STAGING, else `canonica`.
   dbt_project.yml repeats this expression, because project variables cannot be used there. #}
{% macro conjunto_staging() -%}
    {{ return(var('staging', env_var('OMIE_PIPELINE_STAGING', '') or 'canonica')) }}
{%- endmacro %}


{# The staging model of one canonical table in the chosen set. A set without it is a parse error
   that names the missing model; `tabela_vazia` is the one-line way to say "we have none". #}
{% macro staging(tabela) -%}
    {{ return(ref('stg_' ~ conjunto_staging() ~ '__' ~ tabela)) }}
{%- endmacro %}


{# A canonical table with its right columns and types and no row. #}
{% macro tabela_vazia(tabela) -%}
select
    {%- for coluna, tipo in colunas_canonicas(tabela).items() %}
    cast(null as {{ tipo }}) as {{ coluna }}{{ "," if not loop.last }}
    {%- endfor %}
where false
{%- endmacro %}


{# A canonical table: the columns of the contract, in its order, cast to its types. A missing
   column or a value that cannot be cast stops the build and is named by PostgreSQL. Optional columns
   and tables (macros/opcionais.sql) that the staging set lacks are NULL and empty. #}
{% macro canonica(tabela) -%}
{%- if not conjunto_tem(tabela) -%}
{{ tabela_vazia(tabela) }}
{%- else -%}
{%- set origem = staging(tabela) -%}
{%- set opcionais = colunas_opcionais(tabela) -%}
{%- set existentes = nomes_das_colunas(origem) if opcionais else [] -%}
select
    {%- for coluna, tipo in colunas_canonicas(tabela).items() %}
    {%- set ausente = execute and coluna in opcionais and coluna not in existentes %}
    cast({{ 'null' if ausente else coluna }} as {{ tipo }}) as {{ coluna }}
        {{- "," if not loop.last }}
    {%- endfor %}
from {{ origem }}
{%- endif -%}
{%- endmacro %}
