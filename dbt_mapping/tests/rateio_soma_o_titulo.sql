{# Split over categories, the títulos of each empresa and side still add up to the cent. #}
with por_categoria as (
    select
        empresa, natureza, sum(valor) as valor, sum(valor_pago) as valor_pago,
        sum(valor_aberto) as valor_aberto
    from {{ ref('titulos_por_categoria_e_mes') }}
    group by empresa, natureza
),

inteiros as (
    select
        empresa, natureza, sum(round(valor_documento, 2)) as valor,
        sum(round(valor_pago, 2)) as valor_pago, sum(round(valor_aberto, 2)) as valor_aberto
    from {{ ref('int_titulos_omie') }}
    where not cancelado
    group by empresa, natureza
)

select inteiros.*
from inteiros
left join por_categoria using (empresa, natureza)
where (inteiros.valor, inteiros.valor_pago, inteiros.valor_aberto)
    is distinct from (por_categoria.valor, por_categoria.valor_pago, por_categoria.valor_aberto)
