{# What a clinic may have and need not: tables and columns that came after the first ten tables. #}

{# Whether the source has an optional table. None is no error and no warning: most clinics lack some. #}
{% macro fonte_opcional(fonte) -%}
    {%- if not execute -%}
        {{ return(true) }}
    {%- endif -%}
    {{ return(adapter.get_relation(fonte.database, fonte.schema, fonte.identifier) is not none) }}
{%- endmacro %}


{# The column's name where the source has the column, else a NULL for the reading macros. `coluna` as
   the source writes it, without quotes. A name that differs in nothing but case and signs is no absent
   column: `Desconto` would be left out of the money without a word. #}
{% macro coluna_opcional(fonte, coluna, alias=none) -%}
    {%- set nomes = nomes_das_colunas(fonte) -%}
    {%- if execute and coluna not in nomes -%}
        {%- set procurada = modules.re.sub('[^a-z0-9]', '', coluna | lower) -%}
        {%- for nome in nomes if modules.re.sub('[^a-z0-9]', '', nome | lower) == procurada -%}
            {{ exceptions.raise_compiler_error(
                fonte.identifier ~ ": the source has the column '" ~ nome ~ "' and '" ~ coluna
                ~ "' is looked for; give it that very name") }}
        {%- endfor -%}
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
