{% set fonte = source('canonica', 'fornecedores') %}
{% if not fonte_existe(fonte) %}
{{ tabela_vazia('fornecedores') }}
{% else %}
select
    {{ empresa(fonte) }} as empresa,
    {{ texto('id') }} as id,
    {{ texto('razao_social') }} as razao_social,
    {{ texto('nome_fantasia') }} as nome_fantasia,
    {{ documento('cpf_cnpj', fonte) }} as cpf_cnpj,
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
    {{ instante('atualizado_em') }} as atualizado_em,
    {{ texto(coluna_opcional(fonte, 'tipo_fornecedor')) }} as tipo_fornecedor
from {{ fonte }}
{% endif %}
