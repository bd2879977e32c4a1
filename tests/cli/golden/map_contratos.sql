{{ config(
    materialized='table',
    post_hook='analyze {{ this }}',
) }}
{# Written by `omie-pipeline map contratos`; it is yours to change. #}

select
    cast('principal' as text) as empresa,
    nullif(jsonb_strip_nulls(jsonb_build_object(
        'cCodIntCtr', 'CTR-' || {{ texto('origem."contrato_id"') }},
        'nCodCli', case when {{ texto('origem."patient_id"') }} is not null then jsonb_build_object('$omie_id', jsonb_build_array('clientes', 'PAC-' || {{ texto('origem."patient_id"') }})) end,
        'cNumCtr', {{ texto('origem."numero_contrato"') }},
        'cCodSit', {{ texto('origem."status"') }},
        'dVigInicial', {{ como('date', data_iso('origem."start_date"')) }},
        'dVigFinal', {{ como('date', data_iso('origem."vigencia_final"')) }},
        'nDiaFat', {{ como('bigint', inteiro('origem."dia_faturamento"')) }},
        'cTipoFat', {{ texto('origem."tipo_faturamento"') }}
    )), '{}') as cabecalho,
    nullif(jsonb_strip_nulls(jsonb_build_object(
        'cCodCateg', {{ texto('origem."categoria"') }},
        'nCodVend', case when {{ texto('origem."vendedor_id"') }} is not null then jsonb_build_object('$omie_id', jsonb_build_array('vendedores', 'PRO-' || {{ texto('origem."vendedor_id"') }})) end
    )), '{}') as "infAdic",
    nullif(jsonb_strip_nulls(jsonb_build_object(
        'cTpVenc', {{ texto('origem."tipo_vencimento"') }},
        'nDias', {{ como('bigint', inteiro('origem."dias_vencimento"')) }}
    )), '{}') as "vencTextos",
    nullif(jsonb_build_array(nullif(jsonb_strip_nulls(jsonb_build_object(
        'itemCabecalho', nullif(jsonb_strip_nulls(jsonb_build_object(
            'codServico', case when {{ texto('origem."procedimento_id"') }} is not null then jsonb_build_object('$omie_id', jsonb_build_array('servicos', 'SRV-' || {{ texto('origem."procedimento_id"') }})) end,
            'quant', {{ como('numeric', numero('origem."quantidade"')) }},
            'valorUnit', {{ dinheiro(como('numeric', numero('origem."mensalidade"'))) }}
        )), '{}'),
        'itemDescrServ', nullif(jsonb_strip_nulls(jsonb_build_object(
            'descrCompleta', {{ texto('origem."descricao_servico"') }}
        )), '{}')
    )), '{}')), '[null]') as "itensContrato",
    'contrato' as _origem_tabela,
    {{ texto('origem."contrato_id"') }} as _origem_id,
    {{ ilegiveis_lidos({
        'cabecalho.dVigInicial': data_iso('origem."start_date"'),
        'cabecalho.dVigFinal': data_iso('origem."vigencia_final"'),
        'cabecalho.nDiaFat': inteiro('origem."dia_faturamento"'),
        'vencTextos.nDias': inteiro('origem."dias_vencimento"'),
        'itensContrato.itemCabecalho.quant': numero('origem."quantidade"'),
        'itensContrato.itemCabecalho.valorUnit': numero('origem."mensalidade"')
    }) }} as _unreadable
from "sistema"."contrato" as origem
