{% set fonte = source('canonica', 'contratos') %}
{% if not fonte_opcional(fonte) %}
{{ tabela_vazia('contratos') }}
{% else %}
select
    {{ empresa(fonte) }} as empresa,
    {{ texto('id') }} as id,
    {{ texto('paciente_id') }} as paciente_id,
    {{ texto('numero') }} as numero,
    {{ texto(coluna_opcional(fonte, 'situacao')) }} as situacao,
    {{ data_iso(coluna_opcional(fonte, 'vigencia_inicial')) }} as vigencia_inicial,
    {{ data_iso(coluna_opcional(fonte, 'vigencia_final')) }} as vigencia_final,
    {{ inteiro_curto(coluna_opcional(fonte, 'dia_faturamento')) }} as dia_faturamento,
    {{ texto(coluna_opcional(fonte, 'tipo_faturamento')) }} as tipo_faturamento,
    {{ texto(coluna_opcional(fonte, 'codigo_categoria')) }} as codigo_categoria,
    {{ inteiro(coluna_opcional(fonte, 'codigo_conta_corrente')) }} as codigo_conta_corrente,
    {{ texto(coluna_opcional(fonte, 'profissional_id')) }} as profissional_id,
    {{ texto(coluna_opcional(fonte, 'projeto_id')) }} as projeto_id,
    {{ texto(coluna_opcional(fonte, 'cidade_prestacao')) }} as cidade_prestacao,
    {{ texto(coluna_opcional(fonte, 'tipo_vencimento')) }} as tipo_vencimento,
    {{ inteiro_curto(coluna_opcional(fonte, 'dias_vencimento')) }} as dias_vencimento,
    {{ inteiro_curto(coluna_opcional(fonte, 'dia_fixo')) }} as dia_fixo,
    {{ texto(coluna_opcional(fonte, 'contato')) }} as contato,
    {{ texto(coluna_opcional(fonte, 'email')) }} as email,
    {{ texto(coluna_opcional(fonte, 'observacao')) }} as observacao,
    {{ texto(coluna_opcional(fonte, 'dados_adicionais_nf')) }} as dados_adicionais_nf,
    {{ data_iso(coluna_opcional(fonte, 'data_cadastro')) }} as data_cadastro,
    {{ instante(coluna_opcional(fonte, 'atualizado_em')) }} as atualizado_em
from {{ fonte }}
{% endif %}
