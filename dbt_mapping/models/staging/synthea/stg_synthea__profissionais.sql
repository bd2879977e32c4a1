{% set fonte = source('synthea', 'br_profissionais') %}

-- The export lists 166 providers of many organisations; those who work here have a Brazilian register.
select
    {{ empresa(fonte) }} as empresa,
    {{ texto('id') }} as id,
    {{ texto('nome') }} as nome,
    {{ documento('cpf_cnpj', fonte) }} as cpf_cnpj,
    {{ texto('conselho') }} as conselho,
    {{ texto('email') }} as email,
    {{ texto('telefone') }} as telefone,
    {{ texto('logradouro') }} as logradouro,
    {{ texto('numero') }} as numero,
    {{ texto('complemento') }} as complemento,
    {{ texto('bairro') }} as bairro,
    {{ texto('cidade') }} as cidade,
    {{ texto('uf') }} as uf,
    {{ cep('cep', fonte) }} as cep,
    {{ texto('banco') }} as banco,
    {{ texto('agencia') }} as agencia,
    {{ texto('conta') }} as conta,
    {{ texto('chave_pix') }} as chave_pix,
    {{ data_iso('data_cadastro') }} as data_cadastro,
    cast(null as timestamptz) as atualizado_em,
    cast(null as numeric) as comissao
from {{ fonte }}
