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
   NULL: guessing could bill another company, so nobody is sent it, and `build` tells it. `alias` is
   the table's in a join; without it, the model's own text says it. #}
{% macro empresa(fonte, coluna='empresa', alias=none) -%}
    {%- set existentes = [] -%}
    {%- if execute -%}
        {%- for existente in adapter.get_columns_in_relation(fonte) -%}
            {%- do existentes.append(existente.name) -%}
        {%- endfor -%}
    {%- endif -%}
    {%- set alias = alias or apelido_da_fonte(fonte, coluna) -%}
    {%- set prefixo = alias ~ '.' if alias else '' -%}
    {%- set partes = [] -%}
    {%- for nome in [coluna, '_empresa'] if nome in existentes -%}
        {%- do partes.append('nullif(btrim(cast('
            ~ prefixo ~ adapter.quote(nome) ~ ' as text), ' ~ brancos() ~ "), '')") -%}
    {%- endfor -%}
    {%- if not partes -%}
        {%- do partes.append(dbt.string_literal(var('empresa_padrao', 'principal'))) -%}
    {%- endif -%}
    coalesce({{ partes | join(', ') }})
{%- endmacro %}


{# The alias that the model's text gives a source in a join: `from {{ a }} as x join {{ b }} as y`.
   Empty where there is one table, or where no other of the sources has the column; an error that says
   what to write where the text does not tell. #}
{% macro apelido_da_fonte(fonte, coluna) -%}
    {%- set sql = model.raw_code if execute else '' -%}
    {%- set re = modules.re -%}
    {%- if execute and re.search('(?i)\\bjoin\\b|\\}\\s*(as\\s+)?\\w*\\s*,\\s*\\{\\{', sql) -%}
        {%- set nomes = [] -%}
        {%- set outras = [] -%}
        {%- for id in model.depends_on.nodes if id in graph.sources -%}
            {%- set no = graph.sources[id] -%}
            {%- if no.schema == fonte.schema and no.identifier == fonte.identifier -%}
                {%- set chamada = 'source\\(\\s*[\'"]' ~ re.escape(no.source_name)
                    ~ '[\'"]\\s*,\\s*[\'"]' ~ re.escape(no.name) ~ '[\'"]\\s*\\)' -%}
                {%- do nomes.append(chamada) -%}
                {%- for variavel in re.findall('set\\s+(\\w+)\\s*=\\s*' ~ chamada, sql) -%}
                    {%- do nomes.append(variavel) -%}
                {%- endfor -%}
            {%- else -%}
                {%- do outras.append(no) -%}
            {%- endif -%}
        {%- endfor -%}
        {%- set achados = [] -%}
        {%- for nome in nomes -%}
            {%- for apelido in re.findall(
                '(?i)(?:from|join|,)\\s+\\{\\{-?\\s*' ~ nome
                ~ '\\s*-?\\}\\}\\s+(?:as\\s+)?("[^"]+"|[a-z_]\\w*)', sql
            ) if apelido | lower not in [
                'on', 'where', 'join', 'left', 'right', 'inner', 'cross', 'full', 'natural', 'using',
                'group', 'order', 'limit', 'union'] -%}
                {%- do achados.append(apelido) -%}
            {%- endfor -%}
        {%- endfor -%}
        {%- set achados = achados | unique | list -%}
        {%- if achados | length == 1 -%}
            {{ return(achados[0]) }}
        {%- endif -%}
        {%- set duplicadas = achados[1:] -%}
        {%- set minhas = nomes_das_colunas(fonte) -%}
        {%- for no in outras -%}
            {%- set dela = nomes_das_colunas(
                api.Relation.create(database=no.database, schema=no.schema, identifier=no.identifier)
            ) -%}
            {%- for nome in [coluna, '_empresa'] if nome in dela and nome in minhas -%}
                {%- do duplicadas.append(nome) -%}
            {%- endfor -%}
        {%- endfor -%}
        {%- if duplicadas -%}
            {{ exceptions.raise_compiler_error(
                model.name ~ ": the join has the column " ~ coluna ~ " or _empresa more than once, "
                ~ "and it is not clear which is meant: give " ~ fonte.identifier
                ~ " an alias in the join and write empresa(..., alias='THE_ALIAS')") }}
        {%- endif -%}
    {%- endif -%}
    {{ return('') }}
{%- endmacro %}
