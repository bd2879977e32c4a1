{{ config(materialized='ephemeral') }}
{# Every título of the mirror in one shape, with what was paid and what is open. The balance is
   Omie's own; a título whose balance was not read yet gets it from its settlements. #}

with {% for natureza, tabela, competencia in [
    ('R', 'contas_receber', 'data_registro'), ('P', 'contas_pagar', 'data_entrada'),
] -%}
{{ tabela }} as (

    select
        *,
        '{{ natureza }}' as natureza,
        codigo_lancamento_omie as codigo_titulo,
        codigo_cliente_fornecedor as codigo_cliente,
        coalesce({{ competencia }}, data_emissao) as data_competencia
    from {{ ref(tabela) }}

),

{% endfor -%}
saldos as (

    select * from {{ ref('saldos_titulos') }}

),

titulos as (
    {{ uniao(['contas_receber', 'contas_pagar'], [
        'empresa', 'natureza', 'codigo_titulo', 'codigo_cliente', 'data_emissao',
        'data_vencimento', 'data_competencia', 'valor_documento', 'status_titulo',
        'codigo_categoria', 'categorias', 'id_conta_corrente', 'numero_documento',
        'numero_parcela', 'codigo_integracao', 'incluido_em', 'incluido_por', 'feito_por',
        'ledger_codigo', 'lido_em',
    ]) }}

),

-- The discount lowers the balance without money; interest and fine are money without a balance.
baixas as (

    select
        empresa, codigo_titulo,
        sum(valor) as valor, sum(coalesce(desconto, 0)) as desconto,
        sum(valor + coalesce(juros, 0) + coalesce(multa, 0)) as dinheiro,
        max(data) as ultima, count(*) as quantidade
    from {{ ref('baixas') }}
    group by empresa, codigo_titulo

)

select
    titulos.*,
    {{ e_cancelado('titulos', 'saldos') }} as cancelado,
    coalesce(saldos.valor_pago, baixas.valor, 0) as valor_pago,
    coalesce(
        saldos.valor_aberto,
        titulos.valor_documento - coalesce(baixas.valor + baixas.desconto, 0)
    ) as valor_aberto,
    coalesce(baixas.dinheiro, 0) as dinheiro_movimentado,
    coalesce(baixas.ultima, saldos.data_pagamento) as data_pagamento,
    coalesce(baixas.quantidade, 0) as baixas,
    {{ e_nosso('titulos') }} as nosso
from titulos
left join saldos
    on titulos.empresa = saldos.empresa and titulos.codigo_titulo = saldos.codigo_titulo
left join baixas
    on titulos.empresa = baixas.empresa and titulos.codigo_titulo = baixas.codigo_titulo
