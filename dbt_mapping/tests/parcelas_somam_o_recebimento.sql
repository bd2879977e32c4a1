{# The instalments of a receipt add up to it, to the cent. A warning, because an extract that runs
   meanwhile changes the receipts but not the títulos; an id given twice is reported elsewhere. #}
{{ config(severity='warn') }}
with recebimentos as (
    select empresa, id, max(valor) as valor
    from {{ ref('recebimentos') }}
    group by empresa, id
    having count(*) = 1 and max(valor) = round(max(valor), 2)
),

titulos as (
    select empresa, _origem_id as id, sum(valor_documento) as valor
    from {{ ref('omie_contas_receber') }}
    where _origem_tabela = 'recebimentos'
    group by empresa, _origem_id
)

select recebimentos.empresa, recebimentos.id, recebimentos.valor, titulos.valor as dos_titulos
from recebimentos
left join titulos on recebimentos.empresa = titulos.empresa and recebimentos.id = titulos.id
where recebimentos.valor is distinct from titulos.valor
