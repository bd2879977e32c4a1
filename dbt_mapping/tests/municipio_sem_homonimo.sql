{{ config(severity='error') }}
{# Two municipalities of a UF with the same comparable name would double the clientes who live there. #}
select uf, {{ chave_do_municipio('nome') }} as chave
from {{ ref('municipios') }}
group by 1, 2
having count(*) > 1
