{# Columns and types of the canonical clinic tables: the one place in the dbt project that lists
   them. Facts carry `data`, their business date; registers carry `data_cadastro`. #}
{% macro colunas_canonicas(tabela) -%}
    {%- set endereco = {
        'logradouro': 'text', 'numero': 'text', 'complemento': 'text', 'bairro': 'text',
        'cidade': 'text', 'uf': 'text', 'cep': 'text',
    } -%}
    {%- set chave = {'empresa': 'text', 'id': 'text'} -%}
    {%- set cadastro = {'data_cadastro': 'date', 'atualizado_em': 'timestamptz'} -%}
    {%- set titulo = {'data': 'date', 'data_vencimento': 'date', 'valor': 'numeric'} -%}
    {%- set atualizado = {'atualizado_em': 'timestamptz'} -%}
    {%- set contato = {'email': 'text', 'telefone': 'text'} -%}
    {%- set produto = {
        'produto': 'text', 'codigo_categoria': 'text', 'forma_pagamento_id': 'text',
    } -%}
    {%- set tabelas = {
        'pacientes': [
            chave,
            {'nome': 'text', 'cpf': 'text', 'rg': 'text', 'rg_orgao_emissor': 'text',
             'data_nascimento': 'date'},
            contato, endereco, cadastro,
        ],
        'profissionais': [
            chave, {'nome': 'text', 'cpf_cnpj': 'text', 'conselho': 'text'}, contato, endereco,
            {'banco': 'text', 'agencia': 'text', 'conta': 'text', 'chave_pix': 'text'}, cadastro,
        ],
        'fornecedores': [
            chave,
            {'razao_social': 'text', 'nome_fantasia': 'text', 'cpf_cnpj': 'text',
             'inscricao_estadual': 'text'},
            contato, endereco, cadastro,
        ],
        'procedimentos': [
            chave,
            {'nome': 'text', 'codigo_categoria': 'text', 'valor': 'numeric', 'ativo': 'boolean'},
            cadastro,
        ],
        'formas_pagamento': [
            chave, {'nome': 'text', 'tipo': 'text', 'codigo_conta_corrente': 'bigint'}, cadastro,
        ],
        'recebimentos': [
            chave,
            {'paciente_id': 'text', 'procedimento_id': 'text', 'profissional_id': 'text',
             'forma_pagamento_id': 'text'},
            titulo,
            {'numero_documento': 'text', 'parcela': 'text', 'observacao': 'text'}, atualizado,
        ],
        'repasses': [
            chave, {'profissional_id': 'text', 'recebimento_id': 'text'}, titulo,
            {'observacao': 'text'}, atualizado,
        ],
        'despesas': [
            chave,
            {'fornecedor_id': 'text', 'codigo_categoria': 'text', 'forma_pagamento_id': 'text'},
            titulo, {'numero_documento': 'text', 'observacao': 'text'}, atualizado,
        ],
        'compras_produtos': [
            chave, {'fornecedor_id': 'text'}, produto, titulo, {'numero_documento': 'text'},
            atualizado,
        ],
        'vendas_produtos': [
            chave, {'paciente_id': 'text'}, produto, titulo, {'numero_documento': 'text'},
            atualizado,
        ],
    } -%}
    {%- if tabela not in tabelas -%}
        {{ exceptions.raise_compiler_error(
            "'" ~ tabela ~ "' is not a canonical table: " ~ tabelas.keys() | join(', ')) }}
    {%- endif -%}
    {%- set colunas = {} -%}
    {%- for parte in tabelas[tabela] -%}{%- do colunas.update(parte) -%}{%- endfor -%}
    {{ return(colunas) }}
{%- endmacro %}
