{# The clinic's receipt and its título, one row for each instalment: what the clinic's own system asks to know what was paid. The
   facts are the clinic's own, so omie_clinic sees all of them, no matter who made the record at Omie. #}

with inteiros as (

    select distinct on (empresa, id)
        empresa, id, data, data_vencimento, valor,
        {{ numero_de_parcelas('parcelas') }} as partes
    from {{ ref('recebimentos') }}
    where id is not null
    order by empresa, id, atualizado_em desc nulls last

),

recebimentos as (

    select
        empresa, id, data,
        {{ codigo_do_recebimento('id', 'k', 'partes') }} as codigo,
        {{ vencimento_da_parcela('data_vencimento', 'k') }} as data_vencimento,
        {{ valor_da_parcela('valor', 'k', 'partes') }} as valor
    from inteiros
    cross join lateral generate_series(1, partes) as k

),

baixas as (

    select
        empresa, codigo_titulo, sum(valor) as valor, sum(coalesce(desconto, 0)) as desconto,
        sum(valor + coalesce(juros, 0) + coalesce(multa, 0)) as recebido,
        max(data) as ultima, count(*) as quantidade
    from {{ source('omie', 'baixas') }}
    where excluido_em is null
    group by empresa, codigo_titulo

),

ligados as (

    select
        recebimentos.empresa,
        recebimentos.id as recebimento_id,
        recebimentos.codigo as codigo_integracao,
        livro.omie_id as codigo_titulo,
        recebimentos.data,
        recebimentos.valor as valor_clinica,
        titulo.valor_documento,
        coalesce(titulo.data_vencimento, recebimentos.data_vencimento) as data_vencimento,
        coalesce(baixas.recebido, 0) as valor_recebido,
        case when titulo.excluido_em is null then coalesce(
            saldo.valor_aberto,
            titulo.valor_documento - coalesce(baixas.valor + baixas.desconto, 0)
        ) end as valor_aberto,
        baixas.ultima as data_recebimento,
        coalesce(baixas.quantidade, 0) as baixas,
        livro.state as estado,
        titulo.codigo_lancamento_omie is not null as no_espelho,
        titulo.excluido_em is not null as excluido,
        {{ e_cancelado('titulo', 'saldo') }} as cancelado,
        coalesce(titulo.data_vencimento, recebimentos.data_vencimento) - {{ hoje() }} as falta_dias,
        titulo.lido_em
    from recebimentos
    left join {{ source('omie_sync', 'ledger') }} as livro
        on livro.endpoint = 'contas_receber'
        and recebimentos.empresa = livro.empresa
        and livro.codigo_integracao = recebimentos.codigo
    left join {{ source('omie', 'contas_receber') }} as titulo
        on livro.empresa = titulo.empresa and livro.omie_id = titulo.codigo_lancamento_omie
    left join {{ source('omie', 'saldos_titulos') }} as saldo
        on titulo.empresa = saldo.empresa
        and titulo.codigo_lancamento_omie = saldo.codigo_titulo
        and saldo.excluido_em is null
    left join baixas
        on titulo.empresa = baixas.empresa
        and titulo.codigo_lancamento_omie = baixas.codigo_titulo

)

select
    empresa,
    recebimento_id,
    codigo_integracao,
    codigo_titulo,
    case
        when excluido or estado = 'deleted' then 'excluído no Omie'
        when no_espelho and cancelado then 'cancelado'
        when no_espelho and valor_aberto <= 0 then 'recebido'
        when no_espelho and baixas > 0 and falta_dias < 0 then 'recebido em parte, atrasado'
        when no_espelho and baixas > 0 then 'recebido em parte'
        when no_espelho and falta_dias < 0 then 'atrasado'
        when no_espelho and falta_dias = 0 then 'vence hoje'
        when no_espelho then 'a vencer'
        when codigo_titulo is not null then 'enviado, ainda não lido'
        else 'não enviado'
    end as situacao,
    data,
    data_vencimento,
    valor_clinica,
    valor_documento,
    valor_recebido,
    valor_aberto,
    data_recebimento,
    baixas,
    lido_em
from ligados
where {{ esquema('omie') }}.ve_linha('omie_pipeline')
