{{ config(
    materialized='table',
    indexes=[
        {'columns': ['empresa', 'data_particao']},
        {'columns': ['empresa', 'codigo_lancamento_integracao']},
    ],
    post_hook='analyze {{ this }}',
) }}

with titulos as (

    select * from {{ ref('int_titulos') }}

)

select
    empresa,
    {{ data_particao('data') }} as data_particao,
    codigo as codigo_lancamento_integracao,
    {{ cliente_pelo_codigo('cliente') }} as codigo_cliente_fornecedor_integracao,
    {{ cliente_pelo_id('cliente') }} as codigo_cliente_fornecedor,
    data_vencimento,
    {{ dinheiro('valor') }} as valor_documento,
    codigo_categoria,
    data_vencimento as data_previsao,
    id_conta_corrente,
    codigo_tipo_documento,
    numero_documento,
    {{ numero_parcela('parcela') }} as numero_parcela,
    observacao,
    {{ projeto_mapeado() }} as codigo_projeto,
    {{ departamento_mapeado() }} as distribuicao,
    data as data_emissao,
    data as data_entrada,
    faltas as _missing,
    case origem when 'repasses_por_regra' then 'recebimentos' else origem end as _origem_tabela,
    id as _origem_id,
    {{ sem_mapeamento('codigo_categoria', [
        ('category', 'categoria_da_clinica', 'categoria_da_clinica'),
        ('category', 'categoria_do_procedimento', 'categoria_do_procedimento'),
        ('supplier_kind', 'tipo_fornecedor', 'tipo_fornecedor'),
    ]) }} as _unmapped,
    _unreadable,
    colisao as _colisao
from titulos
where origem in ('repasses', 'repasses_por_regra', 'despesas', 'compras_produtos')
