{{ config(
    materialized='table',
    indexes=[{'columns': ['empresa', 'codigo_cliente_integracao']}],
    post_hook='analyze {{ this }}',
) }}

with clientes as (

    select * from {{ ref('int_clientes') }}

)

select
    empresa,
    codigo as codigo_cliente_integracao,
    {{ campos_do_cliente() }}
from clientes
where {{ clientes_por() == 'integracao' }}
