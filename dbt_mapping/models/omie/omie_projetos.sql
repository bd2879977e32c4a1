{{ config(
    materialized='table',
    indexes=[{'columns': ['empresa', '"codInt"']}],
    post_hook='analyze {{ this }}',
) }}

with projetos as (

    select * from {{ ref('clinica_projetos') }}

)

select
    empresa,
    {{ nosso_codigo('projetos', 'PRJ-', 'id') }} as "codInt",
    nome,
    {{ sim_nao('not ativo') }} as inativo,
    'projetos' as _origem_tabela,
    id as _origem_id,
    {{ ilegiveis({'projetos': ['but', 'data_cadastro', 'atualizado_em']}) }} as _unreadable
from projetos
