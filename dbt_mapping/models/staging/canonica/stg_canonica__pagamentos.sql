{% set fonte = source('canonica', 'pagamentos') %}
{% if not fonte_opcional(fonte) %}
{{ tabela_vazia('pagamentos') }}
{% else %}
select
    {{ empresa(fonte) }} as empresa,
    {{ texto('id') }} as id,
    {{ texto('origem') }} as origem,
    {{ texto('origem_id') }} as origem_id,
    {{ inteiro_curto(coluna_opcional(fonte, 'parcela')) }} as parcela,
    {{ texto(coluna_opcional(fonte, 'forma_pagamento_id')) }} as forma_pagamento_id,
    {{ data_iso('data') }} as data,
    {{ numero('valor') }} as valor,
    {{ numero(coluna_opcional(fonte, 'desconto')) }} as desconto,
    {{ numero(coluna_opcional(fonte, 'juros')) }} as juros,
    {{ numero(coluna_opcional(fonte, 'multa')) }} as multa,
    {{ logico(coluna_opcional(fonte, 'conciliado')) }} as conciliado,
    {{ logico(coluna_opcional(fonte, 'estornado')) }} as estornado,
    {{ texto(coluna_opcional(fonte, 'observacao')) }} as observacao,
    {{ instante(coluna_opcional(fonte, 'atualizado_em')) }} as atualizado_em
from {{ fonte }}
{% endif %}
