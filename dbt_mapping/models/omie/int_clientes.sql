{{ config(materialized='ephemeral') }}
{# Patients, professionals and suppliers as Omie's clientes, without what names them there. People of
   one document are one cliente, under the holder's code and with the holder's data (clientes_codigos);
   what the holder has nothing of, the bank account above all, and the tags come from the others. #}
{%- set destino_do_rg = rg_destino() %}
{%- set colunas = [
    'tipo', 'origem', 'codigo', 'tag', 'empresa', 'id', 'razao_social', 'nome_fantasia',
    'documento', 'inscricao_estadual', 'rg', 'rg_orgao_emissor', 'observacao', 'dados_bancarios',
    'email', 'telefone', 'logradouro', 'numero', 'complemento', 'bairro', 'cidade', 'uf', 'cep',
    '_unreadable',
] %}

with codigos as not materialized (

    select * from {{ ref('clientes_codigos') }}

),

municipios as (

    select
        codigo_ibge, uf, {{ maiusculo_sem_acento('nome') }} as nome,
        {{ chave_do_municipio('nome') }} as chave
    from {{ ref('municipios') }}

),

pacientes as (

    select
        'paciente' as tipo,
        'pacientes' as origem,
        'PAC-' || id as codigo,
        'Cliente' as tag,
        empresa,
        id,
        nome as razao_social,
        nome as nome_fantasia,
        cpf as documento,
        cast(null as text) as inscricao_estadual,
        rg,
        rg_orgao_emissor,
        cast(null as text) as observacao,
        cast(null as jsonb) as dados_bancarios,
        email,
        telefone,
        logradouro,
        numero,
        complemento,
        bairro,
        cidade,
        uf,
        cep,
        {{ ilegiveis({'pacientes': ['but', 'data_nascimento', 'data_cadastro', 'atualizado_em']}) }}
            as _unreadable
    from {{ ref('pacientes') }} as pacientes

),

profissionais as (

    select
        'profissional' as tipo,
        'profissionais' as origem,
        'PRO-' || id as codigo,
        'Fornecedor' as tag,
        empresa,
        id,
        nome as razao_social,
        nome as nome_fantasia,
        cpf_cnpj as documento,
        cast(null as text) as inscricao_estadual,
        cast(null as text) as rg,
        cast(null as text) as rg_orgao_emissor,
        'Conselho: ' || conselho as observacao,
        case when coalesce(banco, agencia, conta, chave_pix) is not null then
            jsonb_strip_nulls(jsonb_build_object(
                'codigo_banco', banco,
                'agencia', agencia,
                'conta_corrente', conta,
                'doc_titular', cpf_cnpj,
                'nome_titular', nome,
                'cChavePix', chave_pix
            ))
        end as dados_bancarios,
        email,
        telefone,
        logradouro,
        numero,
        complemento,
        bairro,
        cidade,
        uf,
        cep,
        {{ ilegiveis({'profissionais': ['but', 'comissao', 'data_cadastro', 'atualizado_em']}) }}
            as _unreadable
    from {{ ref('profissionais') }} as profissionais

),

fornecedores as (

    select
        'fornecedor' as tipo,
        'fornecedores' as origem,
        'FOR-' || id as codigo,
        'Fornecedor' as tag,
        empresa,
        id,
        razao_social,
        coalesce(nome_fantasia, razao_social) as nome_fantasia,
        cpf_cnpj as documento,
        inscricao_estadual,
        cast(null as text) as rg,
        cast(null as text) as rg_orgao_emissor,
        cast(null as text) as observacao,
        cast(null as jsonb) as dados_bancarios,
        email,
        telefone,
        logradouro,
        numero,
        complemento,
        bairro,
        cidade,
        uf,
        cep,
        {{ ilegiveis({'fornecedores': ['but', 'data_cadastro', 'atualizado_em']}) }} as _unreadable
    from {{ ref('fornecedores') }} as fornecedores

),

pessoas as (
    {{ uniao(['pacientes', 'profissionais', 'fornecedores'], colunas) }}

),

compartilhados as (

    select
        codigos.empresa,
        codigos.titular,
        bool_or(pessoas.tag = 'Cliente') as cliente,
        bool_or(pessoas.tag = 'Fornecedor') as fornecedor,
        (array_agg(pessoas.inscricao_estadual order by codigos.codigo)
            filter (where pessoas.inscricao_estadual is not null))[1] as inscricao_estadual,
        (array_agg(pessoas.observacao order by codigos.codigo)
            filter (where pessoas.observacao is not null))[1] as observacao,
        (array_agg(pessoas.dados_bancarios order by codigos.codigo)
            filter (where pessoas.dados_bancarios is not null))[1] as dados_bancarios
    from codigos
    inner join pessoas
        on codigos.empresa = pessoas.empresa and codigos.codigo = pessoas.codigo
    where codigos.titular <> codigos.codigo
    group by codigos.empresa, codigos.titular

),

unidas as (

    select
        pessoas.empresa, pessoas.codigo, pessoas.tipo, pessoas.origem, pessoas.id,
        pessoas.razao_social, pessoas.nome_fantasia, pessoas.documento, pessoas.rg,
        pessoas.rg_orgao_emissor, pessoas.email, pessoas.telefone, pessoas.logradouro,
        pessoas.numero, pessoas.complemento, pessoas.bairro, pessoas.cidade,
        {{ uf_em_letras('pessoas.uf') }} as uf, pessoas.cep, pessoas._unreadable,
        coalesce(pessoas.inscricao_estadual, compartilhados.inscricao_estadual)
            as inscricao_estadual,
        coalesce(pessoas.observacao, compartilhados.observacao) as observacao,
        coalesce(pessoas.dados_bancarios, compartilhados.dados_bancarios) as dados_bancarios,
        jsonb_build_array(jsonb_build_object('tag', pessoas.tag))
            || case when pessoas.tag <> 'Cliente' and compartilhados.cliente
                then '[{"tag": "Cliente"}]' else cast('[]' as jsonb) end
            || case when pessoas.tag <> 'Fornecedor' and compartilhados.fornecedor
                then '[{"tag": "Fornecedor"}]' else cast('[]' as jsonb) end as tags
    from pessoas
    left join codigos
        on pessoas.empresa = codigos.empresa and pessoas.codigo = codigos.codigo
    left join compartilhados
        on pessoas.empresa = compartilhados.empresa and pessoas.codigo = compartilhados.titular
    where codigos.titular is null or codigos.titular = pessoas.codigo

)

select
    pessoas.empresa,
    pessoas.codigo,
    pessoas.razao_social,
    pessoas.nome_fantasia,
    pessoas.documento as cnpj_cpf,
    fone.ddd as telefone1_ddd,
    fone.numero as telefone1_numero,
    pessoas.email,
    pessoas.logradouro as endereco,
    pessoas.numero as endereco_numero,
    pessoas.complemento,
    pessoas.bairro,
    -- Omie's documented form, "SAO PAULO (SP)". A city that is not in the UF keeps its own name.
    coalesce(municipios.nome, {{ maiusculo_sem_acento('pessoas.cidade') }})
        || coalesce(' (' || pessoas.uf || ')', '') as cidade,
    municipios.codigo_ibge as cidade_ibge,
    pessoas.uf as estado,
    pessoas.cep,
    '1058' as codigo_pais,
    {%- if destino_do_rg == 'inscricao_estadual' %}
    coalesce(
        pessoas.inscricao_estadual, nullif(concat_ws(' ', pessoas.rg, pessoas.rg_orgao_emissor), '')
    ) as inscricao_estadual,
    {%- else %}
    pessoas.inscricao_estadual,
    {%- endif %}
    {%- if destino_do_rg == 'observacao' %}
    coalesce(pessoas.observacao, nullif(concat_ws(
        ' ', 'RG: ' || pessoas.rg, 'Órgão emissor: ' || pessoas.rg_orgao_emissor
    ), '')) as observacao,
    {%- else %}
    pessoas.observacao,
    {%- endif %}
    pessoas.tags,
    {%- if destino_do_rg == 'caracteristicas' %}
    case
        when pessoas.rg is not null and pessoas.rg_orgao_emissor is not null then jsonb_build_array(
            jsonb_build_object('campo', 'RG', 'conteudo', pessoas.rg),
            jsonb_build_object('campo', 'RG_ORGAO_EMISSOR', 'conteudo', pessoas.rg_orgao_emissor)
        )
        when pessoas.rg is not null
            then jsonb_build_array(jsonb_build_object('campo', 'RG', 'conteudo', pessoas.rg))
        when pessoas.rg_orgao_emissor is not null then jsonb_build_array(
            jsonb_build_object('campo', 'RG_ORGAO_EMISSOR', 'conteudo', pessoas.rg_orgao_emissor)
        )
    end as caracteristicas,
    {%- else %}
    cast(null as jsonb) as caracteristicas,
    {%- endif %}
    pessoas.dados_bancarios as "dadosBancarios",
    pessoas.tipo as _tipo,
    pessoas.rg as _rg,
    pessoas.rg_orgao_emissor as _rg_orgao_emissor,
    case when fone.problema is not null then jsonb_build_array(jsonb_build_object(
        'table', pessoas.origem, 'column', 'telefone', 'kind', fone.problema
    )) end as _warnings,
    pessoas.origem as _origem_tabela,
    pessoas.id as _origem_id,
    pessoas._unreadable
from unidas as pessoas
cross join lateral {{ telefone_lido('pessoas.telefone') }} as fone
left join municipios
    on pessoas.uf = municipios.uf
    and {{ chave_do_municipio('pessoas.cidade') }} = municipios.chave
