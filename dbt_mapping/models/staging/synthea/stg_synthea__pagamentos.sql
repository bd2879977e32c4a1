{% set fonte = source('synthea', 'br_pagamentos') %}

select
    {{ empresa(fonte) }} as empresa,
    {{ texto('id') }} as id,
    {{ texto('origem') }} as origem,
    {{ texto('origem_id') }} as origem_id,
    {{ inteiro_curto('parcela') }} as parcela,
    {{ texto('forma_pagamento') }} as forma_pagamento_id,
    {{ data_iso('data') }} as data,
    {{ numero('valor') }} as valor,
    {{ numero('desconto') }} as desconto,
    {{ numero('juros') }} as juros,
    {{ numero('multa') }} as multa,
    {{ logico('conciliado') }} as conciliado,
    {{ logico('estornado') }} as estornado,
    cast(null as text) as observacao,
    cast(null as timestamptz) as atualizado_em
from {{ fonte }}
