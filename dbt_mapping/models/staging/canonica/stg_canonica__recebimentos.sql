{% set fonte = source('canonica', 'recebimentos') %}
{% if not fonte_existe(fonte) %}
{{ tabela_vazia('recebimentos') }}
{% else %}
select
    {{ empresa(fonte) }} as empresa,
    {{ texto('id') }} as id,
    {{ texto('paciente_id') }} as paciente_id,
    {{ texto('procedimento_id') }} as procedimento_id,
    {{ texto('profissional_id') }} as profissional_id,
    {{ texto('forma_pagamento_id') }} as forma_pagamento_id,
    {{ data_iso('data') }} as data,
    {{ data_iso('data_vencimento') }} as data_vencimento,
    {{ numero('valor') }} as valor,
    {{ texto('numero_documento') }} as numero_documento,
    {{ texto('parcela') }} as parcela,
    {{ texto('observacao') }} as observacao,
    {{ instante('atualizado_em') }} as atualizado_em,
    {{ inteiro_curto(coluna_opcional(fonte, 'parcelas')) }} as parcelas,
    {{ logico(coluna_opcional(fonte, 'gerar_os')) }} as gerar_os,
    {{ logico(coluna_opcional(fonte, 'faturar')) }} as faturar,
    {{ texto(coluna_opcional(fonte, 'projeto_id')) }} as projeto_id
from {{ fonte }}
{% endif %}
