{{ config(
    materialized='table',
    indexes=[{'columns': ['empresa', "(\"intEditar\" ->> 'cCodIntServ')"]}],
    post_hook='analyze {{ this }}',
) }}
{# Not every procedure is a service of Omie: one that carries its own LC 116 and municipal codes is, and
   one that a contract or an order names; a code that it then lacks is reported by validation. Receipts are
   facts: a run of the registers that comes before the first extract of facts has none. #}
{%- set recebimentos = ref('recebimentos') -%}
{%- set ha_recebimentos = not execute or load_relation(recebimentos) is not none %}

with procedimentos as (

    select * from {{ ref('procedimentos') }}

),

mapeamento as (

    {{ mapeamento() }}

),

dos_contratos as (

    select empresa, procedimento_id from {{ ref('contratos_itens') }}

),
{% if ha_recebimentos %}
das_ordens as (

    select recebimentos.empresa, recebimentos.procedimento_id
    from {{ recebimentos }} as recebimentos
    {{ juncoes_dos_padroes('recebimentos') }}
    where {{ padrao_sim('gerar_os_sempre') }} or recebimentos.gerar_os

),
{% endif %}
nomeados as (

    select distinct empresa, procedimento_id
    from (
        {{- uniao(
            ['dos_contratos'] + (['das_ordens'] if ha_recebimentos else []),
            ['empresa', 'procedimento_id'],
        ) }}
    ) as todos

)

select
    procedimentos.empresa,
    {{ objeto({'cCodIntServ': "'SRV-' || procedimentos.id"}) }} as "intEditar",
    {{ objeto({
        'cDescricao': 'procedimentos.nome',
        'cIdTrib': 'coalesce(procedimentos.codigo_tributacao, ' ~ padrao('tributacao_padrao') ~ ')',
        'cCodServMun':
            'coalesce(procedimentos.codigo_servico_municipal, '
            ~ padrao('servico_municipal_padrao') ~ ')',
        'cCodLC116': 'coalesce(procedimentos.codigo_lc116, ' ~ padrao('lc116_padrao') ~ ')',
        'nIdNBS': 'procedimentos.codigo_nbs',
        'nPrecoUnit': dinheiro('procedimentos.valor'),
        'cCodCateg':
            'coalesce(' ~ mapeado('por_id') ~ ', '
            ~ categoria_mapeada('por_categoria', 'procedimentos.codigo_categoria', 'outras')
            ~ ', procedimentos.codigo_categoria, ' ~ padrao('categoria_padrao_agenda') ~ ')',
    }) }} as cabecalho,
    {{ objeto({
        'cDescrCompleta': 'coalesce(procedimentos.descricao_completa, procedimentos.nome)',
    }) }} as descricao,
    {{ objeto({
        'nAliqISS': 'procedimentos.aliquota_iss',
        'cRetISS': sim_nao('procedimentos.retem_iss'),
    }) }} as impostos,
    'procedimentos' as _origem_tabela,
    procedimentos.id as _origem_id,
    {{ sem_mapeamento(
        'coalesce(' ~ mapeado('por_id') ~ ', '
        ~ categoria_mapeada('por_categoria', 'procedimentos.codigo_categoria', 'outras')
        ~ ', procedimentos.codigo_categoria, ' ~ padrao('categoria_padrao_agenda') ~ ')',
        [
            ('category', 'procedimentos.codigo_categoria', 'procedimentos.codigo_categoria'),
            ('procedure', 'procedimentos.id', 'procedimentos.nome'),
        ]
    ) }} as _unmapped,
    {{ ilegiveis({'procedimentos': ['but', 'ativo', 'data_cadastro', 'atualizado_em']}) }}
        as _unreadable
from procedimentos
{{ juncao_do_mapeamento('por_id', 'procedimentos', 'procedure', 'procedimentos.id') }}
{{ juncao_do_mapeamento('por_categoria', 'procedimentos', 'category', 'procedimentos.codigo_categoria') }}
{{ juncao_do_mapeamento('outras', 'procedimentos', 'category', "'*'") }}
{{ juncoes_dos_padroes('procedimentos') }}
where
    (procedimentos.codigo_lc116 is not null and procedimentos.codigo_servico_municipal is not null)
    or exists (
        select 1 from nomeados
        where
            nomeados.empresa = procedimentos.empresa and nomeados.procedimento_id = procedimentos.id
    )
