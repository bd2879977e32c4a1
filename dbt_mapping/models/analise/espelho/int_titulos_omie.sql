{{ config(materialized='ephemeral') }}
{# Every título of the mirror in one shape, with what was paid and what is open. The balance is
   Omie's own; a título whose balance was not read yet gets it from its settlements. #}

with titulos as (

    {% for natureza, tabela, competencia in [
        ('R', 'contas_receber', 'data_registro'), ('P', 'contas_pagar', 'data_entrada'),
    ] %}
    select
        empresa, '{{ natureza }}' as natureza, codigo_lancamento_omie as codigo_titulo,
        codigo_cliente_fornecedor as codigo_cliente, data_emissao, data_vencimento,
        coalesce({{ competencia }}, data_emissao) as data_competencia,
        valor_documento, status_titulo, codigo_categoria, categorias, id_conta_corrente,
        numero_documento, numero_parcela, codigo_integracao, incluido_em, incluido_por,
        feito_por, ledger_codigo, lido_em
    from {{ ref(tabela) }}
    {{ "union all" if not loop.last }}
    {% endfor %}

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
left join {{ ref('saldos_titulos') }} as saldos
    on titulos.empresa = saldos.empresa and titulos.codigo_titulo = saldos.codigo_titulo
left join baixas
    on titulos.empresa = baixas.empresa and titulos.codigo_titulo = baixas.codigo_titulo
