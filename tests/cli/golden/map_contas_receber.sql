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
    {{ data_particao(data_br('origem."dt_atendimento"')) }} as data_particao,
    'REC-' || {{ texto('origem."id"') }} as codigo_lancamento_integracao,
    'PAC-' || {{ texto('origem."paciente_id"') }} as codigo_cliente_fornecedor_integracao,
    {{ data_br('origem."due_date"') }} as data_vencimento,
    {{ dinheiro(numero_br('origem."vlr_total"')) }} as valor_documento,
    {{ texto('origem."cod_categoria"') }} as codigo_categoria,
    {{ data_br('origem."due_date"') }} as data_previsao,
    {{ inteiro('origem."conta_corrente"') }} as id_conta_corrente,
    {{ numero_parcela(texto('origem."parcela"')) }} as numero_parcela,
    {{ data_br('origem."dt_atendimento"') }} as data_emissao,
    {{ data_br('origem."dt_atendimento"') }} as data_registro,
    'fin_receb' as _origem_tabela,
    {{ texto('origem."id"') }} as _origem_id
from "sistema"."fin_receb" as origem
