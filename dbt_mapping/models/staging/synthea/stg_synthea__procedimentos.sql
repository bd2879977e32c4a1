{% set fonte = source('synthea', 'br_procedimentos') %}

select
    {{ empresa(fonte) }} as empresa,
    {{ texto('codigo') }} as id,
    {{ texto('nome') }} as nome,
    {{ texto('codigo_categoria') }} as codigo_categoria,
    {{ numero('valor') }} as valor,
    {{ logico('ativo') }} as ativo,
    cast(null as date) as data_cadastro,
    cast(null as timestamptz) as atualizado_em
from {{ fonte }}
