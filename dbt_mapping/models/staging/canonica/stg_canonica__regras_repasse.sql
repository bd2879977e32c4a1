{% set fonte = source('canonica', 'regras_repasse') %}
{% if not fonte_opcional(fonte) %}
{{ tabela_vazia('regras_repasse') }}
{% else %}
select
    {{ empresa(fonte) }} as empresa,
    {{ texto('id') }} as id,
    {{ texto(coluna_opcional(fonte, 'profissional_id')) }} as profissional_id,
    {{ texto(coluna_opcional(fonte, 'procedimento_id')) }} as procedimento_id,
    {{ percentual(coluna_opcional(fonte, 'percentual')) }} as percentual,
    {{ numero(coluna_opcional(fonte, 'valor')) }} as valor,
    {{ inteiro_curto(coluna_opcional(fonte, 'dias_para_vencer')) }} as dias_para_vencer,
    {{ logico(coluna_opcional(fonte, 'ativo')) }} as ativo,
    {{ data_iso(coluna_opcional(fonte, 'data_cadastro')) }} as data_cadastro,
    {{ instante(coluna_opcional(fonte, 'atualizado_em')) }} as atualizado_em
from {{ fonte }}
{% endif %}
