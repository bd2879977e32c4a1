{{ config(
    materialized='table',
    indexes=[
        {'columns': ['empresa', 'data_particao']},
        {'columns': ['empresa', '"cCodIntOS"']},
    ],
    post_hook='analyze {{ this }}',
) }}
{# Orders billed without asking anybody, because the empresa bills them all or the receipt says so,
   and those that a person decided to bill (omie-pipeline nfse issue), until they are billed. #}

with ordens as (

    select
        empresa,
        data_particao,
        "Cabecalho" ->> 'cCodIntOS' as codigo,
        _municipio,
        cast("ServicosPrestados" -> 0 ->> 'nValUnit' as numeric(15, 2)) as valor,
        coalesce(_faturar, false) as faturar,
        _origem_tabela,
        _origem_id,
        _unreadable
    from {{ ref('omie_ordens_servico') }}

),

pedidos as (

    select empresa, data_particao, "cCodIntOS" as codigo
    from {{ source('omie_sync', 'billing_request') }}

)

select
    coalesce(ordens.empresa, pedidos.empresa) as empresa,
    coalesce(ordens.data_particao, pedidos.data_particao) as data_particao,
    coalesce(ordens.codigo, pedidos.codigo) as "cCodIntOS",
    ordens._municipio,
    ordens.valor as _valor,
    ordens._origem_tabela,
    ordens._origem_id,
    ordens._unreadable
from ordens
full join pedidos on ordens.empresa = pedidos.empresa and ordens.codigo = pedidos.codigo
where ordens.faturar or pedidos.codigo is not null
