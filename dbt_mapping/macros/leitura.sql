{# Reading a raw column, whatever type the source gave it. One unreadable value must not stop the
   build for everybody: it becomes NULL, the payload then lacks a required field, and validation
   quarantines that row with a reason. `coluna` is an SQL expression; quote "FROMDATE" yourself. #}

{# Text without outer blanks; empty is NULL. Nothing is cut. #}
{% macro texto(coluna) -%}
    nullif(btrim(cast({{ coluna }} as text)), '')
{%- endmacro %}


{# ISO date, or the date part of an ISO timestamp as it is written (no time zone is applied). #}
{% macro data_iso(coluna) -%}
    {%- set dia = 'left(btrim(cast(' ~ coluna ~ ' as text)), 10)' -%}
    case
        when {{ dia }} ~ '^[0-9]{4}-[0-9]{2}-[0-9]{2}$' and pg_input_is_valid({{ dia }}, 'date')
            then cast({{ dia }} as date)
    end
{%- endmacro %}


{# dd/mm/aaaa, for systems that export it. #}
{% macro data_br(coluna) -%}
    {{ data_iso("regexp_replace(btrim(cast(" ~ coluna ~ " as text)), "
        ~ "'^([0-9]{2})/([0-9]{2})/([0-9]{4}).*$', '\\3-\\2-\\1')") }}
{%- endmacro %}


{# Timestamp; one without an offset is read in the session's time zone. #}
{% macro instante(coluna) -%}
    case
        when pg_input_is_valid(cast({{ coluna }} as text), 'timestamptz')
            then cast(cast({{ coluna }} as text) as timestamptz)
    end
{%- endmacro %}


{# Exact decimal with a point, never NaN or infinity (PostgreSQL's numeric has both). #}
{% macro numero(coluna) -%}
    case
        when btrim(cast({{ coluna }} as text)) ~ '^[+-]?[0-9]+(\.[0-9]+)?([eE][+-]?[0-9]{1,2})?$'
            then cast(btrim(cast({{ coluna }} as text)) as numeric)
    end
{%- endmacro %}


{# "R$ 1.234,56" and "1234,56". #}
{% macro numero_br(coluna) -%}
    {{ numero("replace(translate(cast(" ~ coluna ~ " as text), 'R$. ', ''), ',', '.')") }}
{%- endmacro %}


{# Whole number, as an id or an account code. #}
{% macro inteiro(coluna) -%}
    case
        when btrim(cast({{ coluna }} as text)) ~ '^[0-9]{1,18}$'
            then cast(btrim(cast({{ coluna }} as text)) as bigint)
    end
{%- endmacro %}


{# Small whole number, as a count of instalments or a day of the month; `3.0` is 3. #}
{% macro inteiro_curto(coluna) -%}
    case
        when btrim(cast({{ coluna }} as text)) ~ '^[0-9]{1,9}([.]0+)?$'
            then cast(split_part(btrim(cast({{ coluna }} as text)), '.', 1) as integer)
    end
{%- endmacro %}


{# true/false from S/N, sim/não, 1/0, true/false; anything else is NULL. #}
{% macro logico(coluna) -%}
    case
        when lower(btrim(cast({{ coluna }} as text))) in ('s', 'sim', '1', 't', 'true') then true
        when lower(btrim(cast({{ coluna }} as text))) in ('n', 'nao', 'não', '0', 'f', 'false')
            then false
    end
{%- endmacro %}
