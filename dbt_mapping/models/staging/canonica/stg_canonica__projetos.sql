{% set fonte = source('canonica', 'projetos') %}
{% if not fonte_opcional(fonte) %}
{{ tabela_vazia('projetos') }}
{% else %}
select
    {{ empresa(fonte) }} as empresa,
    {{ texto('id') }} as id,
    {{ texto('nome') }} as nome,
    {{ logico(coluna_opcional(fonte, 'ativo')) }} as ativo,
    {{ data_iso(coluna_opcional(fonte, 'data_cadastro')) }} as data_cadastro,
    {{ instante(coluna_opcional(fonte, 'atualizado_em')) }} as atualizado_em
from {{ fonte }}
{% endif %}
