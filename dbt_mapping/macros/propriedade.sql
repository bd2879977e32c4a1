{# What is ours in the database: names of schemas, marks, and the refusal to touch anything else.
   The functions are those of omie_pipeline/postgres/sql/ownership.sql. #}

{# The name in the database of the schema that the code calls `nome`. #}
{% macro esquema(nome) -%}
    {{ return(env_var('OMIE_PIPELINE_SCHEMA_PREFIX', '') ~ nome) }}
{%- endmacro %}


{# Stops where the relation is there and is not ours. `omie-pipeline build` has looked before the
   first model; this one is for runs of dbt alone, and for what came in between. #}
{% macro exigir_nossa(relacao) -%}
    {%- if execute and relacao is not none -%}
        {#- Asked of the database: dbt's own list still has what fell with another view. -#}
        {%- set alheia = run_query(
            "select oid from to_regclass('" ~ relacao ~ "') as oid where oid is not null and not "
            ~ esquema('omie_sync') ~ '.e_nosso(oid)'
        ).rows -%}
        {%- if alheia | length > 0 -%}
            {{ exceptions.raise_compiler_error(
                'O objeto ' ~ relacao ~ ' não foi feito por este programa e não foi alterado. '
                ~ 'Renomeie-o ou mova-o (ALTER ... RENAME TO, SET SCHEMA)') }}
        {%- endif -%}
    {%- endif -%}
{%- endmacro %}


{# Stops where dropping the relation would take along what is not ours. #}
{% macro exigir_sem_alheios(relacao) -%}
    {%- set alheios = run_query(
        'select array_to_string(' ~ esquema('omie_sync') ~ ".alheios_sobre('" ~ relacao ~ "'), '; ')"
    ).rows[0][0] -%}
    {%- if alheios -%}
        {{ exceptions.raise_compiler_error(
            'As colunas de ' ~ relacao ~ ' mudaram, e sobre ela há objetos que não são deste '
            ~ 'programa: ' ~ alheios ~ '. Nada foi alterado. Apague-os, repita o build e crie-os de novo'
        ) }}
    {%- endif -%}
{%- endmacro %}


{# Stops where deleting the relation's rows, to fill it again, would delete or change rows of others. #}
{% macro exigir_sem_cascata(relacao) -%}
    {%- set chaves = run_query(
        "select string_agg(pg_describe_object('pg_constraint'::regclass, oid, 0), '; ') "
        ~ "from pg_constraint where contype = 'f' and confdeltype in ('c', 'n', 'd') "
        ~ "and confrelid = to_regclass('" ~ relacao ~ "')"
    ).rows[0][0] -%}
    {%- if chaves -%}
        {{ exceptions.raise_compiler_error(
            'As linhas de ' ~ relacao ~ ' são apagadas e escritas de novo a cada build, e levariam '
            ~ 'linhas que não são deste programa: ' ~ chaves ~ '. Nada foi alterado. Troque o ON '
            ~ 'DELETE dessas chaves, ou tire-as'
        ) }}
    {%- endif -%}
{%- endmacro %}


{# The comment that makes a relation ours; its description goes before the mark where analysts read
   it. In the transaction that made the relation. #}
{% macro marcar(relacao) -%}
    {%- set texto = model.description if config.persist_relation_docs() and model.description else '' -%}
    {% call statement('marcar') -%}
        select {{ esquema('omie_sync') }}.marcar('{{ relacao }}', {{ dbt.string_literal(
            texto | replace("'", "''")) }})
    {%- endcall %}
{%- endmacro %}


{# The same as a hook, for seeds. #}
{% macro marca_da_semente() -%}
    select {{ esquema('omie_sync') }}.marcar('{{ this }}')
{%- endmacro %}
