{{ config(materialized='ephemeral') }}
{# Codes that two rows of the clinic would share, since a code is made of an id and something more:
   REC-501-1 of the first instalment of receipt 501 and of the receipt whose id is 501-1; REP-R5 of
   the repasse by rule of receipt 5 and of the repasse whose id is R5. Which of the two Omie has
   under it nobody can say, so both are refused, and what pays either. #}

-- Read twice, each time by another condition.
with recebimentos as not materialized (

    select * from {{ ref('recebimentos') }}

),

int_repasses as (

    select * from {{ ref('int_repasses') }}

),

int_repasses_por_regra as (

    select * from {{ ref('int_repasses_por_regra') }}

),

parecidos as (

    -- Receipts left whole whose ids read like an instalment's.
    select distinct empresa, id, regexp_replace(id, '-[0-9]+$', '') as de_outro,
        cast(substring(id from '-([0-9]+)$') as integer) as k
    from recebimentos
    where id ~ '.-[1-9][0-9]{0,2}$' and {{ em_parcelas('parcelas') }} is not true

),

parcelados as (

    select distinct empresa, id, parcelas
    from recebimentos
    where {{ em_parcelas('parcelas') }}

),

dos_recebimentos as (

    select
        parecidos.empresa,
        'REC-' || parecidos.id as codigo,
        'o recebimento ' || parecidos.id || ' e a parcela ' || parecidos.k || ' do recebimento '
            || parcelados.id as entre
    from parecidos
    inner join parcelados
        on parecidos.empresa = parcelados.empresa
        and parecidos.de_outro = parcelados.id
        and parecidos.k <= parcelados.parcelas

),

repasses_ditos as (

    select empresa, codigo, 'o repasse ' || id as quem from int_repasses
    where codigo like 'REP-R%'

),

repasses_por_regra as (

    select
        empresa,
        'REP-R' || recebimento_id as codigo,
        'o repasse por regra do recebimento ' || recebimento_id as quem
    from int_repasses_por_regra

),

repasses as (
    {{ uniao(['repasses_ditos', 'repasses_por_regra'], ['empresa', 'codigo', 'quem']) }}

),

-- A repasse given twice is no collision.
dos_repasses as (

    select empresa, codigo, string_agg(distinct quem, ' e ' order by quem) as entre
    from repasses
    group by empresa, codigo
    having count(distinct quem) > 1

)

{{ uniao(['dos_recebimentos', 'dos_repasses'], ['empresa', 'codigo', 'entre']) }}
