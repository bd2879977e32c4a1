{% set fonte = source('synthea', 'claims_transactions') %}
{% set complemento = source('synthea', 'br_recebimentos') %}

-- One row per PAYMENT of the ledger; charges and transfers move no money of the clinic. NOTES names
-- the treatment, which is health data and has no place in the books: no remark is sent. What the
-- clinic wants done with a payment (instalments, service order) stands beside it, where it says any.
select
    {{ empresa(fonte, alias='pago') }} as empresa,
    {{ texto('pago."ID"') }} as id,
    {{ texto('pago."PATIENTID"') }} as paciente_id,
    {{ texto('pago."PROCEDURECODE"') }} as procedimento_id,
    {{ texto('pago."PROVIDERID"') }} as profissional_id,
    {{ texto('pago."METHOD"') }} as forma_pagamento_id,
    {{ data_iso('pago."FROMDATE"') }} as data,
    {{ data_iso('pago."FROMDATE"') }} as data_vencimento,
    {{ numero('pago."PAYMENTS"') }} as valor,
    cast(null as text) as numero_documento,
    cast(null as text) as parcela,
    cast(null as text) as observacao,
    cast(null as timestamptz) as atualizado_em,
    {{ inteiro_curto('dito.parcelas') }} as parcelas,
    {{ logico('dito.gerar_os') }} as gerar_os,
    {{ logico('dito.faturar') }} as faturar,
    {{ texto('dito.projeto_id') }} as projeto_id
from {{ fonte }} as pago
left join {{ complemento }} as dito
    on pago."ID" = dito.id
    and {{ empresa(fonte, alias='pago') }} = {{ empresa(complemento, alias='dito') }}
where pago."TYPE" = 'PAYMENT'
