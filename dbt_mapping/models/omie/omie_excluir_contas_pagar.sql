{{ config(
    materialized='table',
    indexes=[{'columns': ['empresa', 'data_particao']}],
    post_hook='analyze {{ this }}',
) }}
{# Títulos to delete at Omie by our own code. Empty until a clinic says which: replace the last line
   by a query of your own, for instance over the rows your system marks as cancelled (README). #}

select
    cast(null as text) as empresa,
    cast(null as date) as data_particao,
    cast(null as text) as codigo_lancamento_integracao,
    cast(null as text) as _origem_tabela,
    cast(null as text) as _origem_id,
    cast(null as jsonb) as _unreadable
where false
