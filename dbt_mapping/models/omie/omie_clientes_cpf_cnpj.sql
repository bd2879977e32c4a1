{{ config(
    materialized='table',
    indexes=[{'columns': ['empresa', '_chave']}],
    post_hook='analyze {{ this }}',
) }}
{# The same people, for a company whose Omie never had integration codes: the document finds the
   record. Filled where the variable clientes_por is documento; omie_clientes is then empty. #}

with clientes as (

    select * from {{ ref('int_clientes') }}

)

select
    empresa,
    codigo as _chave,
    {{ campos_do_cliente() }}
from clientes
where {{ clientes_por() == 'documento' }}
