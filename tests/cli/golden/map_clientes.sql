{{ config(
    materialized='table',
    indexes=[
        {'columns': ['empresa', 'codigo_cliente_integracao']},
    ],
    post_hook='analyze {{ this }}',
) }}
{# Written by `omie-pipeline map clientes`; it is yours to change. #}

select
    cast('principal' as text) as empresa,
    'PAC-' || {{ texto('origem."CodPaciente"') }} as codigo_cliente_integracao,
    {{ texto('origem."NOME COMPLETO"') }} as razao_social,
    {{ texto('origem."Documento"') }} as cnpj_cpf,
    {{ texto('origem."NOME COMPLETO"') }} as nome_fantasia,
    {{ telefone_ddd(texto('origem."fone_celular"')) }} as telefone1_ddd,
    {{ telefone_numero(texto('origem."fone_celular"')) }} as telefone1_numero,
    {{ texto('origem."rua"') }} as endereco,
    {{ texto('origem."nro"') }} as endereco_numero,
    {{ texto('origem."bairro"') }} as bairro,
    {{ texto('origem."compl"') }} as complemento,
    {{ uf_em_letras(texto('origem."uf"')) }} as estado,
    {{ maiusculo_sem_acento(texto('origem."municipio"')) }} || coalesce(' (' || {{ uf_em_letras(texto('origem."uf"')) }} || ')', '') as cidade,
    {{ texto('origem."cep"') }} as cep,
    {{ texto('origem."E-mail"') }} as email,
    cast('[{"tag": "Cliente"}]' as jsonb) as tags,
    case {{ como('boolean', logico('origem."ativo"')) }} when true then 'N' when false then 'S' end as inativo,
    cast('paciente' as text) as _tipo,
    {{ texto('origem."RG"') }} as _rg,
    {{ texto('origem."Órgão Emissor"') }} as _rg_orgao_emissor,
    'cad_pacientes' as _origem_tabela,
    {{ texto('origem."CodPaciente"') }} as _origem_id,
    {{ ilegiveis_lidos({
        'inativo': logico('origem."ativo"')
    }) }} as _unreadable
from "sistema"."cad_pacientes" as origem
