{% set fonte = source('canonica', 'formas_pagamento') %}
{% if not fonte_existe(fonte) %}
{{ tabela_vazia('formas_pagamento') }}
{% else %}
select
    {{ empresa(fonte) }} as empresa,
    {{ texto('id') }} as id,
    {{ texto('nome') }} as nome,
    {{ texto('tipo') }} as tipo,
    {{ inteiro('codigo_conta_corrente') }} as codigo_conta_corrente,
    {{ data_iso('data_cadastro') }} as data_cadastro,
    {{ instante('atualizado_em') }} as atualizado_em
from {{ fonte }}
{% endif %}
