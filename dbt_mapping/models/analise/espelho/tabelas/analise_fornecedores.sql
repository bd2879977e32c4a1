{{ config(alias='fornecedores') }}
{# Customers and suppliers are one record at Omie: the role is a tag. #}
select *
from {{ ref('clientes') }}
where exists (
    select 1
    from jsonb_array_elements({{ lista_json('tags') }}) as itens (item)
    where lower(btrim(item ->> 'tag')) = 'fornecedor'
)
