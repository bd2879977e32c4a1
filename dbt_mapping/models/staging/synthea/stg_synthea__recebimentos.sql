{% set fonte = source('synthea', 'claims_transactions') %}

-- One row per PAYMENT of the ledger; charges and transfers move no money of the clinic. NOTES names
-- the treatment, which is health data and has no place in the books: no remark is sent.
select
    {{ empresa(fonte) }} as empresa,
    {{ texto('"ID"') }} as id,
    {{ texto('"PATIENTID"') }} as paciente_id,
    {{ texto('"PROCEDURECODE"') }} as procedimento_id,
    {{ texto('"PROVIDERID"') }} as profissional_id,
    {{ texto('"METHOD"') }} as forma_pagamento_id,
    {{ data_iso('"FROMDATE"') }} as data,
    {{ data_iso('"FROMDATE"') }} as data_vencimento,
    {{ numero('"PAYMENTS"') }} as valor,
    cast(null as text) as numero_documento,
    cast(null as text) as parcela,
    cast(null as text) as observacao,
    cast(null as timestamptz) as atualizado_em
from {{ fonte }}
where "TYPE" = 'PAYMENT'
