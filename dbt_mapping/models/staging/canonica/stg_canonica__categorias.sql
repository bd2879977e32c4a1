{% set fonte = source('canonica', 'categorias') %}
{% if not fonte_opcional(fonte) %}
{{ tabela_vazia('categorias') }}
{% else %}
select
    {{ empresa(fonte) }} as empresa,
    {{ texto('id') }} as id,
    {{ texto(coluna_opcional(fonte, 'categoria_superior')) }} as categoria_superior,
    {{ texto('descricao') }} as descricao,
    {{ texto(coluna_opcional(fonte, 'natureza')) }} as natureza,
    {{ texto(coluna_opcional(fonte, 'tipo_categoria')) }} as tipo_categoria,
    {{ texto(coluna_opcional(fonte, 'codigo_dre')) }} as codigo_dre,
    {{ data_iso(coluna_opcional(fonte, 'data_cadastro')) }} as data_cadastro,
    {{ instante(coluna_opcional(fonte, 'atualizado_em')) }} as atualizado_em
from {{ fonte }}
{% endif %}
