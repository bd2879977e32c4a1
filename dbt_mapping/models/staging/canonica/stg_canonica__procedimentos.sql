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
    {{ instante('atualizado_em') }} as atualizado_em,
    {{ texto(coluna_opcional(fonte, 'codigo_lc116')) }} as codigo_lc116,
    {{ texto(coluna_opcional(fonte, 'codigo_servico_municipal')) }} as codigo_servico_municipal,
    {{ texto(coluna_opcional(fonte, 'codigo_tributacao')) }} as codigo_tributacao,
    {{ texto(coluna_opcional(fonte, 'codigo_nbs')) }} as codigo_nbs,
    {{ texto(coluna_opcional(fonte, 'descricao_completa')) }} as descricao_completa,
    {{ percentual(coluna_opcional(fonte, 'aliquota_iss')) }} as aliquota_iss,
    {{ logico(coluna_opcional(fonte, 'retem_iss')) }} as retem_iss
from {{ fonte }}
{% endif %}
