{% set fonte = source('canonica', 'pacientes') %}

select
    {{ empresa(fonte) }} as empresa,
    {{ texto('id') }} as id,
    {{ texto('nome') }} as nome,
    {{ documento('cpf', fonte) }} as cpf,
    {{ texto('rg') }} as rg,
    {{ texto('rg_orgao_emissor') }} as rg_orgao_emissor,
    {{ data_iso('data_nascimento') }} as data_nascimento,
    {{ texto('email') }} as email,
    {{ texto('telefone') }} as telefone,
    {{ texto('logradouro') }} as logradouro,
    {{ texto('numero') }} as numero,
    {{ texto('complemento') }} as complemento,
    {{ texto('bairro') }} as bairro,
    {{ texto('cidade') }} as cidade,
    {{ texto('uf') }} as uf,
    {{ cep('cep', fonte) }} as cep,
    {{ data_iso('data_cadastro') }} as data_cadastro,
    {{ instante('atualizado_em') }} as atualizado_em
from {{ fonte }}
