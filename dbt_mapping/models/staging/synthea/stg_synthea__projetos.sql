{% set fonte = source('synthea', 'br_projetos') %}

select
    {{ empresa(fonte) }} as empresa,
    {{ texto('id') }} as id,
    {{ texto('nome') }} as nome,
    {{ logico('ativo') }} as ativo,
    {{ data_iso('data_cadastro') }} as data_cadastro,
    cast(null as timestamptz) as atualizado_em
from {{ fonte }}
