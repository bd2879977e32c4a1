{{ config(
    materialized='table',
    indexes=[
        {'columns': ['empresa', 'data_particao']},
        {'columns': ['empresa', '"cCodIntOS"']},
    ],
    post_hook='analyze {{ this }}',
) }}
{# Orders billed without asking anybody: the empresa bills them all, or the receipt says so. #}

select
    empresa,
    data_particao,
    "Cabecalho" ->> 'cCodIntOS' as "cCodIntOS",
    _origem_tabela,
    _origem_id
from {{ ref('omie_ordens_servico') }}
where _faturar
