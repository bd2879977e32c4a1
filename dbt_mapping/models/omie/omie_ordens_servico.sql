{{ config(
    materialized='table',
    indexes=[
        {'columns': ['empresa', 'data_particao']},
        {'columns': ['empresa', "(\"Cabecalho\" ->> 'cCodIntOS')"]},
    ],
    post_hook='analyze {{ this }}',
) }}
{# The receipt itself is sent as a título, so the order must not make another: cNaoGerarFinanceiro S,
   one parcela whatever the receipt's instalments. #}

with recebimentos as (

    select * from {{ ref('recebimentos') }}

),

codigos as (

    select * from {{ ref('clientes_codigos') }}

),

mapeamento as (

    {{ mapeamento() }}

),

procedimentos as (

    {{ procedimentos_mapeados() }}

),

pacientes as (

    {{ um_de_cada('pacientes') }}

),

formas as (

    {{ formas_de_cada() }}

),

ordens as (

    select
        recebimentos.*,
        {{ padrao_sim('gerar_os_sempre') }} or coalesce(recebimentos.gerar_os, false) as tem_os,
        {{ padrao_sim('faturar_os_automaticamente') }} or coalesce(recebimentos.faturar, false)
            as fatura,
        case when {{ padrao_sim('profissional_como_vendedor') }}
            then recebimentos.profissional_id end as vendedor_id,
        {{ padrao('cidade_prestacao') }} as cidade_prestacao,
        coalesce({{ padrao('condicao_parcela_os') }}, '000') as condicao_parcela,
        {{ padrao('categoria_padrao_agenda') }} as categoria_padrao,
        coalesce(codigos.titular, 'PAC-' || recebimentos.paciente_id) as cliente,
        codigos.codigo as codigo_do_paciente
    from recebimentos
    left join codigos
        on recebimentos.empresa = codigos.empresa
        and 'PAC-' || recebimentos.paciente_id = codigos.codigo
    {{ juncoes_dos_padroes('recebimentos') }}

)

select
    ordens.empresa,
    {{ data_particao('ordens.data') }} as data_particao,
    {{ objeto({
        'cCodIntOS': "'OS-' || ordens.id",
        'cCodIntCli': cliente_pelo_codigo('ordens.cliente'),
        'nCodCli': cliente_pelo_id('ordens.cliente'),
        'cCodParc': 'ordens.condicao_parcela',
        'dDtPrevisao': data_json('ordens.data'),
        'cEtapa': "'50'",
        'nQtdeParc': '1',
        'nCodVend': omie_id('vendedores', nosso_codigo('vendedores', 'PRO-', 'ordens.vendedor_id')),
    }) }} as "Cabecalho",
    {{ objeto({
        'cCodCateg': 'coalesce(procedimentos.categoria, ordens.categoria_padrao)',
        'nCodCC': conta_corrente(),
        'cCidPrestServ': 'ordens.cidade_prestacao',
        'nCodProj': omie_id('projetos', nosso_codigo('projetos', 'PRJ-', 'ordens.projeto_id')),
    }) }} as "InformacoesAdicionais",
    jsonb_build_array({{ objeto({
        'cCodIntServico': "'SRV-' || ordens.procedimento_id",
        'nQtde': '1',
        'nValUnit': dinheiro('ordens.valor'),
        'cDescServ': 'coalesce(procedimentos.descricao_completa, procedimentos.nome)',
        'cNaoGerarFinanceiro': "'S'",
        'cCodCategItem': 'coalesce(procedimentos.categoria, ordens.categoria_padrao)',
    }) }}) as "ServicosPrestados",
    {{ objeto({
        'cEnvRecibo': "'N'",
        'cEnvLink': "'" ~ nfse_por_email() ~ "'",
        'cEnvBoleto': "'N'",
        'cEnvPix': "'N'",
        'cEnviarPara': 'pacientes.email' if nfse_por_email() == 'S' else 'null',
    }) }} as "Email",
    {{ objeto({'cObsOS': 'ordens.observacao'}) }} as "Observacoes",
    pacientes.nome as _nome,
    pacientes.cpf as _cpf,
    pacientes.rg as _rg,
    pacientes.rg_orgao_emissor as _rg_orgao_emissor,
    pacientes.logradouro as _endereco,
    pacientes.numero as _endereco_numero,
    pacientes.bairro as _bairro,
    pacientes.cidade as _cidade,
    {{ uf_em_letras('pacientes.uf') }} as _estado,
    pacientes.cep as _cep,
    ordens.cidade_prestacao as _municipio,
    ordens.fatura as _faturar,
    {{ faltas(
        [
            {'quando': 'ordens.paciente_id is null', 'tabela': "'recebimentos'",
             'coluna': "'paciente_id'"},
            falta_de('ordens', "'recebimentos'", 'paciente_id', 'pacientes',
                'ordens.codigo_do_paciente'),
            {'quando': 'ordens.procedimento_id is null', 'tabela': "'recebimentos'",
             'coluna': "'procedimento_id'"},
            falta_de('ordens', "'recebimentos'", 'procedimento_id', 'procedimentos',
                'procedimentos.id'),
            {'quando': 'ordens.data is null', 'tabela': "'recebimentos'", 'coluna': "'data'"},
        ]
        + faltas_da_forma('ordens', "'recebimentos'")
    ) }} as _missing,
    'recebimentos' as _origem_tabela,
    ordens.id as _origem_id,
    {{ sem_mapeamento('coalesce(procedimentos.categoria, ordens.categoria_padrao)', [
        ('category', 'procedimentos.codigo_categoria', 'procedimentos.codigo_categoria'),
        ('procedure', 'procedimentos.id', 'procedimentos.nome'),
    ]) }} as _unmapped,
    {{ ilegiveis({
        'ordens': ['but', 'parcelas', 'data_vencimento', 'atualizado_em'],
        'procedimentos': ['codigo_categoria', 'descricao_completa', 'nome'],
        'pacientes': ['but', 'data_nascimento', 'data_cadastro', 'atualizado_em'],
        'formas': ['codigo_conta_corrente'],
    }) }} as _unreadable
from ordens
left join procedimentos
    on ordens.empresa = procedimentos.empresa and ordens.procedimento_id = procedimentos.id
left join pacientes on ordens.empresa = pacientes.empresa and ordens.paciente_id = pacientes.id
{{ juncoes_da_conta('ordens') }}
-- Whether an order is wanted could not be read: it is there to be refused.
where ordens.tem_os or {{ coluna_ilegivel('ordens', 'gerar_os') }}
