{% set fonte = source('canonica', 'contratos_itens') %}
{% if not fonte_opcional(fonte) %}
{{ tabela_vazia('contratos_itens') }}
{% else %}
select
    {{ empresa(fonte) }} as empresa,
    {{ texto('id') }} as id,
    {{ texto('contrato_id') }} as contrato_id,
    {{ texto(coluna_opcional(fonte, 'procedimento_id')) }} as procedimento_id,
    {{ numero(coluna_opcional(fonte, 'quantidade')) }} as quantidade,
    {{ numero(coluna_opcional(fonte, 'valor_unitario')) }} as valor_unitario,
    {{ texto(coluna_opcional(fonte, 'descricao')) }} as descricao,
    {{ texto(coluna_opcional(fonte, 'codigo_categoria')) }} as codigo_categoria,
    {{ numero(coluna_opcional(fonte, 'desconto')) }} as desconto,
    {{ inteiro_curto(coluna_opcional(fonte, 'ordem')) }} as ordem,
    {{ data_iso(coluna_opcional(fonte, 'data_cadastro')) }} as data_cadastro,
    {{ instante(coluna_opcional(fonte, 'atualizado_em')) }} as atualizado_em
from {{ fonte }}
{% endif %}
