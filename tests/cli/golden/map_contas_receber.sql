{{ config(
    materialized='table',
    indexes=[
        {'columns': ['empresa', 'data_particao']},
        {'columns': ['empresa', 'codigo_lancamento_integracao']},
    ],
    post_hook='analyze {{ this }}',
) }}
{# Written by `omie-pipeline map contas_receber`; it is yours to change. #}

select
    {{ texto('origem."unidade"') }} as empresa,
    {{ data_particao(como('date', data_br('origem."dt_atendimento"'))) }} as data_particao,
    'REC-' || {{ texto('origem."id"') }} as codigo_lancamento_integracao,
    'PAC-' || {{ texto('origem."paciente_id"') }} as codigo_cliente_fornecedor_integracao,
    {{ como('date', data_br('origem."due_date"')) }} as data_vencimento,
    {{ dinheiro(como('numeric', numero_br('origem."vlr_total"'))) }} as valor_documento,
    {{ texto('origem."cod_categoria"') }} as codigo_categoria,
    {{ como('date', data_br('origem."due_date"')) }} as data_previsao,
    {{ como('bigint', inteiro('origem."conta_corrente"')) }} as id_conta_corrente,
    {{ numero_parcela(texto('origem."parcela"')) }} as numero_parcela,
    {{ como('date', data_br('origem."dt_atendimento"')) }} as data_emissao,
    {{ como('date', data_br('origem."dt_atendimento"')) }} as data_registro,
    'fin_receb' as _origem_tabela,
    {{ texto('origem."id"') }} as _origem_id,
    {{ ilegiveis_lidos({
        'data_particao': data_br('origem."dt_atendimento"'),
        'data_vencimento': data_br('origem."due_date"'),
        'valor_documento': numero_br('origem."vlr_total"'),
        'data_previsao': data_br('origem."due_date"'),
        'id_conta_corrente': inteiro('origem."conta_corrente"'),
        'data_emissao': data_br('origem."dt_atendimento"'),
        'data_registro': data_br('origem."dt_atendimento"')
    }) }} as _unreadable
from "sistema"."fin_receb" as origem
