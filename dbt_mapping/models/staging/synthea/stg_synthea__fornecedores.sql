{% set fonte = source('synthea', 'br_fornecedores') %}

select
    {{ empresa(fonte) }} as empresa,
    {{ texto('id') }} as id,
    {{ texto('razao_social') }} as razao_social,
    {{ texto('nome_fantasia') }} as nome_fantasia,
    {{ documento('cnpj', fonte) }} as cpf_cnpj,
    {{ texto('inscricao_estadual') }} as inscricao_estadual,
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
    cast(null as timestamptz) as atualizado_em,
    cast(null as text) as tipo_fornecedor
from {{ fonte }}
