{# The split of each título over categories, to the cent: by Omie's own amounts where they add up to
   the título, else by its percentages, else whole to its first category. #}

with titulos as (

    select * from {{ ref('int_titulos_omie') }} where not cancelado

),

itens as (

    select
        titulos.empresa,
        titulos.codigo_titulo,
        itens.posicao,
        nullif(btrim(itens.item ->> 'codigo_categoria'), '') as codigo_categoria,
        coalesce({{ como('numeric', numero("itens.item ->> 'valor'", '.')) }}, 0) as valor,
        coalesce({{ como('numeric', numero("itens.item ->> 'percentual'", '.')) }}, 0) as percentual
    from titulos
    cross join lateral jsonb_array_elements({{ lista_json('titulos.categorias') }})
        with ordinality as itens (item, posicao)

),

somas as (

    select empresa, codigo_titulo, sum(valor) as valor, sum(percentual) as percentual
    from itens
    group by empresa, codigo_titulo

),

pesos as (

    select
        titulos.*,
        coalesce(itens.posicao, 1) as posicao,
        coalesce(itens.codigo_categoria, titulos.codigo_categoria) as categoria_do_rateio,
        case
            when somas.valor = titulos.valor_documento and somas.valor > 0 then itens.valor
            when somas.percentual > 0 then itens.percentual
            when itens.posicao > 1 then 0
            else 1
        end as peso
    from titulos
    left join somas
        on titulos.empresa = somas.empresa and titulos.codigo_titulo = somas.codigo_titulo
    left join itens
        on titulos.empresa = itens.empresa and titulos.codigo_titulo = itens.codigo_titulo

),

rateio as (

    select
        *,
        sum(peso) over (partition by empresa, codigo_titulo order by posicao) as acumulado,
        sum(peso) over (partition by empresa, codigo_titulo) as total
    from pesos

),

partes as (

    select
        empresa, natureza, codigo_titulo, categoria_do_rateio as codigo_categoria, nosso,
        cast(date_trunc('month', data_vencimento) as date) as mes_vencimento,
        cast(date_trunc('month', data_competencia) as date) as mes_competencia,
        {{ parte_do_rateio('valor_documento') }} as valor,
        {{ parte_do_rateio('valor_pago') }} as valor_pago,
        {{ parte_do_rateio('valor_aberto') }} as valor_aberto
    from rateio

)

select
    partes.empresa,
    partes.natureza,
    partes.codigo_categoria,
    min(categorias.descricao) as categoria,
    min(categorias.codigo_dre) as codigo_dre,
    min(dre.descricao) as linha_dre,
    partes.mes_vencimento,
    partes.mes_competencia,
    count(distinct partes.codigo_titulo) as titulos,
    count(distinct partes.codigo_titulo) filter (where partes.nosso) as titulos_nossos,
    sum(partes.valor) as valor,
    sum(partes.valor_pago) as valor_pago,
    sum(partes.valor_aberto) as valor_aberto,
    min({{ categoria_gerencial() }}) as categoria_gerencial
from partes
left join {{ source('omie', 'categorias') }} as categorias
    on partes.empresa = categorias.empresa and partes.codigo_categoria = categorias.codigo
left join {{ source('omie', 'dre') }} as dre
    on categorias.empresa = dre.empresa and categorias.codigo_dre = dre.codigo_dre
{{ juncoes_da_categoria_gerencial('partes') }}
group by
    partes.empresa, partes.natureza, partes.codigo_categoria,
    partes.mes_vencimento, partes.mes_competencia
