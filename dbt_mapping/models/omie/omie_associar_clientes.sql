{{ config(
    materialized='table',
    indexes=[{'columns': ['empresa', 'codigo_cliente_integracao']}],
    post_hook='analyze {{ this }}',
) }}

{# Clientes that Omie already has and our code should be written on. Empty until a clinic says which:
   replace the last lines by a query that gives Omie's id of each, for instance from a table where
   somebody matched them (README). #}

select
    cast(null as text) as empresa,
    cast(null as text) as codigo_cliente_integracao,
    cast(null as bigint) as codigo_cliente_omie,
    cast(null as text) as _origem_tabela,
    cast(null as text) as _origem_id,
    cast(null as jsonb) as _unreadable
where false
