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


{# A canonical table: the columns of the contract, in its order, cast to its types. Columns of the
   staging model are readings (macros/leitura.sql), or plain texts that are read here; a marker is NULL
   in its column and an entry of `_unreadable`, so that one value stops nothing. Columns that have a
   type already are cast. A missing column stops the build. Optional columns and tables
   (macros/opcionais.sql) that the staging set lacks are NULL and empty. #}
{% macro canonica(tabela) -%}
{%- if not conjunto_tem(tabela) -%}
select *, cast(null as jsonb) as _unreadable from ({{ tabela_vazia(tabela) }}) as vazia
{%- else -%}
{%- set origem = staging(tabela) -%}
{%- set opcionais = colunas_opcionais(tabela) -%}
{%- set tipos = tipos_das_colunas(origem) -%}
{%- set textos = [] -%}
{%- set leitura = funcao_de_leitura('reading') -%}
{%- for coluna in colunas_canonicas(tabela)
        if tipos.get(coluna, '').startswith(('text', 'character', leitura)) -%}
    {%- do textos.append(coluna) -%}
{%- endfor -%}
with lidas as (

    select
        {%- for coluna, tipo in colunas_canonicas(tabela).items() %}
        {%- if tipos.get(coluna) == leitura %}
        {{ coluna }}
        {%- elif coluna in textos %}
        {{ leitura_por_tipo(coluna, tipo) }} as {{ coluna }}
        {%- elif execute and coluna in opcionais and coluna not in tipos %}
        cast(null as {{ tipo }}) as {{ coluna }}
        {%- else %}
        cast({{ coluna }} as {{ tipo }}) as {{ coluna }}
        {%- endif %}{{ "," if not loop.last }}
        {%- endfor %}
    from {{ origem }}
    -- All rows, but while one record is computed (omie_pipeline/models).
    where case
        when (select {{ esquema('omie_sync') }}.only_ids('{{ tabela }}')) is null then true
        else cast(id as text) = any ((select {{ esquema('omie_sync') }}.only_ids('{{ tabela }}'))::text[])
    end
    -- Each value is read once, though it is looked at more often below.
    offset 0

)

select
    {%- for coluna, tipo in colunas_canonicas(tabela).items() %}
    {%- if coluna in textos %}
    case when ascii({{ coluna }}) <> 1 then cast({{ coluna }} as {{ tipo }}) end as {{ coluna }},
    {%- else %}
    {{ coluna }},
    {%- endif %}
    {%- endfor %}
    {%- if textos %}
    case when strpos(concat({{ textos | join(', ') }}), chr(1)) > 0 then
        {{ funcao_de_leitura('reading_entries') }}(
            array['{{ textos | join("', '") }}'], array[{{ textos | join(', ') }}]
        )
    end as _unreadable
    {%- else %}
    cast(null as jsonb) as _unreadable
    {%- endif %}
from lidas
{%- endif -%}
{%- endmacro %}


{# A staged text as a reading of its canonical type. What is a reading already stays as it is. #}
{% macro leitura_por_tipo(coluna, tipo) -%}
    {%- if tipo == 'numeric' -%}
    {{ numero(coluna) }}
    {%- elif tipo == 'bigint' -%}
    {{ inteiro(coluna) }}
    {%- elif tipo == 'integer' -%}
    {{ inteiro_curto(coluna) }}
    {%- elif tipo == 'boolean' -%}
    {{ logico(coluna) }}
    {%- elif tipo == 'date' -%}
    {{ data(coluna) }}
    {%- elif tipo == 'timestamptz' -%}
    {{ instante(coluna) }}
    {%- else -%}
    {{ coluna }}
    {%- endif -%}
{%- endmacro %}


{# Types of a relation's columns by name, as the database has them now; none while dbt only parses.
   A domain is recognized by its own name, which dbt's adapter does not. #}
{% macro tipos_das_colunas(relacao) -%}
    {%- set tipos = {} -%}
    {%- if execute -%}
        {%- set linhas = run_query(
            "select attname::text, format_type(atttypid, atttypmod) from pg_attribute"
            ~ " where attnum > 0 and not attisdropped and attrelid = to_regclass("
            ~ dbt.string_literal(adapter.quote(relacao.schema) ~ '.' ~ adapter.quote(relacao.identifier))
            ~ ")"
        ) -%}
        {%- for linha in linhas.rows -%}
            {%- do tipos.update({linha[0]: linha[1]}) -%}
        {%- endfor -%}
    {%- endif -%}
    {{ return(tipos) }}
{%- endmacro %}
