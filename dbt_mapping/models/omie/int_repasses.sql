{{ config(materialized='ephemeral') }}
{# The clinic's own repasses with the código of their títulos. Where the rule's título of that receipt
   was already on its way to Omie (the ledger knows REP-R<receipt>), what the clinic says itself takes
   that título over: under a code of its own it would be due beside it. Of several for one receipt the
   first by id does. One that went out under its own code keeps it. #}

with repasses as (

    select * from {{ ref('repasses') }}

),

livro as (

    select empresa, codigo_integracao as codigo
    from {{ source('omie_sync', 'ledger') }}
    where
        endpoint = 'contas_pagar' and state <> 'deleted' and codigo_integracao like 'REP-%'

),

ditos as (

    select
        repasses.*,
        proprio.codigo is null and repasses.id = min(repasses.id) filter (
            where proprio.codigo is null
        ) over (partition by repasses.empresa, repasses.recebimento_id) as assume
    from repasses
    left join livro as proprio
        on repasses.empresa = proprio.empresa and proprio.codigo = 'REP-' || repasses.id

)

select
    ditos.empresa,
    ditos.id,
    coalesce(da_regra.codigo, 'REP-' || ditos.id) as codigo,
    ditos.profissional_id,
    ditos.data,
    ditos.data_vencimento,
    ditos.valor,
    ditos.observacao,
    {{ ilegiveis({'ditos': ['but', 'atualizado_em']}) }} as _unreadable
from ditos
left join livro as da_regra
    on
        ditos.assume
        and ditos.empresa = da_regra.empresa
        and da_regra.codigo = 'REP-R' || ditos.recebimento_id
