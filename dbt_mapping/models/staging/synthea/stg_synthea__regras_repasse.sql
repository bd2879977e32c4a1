{% set fonte = source('synthea', 'br_regras_por_procedimento') %}

select
    {{ empresa(fonte) }} as empresa,
    {{ texto('id') }} as id,
    {{ texto('profissional_id') }} as profissional_id,
    {{ texto('procedimento_id') }} as procedimento_id,
    {{ percentual('percentual') }} as percentual,
    {{ numero('valor') }} as valor,
    {{ inteiro_curto('dias_para_vencer') }} as dias_para_vencer,
    {{ logico('ativo') }} as ativo,
    {{ data_iso('data_cadastro') }} as data_cadastro,
    cast(null as timestamptz) as atualizado_em
from {{ fonte }}
