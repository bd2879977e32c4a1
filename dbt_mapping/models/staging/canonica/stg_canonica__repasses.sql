{% set fonte = source('canonica', 'repasses') %}
{% if not fonte_existe(fonte) %}
{{ tabela_vazia('repasses') }}
{% else %}
select
    {{ empresa(fonte) }} as empresa,
    {{ texto('id') }} as id,
    {{ texto('profissional_id') }} as profissional_id,
    {{ texto('recebimento_id') }} as recebimento_id,
    {{ data_iso('data') }} as data,
    {{ data_iso('data_vencimento') }} as data_vencimento,
    {{ numero('valor') }} as valor,
    {{ texto('observacao') }} as observacao,
    {{ instante('atualizado_em') }} as atualizado_em
from {{ fonte }}
{% endif %}
