{# What a clinic may have and need not: tables and columns that came after the first ten tables. #}

{# Whether the source has an optional table. None is no error and no warning: most clinics lack some. #}
{% macro fonte_opcional(fonte) -%}
    {%- if not execute -%}
        {{ return(true) }}
    {%- endif -%}
    {{ return(adapter.get_relation(fonte.database, fonte.schema, fonte.identifier) is not none) }}
{%- endmacro %}


{# The column's name where the source has the column, else a NULL for the reading macros. `coluna` as
   the source writes it, without quotes. #}
{% macro coluna_opcional(fonte, coluna, alias=none) -%}
    {%- if execute and coluna not in nomes_das_colunas(fonte) -%}
        {{ return('null') }}
    {%- endif -%}
    {{ return((alias ~ '.' if alias else '') ~ adapter.quote(coluna)) }}
{%- endmacro %}


{# Names of a relation's columns as the database has them now; none while dbt only parses. #}
{% macro nomes_das_colunas(relacao) -%}
    {%- set nomes = [] -%}
    {%- if execute -%}
        {%- for coluna in adapter.get_columns_in_relation(relacao) -%}
            {%- do nomes.append(coluna.name) -%}
        {%- endfor -%}
    {%- endif -%}
    {{ return(nomes) }}
{%- endmacro %}


{# Whether the chosen staging set has a model for a canonical table. The ten tables: always. The
   optional ones: both delivered sets, and a set of one's own that names them in the variable
   `tabelas_opcionais`. dbt cannot ask whether a model exists before it has read all of them, hence the
   variable; a model that it does not name is refused, so that no table is left out unseen. #}
{% macro conjunto_tem(tabela) -%}
    {%- if tabela not in tabelas_opcionais() or conjunto_staging() in ('canonica', 'synthea')
            or tabela in var('tabelas_opcionais', []) -%}
        {{ return(true) }}
    {%- endif -%}
    {%- set modelo = 'stg_' ~ conjunto_staging() ~ '__' ~ tabela -%}
    {%- if execute -%}
        {%- for no in graph.nodes.values() if no.resource_type == 'model' and no.name == modelo -%}
            {{ exceptions.raise_compiler_error(
                "The model " ~ modelo ~ " is not read: name '" ~ tabela
                ~ "' in tabelas_opcionais of your vars.yml") }}
        {%- endfor -%}
    {%- endif -%}
    {{ return(false) }}
{%- endmacro %}
