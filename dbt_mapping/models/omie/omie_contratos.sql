{{ config(
    materialized='table',
    indexes=[{'columns': ['empresa', "(cabecalho ->> 'cCodIntCtr')"]}],
    post_hook='analyze {{ this }}',
) }}
{# Sections that the canonical tables say nothing of (departamentos, itemLeiTranspImp, itemOutrasInf)
   are left to a query of your own. #}

with contratos as (

    select * from {{ ref('contratos') }}

),

contratos_itens as (

    select * from {{ ref('contratos_itens') }}

),

codigos as (

    select * from {{ ref('clientes_codigos') }}

),

mapeamento as (

    {{ mapeamento() }}

),

procedimentos as (

    {{ um_de_cada('procedimentos') }}

),

projetos as (

    select distinct empresa, id from {{ ref('clinica_projetos') }}

),

-- The order that the note shows. An item given twice stays twice: validation refuses the contract.
numerados as (

    select
        *,
        row_number() over (partition by empresa, contrato_id order by ordem nulls last, id) as seq
    from contratos_itens

),

itens as (

    select
        numerados.empresa,
        numerados.contrato_id,
        jsonb_agg({{ objeto({
            'itemCabecalho': objeto({
                'codIntItem': nosso_codigo('itens_de_contratos', 'ITC-', 'numerados.id'),
                'seq': 'numerados.seq',
                'codServico': omie_id('servicos', "'SRV-' || numerados.procedimento_id"),
                'quant': 'numerados.quantidade',
                'valorUnit': dinheiro('numerados.valor_unitario'),
                'cTpDesconto': "case when numerados.desconto <> 0 then 'V' end",
                'valorDesconto':
                    'case when numerados.desconto <> 0 then '
                    ~ dinheiro('numerados.desconto') ~ ' end',
                'cCodCategItem':
                    'coalesce(' ~ categoria_mapeada('do_item', 'numerados.codigo_categoria', 'outras')
                    ~ ', numerados.codigo_categoria)',
            }),
            'itemDescrServ': objeto({
                'descrCompleta':
                    'coalesce(numerados.descricao, procedimentos.descricao_completa, '
                    ~ 'procedimentos.nome)',
            }),
            'itemImpostos': objeto({
                'aliqISS': 'procedimentos.aliquota_iss',
                'retISS': sim_nao('procedimentos.retem_iss'),
            }),
        }) }} order by numerados.seq) as lista,
        jsonb_path_query_array(
            jsonb_agg({{ ilegiveis({
                'numerados': ['but', 'data_cadastro', 'atualizado_em'],
                'procedimentos': ['aliquota_iss', 'retem_iss', 'descricao_completa', 'nome'],
            }) }} order by numerados.seq), '$[*][*] ? (@ != null)'
        ) as _unreadable,
        {{ sem_nulos('jsonb_agg(' ~ sem_mapeamento(
            'coalesce(' ~ categoria_mapeada('do_item', 'numerados.codigo_categoria', 'outras')
            ~ ', numerados.codigo_categoria)',
            [('category', 'numerados.codigo_categoria', 'numerados.codigo_categoria')],
            "'itensContrato[' || numerados.seq || ']'"
        ) ~ ' order by numerados.seq)') }} as _unmapped,
        bool_or(numerados.quantidade is null) as sem_quantidade,
        bool_or(numerados.valor_unitario is null) as sem_valor
    from numerados
    left join procedimentos
        on numerados.empresa = procedimentos.empresa
        and numerados.procedimento_id = procedimentos.id
    {{ juncao_do_mapeamento('do_item', 'numerados', 'category', 'numerados.codigo_categoria') }}
    {{ juncao_do_mapeamento('outras', 'numerados', 'category', "'*'") }}
    group by numerados.empresa, numerados.contrato_id

)

select
    contratos.empresa,
    {{ objeto({
        'cCodIntCtr': nosso_codigo('contratos', 'CTR-', 'contratos.id'),
        'nCodCli': omie_id(
            'clientes' if clientes_por() == 'integracao' else 'clientes_cpf_cnpj',
            "coalesce(codigos.titular, 'PAC-' || contratos.paciente_id)"),
        'cNumCtr': 'contratos.numero',
        'cCodSit': 'contratos.situacao',
        'dVigInicial': data_json('contratos.vigencia_inicial'),
        'dVigFinal': data_json('contratos.vigencia_final'),
        'nDiaFat': 'contratos.dia_faturamento',
        'cTipoFat': 'contratos.tipo_faturamento',
    }) }} as cabecalho,
    itens.lista as "itensContrato",
    {{ objeto({
        'cCodCateg':
            'coalesce(' ~ categoria_mapeada('do_contrato', 'contratos.codigo_categoria', 'outras')
            ~ ', contratos.codigo_categoria, ' ~ padrao('categoria_padrao_agenda') ~ ')',
        'nCodCC':
            'coalesce(contratos.codigo_conta_corrente, ' ~ padrao('conta_corrente_padrao') ~ ')',
        'nCodVend':
            'case when ' ~ padrao_sim('profissional_como_vendedor') ~ ' then '
            ~ omie_id('vendedores', nosso_codigo('vendedores', 'PRO-', 'contratos.profissional_id')) ~ ' end',
        'nCodProj': omie_id('projetos', nosso_codigo('projetos', 'PRJ-', 'contratos.projeto_id')),
        'cContato': 'contratos.contato',
        'cCidPrestServ':
            'coalesce(contratos.cidade_prestacao, ' ~ padrao('cidade_prestacao') ~ ')',
        'cDadosAdicNF': 'contratos.dados_adicionais_nf',
    }) }} as "infAdic",
    {{ objeto({
        'cTpVenc': 'contratos.tipo_vencimento',
        'nDias': 'contratos.dias_vencimento',
        'nDiaFixo': 'contratos.dia_fixo',
    }) }} as "vencTextos",
    cast(null as jsonb) as departamentos,
    {{ objeto({
        'cEnviarRecibo': "'N'",
        'cEnviarLinkNfse': "'" ~ nfse_por_email() ~ "'",
        'cEnviarBoleto': "'N'",
        'cEnviarPix': "'N'",
        'cUtilizarEmails': 'contratos.email',
    }) }} as "emailCliente",
    {{ objeto({'cObsContrato': 'contratos.observacao'}) }} as observacoes,
    {{ faltas(
        faltas_da_pessoa("'PAC-' || contratos.paciente_id", "'contratos'", "'paciente_id'",
            "'pacientes'")
        + [
            falta_de('contratos', "'contratos'", 'projeto_id', 'projetos', 'projetos.id'),
            {'quando': 'contratos.situacao is null', 'tabela': "'contratos'",
             'coluna': "'situacao'"},
            {'quando': 'contratos.tipo_vencimento is null', 'tabela': "'contratos'",
             'coluna': "'tipo_vencimento'"},
            {'quando': 'itens.sem_quantidade', 'tabela': "'contratos_itens'",
             'coluna': "'quantidade'"},
            {'quando': 'itens.sem_valor', 'tabela': "'contratos_itens'",
             'coluna': "'valor_unitario'"},
        ]
    ) }} as _missing,
    'contratos' as _origem_tabela,
    contratos.id as _origem_id,
    nullif(
        {{ sem_nulos('jsonb_build_array(' ~ sem_mapeamento(
            'coalesce(' ~ categoria_mapeada('do_contrato', 'contratos.codigo_categoria', 'outras')
            ~ ', contratos.codigo_categoria, ' ~ padrao('categoria_padrao_agenda') ~ ')',
            [('category', 'contratos.codigo_categoria', 'contratos.codigo_categoria')],
            "'infAdic'"
        ) ~ ')') }} || coalesce(itens._unmapped, '[]'),
        '[]'
    ) as _unmapped,
    nullif(
        coalesce(
            {{ ilegiveis({'contratos': ['but', 'data_cadastro', 'atualizado_em']}) }}, '[]'
        ) || coalesce(itens._unreadable, '[]'),
        '[]'
    ) as _unreadable
from contratos
left join codigos
    on contratos.empresa = codigos.empresa
    and 'PAC-' || contratos.paciente_id = codigos.codigo
left join projetos
    on contratos.empresa = projetos.empresa and contratos.projeto_id = projetos.id
left join itens on contratos.empresa = itens.empresa and contratos.id = itens.contrato_id
{{ juncao_do_mapeamento('do_contrato', 'contratos', 'category', 'contratos.codigo_categoria') }}
{{ juncao_do_mapeamento('outras', 'contratos', 'category', "'*'") }}
{{ juncoes_dos_padroes('contratos') }}
