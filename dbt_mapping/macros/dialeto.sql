{# How one raw column writes its numbers and its days: what was declared, what its SQL type says, what
   the whole column shows. The answer is found while the model is built and stands in its SQL. #}

{# Two SQL arguments: the decimal separator ('#' for a number by its SQL type, NULL where nobody
   knows), and whether that is declared. Evidence is a column whose unmistakable values all have one
   separator: it makes a thousand of `1.280` beside `350,00`, and never three decimals of anything. #}
{% macro separador_decimal(coluna, decimal=none) -%}
    {%- set dito = {'valor': decimal} -%}
    {%- if execute and not decimal -%}
        {%- set respostas = [] -%}
        {%- for origem in origens_da_coluna(coluna) -%}
            {%- do respostas.append(_separador_da_origem(origem)) -%}
        {%- endfor -%}
        {%- if respostas and respostas | unique | list | length == 1 -%}
            {%- do dito.update({'valor': respostas[0]}) -%}
        {%- endif -%}
    {%- endif -%}
    {%- set separador = dito['valor'] or '' -%}
    {%- set declarado = '~' not in separador -%}
    {%- set separador = separador.replace('~', '') -%}
    {#- numeric, double precision, real, bigint, integer, smallint #}
    case when pg_typeof({{ coluna }})::oid = any ('{1700,701,700,20,23,21}'::oid[]) then '#' else {{ "'" ~ separador ~ "'" if separador else 'null' }} end,
    {{ 'true' if separador and declarado else 'false' }}
{%- endmacro %}


{# Two SQL arguments: the order of day and month, and what is added to a year of two digits. #}
{% macro ordem_do_dia(coluna, ordem=none) -%}
    {%- set dito = {'ordem': ordem, 'seculo': none} -%}
    {%- if execute -%}
        {%- set respostas = [] -%}
        {%- for origem in origens_da_coluna(coluna) -%}
            {%- do respostas.append({
                'ordem': ordem or declarado_da_coluna(origem, 'date_order', ['dmy', 'mdy'])
                    or _ordem_que_aparece(origem),
                'seculo': declarado_da_coluna(origem, 'two_digit_years', ['1900', '2000']),
            }) -%}
        {%- endfor -%}
        {%- if respostas | length == 1 -%}
            {%- do dito.update(respostas[0]) -%}
        {%- elif respostas -%}
            {%- set ordens = respostas | map(attribute='ordem') | unique | list -%}
            {%- do dito.update({'ordem': ordens[0] if ordens | length == 1 else '?'}) -%}
        {%- endif -%}
    {%- endif -%}
    {{ "'" ~ dito['ordem'] ~ "'" if dito['ordem'] else 'null' }}, {{ dito['seculo'] or 'null' }}
{%- endmacro %}


{# The source relations of this model that have the column an expression names. #}
{% macro origens_da_coluna(coluna) -%}
    {%- set nome = nome_da_coluna(coluna) -%}
    {%- set achadas = [] -%}
    {%- for id in model.depends_on.nodes if nome and id in graph.sources -%}
        {%- set fonte = graph.sources[id] -%}
        {%- set linhas = run_query(
            "select format_type(atttypid, atttypmod), col_description(attrelid, attnum)"
            ~ " from pg_attribute where attnum > 0 and not attisdropped"
            ~ " and attrelid = to_regclass(" ~ dbt.string_literal(
                adapter.quote(fonte.schema) ~ '.' ~ adapter.quote(fonte.identifier)) ~ ")"
            ~ " and attname = " ~ dbt.string_literal(nome | replace("'", "''"))
        ) -%}
        {%- for linha in linhas.rows -%}
            {%- do achadas.append({
                'fonte': fonte, 'coluna': nome, 'tipo': linha[0], 'comentario': linha[1] or '',
                'tabela': adapter.quote(fonte.schema) ~ '.' ~ adapter.quote(fonte.identifier),
            }) -%}
        {%- endfor -%}
    {%- endfor -%}
    {{ return(achadas) }}
{%- endmacro %}


{# What the set's sources file declares of a column under `columns:`, else of its whole table. #}
{% macro declarado_da_coluna(origem, chave, aceitos) -%}
    {%- set fonte = origem.fonte -%}
    {%- set ditos = [] -%}
    {%- set da_coluna = fonte.columns.get(origem.coluna) -%}
    {%- for no in [da_coluna, fonte] if no -%}
        {%- for meta in [no.get('meta'), (no.get('config') or {}).get('meta')] if meta -%}
            {%- if meta.get(chave) is not none -%}{%- do ditos.append(meta.get(chave)) -%}{%- endif -%}
        {%- endfor -%}
    {%- endfor -%}
    {%- if ditos and ditos[0] | string not in aceitos -%}
        {{ exceptions.raise_compiler_error(
            "__sources.yml: " ~ fonte.name ~ "." ~ origem.coluna ~ ": meta." ~ chave ~ " is '"
            ~ ditos[0] ~ "'; use " ~ aceitos | join(' or ')) }}
    {%- endif -%}
    {{ return(ditos[0] | string if ditos else none) }}
{%- endmacro %}


{# `,` or `.` where it is declared, `,~` or `.~` where the column's values show it, none else. #}
{% macro _separador_da_origem(origem) -%}
    {%- set declarado = declarado_da_coluna(origem, 'decimal', [',', '.']) -%}
    {%- if declarado -%}
        {{ return(declarado) }}
    {%- endif -%}
    {%- set achado = modules.re.search('omie_pipeline decimal=([.,])', origem.comentario) -%}
    {%- if achado -%}
        {{ return(achado.group(1)) }}
    {%- endif -%}
    {%- if origem.tipo != 'text' and not origem.tipo.startswith('character') -%}
        {{ return(none) }}
    {%- endif -%}
    {%- set visto = o_que_a_coluna_mostra('decimal', origem) -%}
    {{ return(visto ~ '~' if visto else none) }}
{%- endmacro %}


{# `?` where nobody knows what 5/2/2026 is: a value of the column can only be month/day, or no value
   of it can only be day/month and another column of its table shows month/day. #}
{% macro _ordem_que_aparece(origem) -%}
    {%- if origem.tipo != 'text' and not origem.tipo.startswith('character') -%}
        {{ return(none) }}
    {%- endif -%}
    {{ return(o_que_a_coluna_mostra('day_order', origem)) }}
{%- endmacro %}


{# The answer of the whole column, remembered as what this model's view says: `build` makes the view
   again when the column shows something else (omie_pipeline/postgres/sql/models.sql). #}
{% macro o_que_a_coluna_mostra(pergunta, origem) -%}
    {{ return(run_query(
        "select " ~ esquema('omie_sync') ~ ".ask_column('" ~ pergunta ~ "', "
        ~ dbt.string_literal(origem.tabela | replace("'", "''")) ~ ", "
        ~ dbt.string_literal(origem.coluna | replace("'", "''")) ~ ", '" ~ model.name ~ "')"
    ).rows[0][0]) }}
{%- endmacro %}
