{# CPF and CNPJ without their signs, letters in upper case, as validation compares them. #}
{% macro documento_limpo(coluna) -%}
    upper(regexp_replace({{ coluna }}, '[-./ ]', '', 'g'))
{%- endmacro %}


{# One digit of a document's text; letters of a CNPJ count as their place after '0'. #}
{% macro _valor_no_documento(coluna, lugar) -%}
    (ascii(substr({{ coluna }}, {{ lugar }}, 1)) - 48)
{%- endmacro %}


{# Sum of the first places of `coluna`, each times its weight. #}
{% macro _soma_do_documento(coluna, pesos) -%}
    ({%- for peso in pesos %}{{ _valor_no_documento(coluna, loop.index) }} * {{ peso }}
        {{- " + " if not loop.last }}{% endfor -%})
{%- endmacro %}


{# Whether a text of exactly 11 digits has a CPF's check digits, and not one digit only. #}
{% macro cpf_confere(coluna) -%}
    case when {{ coluna }} ~ '^[0-9]{11}$' and {{ coluna }} !~ '^(.)\1*$' then
        {{ _soma_do_documento(coluna, range(10, 1, -1) | list) }} * 10 % 11 % 10
            = {{ _valor_no_documento(coluna, 10) }}
        and {{ _soma_do_documento(coluna, range(11, 1, -1) | list) }} * 10 % 11 % 10
            = {{ _valor_no_documento(coluna, 11) }}
    else false end
{%- endmacro %}


{# Whether a text of exactly 14 characters has a CNPJ's check digits (letters too, in use since 2026). #}
{% macro cnpj_confere(coluna) -%}
    {%- set pesos = [5, 4, 3, 2, 9, 8, 7, 6, 5, 4, 3, 2] -%}
    case when {{ coluna }} ~ '^[0-9A-Z]{12}[0-9]{2}$' and {{ coluna }} !~ '^(.)\1*$' then
        (11 - {{ _soma_do_documento(coluna, pesos) }} % 11) % 11 % 10
            = {{ _valor_no_documento(coluna, 13) }}
        and (11 - {{ _soma_do_documento(coluna, [6] + pesos) }} % 11) % 11 % 10
            = {{ _valor_no_documento(coluna, 14) }}
    else false end
{%- endmacro %}


{# What tells documents apart without being one: SHA-256 of the empresa and the bare document. #}
{% macro resumo_do_documento(empresa, documento) -%}
    encode(sha256(convert_to({{ empresa }} || ':' || {{ documento }}, 'UTF8')), 'hex')
{%- endmacro %}


{# The SQL type that a source gives a column, `` while dbt only parses or where there is no such column. #}
{% macro tipo_na_fonte(fonte, coluna) -%}
    {%- set nome = coluna.split('.')[-1] | replace('"', '') -%}
    {%- if execute -%}
        {%- for uma in adapter.get_columns_in_relation(fonte) if uma.name == nome -%}
            {{ return(uma.data_type | lower) }}
        {%- endfor -%}
    {%- endif -%}
    {{ return('') }}
{%- endmacro %}


{# Whether a source keeps a column as a number, which loses the zeros that a text begins with. #}
{% macro e_numero_na_fonte(fonte, coluna) -%}
    {%- set tipo = tipo_na_fonte(fonte, coluna) -%}
    {%- set numeros = ['smallint', 'integer', 'bigint', 'real', 'double precision'] -%}
    {{ return(tipo in numeros or tipo.startswith('numeric')) }}
{%- endmacro %}


{# The digits of a number, without the `.0` of a decimal one. #}
{% macro _algarismos(coluna) -%}
    cast(trim_scale(cast({{ coluna }} as numeric)) as text)
{%- endmacro %}


{# A CPF or CNPJ of a column that is a number, with its lost zeros put back: up to 11 digits make a CPF and
   up to 14 a CNPJ; of a number that could be either, the one whose check digits are right, and where both
   are, the digits as they are, for validation to refuse. #}
{% macro documento_de_numero(coluna) -%}
    {%- set numero = _algarismos(coluna) -%}
    {%- set cpf = "lpad(" ~ numero ~ ", 11, '0')" -%}
    {%- set cnpj = "lpad(" ~ numero ~ ", 14, '0')" -%}
    case
        when {{ numero }} ~ '^[0-9]{12,14}$' then {{ cnpj }}
        when {{ numero }} !~ '^[0-9]{1,11}$' then {{ numero }}
        when {{ cpf_confere(cpf) }} then
            case when {{ cnpj_confere(cnpj) }} then {{ numero }} else {{ cpf }} end
        when {{ cnpj_confere(cnpj) }} then {{ cnpj }}
        else {{ cpf }}
    end
{%- endmacro %}


{# A CEP of a column that is a number, with its lost zeros put back. #}
{% macro cep_de_numero(coluna) -%}
    case
        when {{ _algarismos(coluna) }} ~ '^[0-9]{1,8}$' then lpad({{ _algarismos(coluna) }}, 8, '0')
        else {{ _algarismos(coluna) }}
    end
{%- endmacro %}


{# A CPF or CNPJ of a source, whatever the column's type there. A text is taken as it is written: whether
   a zero is missing in it nobody knows. #}
{% macro documento(coluna, fonte) -%}
    {{ documento_de_numero(coluna) if e_numero_na_fonte(fonte, coluna) else texto(coluna) }}
{%- endmacro %}


{# A CEP of a source, in the same way. #}
{% macro cep(coluna, fonte) -%}
    {{ cep_de_numero(coluna) if e_numero_na_fonte(fonte, coluna) else texto(coluna) }}
{%- endmacro %}
