{# Names come from the mirror itself: a título that may be seen shows its customer and category, even
   where the records of those may not be. #}

with abertos as (

    select *, {{ hoje() }} - data_vencimento as dias
    from {{ ref('int_titulos_omie') }}
    where not cancelado and valor_aberto > 0

)

select
    abertos.empresa,
    abertos.natureza,
    abertos.codigo_titulo,
    abertos.ledger_codigo,
    abertos.nosso,
    abertos.numero_documento,
    abertos.numero_parcela,
    abertos.codigo_cliente,
    {{ mascarado('coalesce(clientes.nome_fantasia, clientes.razao_social)', 'nome') }} as cliente,
    abertos.codigo_categoria,
    categorias.descricao as categoria,
    abertos.id_conta_corrente,
    contas.descricao as conta,
    abertos.data_emissao,
    abertos.data_vencimento,
    abertos.valor_documento,
    abertos.valor_pago,
    abertos.valor_aberto,
    greatest(abertos.dias, 0) as dias_de_atraso,
    {{ faixa_de_atraso('abertos.dias') }} as faixa,
    abertos.lido_em,
    {{ categoria_gerencial() }} as categoria_gerencial
from abertos
left join {{ source('omie', 'clientes') }} as clientes
    on abertos.empresa = clientes.empresa
    and abertos.codigo_cliente = clientes.codigo_cliente_omie
left join {{ source('omie', 'categorias') }} as categorias
    on abertos.empresa = categorias.empresa and abertos.codigo_categoria = categorias.codigo
left join {{ source('omie', 'contas_correntes') }} as contas
    on abertos.empresa = contas.empresa and abertos.id_conta_corrente = contas.n_cod_cc
{{ juncoes_da_categoria_gerencial('abertos') }}
