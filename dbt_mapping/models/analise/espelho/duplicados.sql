{# One título of ours and one typed by hand, same customer and value, due within a few days. Each one
   without a link shows once, beside the nearest of ours. #}

with titulos as (

    select * from {{ ref('int_titulos_omie') }} where not cancelado

),

pares as (

    select distinct on (outro.empresa, outro.natureza, outro.codigo_titulo)
        outro.empresa,
        outro.natureza,
        nosso.ledger_codigo,
        nosso.codigo_titulo as titulo_nosso,
        outro.codigo_titulo as titulo_sem_vinculo,
        outro.codigo_cliente,
        outro.valor_documento,
        nosso.data_vencimento as vencimento_nosso,
        outro.data_vencimento as vencimento_sem_vinculo,
        abs(nosso.data_vencimento - outro.data_vencimento) as dias_entre_vencimentos,
        nosso.valor_pago as pago_no_nosso,
        outro.valor_pago as pago_no_sem_vinculo,
        outro.incluido_por,
        outro.incluido_em
    from titulos as outro
    join titulos as nosso
        on outro.empresa = nosso.empresa
        and outro.natureza = nosso.natureza
        and outro.codigo_cliente = nosso.codigo_cliente
        and outro.valor_documento = nosso.valor_documento
        and abs(nosso.data_vencimento - outro.data_vencimento) <= {{ var('dias_duplicado') | int }}
    where nosso.nosso and not outro.nosso
        -- Adopted since it was last read: the mirror does not know yet whose it is.
        and not exists (
            select 1 from {{ source('omie_sync', 'ledger') }} as livro
            where livro.empresa = outro.empresa
                and livro.endpoint
                    = case outro.natureza when 'R' then 'contas_receber' else 'contas_pagar' end
                and livro.omie_id = outro.codigo_titulo
                and livro.state <> 'deleted'
        )
    order by
        outro.empresa, outro.natureza, outro.codigo_titulo,
        abs(nosso.data_vencimento - outro.data_vencimento), nosso.codigo_titulo

)

select
    pares.empresa,
    pares.natureza,
    pares.ledger_codigo,
    pares.titulo_nosso,
    pares.titulo_sem_vinculo,
    pares.codigo_cliente,
    {{ mascarado('coalesce(clientes.nome_fantasia, clientes.razao_social)', 'nome') }} as cliente,
    pares.valor_documento,
    pares.vencimento_nosso,
    pares.vencimento_sem_vinculo,
    pares.dias_entre_vencimentos,
    pares.pago_no_nosso,
    pares.pago_no_sem_vinculo,
    pares.incluido_por,
    pares.incluido_em,
    case
        when pares.pago_no_sem_vinculo > 0 and pares.pago_no_nosso > 0 then
            'Os dois têm baixa: confira no banco se o dinheiro entrou ou saiu uma ou duas vezes. Se foi '
            || 'uma, cancele a baixa do título ' || pares.titulo_sem_vinculo
            || ' e exclua-o no Omie (é o sem vínculo)'
        when pares.pago_no_sem_vinculo > 0 then
            'Cancele a baixa do título ' || pares.titulo_sem_vinculo || ', refaça-a no título '
            || pares.titulo_nosso || ' (o nosso) e exclua o sem vínculo no Omie'
        else
            'Exclua o título ' || pares.titulo_sem_vinculo || ' no Omie (é o sem vínculo); o título '
            || pares.titulo_nosso || ' fica'
    end as o_que_fazer
from pares
left join {{ source('omie', 'clientes') }} as clientes
    on pares.empresa = clientes.empresa and pares.codigo_cliente = clientes.codigo_cliente_omie
