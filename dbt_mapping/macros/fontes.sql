{# Whether a source table is there at all. A clinic that sells no product has no such table, which
   is not an error; it is said once as a warning, so that a misspelt name is not silent. #}
{% macro fonte_existe(fonte) -%}
    {%- if not execute -%}
        {{ return(true) }}
    {%- endif -%}
    {%- set relacao = adapter.get_relation(fonte.database, fonte.schema, fonte.identifier) -%}
    {%- if relacao is none -%}
        {%- do exceptions.warn(
            "Source table " ~ fonte.schema ~ "." ~ fonte.identifier ~ " does not exist: no rows."
        ) -%}
    {%- endif -%}
    {{ return(relacao is not none) }}
{%- endmacro %}


{# The empresa of a raw row: the source's own column if it has one and it is filled, else `_empresa`
   written by the extract. A source read in place has no `_empresa`; with no column of its own
   either, everything belongs to the variable `empresa_padrao`. A row that leaves both empty keeps
   NULL and stops the build: guessing could bill another company. `alias` is the table's in a join. #}
{% macro empresa(fonte, coluna='empresa', alias=none) -%}
    {%- set existentes = [] -%}
    {%- if execute -%}
        {%- for existente in adapter.get_columns_in_relation(fonte) -%}
            {%- do existentes.append(existente.name) -%}
        {%- endfor -%}
    {%- endif -%}
    {%- set prefixo = alias ~ '.' if alias else '' -%}
    {%- set partes = [] -%}
    {%- for nome in [coluna, '_empresa'] if nome in existentes -%}
        {%- do partes.append('nullif(btrim(cast('
            ~ prefixo ~ adapter.quote(nome) ~ " as text)), '')") -%}
    {%- endfor -%}
    {%- if not partes -%}
        {%- do partes.append(dbt.string_literal(var('empresa_padrao', 'principal'))) -%}
    {%- endif -%}
    coalesce({{ partes | join(', ') }})
{%- endmacro %}
