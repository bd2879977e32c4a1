{% set fonte = source('synthea', 'br_contratos_itens') %}

select
    {{ empresa(fonte) }} as empresa,
    {{ texto('id') }} as id,
    {{ texto('contrato_id') }} as contrato_id,
    {{ texto('procedimento_id') }} as procedimento_id,
    {{ numero('quantidade') }} as quantidade,
    {{ numero('valor_unitario') }} as valor_unitario,
    {{ texto('descricao') }} as descricao,
    {{ texto('codigo_categoria') }} as codigo_categoria,
    {{ numero('desconto') }} as desconto,
    {{ inteiro_curto('ordem') }} as ordem,
    {{ data_iso('data_cadastro') }} as data_cadastro,
    cast(null as timestamptz) as atualizado_em
from {{ fonte }}
