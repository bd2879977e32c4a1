{{ config(
    materialized='table',
    indexes=[{'columns': ['empresa', 'codigo_cliente_integracao']}],
    post_hook='analyze {{ this }}',
) }}

select
    empresa,
    codigo as codigo_cliente_integracao,
    {{ campos_do_cliente() }}
from {{ ref('int_clientes') }}
where {{ clientes_por() == 'integracao' }}
