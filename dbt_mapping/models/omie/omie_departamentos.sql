{{ config(
    materialized='table',
    indexes=[{'columns': ['empresa', '_chave']}],
    post_hook='analyze {{ this }}',
) }}

{# The canonical tables have no departamentos: a clinic that wants its own writes this model in its
   own folder. `codigo` is the code of the departamento above, as Omie gives it. #}
select
    cast(null as text) as empresa,
    cast(null as text) as _chave,
    cast(null as text) as codigo,
    cast(null as text) as descricao,
    cast(null as text) as _origem_tabela,
    cast(null as text) as _origem_id,
    cast(null as jsonb) as _unreadable
where false
