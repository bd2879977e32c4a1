{{ config(
    materialized='table',
    indexes=[{'columns': ['empresa', 'codigo']}],
    post_hook='analyze {{ this }}',
) }}
{# Which record of Omie stands for each of our codes of people. Omie keeps one cliente for a CPF or CNPJ,
   so people of one document share the record of one of them, the holder (`titular`): whom Omie knows
   already; else the oldest, one without a date of birth being taken for an adult; else the lowest code.
   A person with a record of their own at Omie keeps it.

   Codes that left the clinic and are still known at Omie stay here with the digest of the document they
   had, from this table as it was before, so that a child stays on the record of a parent who left. Of
   people whose data were erased (`omie-pipeline lgpd erase`) it is kept only for such a child. #}
{%- set endpoint = 'clientes' if clientes_por() == 'integracao' else 'clientes_cpf_cnpj' -%}
{#- A unit test gives no `this`. #}
{%- set antes = load_relation(this) if execute and this is not none else none %}

with pacientes as (

    select
        empresa,
        'PAC-' || id as codigo,
        'pacientes' as origem,
        nome,
        data_nascimento,
        {{ documento_limpo('cpf') }} as documento,
        atualizado_em
    from {{ ref('pacientes') }}

),

profissionais as (

    select
        empresa,
        'PRO-' || id as codigo,
        'profissionais' as origem,
        nome,
        cast(null as date) as data_nascimento,
        {{ documento_limpo('cpf_cnpj') }} as documento,
        atualizado_em
    from {{ ref('profissionais') }}

),

fornecedores as (

    select
        empresa,
        'FOR-' || id as codigo,
        'fornecedores' as origem,
        razao_social as nome,
        cast(null as date) as data_nascimento,
        {{ documento_limpo('cpf_cnpj') }} as documento,
        atualizado_em
    from {{ ref('fornecedores') }}

),

apagados as (

    select empresa, client_ids from {{ source('omie_sync', 'erasure') }}

),

livro_inteiro as (

    select empresa, endpoint, codigo_integracao, omie_id, state, first_seen_at
    from {{ source('omie_sync', 'ledger') }}

),

pessoas as (
    {{ uniao(['pacientes', 'profissionais', 'fornecedores'], [
        'empresa', 'codigo', 'origem', 'nome', 'data_nascimento', 'documento', 'atualizado_em',
    ]) }}

),

-- A register row given twice is one code.
presentes as (

    select distinct on (empresa, codigo) *
    from pessoas
    where codigo is not null
    order by empresa, codigo, atualizado_em desc nulls last

),

livro as (

    select
        empresa,
        codigo_integracao as codigo,
        first_seen_at,
        exists (
            select 1 from apagados
            where
                apagados.empresa = livro_inteiro.empresa
                and livro_inteiro.omie_id = any(apagados.client_ids)
        ) as foi_apagado
    from livro_inteiro
    where endpoint = '{{ endpoint }}' and omie_id is not null and state <> 'deleted'

),

todos as (

    select
        coalesce(presentes.empresa, livro.empresa) as empresa,
        coalesce(presentes.codigo, livro.codigo) as codigo,
        presentes.codigo is not null as na_clinica,
        livro.codigo is not null as no_omie,
        livro.first_seen_at,
        coalesce(livro.foi_apagado, false) as foi_apagado,
        presentes.origem,
        presentes.nome,
        presentes.data_nascimento,
        presentes.documento,
        case
            when presentes.codigo is not null then
                case when length(presentes.documento) in (11, 14) then
                    {{ resumo_do_documento('presentes.empresa', 'presentes.documento') }} end
            else {{ 'antes.resumo_documento' if antes is not none else 'null' }}
        end as resumo_documento
    from presentes
    full join livro on presentes.empresa = livro.empresa and presentes.codigo = livro.codigo
    {%- if antes is not none %}
    left join {{ this }} as antes
        on presentes.codigo is null
        and livro.empresa = antes.empresa and livro.codigo = antes.codigo
    {%- endif %}

),

grupos as (

    select
        *,
        count(*) over documento as quantos,
        bool_or(na_clinica) over documento as alguem_na_clinica,
        first_value(codigo) over (
            documento
            order by no_omie desc, na_clinica desc, first_seen_at, data_nascimento nulls first,
                length(codigo), codigo
        ) as primeiro
    from todos
    window documento as (partition by empresa, resumo_documento)

),

-- A document with wrong check digits is nobody's: each of its people is refused for it.
com_titular as (

    select
        *,
        case
            when quantos > 1 and resumo_documento is not null and na_clinica and not no_omie
                and ({{ cpf_confere('documento') }} or {{ cnpj_confere('documento') }})
                then primeiro
            else codigo
        end as titular
    from grupos

)

select
    com_titular.empresa,
    com_titular.codigo,
    com_titular.titular,
    com_titular.na_clinica,
    com_titular.origem as _origem_tabela,
    substr(com_titular.codigo, 5) as _origem_id,
    case when com_titular.alguem_na_clinica or not com_titular.foi_apagado
        then com_titular.resumo_documento end as resumo_documento,
    case when com_titular.titular <> com_titular.codigo then
        {{ chave_do_municipio('com_titular.nome') }} <> {{ chave_do_municipio('o_titular.nome') }}
    end as nome_difere
from com_titular
left join todos as o_titular
    on com_titular.titular <> com_titular.codigo
    and com_titular.empresa = o_titular.empresa and com_titular.titular = o_titular.codigo
