{% set fonte = source('canonica', 'procedimentos') %}
{% if not fonte_existe(fonte) %}
{{ tabela_vazia('procedimentos') }}
{% else %}
select
    {{ empresa(fonte) }} as empresa,
    {{ texto('id') }} as id,
    {{ texto('nome') }} as nome,
    {{ texto('codigo_categoria') }} as codigo_categoria,
    {{ numero('valor') }} as valor,
    {{ logico('ativo') }} as ativo,
    {{ data_iso('data_cadastro') }} as data_cadastro,
    {{ instante('atualizado_em') }} as atualizado_em
from {{ fonte }}
{% endif %}
