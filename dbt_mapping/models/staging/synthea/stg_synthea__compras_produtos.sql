{% set fonte = source('synthea', 'br_compras_produtos') %}

select
    {{ empresa(fonte) }} as empresa,
    {{ texto('id') }} as id,
    {{ texto('fornecedor_id') }} as fornecedor_id,
    {{ texto('produto') }} as produto,
    {{ texto('codigo_categoria') }} as codigo_categoria,
    {{ texto('forma_pagamento') }} as forma_pagamento_id,
    {{ data_iso('data') }} as data,
    {{ data_iso('data_vencimento') }} as data_vencimento,
    {{ numero('valor') }} as valor,
    {{ texto('numero_documento') }} as numero_documento,
    cast(null as timestamptz) as atualizado_em
from {{ fonte }}
