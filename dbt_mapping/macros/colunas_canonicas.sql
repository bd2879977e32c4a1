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
        'pagamentos': [
            chave, {
                'origem': 'text', 'origem_id': 'text', 'parcela': 'integer',
                'forma_pagamento_id': 'text', 'data': 'date', 'valor': 'numeric',
                'desconto': 'numeric', 'juros': 'numeric', 'multa': 'numeric',
                'conciliado': 'boolean', 'estornado': 'boolean', 'observacao': 'text',
            }, atualizado,
        ],
        'regras_repasse': [
            chave, {
                'profissional_id': 'text', 'procedimento_id': 'text', 'percentual': 'numeric',
                'valor': 'numeric', 'dias_para_vencer': 'integer', 'ativo': 'boolean',
            }, cadastro,
        ],
        'contratos': [
            chave, {
                'paciente_id': 'text', 'numero': 'text', 'situacao': 'text',
                'vigencia_inicial': 'date', 'vigencia_final': 'date',
                'dia_faturamento': 'integer', 'tipo_faturamento': 'text',
                'codigo_categoria': 'text', 'codigo_conta_corrente': 'bigint',
                'profissional_id': 'text', 'projeto_id': 'text', 'cidade_prestacao': 'text',
                'tipo_vencimento': 'text', 'dias_vencimento': 'integer', 'dia_fixo': 'integer',
                'contato': 'text', 'email': 'text', 'observacao': 'text',
                'dados_adicionais_nf': 'text',
            }, cadastro,
        ],
        'contratos_itens': [
            chave, {
                'contrato_id': 'text', 'procedimento_id': 'text', 'quantidade': 'numeric',
                'valor_unitario': 'numeric', 'descricao': 'text', 'codigo_categoria': 'text',
                'desconto': 'numeric', 'ordem': 'integer',
            }, cadastro,
        ],
        'projetos': [
            chave, {'nome': 'text', 'ativo': 'boolean'}, cadastro,
        ],
        'categorias': [
            chave, {
                'categoria_superior': 'text', 'descricao': 'text', 'natureza': 'text',
                'tipo_categoria': 'text', 'codigo_dre': 'text',
            }, cadastro,
        ],
    } -%}
    {%- if tabela not in tabelas -%}
        {{ exceptions.raise_compiler_error(
            "'" ~ tabela ~ "' is not a canonical table: " ~ tabelas.keys() | join(', ')) }}
    {%- endif -%}
    {%- set colunas = {} -%}
    {%- for parte in tabelas[tabela] -%}{%- do colunas.update(parte) -%}{%- endfor -%}
    {%- do colunas.update(colunas_opcionais(tabela)) -%}
    {{ return(colunas) }}
{%- endmacro %}


{# Columns that a staging model may lack: they then read as NULL. They stand last, so that a view
   made before they were known can be replaced in place. #}
{% macro colunas_opcionais(tabela) -%}
    {{ return({
        'profissionais': {'comissao': 'numeric'},
        'procedimentos': {
            'codigo_lc116': 'text', 'codigo_servico_municipal': 'text',
            'codigo_tributacao': 'text', 'codigo_nbs': 'text', 'descricao_completa': 'text',
            'aliquota_iss': 'numeric', 'retem_iss': 'boolean',
        },
        'recebimentos': {
            'parcelas': 'integer', 'gerar_os': 'boolean', 'faturar': 'boolean',
            'projeto_id': 'text',
        },
    }.get(tabela, {})) }}
{%- endmacro %}


{# Tables that a clinic may lack; a staging set of one's own need not have models for them. #}
{% macro tabelas_opcionais() -%}
    {{ return(['pagamentos', 'regras_repasse', 'contratos',
        'contratos_itens', 'projetos', 'categorias']) }}
{%- endmacro %}
