{# Columns of the mirror (schema omie) that the views of schema analise show, without raw and the
   marks of deletion. `name:mask` goes through omie.mascarar_<mask>. A test holds this list and
   omie_pipeline/catalog/mirror together. #}
{% macro colunas_do_espelho(tabela) -%}
    {%- set tabelas = {
        'empresas':
            'codigo_empresa razao_social nome_fantasia cnpj cidade estado optante_simples_nacional ' ~
            'regime_tributario',
        'categorias':
            'codigo descricao categoria_superior totalizadora conta_inativa conta_receita ' ~
            'conta_despesa transferencia codigo_dre',
        'dre':
            'codigo_dre descricao nivel sinal totaliza nao_exibir',
        'contas_correntes':
            'n_cod_cc c_cod_cc_int descricao tipo codigo_banco codigo_agencia ' ~
            'numero_conta_corrente:documento saldo_inicial saldo_data inativo nao_fluxo',
        'departamentos':
            'codigo descricao estrutura inativo',
        'projetos':
            'codigo nome inativo',
        'vendedores':
            'codigo nome:nome email:contato comissao inativo',
        'clientes':
            'codigo_cliente_omie razao_social:nome nome_fantasia:nome cnpj_cpf:documento ' ~
            'pessoa_fisica email:contato telefone1_ddd:contato telefone1_numero:contato ' ~
            'telefone2_ddd:contato telefone2_numero:contato contato:nome endereco:contato ' ~
            'endereco_numero:contato complemento:contato bairro:contato cidade cidade_ibge estado ' ~
            'cep:contato inscricao_estadual:documento inscricao_municipal:documento ' ~
            'valor_limite_credito inativo bloqueado tags observacao:nota',
        'contas_receber':
            'codigo_lancamento_omie codigo_cliente_fornecedor data_emissao data_vencimento ' ~
            'data_previsao valor_documento status_titulo codigo_categoria categorias distribuicao ' ~
            'id_conta_corrente codigo_projeto codigo_vendedor numero_documento ' ~
            'numero_documento_fiscal numero_parcela codigo_tipo_documento id_origem observacao:nota ' ~
            'data_registro codigo_os boleto',
        'contas_pagar':
            'codigo_lancamento_omie codigo_cliente_fornecedor data_emissao data_vencimento ' ~
            'data_previsao valor_documento status_titulo codigo_categoria categorias distribuicao ' ~
            'id_conta_corrente codigo_projeto codigo_vendedor numero_documento ' ~
            'numero_documento_fiscal numero_parcela codigo_tipo_documento id_origem observacao:nota ' ~
            'data_entrada',
        'saldos_titulos':
            'codigo_titulo natureza codigo_cliente documento:documento status_titulo data_vencimento ' ~
            'data_pagamento data_cancelamento id_conta_corrente valor_titulo valor_pago valor_aberto ' ~
            'valor_liquido desconto juros multa liquidado',
        'baixas':
            'codigo_baixa codigo_integracao codigo_lancamento_cc id_conta_corrente data natureza ' ~
            'valor desconto juros multa observacao:nota codigo_titulo feito_por ledger_codigo',
        'movimentacoes':
            'chave grupo origem codigo_titulo codigo_baixa codigo_movimento_cc natureza status ' ~
            'numero_titulo numero_parcela tipo_documento data_emissao data_vencimento data_previsao ' ~
            'data_pagamento data_credito data_conciliacao codigo_cliente documento:documento ' ~
            'id_conta_corrente codigo_categoria codigo_projeto valor_titulo valor_movimento_cc ' ~
            'valor_pago valor_aberto valor_liquido desconto juros multa liquidado categorias ' ~
            'departamentos observacao:nota espelho valor_movimentado',
        'lancamentos_conta_corrente':
            'codigo_lancamento codigo_agrupamento id_conta_corrente data valor natureza origem ' ~
            'codigo_categoria categorias tipo_documento numero_documento codigo_cliente ' ~
            'codigo_projeto conta_destino departamentos codigo_conta_pagar codigo_conta_receber ' ~
            'data_conciliacao observacao:nota',
        'notas_fiscais':
            'tipo codigo_nf numero serie status chave codigo_verificacao ambiente data_emissao ' ~
            'data_cancelamento valor codigo_cliente documento:documento documento_cpf:documento ' ~
            'codigo_os codigo_categoria id_conta_corrente',
        'extrato':
            'n_cod_cc periodo_inicial periodo_final descricao saldo_anterior saldo_atual ' ~
            'saldo_conciliado saldo_disponivel',
        'extrato_linhas':
            'n_cod_cc periodo_inicial ordem codigo_lancamento data natureza valor saldo realizado ' ~
            'situacao origem codigo_categoria codigo_cliente nome_cliente:nome documento:documento ' ~
            'observacao:nota',
    } -%}
    {%- set auditoria = 'codigo_integracao incluido_em incluido_por alterado_em alterado_por '
        ~ 'feito_por ledger_codigo data_particao' -%}
    {%- set proprias = tabelas[tabela].split() -%}
    {%- if tabela not in ('baixas', 'extrato', 'extrato_linhas') -%}
        {%- set proprias = proprias + auditoria.split() -%}
    {%- endif -%}
    {{ return(['empresa'] + proprias + ['lido_em']) }}
{%- endmacro %}


{# A mirror table as analysts see it: no raw JSON, no row that Omie no longer has, people masked,
   rows by who made them or linked them to ours. Balances, settlements and movements are made by Omie itself: they belong to
   who made their title, looked up in `titulos`. The statement belongs to nobody and is not
   omie_clinic's to see. #}
{% macro espelho(tabela, fonte, condicao=none, titulos=none) -%}
    {%- set dono = {'feito_por': 'linha.feito_por', 'ledger_codigo': 'linha.ledger_codigo'} -%}
    {%- if tabela.startswith('extrato') -%}
        {%- do dono.update({'feito_por': 'cast(null as text)', 'ledger_codigo': 'cast(null as text)'}) -%}
    {%- elif titulos -%}
        {%- for nome in ['feito_por', 'ledger_codigo'] -%}
            {%- set proprio = '' if tabela == 'baixas' else ', linha.' ~ nome -%}
            {%- do dono.update(
                {nome: 'coalesce(titulo0.' ~ nome ~ ', titulo1.' ~ nome ~ proprio ~ ')'}) -%}
        {%- endfor -%}
    {%- endif -%}
select
    {%- for item in colunas_do_espelho(tabela) %}
    {%- set nome, mascara = (item ~ ':').split(':')[:2] %}
    {% if mascara -%}
    {{ mascarado('linha.' ~ nome, mascara) }} as {{ nome }}
    {%- elif nome in dono -%}
    {{ dono[nome] }} as {{ nome }}
    {%- else -%}
    linha.{{ nome }}
    {%- endif -%}
    {{ "," if not loop.last }}
    {%- endfor %}
from {{ fonte }} as linha
{%- for titulo in titulos or [] %}
left join {{ titulo }} as titulo{{ loop.index0 }}
    on linha.empresa = titulo{{ loop.index0 }}.empresa
    and linha.codigo_titulo = titulo{{ loop.index0 }}.codigo_lancamento_omie
{%- endfor %}
where {{ esquema('omie') }}.ve_linha(
        case when {{ dono['ledger_codigo'] }} is not null then 'omie_pipeline'
            else {{ dono['feito_por'] }} end
    )
{%- if not tabela.startswith('extrato') %}
    and linha.excluido_em is null
{%- endif %}
{%- if condicao %}
    and linha.{{ condicao }}
{%- endif %}
{%- endmacro %}


{# A personal value: nome, documento, contato or nota. #}
{% macro mascarado(coluna, mascara) -%}
    {{ esquema('omie') }}.mascarar_{{ mascara }}({{ coluna }})
{%- endmacro %}
