{% set fonte = source('synthea', 'br_contratos') %}

select
    {{ empresa(fonte) }} as empresa,
    {{ texto('id') }} as id,
    {{ texto('paciente_id') }} as paciente_id,
    {{ texto('numero') }} as numero,
    {{ texto('situacao') }} as situacao,
    {{ data_iso('vigencia_inicial') }} as vigencia_inicial,
    {{ data_iso('vigencia_final') }} as vigencia_final,
    {{ inteiro_curto('dia_faturamento') }} as dia_faturamento,
    {{ texto('tipo_faturamento') }} as tipo_faturamento,
    {{ texto('codigo_categoria') }} as codigo_categoria,
    cast(null as bigint) as codigo_conta_corrente,
    {{ texto('profissional_id') }} as profissional_id,
    {{ texto('projeto_id') }} as projeto_id,
    {{ texto('cidade_prestacao') }} as cidade_prestacao,
    {{ texto('tipo_vencimento') }} as tipo_vencimento,
    {{ inteiro_curto('dias_vencimento') }} as dias_vencimento,
    {{ inteiro_curto('dia_fixo') }} as dia_fixo,
    {{ texto('contato') }} as contato,
    {{ texto('email') }} as email,
    {{ texto('observacao') }} as observacao,
    {{ texto('dados_adicionais_nf') }} as dados_adicionais_nf,
    {{ data_iso('data_cadastro') }} as data_cadastro,
    cast(null as timestamptz) as atualizado_em
from {{ fonte }}
