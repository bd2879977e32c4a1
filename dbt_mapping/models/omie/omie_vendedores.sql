{{ config(
    materialized='table',
    indexes=[{'columns': ['empresa', '"codInt"']}],
    post_hook='analyze {{ this }}',
) }}

with profissionais as (

    select * from {{ ref('profissionais') }}

)

select
    profissionais.empresa,
    {{ nosso_codigo('vendedores', 'PRO-', 'profissionais.id') }} as "codInt",
    profissionais.nome,
    profissionais.email,
    profissionais.comissao,
    'profissionais' as _origem_tabela,
    profissionais.id as _origem_id,
    {{ ilegiveis({'profissionais': ['nome', 'email', 'comissao']}) }} as _unreadable
from profissionais
{{ juncoes_dos_padroes('profissionais') }}
where {{ padrao_sim('profissional_como_vendedor') }}
