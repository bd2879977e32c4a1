{{ config(
    materialized='table',
    indexes=[{'columns': ['empresa', "(\"intEditar\" ->> 'cCodIntServ')"]}],
    post_hook='analyze {{ this }}',
) }}

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
            'coalesce(procedimentos.codigo_categoria, ' ~ padrao('categoria_padrao_agenda') ~ ')',
    }) }} as cabecalho,
    {{ objeto({
        'cDescrCompleta': 'coalesce(procedimentos.descricao_completa, procedimentos.nome)',
    }) }} as descricao,
    {{ objeto({
        'nAliqISS': 'procedimentos.aliquota_iss',
        'cRetISS': sim_nao('procedimentos.retem_iss'),
    }) }} as impostos,
    'procedimentos' as _origem_tabela,
    procedimentos.id as _origem_id
from {{ ref('procedimentos') }} as procedimentos
{{ juncoes_dos_padroes('procedimentos') }}
