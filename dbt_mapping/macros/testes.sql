{# Keeps the data tests that dbt has just run, as statements: a table that is filled without dbt is
   tested by them (omie_pipeline/models/data_tests.py); not one with thresholds of its own, since it counts
   what they find. One that the project no longer has is forgotten.
   Without the name of the database: restored from a dump, it may have another. #}
{% macro lembrar_testes(results) -%}
    {%- set linhas = [] -%}
    {%- for resultado in results or [] if execute -%}
        {%- set no = resultado.node -%}
        {%- set contado = no.resource_type == 'test' and no.config.fail_calc == 'count(*)'
            and no.config.warn_if == '!= 0' and no.config.error_if == '!= 0' -%}
        {%- if contado and no.compiled_code and resultado.status in ('pass', 'warn', 'fail') -%}
            {%- set lidas = [] -%}
            {%- for id in no.depends_on.nodes -%}
                {%- set outro = graph.nodes.get(id) or graph.sources.get(id) -%}
                {%- if outro -%}
                    {%- do lidas.append(_texto_sql(outro.schema ~ '.' ~ (outro.alias or outro.identifier))) -%}
                {%- endif -%}
            {%- endfor -%}
            {%- do linhas.append(
                '(' ~ _texto_sql(no.name) ~ ', array[' ~ lidas | join(', ') ~ ']::text[], '
                ~ _texto_sql(no.compiled_code | replace('"' ~ target.database ~ '".', '')) ~ ')') -%}
        {%- endif -%}
    {%- endfor -%}
    {%- if execute -%}
    {%- set nomes = ["''"] -%}
    {%- for no in graph.nodes.values() if no.resource_type == 'test' -%}
        {%- do nomes.append(_texto_sql(no.name)) -%}
    {%- endfor -%}
    delete from {{ esquema('omie_sync') }}.model_test where name not in ({{ nomes | join(', ') }});
    {%- endif -%}
    {%- if linhas -%}
    {{ ' ' }}insert into {{ esquema('omie_sync') }}.model_test (name, reads, statement)
    values {{ linhas | join(',\n') }}
    on conflict (name) do update
    set reads = excluded.reads, statement = excluded.statement, tested_at = now()
    {%- endif -%}
{%- endmacro %}


{% macro _texto_sql(texto) -%}
    {{ return("'" ~ texto | replace("'", "''") ~ "'") }}
{%- endmacro %}
