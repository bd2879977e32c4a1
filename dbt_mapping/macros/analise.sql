{# What the views of schema analise share. #}

{# Today at the clinic, when the view is read. `set omie_pipeline.hoje = '2026-01-31'` moves it for a
   session (tests, "what was late then"), `alter database ... set` for everybody. #}
{% macro hoje() -%}
    coalesce(
        cast(nullif(current_setting('omie_pipeline.hoje', true), '') as date),
        cast(now() at time zone '{{ fuso() }}' as date)
    )
{%- endmacro %}


{# A record that this pipeline made, or took over by its integration code. #}
{% macro e_nosso(linha) -%}
    ({{ linha }}.ledger_codigo is not null or coalesce({{ linha }}.feito_por, '') = 'omie_pipeline')
{%- endmacro %}


{# Cancelled for good. The other status words depend on the day they were read; this one does not. #}
{% macro e_cancelado(titulo, saldo) -%}
    ({{ saldo }}.data_cancelamento is not null
        or 'CANCELADO' in (
            upper(coalesce({{ titulo }}.status_titulo, '')),
            upper(coalesce({{ saldo }}.status_titulo, ''))
        ))
{%- endmacro %}


{# Ageing by days past due. #}
{% macro faixa_de_atraso(dias) -%}
    case
        when {{ dias }} is null then 'sem vencimento'
        when {{ dias }} < 0 then 'a vencer'
        when {{ dias }} = 0 then 'vence hoje'
        when {{ dias }} <= 30 then '1-30'
        when {{ dias }} <= 60 then '31-60'
        when {{ dias }} <= 90 then '61-90'
        else '91+'
    end
{%- endmacro %}


{# A jsonb array, or an empty one where the value is anything else. #}
{% macro lista_json(coluna) -%}
    case when jsonb_typeof({{ coluna }}) = 'array' then {{ coluna }} else '[]' end
{%- endmacro %}


{# A part of an amount by running weight: the parts of one title add up to the cent, whatever the
   percentages round to. #}
{% macro parte_do_rateio(valor) -%}
    round({{ valor }} * acumulado / total, 2) - round({{ valor }} * (acumulado - peso) / total, 2)
{%- endmacro %}


{# A model of the clinic, or no rows where it was never built: a company that only imports has none. #}
{% macro clinica_se_houver(tabela) -%}
    {%- set relacao = ref(tabela) -%}
    {%- if execute and adapter.get_relation(
        relacao.database, relacao.schema, relacao.identifier) is none -%}
    ({{ tabela_vazia(tabela) }})
    {%- else -%}
    {{ relacao }}
    {%- endif -%}
{%- endmacro %}


{# Nobody's own function sees a row before the row filter has: views that grant part of a table. #}
{% macro barreira() -%}
    {%- if model.config.materialized == 'view' -%}
alter view {{ this }} set (security_barrier = true)
    {%- endif -%}
{%- endmacro %}
