{{ config(
    materialized='table',
    indexes=[{'columns': ['empresa', '"cCodIntCtr"']}],
    post_hook='analyze {{ this }}',
) }}
{# Active, suspended, cancelled. 00, being drawn up, is asked for by the contract itself. #}

with contratos as (

    select * from {{ ref('contratos') }}

)

select
    empresa,
    {{ nosso_codigo('contratos', 'CTR-', 'id') }} as "cCodIntCtr",
    situacao as "cCodSit",
    'contratos' as _origem_tabela,
    id as _origem_id,
    {{ ilegiveis({'contratos': ['situacao']}) }} as _unreadable
from contratos
where situacao in ('10', '90', '99')
