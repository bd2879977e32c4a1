{% set fonte = source('synthea', 'br_categorias') %}

select
    {{ empresa(fonte) }} as empresa,
    {{ texto('id') }} as id,
    {{ texto('categoria_superior') }} as categoria_superior,
    {{ texto('descricao') }} as descricao,
    {{ texto('natureza') }} as natureza,
    cast(null as text) as tipo_categoria,
    {{ texto('codigo_dre') }} as codigo_dre,
    {{ data_iso('data_cadastro') }} as data_cadastro,
    cast(null as timestamptz) as atualizado_em
from {{ fonte }}
