{# What each fact is: equal, different, missing, extra. A row delivered after the table was last read
   cannot be judged yet and says so. #}

with particoes_lidas as (

    select empresa, table_name as tabela, partition as particao, read_at as lido_em
    from {{ source('omie_sync', 'import_partition') }}

),

listas_lidas as (

    select empresa, table_name as tabela, cast(null as text) as particao, read_until as lido_em
    from {{ source('omie_sync', 'import_cursor') }}

),

lidas as (
    {{ uniao(['particoes_lidas', 'listas_lidas'], ['empresa', 'tabela', 'particao', 'lido_em']) }}

),

livro_de_clientes as (

    select empresa, codigo_integracao, omie_id
    from {{ source('omie_sync', 'ledger') }}
    where endpoint in ('clientes', 'clientes_cpf_cnpj') and omie_id is not null

),

quarentena as (

    select distinct empresa, endpoint, codigo_integracao
    from {{ source('omie_sync', 'quarantine') }}

),

lados as (

    select
        lados.*,
        coalesce(lados.estado = 'confirmed', false) as entregue,
        -- Omie answered about this fact after it last took something of ours.
        lados.confirmed_at is null or coalesce(lados.lido_em >= lados.confirmed_at, false) or exists (
            select 1 from lidas
            where lidas.empresa = lados.empresa
                and lidas.tabela = lados.endpoint
                and lidas.lido_em >= lados.confirmed_at
                and (
                    lidas.particao is null
                    or lidas.particao = 'all'
                    or lidas.particao
                        = to_char(lados.confirmed_at at time zone '{{ fuso() }}', 'YYYY-MM-DD')
                )
        ) as conferido,
        enviado.omie_id as cliente_enviado,
        coalesce(dono.codigo_integracao, nullif(cliente.codigo_integracao, '')) as cliente_omie,
        quarentena.codigo_integracao is not null as em_quarentena
    from {{ ref('int_conciliacao') }} as lados
    left join livro_de_clientes as enviado
        on lados.empresa = enviado.empresa and lados.cliente_clinica = enviado.codigo_integracao
    left join {{ source('omie', 'clientes') }} as cliente
        on lados.empresa = cliente.empresa and lados.cliente_id = cliente.codigo_cliente_omie
    left join (
        select empresa, omie_id, min(codigo_integracao) as codigo_integracao
        from livro_de_clientes
        group by empresa, omie_id
    ) as dono
        on lados.empresa = dono.empresa and lados.cliente_id = dono.omie_id
    left join quarentena
        on lados.empresa = quarentena.empresa
        and lados.endpoint = quarentena.endpoint
        and lados.codigo = quarentena.codigo_integracao

),

comparados as (

    select
        *,
        codigo_omie is not null and excluido_em is null as no_omie,
        array_remove(array[
            case when valor_clinica is distinct from valor_omie then 'valor_documento' end,
            case when vencimento_clinica is distinct from vencimento_omie
                then 'data_vencimento' end,
            case when categoria_clinica is distinct from categoria_omie or rateado
                then 'categoria' end,
            case when endpoint <> 'clientes'
                and cliente_enviado is distinct from cliente_id
                and cliente_clinica is distinct from cliente_omie then 'cliente' end,
            case when endpoint = 'clientes'
                and upper(regexp_replace(btrim(nome_clinica), '\s+', ' ', 'g'))
                is distinct from upper(regexp_replace(btrim(nome_omie), '\s+', ' ', 'g'))
                then 'razao_social' end,
            case when endpoint = 'clientes'
                and regexp_replace(coalesce(documento_clinica, ''), '[^0-9A-Za-z]', '', 'g')
                <> regexp_replace(coalesce(documento_omie, ''), '[^0-9A-Za-z]', '', 'g')
                then 'cnpj_cpf' end,
            case when cancelado then 'cancelado' end
        ], null) || array(
            select 'não esvaziado: ' || campo from unnest(nao_esvaziados) as campo
        ) as diferencas
    from lados

),

julgados as (

    select
        *,
        case
            when na_clinica and no_omie and diferencas = '{}' then 'igual'
            when na_clinica and no_omie and conferido then 'diferente'
            when na_clinica and no_omie then 'a_conferir'
            when na_clinica and not entregue then 'nao_enviado'
            when na_clinica and not conferido then 'a_conferir'
            when na_clinica and excluido_em is not null then 'excluido_no_omie'
            when na_clinica then 'falta_no_omie'
            when no_omie and (estado is not null or coalesce(feito_por, '') = 'omie_pipeline')
                then 'sobra_no_omie'
            when no_omie then 'so_no_omie'
            when entregue and excluido_em is null and conferido then 'falta_no_omie'
            when entregue and excluido_em is null then 'a_conferir'
            -- Gone on both sides, or never anywhere: nothing to say.
        end as situacao
    from comparados

)

select
    empresa,
    endpoint,
    codigo as codigo_integracao,
    codigo_omie,
    -- The clinic's day; where it has none, the day it was delivered for, else Omie's.
    coalesce(
        dia,
        case when particao ~ '^[0-9]{4}-[0-9]{2}-[0-9]{2}$' then cast(particao as date) end,
        dia_omie
    ) as dia,
    situacao,
    case when situacao in ('diferente', 'a_conferir') and no_omie and na_clinica
        then array_to_string(diferencas, ', ') end as campos_diferentes,
    case
        when situacao <> 'nao_enviado' then null
        when em_quarentena then 'em quarentena'
        when estado = 'rejected' then 'recusado pelo Omie'
        when estado = 'held' then 'retido'
        when estado = 'deleted' then 'excluído por nós'
        else 'ainda não enviado'
    end as motivo,
    entregue,
    valor_clinica,
    case when no_omie then case when cancelado then 0 else valor_omie end end as valor_omie,
    vencimento_clinica,
    case when no_omie then vencimento_omie end as vencimento_omie,
    categoria_clinica,
    case when no_omie then categoria_omie end as categoria_omie,
    cliente_clinica,
    case when no_omie then coalesce(cliente_omie, cast(cliente_id as text)) end as cliente_omie,
    cancelado,
    excluido_em,
    feito_por,
    lido_em
from julgados
where situacao is not null
    and {{ esquema('omie') }}.ve_linha(
        case when na_clinica or estado is not null then 'omie_pipeline' else feito_por end
    )
