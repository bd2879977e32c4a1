{{ config(severity='warn') }}
{# Joins in the payload models neither drop nor double a row of the clinic. A warning, because
   an extract that runs meanwhile changes the views but not the tables. #}
{% set payloads = {
    'omie_clientes': ['pacientes', 'profissionais', 'fornecedores'],
    'omie_contas_receber': ['recebimentos', 'vendas_produtos'],
    'omie_contas_pagar': ['repasses', 'despesas', 'compras_produtos'],
} %}
with contagens as (
    {% for payload, tabelas in payloads.items() %}
    select
        '{{ payload }}' as payload,
        (select count(*) from {{ ref(payload) }}) as enviadas,
        {% for tabela in tabelas -%}
        (select count(*) from {{ ref(tabela) }}){{ " + " if not loop.last }}
        {%- endfor %} as da_clinica
    {{ "union all" if not loop.last }}
    {% endfor %}
)

select * from contagens where enviadas <> da_clinica
