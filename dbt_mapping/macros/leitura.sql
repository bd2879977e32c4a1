{# Reading a raw column, whatever type the source gave it: docs/own-system.md says what is read how.
   A reading is text (of type omie_sync.reading): the canonical text of the value, NULL where the source
   is empty, or a marker that carries what could not be read (omie_pipeline/postgres/sql/reading.sql). `canonica` makes
   types of it and `_unreadable` of the markers. The ordinary form is read here, in place; only the
   rest calls a function. `coluna` is an SQL expression; quote "FROMDATE" yourself. #}

{# Text without outer blanks, in Unicode's composed form (NFC: one sign for "ã", not two), which is the
   same text; empty is NULL, and so is what databases and spreadsheets write for empty and no person
   types. Nothing is cut. #}
{% macro texto(coluna) -%}
    case
        when octet_length(cast({{ coluna }} as text)) > 12
            then nullif(btrim(normalize(cast({{ coluna }} as text)), {{ brancos() }}), '')
        when btrim(cast({{ coluna }} as text), {{ brancos() }}) <> all ({{ vazios() }})
            then btrim(normalize(cast({{ coluna }} as text)), {{ brancos() }})
    end
{%- endmacro %}


{# Outer blanks of any text: spreadsheets leave no-break ones, tabs and line ends. #}
{% macro brancos() -%}
    E' \t\r\n\u00a0\u202f'
{%- endmacro %}


{# What stands for an empty cell: MySQL's and PostgreSQL's exports, database tools, Excel's VLOOKUP. #}
{% macro vazios() -%}
    '{"","\\N","NULL","null","(NULL)","(null)","<NULL>","<null>","[NULL]","[null]","#N/D","#N/A"}'::text[]
{%- endmacro %}


{# A number. `decimal` says what the column's decimal separator is ("," or "."); without it, what
   the sources file declares, then what the column's own values show. #}
{% macro numero(coluna, decimal=none) -%}
    {%- set texto_cru = 'cast(' ~ coluna ~ ' as text)' -%}
    {#- Bounded repetitions in the patterns would cost more than all the rest. #}
    cast(case
        when {{ texto_cru }} is null then null
        when octet_length({{ texto_cru }}) < 20 and {{ texto_cru }} ~ '^-?[0-9]+(?:[.][0-9][0-9]?)?$'
            then {{ texto_cru }}
        when octet_length({{ texto_cru }}) < 20
                and {{ texto_cru }} ~ '^-?[0-9]+[.,](?:[0-9][0-9]?|[0-9][0-9][0-9][0-9]+)$'
            then replace({{ texto_cru }}, ',', '.')
        else {{ funcao_de_leitura('reading_number') }}(
            {{ texto(coluna) }}, {{ separador_decimal(coluna, decimal) }},
            {{ nome_na_origem(coluna) }}
        )
    end as {{ funcao_de_leitura('reading') }})
{%- endmacro %}


{# The same, of a system whose numbers have a decimal comma. #}
{% macro numero_br(coluna) -%}
    {{ numero(coluna, ',') }}
{%- endmacro %}


{# A percentage: no thousands, so that `33.335` is no question, and `30%` is 30. #}
{% macro percentual(coluna) -%}
    {%- set texto_cru = 'cast(' ~ coluna ~ ' as text)' -%}
    cast(case
        when {{ texto_cru }} is null then null
        when octet_length({{ texto_cru }}) < 9 and {{ texto_cru }} ~ '^-?[0-9]+(?:[.][0-9][0-9]?)?$'
            then {{ texto_cru }}
        else {{ funcao_de_leitura('reading_number') }}(
            {{ texto(coluna) }}, 'p', true, {{ nome_na_origem(coluna) }}
        )
    end as {{ funcao_de_leitura('reading') }})
{%- endmacro %}


{# Whole number, as an id or an account code; `3,0` is 3. #}
{% macro inteiro(coluna, algarismos=18) -%}
    {%- set texto_cru = 'cast(' ~ coluna ~ ' as text)' -%}
    cast(case
        when {{ texto_cru }} is null then null
        when octet_length({{ texto_cru }}) <= {{ algarismos }} and {{ texto_cru }} ~ '^[0-9]+$'
            then {{ texto_cru }}
        else {{ funcao_de_leitura('reading_integer') }}(
            {{ texto(coluna) }}, {{ separador_decimal(coluna) }}, {{ algarismos }},
            {{ nome_na_origem(coluna) }}
        )
    end as {{ funcao_de_leitura('reading') }})
{%- endmacro %}


{# Small whole number, as a count of instalments or a day of the month. #}
{% macro inteiro_curto(coluna) -%}
    {{ inteiro(coluna, 9) }}
{%- endmacro %}


{# Yes or no. `sim` and `nao` are further words of this column's own: `logico('"PAGO"', sim=['x'])`. #}
{% macro logico(coluna, sim=[], nao=[]) -%}
    cast(case when {{ coluna }} is not null then {{ funcao_de_leitura('reading_boolean') }}(
        {{ texto(coluna) }}, {{ _palavras(sim | map('lower')) }}, {{ _palavras(nao | map('lower')) }},
        {{ nome_na_origem(coluna) }}
    ) end as {{ funcao_de_leitura('reading') }})
{%- endmacro %}


{# A day: ISO, d/m/yyyy, yyyymmdd and their like, with or without a time. A timestamp with a zone is
   the clinic's day. `ordem` says dmy or mdy; without it, what the sources file declares. #}
{% macro data(coluna, ordem=none) -%}
    {%- set texto_cru = 'cast(' ~ coluna ~ ' as text)' -%}
    cast(case
        when {{ texto_cru }} is null then null
        when {{ texto_cru }} ~ '^{{ _dia() }}$' then {{ texto_cru }}
        when {{ texto_cru }} ~ '^{{ _dia() }}[ T]{{ _hora() }}$' then left({{ texto_cru }}, 10)
        else {{ funcao_de_leitura('reading_moment') }}(
            {{ texto(coluna) }}, false, {{ ordem_do_dia(coluna, ordem) }},
            '{{ fuso() }}', {{ nome_na_origem(coluna) }}
        )
    end as {{ funcao_de_leitura('reading') }})
{%- endmacro %}

{% macro data_iso(coluna) -%}
    {{ data(coluna) }}
{%- endmacro %}

{# The same, of a system that writes the day first. #}
{% macro data_br(coluna) -%}
    {{ data(coluna, 'dmy') }}
{%- endmacro %}


{# Timestamp; one without an offset is in the clinic's zone. #}
{% macro instante(coluna) -%}
    {%- set texto_cru = 'cast(' ~ coluna ~ ' as text)' -%}
    cast(case
        when {{ texto_cru }} is null then null
        when {{ texto_cru }} ~ '^{{ _dia() }}[ T]{{ _hora() }}(?:Z|[-+]0[0-9](?::?[03]0)?)$'
            then {{ texto_cru }}
        else {{ funcao_de_leitura('reading_moment') }}(
            {{ texto(coluna) }}, true, {{ ordem_do_dia(coluna) }},
            '{{ fuso() }}', {{ nome_na_origem(coluna) }}
        )
    end as {{ funcao_de_leitura('reading') }})
{%- endmacro %}


{# Arithmetic over readings that keeps what could not be read:
   `calculado('{0} - {1}', [numero('bruto'), numero('taxa')])`. Each `{n}` is the n-th reading as a
   number; the result is a reading again. #}
{% macro calculado(conta, leituras) -%}
    {%- set numeros = [] -%}
    {%- for leitura in leituras -%}
        {%- do numeros.append('leitura.v' ~ loop.index0 ~ '::numeric') -%}
    {%- endfor -%}
    (
        select cast(coalesce(
            {{ funcao_de_leitura('reading_first_marker') }}(
                {%- for leitura in leituras %}leitura.v{{ loop.index0 }}{{ ", " if not loop.last }}
                {%- endfor -%}
            ),
            {{ funcao_de_leitura('reading_number') }}(
                cast(case
                    when {{ funcao_de_leitura('reading_first_marker') }}(
                        {%- for leitura in leituras %}leitura.v{{ loop.index0 }}{{ ", " if not loop.last }}
                        {%- endfor -%}
                    ) is null
                        then {{ conta.format(*numeros) }}
                end as text), '#', true, ''
            )
        ) as {{ funcao_de_leitura('reading') }})
        from (
            select
                {%- for leitura in leituras %}
                {{ leitura }} as v{{ loop.index0 }}{{ "," if not loop.last }}
                {%- endfor %}
            offset 0
        ) as leitura
    )
{%- endmacro %}


{# A reading as a value of an SQL type, for conditions and for a payload model that reads the source
   itself; what could not be read is NULL, so tell it with `ilegivel` or `ilegiveis_lidos`. #}
{% macro como(tipo, leitura) -%}
    case when not {{ ilegivel(leitura) }} then cast({{ leitura }} as {{ tipo }}) end
{%- endmacro %}


{# Whether a reading is a marker. #}
{% macro ilegivel(leitura) -%}
    coalesce(ascii({{ leitura }}) = 1, false)
{%- endmacro %}


{# `_unreadable` of a model that reads the source itself: `{'valor_documento': numero('"VLR"')}`. #}
{% macro ilegiveis_lidos(leituras) -%}
    {{ funcao_de_leitura('reading_entries') }}(
        {{ _palavras(leituras.keys()) }},
        array[{{ leituras.values() | join(', ') }}]::text[]
    )
{%- endmacro %}


{# `_unreadable` of a row made of rows that have it: by alias, the columns that feed it, or, after
   `but`, those that do not. `{'titulos': ['but', 'atualizado_em'], 'formas': ['tipo']}`. NULL where
   everything could be read, which costs a look at each. #}
{% macro ilegiveis(linhas) -%}
    case when coalesce(
        {%- for linha in linhas %}{{ linha }}._unreadable{{ ", " if not loop.last }}{% endfor -%}
    ) is not null then nullif(
        {%- for linha, colunas in linhas.items() %}
        coalesce({{ funcao_de_leitura('reading_entries_of') }}(
            {{ linha }}._unreadable,
            {{ _palavras(colunas[1:] if colunas[0] == 'but' else colunas) }},
            {{ 'false' if colunas[0] == 'but' else 'true' }}
        ), '[]'){{ " ||" if not loop.last }}
        {%- endfor %},
        '[]'
    ) end
{%- endmacro %}


{# Whether a column of a canonical row could not be read. #}
{% macro coluna_ilegivel(linha, coluna) -%}
    coalesce({{ linha }}._unreadable @> '[{"column": "{{ coluna }}"}]', false)
{%- endmacro %}


{# Home of the SQL functions. #}
{% macro funcao_de_leitura(nome) -%}
    {{ esquema('omie_sync') }}.{{ nome }}
{%- endmacro %}


{# The column that an expression names, as an SQL string; the expression itself where it is more than
   a column. #}
{% macro nome_na_origem(coluna) -%}
    {%- set nome = nome_da_coluna(coluna) -%}
    '{{ (nome or coluna | trim | truncate(60, true)).replace("'", "''") }}'
{%- endmacro %}


{# Name of the column where the expression is a plain one (`valor`, `pago."PAYMENTS"`), else empty. #}
{% macro nome_da_coluna(coluna) -%}
    {%- set achado = modules.re.match(
        '^\\s*(?:(?:[A-Za-z_]\\w*|"[^"]+")\\s*\\.\\s*)?(?:([A-Za-z_]\\w*)|"((?:[^"]|"")+)")\\s*$', coluna
    ) -%}
    {%- if achado -%}
        {{- achado.group(1) | lower if achado.group(1) else achado.group(2).replace('""', '"') -}}
    {%- endif -%}
{%- endmacro %}


{# A day that there is, but for 29 February. #}
{% macro _dia() -%}
    (?:19|20)[0-9][0-9]-(?:(?:0[1-9]|1[0-2])-(?:0[1-9]|1[0-9]|2[0-8])|(?:0[13-9]|1[0-2])-(?:29|30)|(?:0[13578]|1[02])-31)
{%- endmacro %}


{% macro _hora() -%}
    (?:[01][0-9]|2[0-3]):[0-5][0-9](?::[0-5][0-9](?:[.][0-9]{1,6})?)?
{%- endmacro %}


{% macro _palavras(palavras) -%}
    array[
        {%- for palavra in palavras -%}
        '{{ palavra | replace("'", "''") }}'{{ ", " if not loop.last }}
        {%- endfor -%}
    ]::text[]
{%- endmacro %}
