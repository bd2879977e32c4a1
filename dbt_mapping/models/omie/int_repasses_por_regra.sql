{{ config(materialized='ephemeral') }}
{# What each professional is due for a receipt by rule: only where the clinic's own table of repasses
   says nothing of that receipt. The most particular rule counts: professional and procedure, then
   professional, then procedure, then the general one. A rule counts for receipts from its
   data_cadastro on, until the next one for the same case: a new rule leaves the past as it is. #}

with todos_os_recebimentos as (

    select * from {{ ref('recebimentos') }}

),

repasses as (

    select * from {{ ref('repasses') }}

),

regras as (

    select * from ({{ um_de_cada('regras_repasse', [
        'profissional_id', 'procedimento_id', 'percentual', 'valor', 'dias_para_vencer', 'ativo',
        'data_cadastro', '_unreadable',
    ]) }}) as todas
    where ativo is not false or divergem

),

-- Of two rules for the same case from the same day on, the one that changed last.
unicas as (

    select distinct on (empresa, profissional_id, procedimento_id, desde)
        empresa, id, profissional_id, procedimento_id, desde
    from (
        select *, coalesce(data_cadastro, cast('-infinity' as date)) as desde from regras
    ) as datadas
    order by empresa, profissional_id, procedimento_id, desde, atualizado_em desc nulls last, id

),

escolhidas as (

    select
        *,
        lead(desde, 1, cast('infinity' as date)) over (
            partition by empresa, profissional_id, procedimento_id order by desde
        ) as ate
    from unicas

),

recebimentos as (

    select distinct on (empresa, id)
        empresa, id, profissional_id, procedimento_id, data, valor, _unreadable,
        -- Without a readable date it is made all the same, to be refused.
        coalesce(data, current_date) as dia
    from todos_os_recebimentos
    where profissional_id is not null and not exists (
        select 1 from repasses
        where
            repasses.empresa = todos_os_recebimentos.empresa
            and repasses.recebimento_id = todos_os_recebimentos.id
    )
    order by empresa, id, atualizado_em desc nulls last

),

com_regra as (

    select
        recebimentos.*,
        coalesce(de_ambos.id, do_profissional.id, do_procedimento.id, geral.id) as regra_id
    from recebimentos
    left join escolhidas as de_ambos
        on recebimentos.empresa = de_ambos.empresa
        and recebimentos.profissional_id = de_ambos.profissional_id
        and recebimentos.procedimento_id = de_ambos.procedimento_id
        and recebimentos.dia >= de_ambos.desde and recebimentos.dia < de_ambos.ate
    left join escolhidas as do_profissional
        on recebimentos.empresa = do_profissional.empresa
        and recebimentos.profissional_id = do_profissional.profissional_id
        and do_profissional.procedimento_id is null
        and recebimentos.dia >= do_profissional.desde and recebimentos.dia < do_profissional.ate
    left join escolhidas as do_procedimento
        on recebimentos.empresa = do_procedimento.empresa
        and recebimentos.procedimento_id = do_procedimento.procedimento_id
        and do_procedimento.profissional_id is null
        and recebimentos.dia >= do_procedimento.desde and recebimentos.dia < do_procedimento.ate
    left join escolhidas as geral
        on recebimentos.empresa = geral.empresa
        and geral.profissional_id is null and geral.procedimento_id is null
        and recebimentos.dia >= geral.desde and recebimentos.dia < geral.ate

),

-- A rule whose start or whose being in force could not be read may be the one that counts: whatever it
-- could apply to is refused with it.
duvidosas as (

    select * from regras
    where {{ coluna_ilegivel('regras', 'data_cadastro') }} or {{ coluna_ilegivel('regras', 'ativo') }}

),

valores as (

    select
        com_regra.empresa,
        com_regra.id as recebimento_id,
        com_regra.profissional_id,
        regras.id as regra_id,
        com_regra.data,
        com_regra.data
            + coalesce(regras.dias_para_vencer, {{ padrao('prazo_repasse_dias') }}, 30)
            as data_vencimento,
        -- A rule that is there twice, and not the same, leaves the amount open: refused.
        case when not regras.divergem
            then coalesce(round(com_regra.valor * regras.percentual / 100, 2), regras.valor)
        end as valor,
        {{ ilegiveis({
            'com_regra': ['data', 'valor', 'profissional_id', 'procedimento_id'],
            'regras': ['but', 'data_cadastro', 'ativo', 'atualizado_em'],
            'duvidosa': ['data_cadastro', 'ativo'],
        }) }} as _unreadable
    from com_regra
    inner join regras on com_regra.empresa = regras.empresa and com_regra.regra_id = regras.id
    left join lateral (
        select _unreadable from duvidosas
        where duvidosas.empresa = com_regra.empresa
            and coalesce(duvidosas.profissional_id, com_regra.profissional_id)
                = com_regra.profissional_id
            and coalesce(duvidosas.procedimento_id, com_regra.procedimento_id, '')
                = coalesce(com_regra.procedimento_id, '')
        order by duvidosas.id
        limit 1
    ) as duvidosa on true
    {{ juncoes_dos_padroes('com_regra') }}

)

-- A rule of 0 says that nothing is due.
select * from valores where valor is distinct from 0 or _unreadable is not null
