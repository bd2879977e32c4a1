{% set fonte = source('synthea', 'br_formas_pagamento') %}

select
    {{ empresa(fonte) }} as empresa,
    {{ texto('metodo') }} as id,
    {{ texto('nome') }} as nome,
    {{ texto('tipo') }} as tipo,
    {{ inteiro('codigo_conta_corrente') }} as codigo_conta_corrente,
    cast(null as date) as data_cadastro,
    cast(null as timestamptz) as atualizado_em
from {{ fonte }}
