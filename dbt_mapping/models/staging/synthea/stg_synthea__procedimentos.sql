{% set fonte = source('synthea', 'br_procedimentos') %}

select
    {{ empresa(fonte) }} as empresa,
    {{ texto('codigo') }} as id,
    {{ texto('nome') }} as nome,
    {{ texto('codigo_categoria') }} as codigo_categoria,
    {{ numero('valor') }} as valor,
    {{ logico('ativo') }} as ativo,
    cast(null as date) as data_cadastro,
    cast(null as timestamptz) as atualizado_em,
    {{ texto('codigo_lc116') }} as codigo_lc116,
    {{ texto('codigo_servico_municipal') }} as codigo_servico_municipal,
    {{ texto('codigo_tributacao') }} as codigo_tributacao,
    cast(null as text) as codigo_nbs,
    {{ texto('descricao_completa') }} as descricao_completa,
    {{ percentual('aliquota_iss') }} as aliquota_iss,
    {{ logico('retem_iss') }} as retem_iss
from {{ fonte }}
