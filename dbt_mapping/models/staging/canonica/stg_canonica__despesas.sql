{% set fonte = source('canonica', 'despesas') %}
{% if not fonte_existe(fonte) %}
{{ tabela_vazia('despesas') }}
{% else %}
select
    {{ empresa(fonte) }} as empresa,
    {{ texto('id') }} as id,
    {{ texto('fornecedor_id') }} as fornecedor_id,
    {{ texto('codigo_categoria') }} as codigo_categoria,
    {{ texto('forma_pagamento_id') }} as forma_pagamento_id,
    {{ data_iso('data') }} as data,
    {{ data_iso('data_vencimento') }} as data_vencimento,
    {{ numero('valor') }} as valor,
    {{ texto('numero_documento') }} as numero_documento,
    {{ texto('observacao') }} as observacao,
    {{ instante('atualizado_em') }} as atualizado_em
from {{ fonte }}
{% endif %}
