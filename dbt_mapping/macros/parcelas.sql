{# One receipt, n instalments: the cents that do not divide go on the last one. #}

{# Whether a receipt becomes several títulos. More than Omie's 999/999 can number are left as one,
   which validation refuses for its numero_parcela. #}
{% macro em_parcelas(coluna) -%}
    ({{ coluna }} between 2 and 999)
{%- endmacro %}


{# How many títulos a receipt becomes. #}
{% macro numero_de_parcelas(coluna) -%}
    case when {{ em_parcelas(coluna) }} then {{ coluna }} else 1 end
{%- endmacro %}


{# REC-7, or REC-7-2 where the receipt has instalments. #}
{% macro codigo_do_recebimento(id, k, n) -%}
    'REC-' || {{ id }} || case when {{ n }} > 1 then '-' || {{ k }} else '' end
{%- endmacro %}


{# An amount with more than two decimals stays so in every part, for validation to refuse them all; so
   does one that has not a cent for each part, or its last part would leave alone. #}
{% macro valor_da_parcela(valor, k, n) -%}
    case
        when {{ n }} = 1 then {{ valor }}
        when {{ valor }} <> round({{ valor }}, 2) or abs({{ valor }}) * 100 < {{ n }}
            then {{ valor }} / {{ n }}
        when {{ k }} < {{ n }} then trunc({{ valor }} / {{ n }}, 2)
        else {{ valor }} - trunc({{ valor }} / {{ n }}, 2) * ({{ n }} - 1)
    end
{%- endmacro %}


{# Monthly, the day kept where the month has it. #}
{% macro vencimento_da_parcela(vencimento, k) -%}
    cast({{ vencimento }} + make_interval(months => {{ k }} - 1) as date)
{%- endmacro %}
