{% set regras = source('synthea', 'br_regras_repasse') %}

-- The export pays nobody, so the share is worked out here: the rule's percentage of each receipt, to
-- the cent. No percentage (two professionals are paid by the rules of regras_repasse), or a share that
-- rounds to nothing: nothing is owed here.
with partilhas as (

    select
        recebimentos.empresa,
        recebimentos.id,
        recebimentos.profissional_id,
        recebimentos.data,
        recebimentos.data_vencimento,
        {{ calculado('round({0} * {1} / 100, 2)', ['recebimentos.valor', percentual('regras.percentual')]) }}
            as valor
    from {{ ref('stg_synthea__recebimentos') }} as recebimentos
    inner join {{ regras }} as regras
        on recebimentos.profissional_id = regras.profissional_id
        and recebimentos.empresa = {{ empresa(regras, alias='regras') }}

)

select
    empresa,
    id,
    profissional_id,
    id as recebimento_id,
    data,
    data_vencimento,
    valor,
    cast(null as text) as observacao,
    cast(null as timestamptz) as atualizado_em
from partilhas
where {{ como('numeric', 'valor') }} > 0 or {{ ilegivel('valor') }}
