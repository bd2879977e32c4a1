{{ config(materialized='ephemeral') }}
{# The three sides of every fact, clientes and títulos, before anything is judged. #}

{%- set titulos = {} %}
{%- for tabela in ['contas_receber', 'contas_pagar'] %}
    {%- set payload %}(
        select
            empresa, codigo_lancamento_integracao as codigo, data_particao as dia,
            valor_documento as valor, data_vencimento as vencimento, codigo_categoria as categoria,
            coalesce(
                codigo_cliente_fornecedor_integracao, codigo_cliente_fornecedor #>> '{$omie_id,1}'
            ) as cliente,
            cast(null as text) as nome, cast(null as text) as documento
        from {{ ref('omie_' ~ tabela) }}
    ){% endset %}
    {%- set espelho %}(
        select
            titulo.empresa, titulo.codigo_lancamento_omie as codigo_omie, titulo.codigo_integracao,
            coalesce(titulo.data_emissao, titulo.data_particao) as dia,
            titulo.valor_documento as valor, titulo.data_vencimento as vencimento,
            titulo.codigo_categoria as categoria, titulo.codigo_cliente_fornecedor as cliente_id,
            cast(null as text) as nome, cast(null as text) as documento, titulo.excluido_em,
            {{ e_cancelado('titulo', 'saldo') }} as cancelado,
            jsonb_array_length({{ lista_json('titulo.categorias') }}) > 1 as rateado,
            titulo.feito_por, titulo.lido_em, titulo.raw
        from {{ source('omie', tabela) }} as titulo
        left join {{ source('omie', 'saldos_titulos') }} as saldo
            on titulo.empresa = saldo.empresa and titulo.codigo_lancamento_omie = saldo.codigo_titulo
    ){% endset %}
    {%- do titulos.update({tabela: (payload, espelho)}) %}
{%- endfor %}
{%- set clientes = 'clientes' if clientes_por() == 'integracao' else 'clientes_cpf_cnpj' %}
{%- set payload_clientes %}(
    select
        empresa, {{ 'codigo_cliente_integracao' if clientes == 'clientes' else '_chave' }} as codigo, cast(null as date) as dia,
        cast(null as numeric) as valor, cast(null as date) as vencimento,
        cast(null as text) as categoria, cast(null as text) as cliente,
        razao_social as nome, cnpj_cpf as documento
    from {{ ref('omie_' ~ clientes) }}
){% endset %}
{%- set espelho_clientes %}(
    select
        empresa, codigo_cliente_omie as codigo_omie, codigo_integracao, cast(null as date) as dia,
        cast(null as numeric) as valor, cast(null as date) as vencimento,
        cast(null as text) as categoria, cast(null as bigint) as cliente_id,
        razao_social as nome, cnpj_cpf as documento, excluido_em, false as cancelado,
        false as rateado, feito_por, lido_em, raw
    from {{ source('omie', 'clientes') }}
){% endset %}

with clientes as (

    select 'clientes' as endpoint, lados.* from (
        {{ lados_da_conciliacao(clientes, payload_clientes, espelho_clientes) }}
    ) as lados

)
{%- for tabela, (payload, espelho) in titulos.items() %},

{{ tabela }} as (

    select '{{ tabela }}' as endpoint, lados.* from (
        {{ lados_da_conciliacao(tabela, payload, espelho) }}
    ) as lados

)
{%- endfor %}

{{ uniao(['clientes', 'contas_receber', 'contas_pagar'],
    ['endpoint'] + colunas_da_conciliacao()) }}
