{# Each month of an account starts at Omie's balance and adds our movements; beside it stands the
   balance Omie printed on its statement. A difference thus shows in the month that made it. #}

with periodos as (

    select empresa, n_cod_cc, periodo_inicial, periodo_final, saldo_anterior
    from {{ ref('extrato') }}

),

movimentos as (

    select
        empresa,
        id_conta_corrente as n_cod_cc,
        data_pagamento as dia,
        sum(valor_movimentado) filter (where valor_movimentado > 0) as entradas,
        -sum(valor_movimentado) filter (where valor_movimentado < 0) as saidas,
        count(*) as movimentos
    from {{ ref('movimentacoes') }}
    where valor_movimentado is not null and data_pagamento is not null
    group by empresa, id_conta_corrente, data_pagamento

),

-- The last realised line of each day carries its closing balance.
saldos as (

    select distinct on (empresa, n_cod_cc, periodo_inicial, data)
        empresa, n_cod_cc, periodo_inicial, data as dia, saldo
    from {{ ref('extrato_linhas') }}
    where realizado and data is not null and saldo is not null
    order by empresa, n_cod_cc, periodo_inicial, data, ordem desc

),

-- Every day that a statement covers, up to today, and the days on which money moved without one.
dias as (

    select
        periodos.empresa, periodos.n_cod_cc, cast(corridos.dia as date) as dia,
        periodos.periodo_inicial, periodos.saldo_anterior
    from periodos
    cross join lateral generate_series(
        cast(periodos.periodo_inicial as timestamp),
        cast(least(periodos.periodo_final, {{ hoje() }}) as timestamp),
        interval '1 day'
    ) as corridos (dia)

),

juntos as (

    select
        coalesce(dias.empresa, movimentos.empresa) as empresa,
        coalesce(dias.n_cod_cc, movimentos.n_cod_cc) as n_cod_cc,
        coalesce(dias.dia, movimentos.dia) as dia,
        dias.periodo_inicial,
        dias.saldo_anterior,
        coalesce(movimentos.entradas, 0) as entradas,
        coalesce(movimentos.saidas, 0) as saidas,
        coalesce(movimentos.movimentos, 0) as movimentos,
        saldos.saldo as saldo_impresso
    from dias
    full join movimentos
        on dias.empresa = movimentos.empresa
        and dias.n_cod_cc = movimentos.n_cod_cc
        and dias.dia = movimentos.dia
    left join saldos
        on dias.empresa = saldos.empresa
        and dias.n_cod_cc = saldos.n_cod_cc
        and dias.periodo_inicial = saldos.periodo_inicial
        and dias.dia = saldos.dia

),

corridos as (

    select
        *,
        saldo_anterior + sum(entradas - saidas) over mes as saldo,
        -- Groups the days that follow a printed balance, to carry it forward.
        count(saldo_impresso) over mes as impressos
    from juntos
    window mes as (partition by empresa, n_cod_cc, periodo_inicial order by dia)

),

comparados as (

    select
        *,
        case when periodo_inicial is not null then coalesce(
            first_value(saldo_impresso) over (
                partition by empresa, n_cod_cc, periodo_inicial, impressos order by dia
            ),
            saldo_anterior
        ) end as saldo_omie
    from corridos

)

select
    comparados.empresa,
    comparados.n_cod_cc,
    contas.descricao as conta,
    comparados.dia,
    comparados.entradas,
    comparados.saidas,
    comparados.movimentos,
    comparados.saldo,
    comparados.saldo_omie,
    comparados.saldo - comparados.saldo_omie as diferenca
from comparados
left join {{ source('omie', 'contas_correntes') }} as contas
    on comparados.empresa = contas.empresa and comparados.n_cod_cc = contas.n_cod_cc
