{{ config(
    materialized='table',
    indexes=[{'columns': ['empresa', '_chave']}],
    post_hook='analyze {{ this }}',
) }}

with categorias as (

    select * from {{ ref('clinica_categorias') }}

)

select
    empresa,
    'CAT-' || id as _chave,
    categoria_superior,
    descricao,
    natureza,
    tipo_categoria,
    codigo_dre,
    'categorias' as _origem_tabela,
    id as _origem_id,
    {{ ilegiveis({'categorias': ['but', 'data_cadastro', 'atualizado_em']}) }} as _unreadable
from categorias
