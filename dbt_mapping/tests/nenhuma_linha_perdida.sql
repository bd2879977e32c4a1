{{ config(severity='warn') }}
{# Joins in the payload models neither drop nor double a row of the clinic. A warning, because
   an extract that runs meanwhile changes the views but not the tables. #}
{% set clientes = 'omie_clientes' if clientes_por() == 'integracao' else 'omie_clientes_cpf_cnpj' %}
{% set inteiras = {
    clientes: ['pacientes', 'profissionais', 'fornecedores'],
    'omie_categorias': ['clinica_categorias'],
    'omie_projetos': ['clinica_projetos'],
    'omie_contratos': ['contratos'],
} %}
{% set recebimentos = '(select coalesce(sum(' ~ numero_de_parcelas('parcelas') ~ '), 0) from '
    ~ ref('recebimentos') ~ ')' %}
with contagens as (
    {% for payload, tabelas in inteiras.items() %}
    select
        '{{ payload }}' as payload,
        (select count(*) from {{ ref(payload) }})
        {%- if payload == clientes %}
        -- People of one document are one cliente.
        + (
            select count(*) from {{ ref('clientes_codigos') }} where na_clinica and titular <> codigo
        )
        {%- endif %} as enviadas,
        {% for tabela in tabelas -%}
        (select count(*) from {{ ref(tabela) }}){{ " + " if not loop.last }}
        {%- endfor %} as da_clinica
    union all
    {% endfor %}
    select
        'omie_contas_receber',
        (select count(*) from {{ ref('omie_contas_receber') }}),
        {{ recebimentos }} + (select count(*) from {{ ref('vendas_produtos') }})
    union all
    select
        'omie_contas_pagar',
        (select count(*) from {{ ref('omie_contas_pagar') }}),
        (select count(*) from {{ ref('repasses') }})
        + (select count(*) from {{ ref('despesas') }})
        + (select count(*) from {{ ref('compras_produtos') }})
        + (select count(*) from {{ ref('int_repasses_por_regra') }})
    union all
    select
        'omie_baixas e omie_estornar_baixas',
        {% for lado in ['receber', 'pagar'] -%}
        (select count(*) from {{ ref('omie_baixas_' ~ lado) }})
        + (select count(*) from {{ ref('omie_estornar_baixas_' ~ lado) }}){{ " + " if not loop.last }}
        {%- endfor %},
        (select count(*) from {{ ref('pagamentos') }})
    union all
    -- Only some procedures are services, each once.
    select
        'omie_servicos',
        (select count(*) from {{ ref('omie_servicos') }}),
        (
            select count(*) from {{ ref('procedimentos') }} as procedimentos
            where exists (
                select 1 from {{ ref('omie_servicos') }} as servicos
                where servicos.empresa = procedimentos.empresa
                    and servicos._origem_id = procedimentos.id
            )
        )
    union all
    select
        'omie_situacao_contratos',
        (select count(*) from {{ ref('omie_situacao_contratos') }}),
        (select count(*) from {{ ref('contratos') }} where situacao in ('10', '90', '99'))
    union all
    select
        'itens de omie_contratos',
        (select coalesce(sum(jsonb_array_length("itensContrato")), 0) from {{ ref('omie_contratos') }}),
        (select count(*) from {{ ref('contratos_itens') }})
    union all
    select
        'omie_ordens_servico',
        (select count(*) from {{ ref('omie_ordens_servico') }}),
        (
            select count(*)
            from {{ ref('recebimentos') }} as recebimentos
            {{ juncoes_dos_padroes('recebimentos') }}
            where recebimentos.gerar_os or {{ padrao_sim('gerar_os_sempre') }}
        )
)

select * from contagens where enviadas <> da_clinica
