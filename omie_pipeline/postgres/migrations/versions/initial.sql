-- Generated from the declared tables by `make generate`: change those, not this.

CREATE TABLE omie.baixas (
    empresa TEXT NOT NULL,
    codigo_baixa BIGINT NOT NULL,
    codigo_integracao TEXT,
    codigo_lancamento_cc BIGINT,
    id_conta_corrente BIGINT,
    data DATE,
    natureza TEXT,
    valor NUMERIC,
    desconto NUMERIC,
    juros NUMERIC,
    multa NUMERIC,
    observacao TEXT,
    codigo_titulo BIGINT NOT NULL,
    raw JSONB NOT NULL,
    lido_em TIMESTAMP WITH TIME ZONE NOT NULL,
    excluido_em TIMESTAMP WITH TIME ZONE,
    excluido_por TEXT,
    PRIMARY KEY (empresa, codigo_baixa)
);

CREATE INDEX baixas_por_pai ON omie.baixas (empresa, codigo_titulo);

COMMENT ON TABLE omie.baixas IS 'Baixas: recebimentos e pagamentos de títulos: espelho do Omie';

COMMENT ON COLUMN omie.baixas.codigo_baixa IS 'Id da baixa no Omie';

COMMENT ON COLUMN omie.baixas.codigo_integracao IS 'Código de integração da baixa';

COMMENT ON COLUMN omie.baixas.codigo_lancamento_cc IS 'Lançamento na conta corrente';

COMMENT ON COLUMN omie.baixas.id_conta_corrente IS 'Conta corrente';

COMMENT ON COLUMN omie.baixas.data IS 'Dia do pagamento ou recebimento';

COMMENT ON COLUMN omie.baixas.natureza IS 'R recebimento, P pagamento';

COMMENT ON COLUMN omie.baixas.valor IS 'Valor baixado em R$, sem juros, multa e desconto';

COMMENT ON COLUMN omie.baixas.desconto IS 'Desconto em R$';

COMMENT ON COLUMN omie.baixas.juros IS 'Juros em R$';

COMMENT ON COLUMN omie.baixas.multa IS 'Multa em R$';

COMMENT ON COLUMN omie.baixas.observacao IS 'Observação';

COMMENT ON COLUMN omie.baixas.codigo_titulo IS 'Título a que pertence';

COMMENT ON COLUMN omie.baixas.raw IS 'O registro como o Omie o deu';

COMMENT ON COLUMN omie.baixas.lido_em IS 'Pergunta que trouxe esta versão';

COMMENT ON COLUMN omie.baixas.excluido_em IS 'Quando se soube que não existe mais no Omie';

COMMENT ON COLUMN omie.baixas.excluido_por IS 'webhook ou reconciliacao';

CREATE TABLE omie.categorias (
    empresa TEXT NOT NULL,
    codigo TEXT NOT NULL,
    descricao TEXT,
    categoria_superior TEXT,
    totalizadora TEXT,
    conta_inativa TEXT,
    conta_receita TEXT,
    conta_despesa TEXT,
    transferencia TEXT,
    codigo_dre TEXT,
    codigo_integracao TEXT,
    incluido_em TIMESTAMP WITH TIME ZONE,
    incluido_por TEXT,
    alterado_em TIMESTAMP WITH TIME ZONE,
    alterado_por TEXT,
    feito_por TEXT,
    ledger_codigo TEXT,
    data_particao DATE,
    raw JSONB NOT NULL,
    lido_em TIMESTAMP WITH TIME ZONE NOT NULL,
    excluido_em TIMESTAMP WITH TIME ZONE,
    excluido_por TEXT,
    impressao BYTEA,
    PRIMARY KEY (empresa, codigo)
);

COMMENT ON TABLE omie.categorias IS 'Categorias: espelho do Omie (geral/categorias/)';

COMMENT ON COLUMN omie.categorias.codigo IS 'Código da categoria';

COMMENT ON COLUMN omie.categorias.descricao IS 'Descrição';

COMMENT ON COLUMN omie.categorias.categoria_superior IS 'Grupo a que pertence';

COMMENT ON COLUMN omie.categorias.totalizadora IS 'S para grupos: não recebe títulos';

COMMENT ON COLUMN omie.categorias.conta_inativa IS 'S inativa';

COMMENT ON COLUMN omie.categorias.conta_receita IS 'S receita';

COMMENT ON COLUMN omie.categorias.conta_despesa IS 'S despesa';

COMMENT ON COLUMN omie.categorias.transferencia IS 'S transferência';

COMMENT ON COLUMN omie.categorias.codigo_dre IS 'Linha do plano de contas (DRE)';

COMMENT ON COLUMN omie.categorias.codigo_integracao IS 'Código de integração';

COMMENT ON COLUMN omie.categorias.incluido_em IS 'Inclusão no Omie';

COMMENT ON COLUMN omie.categorias.incluido_por IS 'Usuário do Omie; WEBSERVICE é integração';

COMMENT ON COLUMN omie.categorias.alterado_em IS 'Última alteração no Omie';

COMMENT ON COLUMN omie.categorias.alterado_por IS 'Usuário da última alteração';

COMMENT ON COLUMN omie.categorias.feito_por IS 'omie_pipeline, integracao ou pessoa';

COMMENT ON COLUMN omie.categorias.ledger_codigo IS 'Linha de omie_sync.ledger que o conhece';

COMMENT ON COLUMN omie.categorias.data_particao IS 'Dia da partição: o da inclusão ou emissão';

COMMENT ON COLUMN omie.categorias.raw IS 'O registro como o Omie o deu';

COMMENT ON COLUMN omie.categorias.lido_em IS 'Pergunta que trouxe esta versão';

COMMENT ON COLUMN omie.categorias.excluido_em IS 'Quando se soube que não existe mais no Omie';

COMMENT ON COLUMN omie.categorias.excluido_por IS 'webhook ou reconciliacao';

COMMENT ON COLUMN omie.categorias.impressao IS 'Resumo do registro e das regras que o puseram aqui';

CREATE TABLE omie.clientes (
    empresa TEXT NOT NULL,
    codigo_cliente_omie BIGINT NOT NULL,
    razao_social TEXT,
    nome_fantasia TEXT,
    cnpj_cpf TEXT,
    pessoa_fisica TEXT,
    email TEXT,
    telefone1_ddd TEXT,
    telefone1_numero TEXT,
    telefone2_ddd TEXT,
    telefone2_numero TEXT,
    contato TEXT,
    endereco TEXT,
    endereco_numero TEXT,
    complemento TEXT,
    bairro TEXT,
    cidade TEXT,
    cidade_ibge TEXT,
    estado TEXT,
    cep TEXT,
    inscricao_estadual TEXT,
    inscricao_municipal TEXT,
    valor_limite_credito NUMERIC,
    inativo TEXT,
    bloqueado TEXT,
    tags JSONB,
    observacao TEXT,
    codigo_integracao TEXT,
    incluido_em TIMESTAMP WITH TIME ZONE,
    incluido_por TEXT,
    alterado_em TIMESTAMP WITH TIME ZONE,
    alterado_por TEXT,
    feito_por TEXT,
    ledger_codigo TEXT,
    data_particao DATE,
    raw JSONB NOT NULL,
    lido_em TIMESTAMP WITH TIME ZONE NOT NULL,
    excluido_em TIMESTAMP WITH TIME ZONE,
    excluido_por TEXT,
    impressao BYTEA,
    PRIMARY KEY (empresa, codigo_cliente_omie)
);

COMMENT ON TABLE omie.clientes IS 'Clientes e fornecedores: espelho do Omie (geral/clientes/)';

COMMENT ON COLUMN omie.clientes.codigo_cliente_omie IS 'Id do cliente no Omie';

COMMENT ON COLUMN omie.clientes.razao_social IS 'Nome ou razão social';

COMMENT ON COLUMN omie.clientes.nome_fantasia IS 'Nome fantasia';

COMMENT ON COLUMN omie.clientes.cnpj_cpf IS 'CPF/CNPJ como o Omie devolve';

COMMENT ON COLUMN omie.clientes.pessoa_fisica IS 'S pessoa física';

COMMENT ON COLUMN omie.clientes.email IS 'E-mail';

COMMENT ON COLUMN omie.clientes.telefone1_ddd IS 'DDD';

COMMENT ON COLUMN omie.clientes.telefone1_numero IS 'Telefone';

COMMENT ON COLUMN omie.clientes.telefone2_ddd IS 'DDD do segundo telefone';

COMMENT ON COLUMN omie.clientes.telefone2_numero IS 'Segundo telefone';

COMMENT ON COLUMN omie.clientes.contato IS 'Pessoa de contato';

COMMENT ON COLUMN omie.clientes.endereco IS 'Logradouro';

COMMENT ON COLUMN omie.clientes.endereco_numero IS 'Número';

COMMENT ON COLUMN omie.clientes.complemento IS 'Complemento';

COMMENT ON COLUMN omie.clientes.bairro IS 'Bairro';

COMMENT ON COLUMN omie.clientes.cidade IS 'Cidade';

COMMENT ON COLUMN omie.clientes.cidade_ibge IS 'Município (IBGE)';

COMMENT ON COLUMN omie.clientes.estado IS 'UF';

COMMENT ON COLUMN omie.clientes.cep IS 'CEP';

COMMENT ON COLUMN omie.clientes.inscricao_estadual IS 'Inscrição estadual';

COMMENT ON COLUMN omie.clientes.inscricao_municipal IS 'Inscrição municipal';

COMMENT ON COLUMN omie.clientes.valor_limite_credito IS 'Limite de crédito em R$';

COMMENT ON COLUMN omie.clientes.inativo IS 'S inativo';

COMMENT ON COLUMN omie.clientes.bloqueado IS 'S bloqueado';

COMMENT ON COLUMN omie.clientes.tags IS 'Papéis: Cliente, Fornecedor, ...';

COMMENT ON COLUMN omie.clientes.observacao IS 'Observação';

COMMENT ON COLUMN omie.clientes.codigo_integracao IS 'Código de integração';

COMMENT ON COLUMN omie.clientes.incluido_em IS 'Inclusão no Omie';

COMMENT ON COLUMN omie.clientes.incluido_por IS 'Usuário do Omie; WEBSERVICE é integração';

COMMENT ON COLUMN omie.clientes.alterado_em IS 'Última alteração no Omie';

COMMENT ON COLUMN omie.clientes.alterado_por IS 'Usuário da última alteração';

COMMENT ON COLUMN omie.clientes.feito_por IS 'omie_pipeline, integracao ou pessoa';

COMMENT ON COLUMN omie.clientes.ledger_codigo IS 'Linha de omie_sync.ledger que o conhece';

COMMENT ON COLUMN omie.clientes.data_particao IS 'Dia da partição: o da inclusão ou emissão';

COMMENT ON COLUMN omie.clientes.raw IS 'O registro como o Omie o deu';

COMMENT ON COLUMN omie.clientes.lido_em IS 'Pergunta que trouxe esta versão';

COMMENT ON COLUMN omie.clientes.excluido_em IS 'Quando se soube que não existe mais no Omie';

COMMENT ON COLUMN omie.clientes.excluido_por IS 'webhook ou reconciliacao';

COMMENT ON COLUMN omie.clientes.impressao IS 'Resumo do registro e das regras que o puseram aqui';

CREATE TABLE omie.contas_correntes (
    empresa TEXT NOT NULL,
    n_cod_cc BIGINT NOT NULL,
    c_cod_cc_int TEXT,
    descricao TEXT,
    tipo TEXT,
    codigo_banco TEXT,
    codigo_agencia TEXT,
    numero_conta_corrente TEXT,
    saldo_inicial NUMERIC,
    saldo_data DATE,
    inativo TEXT,
    nao_fluxo TEXT,
    codigo_integracao TEXT,
    incluido_em TIMESTAMP WITH TIME ZONE,
    incluido_por TEXT,
    alterado_em TIMESTAMP WITH TIME ZONE,
    alterado_por TEXT,
    feito_por TEXT,
    ledger_codigo TEXT,
    data_particao DATE,
    raw JSONB NOT NULL,
    lido_em TIMESTAMP WITH TIME ZONE NOT NULL,
    excluido_em TIMESTAMP WITH TIME ZONE,
    excluido_por TEXT,
    impressao BYTEA,
    PRIMARY KEY (empresa, n_cod_cc)
);

COMMENT ON TABLE omie.contas_correntes IS 'Contas correntes: espelho do Omie (geral/contacorrente/)';

COMMENT ON COLUMN omie.contas_correntes.n_cod_cc IS 'Id da conta no Omie';

COMMENT ON COLUMN omie.contas_correntes.c_cod_cc_int IS 'Código de integração';

COMMENT ON COLUMN omie.contas_correntes.descricao IS 'Nome da conta';

COMMENT ON COLUMN omie.contas_correntes.tipo IS 'CC, CX, AC, ...';

COMMENT ON COLUMN omie.contas_correntes.codigo_banco IS 'Banco (COMPE)';

COMMENT ON COLUMN omie.contas_correntes.codigo_agencia IS 'Agência';

COMMENT ON COLUMN omie.contas_correntes.numero_conta_corrente IS 'Número da conta';

COMMENT ON COLUMN omie.contas_correntes.saldo_inicial IS 'Saldo inicial em R$';

COMMENT ON COLUMN omie.contas_correntes.saldo_data IS 'Dia do saldo inicial';

COMMENT ON COLUMN omie.contas_correntes.inativo IS 'S inativa';

COMMENT ON COLUMN omie.contas_correntes.nao_fluxo IS 'S fora do fluxo de caixa';

COMMENT ON COLUMN omie.contas_correntes.codigo_integracao IS 'Código de integração';

COMMENT ON COLUMN omie.contas_correntes.incluido_em IS 'Inclusão no Omie';

COMMENT ON COLUMN omie.contas_correntes.incluido_por IS 'Usuário do Omie; WEBSERVICE é integração';

COMMENT ON COLUMN omie.contas_correntes.alterado_em IS 'Última alteração no Omie';

COMMENT ON COLUMN omie.contas_correntes.alterado_por IS 'Usuário da última alteração';

COMMENT ON COLUMN omie.contas_correntes.feito_por IS 'omie_pipeline, integracao ou pessoa';

COMMENT ON COLUMN omie.contas_correntes.ledger_codigo IS 'Linha de omie_sync.ledger que o conhece';

COMMENT ON COLUMN omie.contas_correntes.data_particao IS 'Dia da partição: o da inclusão ou emissão';

COMMENT ON COLUMN omie.contas_correntes.raw IS 'O registro como o Omie o deu';

COMMENT ON COLUMN omie.contas_correntes.lido_em IS 'Pergunta que trouxe esta versão';

COMMENT ON COLUMN omie.contas_correntes.excluido_em IS 'Quando se soube que não existe mais no Omie';

COMMENT ON COLUMN omie.contas_correntes.excluido_por IS 'webhook ou reconciliacao';

COMMENT ON COLUMN omie.contas_correntes.impressao IS 'Resumo do registro e das regras que o puseram aqui';

CREATE TABLE omie.contas_pagar (
    empresa TEXT NOT NULL,
    codigo_lancamento_omie BIGINT NOT NULL,
    codigo_cliente_fornecedor BIGINT,
    data_emissao DATE,
    data_vencimento DATE,
    data_previsao DATE,
    valor_documento NUMERIC,
    status_titulo TEXT,
    codigo_categoria TEXT,
    categorias JSONB,
    distribuicao JSONB,
    id_conta_corrente BIGINT,
    codigo_projeto BIGINT,
    codigo_vendedor BIGINT,
    numero_documento TEXT,
    numero_documento_fiscal TEXT,
    numero_parcela TEXT,
    codigo_tipo_documento TEXT,
    id_origem TEXT,
    observacao TEXT,
    data_entrada DATE,
    codigo_integracao TEXT,
    incluido_em TIMESTAMP WITH TIME ZONE,
    incluido_por TEXT,
    alterado_em TIMESTAMP WITH TIME ZONE,
    alterado_por TEXT,
    feito_por TEXT,
    ledger_codigo TEXT,
    data_particao DATE,
    raw JSONB NOT NULL,
    lido_em TIMESTAMP WITH TIME ZONE NOT NULL,
    excluido_em TIMESTAMP WITH TIME ZONE,
    excluido_por TEXT,
    impressao BYTEA,
    PRIMARY KEY (empresa, codigo_lancamento_omie)
);

CREATE INDEX contas_pagar_particao ON omie.contas_pagar (empresa, data_particao);

COMMENT ON TABLE omie.contas_pagar IS 'Contas a pagar: espelho do Omie (financas/contapagar/)';

COMMENT ON COLUMN omie.contas_pagar.codigo_lancamento_omie IS 'Id do título no Omie';

COMMENT ON COLUMN omie.contas_pagar.codigo_cliente_fornecedor IS 'Id do cliente/fornecedor';

COMMENT ON COLUMN omie.contas_pagar.data_emissao IS 'Emissão do documento';

COMMENT ON COLUMN omie.contas_pagar.data_vencimento IS 'Vencimento';

COMMENT ON COLUMN omie.contas_pagar.data_previsao IS 'Previsão de pagamento ou recebimento';

COMMENT ON COLUMN omie.contas_pagar.valor_documento IS 'Valor do título em R$';

COMMENT ON COLUMN omie.contas_pagar.status_titulo IS 'Palavra do Omie no dia da leitura; depende da data';

COMMENT ON COLUMN omie.contas_pagar.codigo_categoria IS 'Categoria (a primeira, se houver rateio)';

COMMENT ON COLUMN omie.contas_pagar.categorias IS 'Rateio por categoria';

COMMENT ON COLUMN omie.contas_pagar.distribuicao IS 'Rateio por departamento';

COMMENT ON COLUMN omie.contas_pagar.id_conta_corrente IS 'Conta corrente prevista';

COMMENT ON COLUMN omie.contas_pagar.codigo_projeto IS 'Projeto';

COMMENT ON COLUMN omie.contas_pagar.codigo_vendedor IS 'Vendedor';

COMMENT ON COLUMN omie.contas_pagar.numero_documento IS 'Número do documento';

COMMENT ON COLUMN omie.contas_pagar.numero_documento_fiscal IS 'Número da nota fiscal';

COMMENT ON COLUMN omie.contas_pagar.numero_parcela IS 'Parcela, por exemplo 001/003';

COMMENT ON COLUMN omie.contas_pagar.codigo_tipo_documento IS 'Tipo de documento';

COMMENT ON COLUMN omie.contas_pagar.id_origem IS 'Origem do lançamento (MANR, APIR, VENR, ...)';

COMMENT ON COLUMN omie.contas_pagar.observacao IS 'Observação';

COMMENT ON COLUMN omie.contas_pagar.data_entrada IS 'Entrada do documento';

COMMENT ON COLUMN omie.contas_pagar.codigo_integracao IS 'Código de integração';

COMMENT ON COLUMN omie.contas_pagar.incluido_em IS 'Inclusão no Omie';

COMMENT ON COLUMN omie.contas_pagar.incluido_por IS 'Usuário do Omie; WEBSERVICE é integração';

COMMENT ON COLUMN omie.contas_pagar.alterado_em IS 'Última alteração no Omie';

COMMENT ON COLUMN omie.contas_pagar.alterado_por IS 'Usuário da última alteração';

COMMENT ON COLUMN omie.contas_pagar.feito_por IS 'omie_pipeline, integracao ou pessoa';

COMMENT ON COLUMN omie.contas_pagar.ledger_codigo IS 'Linha de omie_sync.ledger que o conhece';

COMMENT ON COLUMN omie.contas_pagar.data_particao IS 'Dia da partição: o da inclusão ou emissão';

COMMENT ON COLUMN omie.contas_pagar.raw IS 'O registro como o Omie o deu';

COMMENT ON COLUMN omie.contas_pagar.lido_em IS 'Pergunta que trouxe esta versão';

COMMENT ON COLUMN omie.contas_pagar.excluido_em IS 'Quando se soube que não existe mais no Omie';

COMMENT ON COLUMN omie.contas_pagar.excluido_por IS 'webhook ou reconciliacao';

COMMENT ON COLUMN omie.contas_pagar.impressao IS 'Resumo do registro e das regras que o puseram aqui';

CREATE TABLE omie.contas_receber (
    empresa TEXT NOT NULL,
    codigo_lancamento_omie BIGINT NOT NULL,
    codigo_cliente_fornecedor BIGINT,
    data_emissao DATE,
    data_vencimento DATE,
    data_previsao DATE,
    valor_documento NUMERIC,
    status_titulo TEXT,
    codigo_categoria TEXT,
    categorias JSONB,
    distribuicao JSONB,
    id_conta_corrente BIGINT,
    codigo_projeto BIGINT,
    codigo_vendedor BIGINT,
    numero_documento TEXT,
    numero_documento_fiscal TEXT,
    numero_parcela TEXT,
    codigo_tipo_documento TEXT,
    id_origem TEXT,
    observacao TEXT,
    data_registro DATE,
    codigo_os BIGINT,
    boleto JSONB,
    codigo_integracao TEXT,
    incluido_em TIMESTAMP WITH TIME ZONE,
    incluido_por TEXT,
    alterado_em TIMESTAMP WITH TIME ZONE,
    alterado_por TEXT,
    feito_por TEXT,
    ledger_codigo TEXT,
    data_particao DATE,
    raw JSONB NOT NULL,
    lido_em TIMESTAMP WITH TIME ZONE NOT NULL,
    excluido_em TIMESTAMP WITH TIME ZONE,
    excluido_por TEXT,
    impressao BYTEA,
    PRIMARY KEY (empresa, codigo_lancamento_omie)
);

CREATE INDEX contas_receber_particao ON omie.contas_receber (empresa, data_particao);

COMMENT ON TABLE omie.contas_receber IS 'Contas a receber: espelho do Omie (financas/contareceber/)';

COMMENT ON COLUMN omie.contas_receber.codigo_lancamento_omie IS 'Id do título no Omie';

COMMENT ON COLUMN omie.contas_receber.codigo_cliente_fornecedor IS 'Id do cliente/fornecedor';

COMMENT ON COLUMN omie.contas_receber.data_emissao IS 'Emissão do documento';

COMMENT ON COLUMN omie.contas_receber.data_vencimento IS 'Vencimento';

COMMENT ON COLUMN omie.contas_receber.data_previsao IS 'Previsão de pagamento ou recebimento';

COMMENT ON COLUMN omie.contas_receber.valor_documento IS 'Valor do título em R$';

COMMENT ON COLUMN omie.contas_receber.status_titulo IS 'Palavra do Omie no dia da leitura; depende da data';

COMMENT ON COLUMN omie.contas_receber.codigo_categoria IS 'Categoria (a primeira, se houver rateio)';

COMMENT ON COLUMN omie.contas_receber.categorias IS 'Rateio por categoria';

COMMENT ON COLUMN omie.contas_receber.distribuicao IS 'Rateio por departamento';

COMMENT ON COLUMN omie.contas_receber.id_conta_corrente IS 'Conta corrente prevista';

COMMENT ON COLUMN omie.contas_receber.codigo_projeto IS 'Projeto';

COMMENT ON COLUMN omie.contas_receber.codigo_vendedor IS 'Vendedor';

COMMENT ON COLUMN omie.contas_receber.numero_documento IS 'Número do documento';

COMMENT ON COLUMN omie.contas_receber.numero_documento_fiscal IS 'Número da nota fiscal';

COMMENT ON COLUMN omie.contas_receber.numero_parcela IS 'Parcela, por exemplo 001/003';

COMMENT ON COLUMN omie.contas_receber.codigo_tipo_documento IS 'Tipo de documento';

COMMENT ON COLUMN omie.contas_receber.id_origem IS 'Origem do lançamento (MANR, APIR, VENR, ...)';

COMMENT ON COLUMN omie.contas_receber.observacao IS 'Observação';

COMMENT ON COLUMN omie.contas_receber.data_registro IS 'Registro contábil';

COMMENT ON COLUMN omie.contas_receber.codigo_os IS 'Ordem de serviço que gerou o título';

COMMENT ON COLUMN omie.contas_receber.boleto IS 'Situação do boleto';

COMMENT ON COLUMN omie.contas_receber.codigo_integracao IS 'Código de integração';

COMMENT ON COLUMN omie.contas_receber.incluido_em IS 'Inclusão no Omie';

COMMENT ON COLUMN omie.contas_receber.incluido_por IS 'Usuário do Omie; WEBSERVICE é integração';

COMMENT ON COLUMN omie.contas_receber.alterado_em IS 'Última alteração no Omie';

COMMENT ON COLUMN omie.contas_receber.alterado_por IS 'Usuário da última alteração';

COMMENT ON COLUMN omie.contas_receber.feito_por IS 'omie_pipeline, integracao ou pessoa';

COMMENT ON COLUMN omie.contas_receber.ledger_codigo IS 'Linha de omie_sync.ledger que o conhece';

COMMENT ON COLUMN omie.contas_receber.data_particao IS 'Dia da partição: o da inclusão ou emissão';

COMMENT ON COLUMN omie.contas_receber.raw IS 'O registro como o Omie o deu';

COMMENT ON COLUMN omie.contas_receber.lido_em IS 'Pergunta que trouxe esta versão';

COMMENT ON COLUMN omie.contas_receber.excluido_em IS 'Quando se soube que não existe mais no Omie';

COMMENT ON COLUMN omie.contas_receber.excluido_por IS 'webhook ou reconciliacao';

COMMENT ON COLUMN omie.contas_receber.impressao IS 'Resumo do registro e das regras que o puseram aqui';

CREATE TABLE omie.departamentos (
    empresa TEXT NOT NULL,
    codigo TEXT NOT NULL,
    descricao TEXT,
    estrutura TEXT,
    inativo TEXT,
    codigo_integracao TEXT,
    incluido_em TIMESTAMP WITH TIME ZONE,
    incluido_por TEXT,
    alterado_em TIMESTAMP WITH TIME ZONE,
    alterado_por TEXT,
    feito_por TEXT,
    ledger_codigo TEXT,
    data_particao DATE,
    raw JSONB NOT NULL,
    lido_em TIMESTAMP WITH TIME ZONE NOT NULL,
    excluido_em TIMESTAMP WITH TIME ZONE,
    excluido_por TEXT,
    impressao BYTEA,
    PRIMARY KEY (empresa, codigo)
);

COMMENT ON TABLE omie.departamentos IS 'Departamentos: espelho do Omie (geral/departamentos/)';

COMMENT ON COLUMN omie.departamentos.codigo IS 'Código: um texto, mesmo que só de algarismos';

COMMENT ON COLUMN omie.departamentos.descricao IS 'Descrição';

COMMENT ON COLUMN omie.departamentos.estrutura IS 'Posição na árvore, por exemplo 001.004';

COMMENT ON COLUMN omie.departamentos.inativo IS 'S inativo';

COMMENT ON COLUMN omie.departamentos.codigo_integracao IS 'Código de integração';

COMMENT ON COLUMN omie.departamentos.incluido_em IS 'Inclusão no Omie';

COMMENT ON COLUMN omie.departamentos.incluido_por IS 'Usuário do Omie; WEBSERVICE é integração';

COMMENT ON COLUMN omie.departamentos.alterado_em IS 'Última alteração no Omie';

COMMENT ON COLUMN omie.departamentos.alterado_por IS 'Usuário da última alteração';

COMMENT ON COLUMN omie.departamentos.feito_por IS 'omie_pipeline, integracao ou pessoa';

COMMENT ON COLUMN omie.departamentos.ledger_codigo IS 'Linha de omie_sync.ledger que o conhece';

COMMENT ON COLUMN omie.departamentos.data_particao IS 'Dia da partição: o da inclusão ou emissão';

COMMENT ON COLUMN omie.departamentos.raw IS 'O registro como o Omie o deu';

COMMENT ON COLUMN omie.departamentos.lido_em IS 'Pergunta que trouxe esta versão';

COMMENT ON COLUMN omie.departamentos.excluido_em IS 'Quando se soube que não existe mais no Omie';

COMMENT ON COLUMN omie.departamentos.excluido_por IS 'webhook ou reconciliacao';

COMMENT ON COLUMN omie.departamentos.impressao IS 'Resumo do registro e das regras que o puseram aqui';

CREATE TABLE omie.dre (
    empresa TEXT NOT NULL,
    codigo_dre TEXT NOT NULL,
    descricao TEXT,
    nivel BIGINT,
    sinal TEXT,
    totaliza TEXT,
    nao_exibir TEXT,
    codigo_integracao TEXT,
    incluido_em TIMESTAMP WITH TIME ZONE,
    incluido_por TEXT,
    alterado_em TIMESTAMP WITH TIME ZONE,
    alterado_por TEXT,
    feito_por TEXT,
    ledger_codigo TEXT,
    data_particao DATE,
    raw JSONB NOT NULL,
    lido_em TIMESTAMP WITH TIME ZONE NOT NULL,
    excluido_em TIMESTAMP WITH TIME ZONE,
    excluido_por TEXT,
    impressao BYTEA,
    PRIMARY KEY (empresa, codigo_dre)
);

COMMENT ON TABLE omie.dre IS 'Plano de contas (DRE): espelho do Omie (geral/dre/)';

COMMENT ON COLUMN omie.dre.codigo_dre IS 'Código da linha';

COMMENT ON COLUMN omie.dre.descricao IS 'Descrição';

COMMENT ON COLUMN omie.dre.nivel IS 'Nível na árvore';

COMMENT ON COLUMN omie.dre.sinal IS '+ ou - no resultado';

COMMENT ON COLUMN omie.dre.totaliza IS 'S totaliza as linhas abaixo';

COMMENT ON COLUMN omie.dre.nao_exibir IS 'S não aparece no DRE';

COMMENT ON COLUMN omie.dre.codigo_integracao IS 'Código de integração';

COMMENT ON COLUMN omie.dre.incluido_em IS 'Inclusão no Omie';

COMMENT ON COLUMN omie.dre.incluido_por IS 'Usuário do Omie; WEBSERVICE é integração';

COMMENT ON COLUMN omie.dre.alterado_em IS 'Última alteração no Omie';

COMMENT ON COLUMN omie.dre.alterado_por IS 'Usuário da última alteração';

COMMENT ON COLUMN omie.dre.feito_por IS 'omie_pipeline, integracao ou pessoa';

COMMENT ON COLUMN omie.dre.ledger_codigo IS 'Linha de omie_sync.ledger que o conhece';

COMMENT ON COLUMN omie.dre.data_particao IS 'Dia da partição: o da inclusão ou emissão';

COMMENT ON COLUMN omie.dre.raw IS 'O registro como o Omie o deu';

COMMENT ON COLUMN omie.dre.lido_em IS 'Pergunta que trouxe esta versão';

COMMENT ON COLUMN omie.dre.excluido_em IS 'Quando se soube que não existe mais no Omie';

COMMENT ON COLUMN omie.dre.excluido_por IS 'webhook ou reconciliacao';

COMMENT ON COLUMN omie.dre.impressao IS 'Resumo do registro e das regras que o puseram aqui';

CREATE TABLE omie.empresas (
    empresa TEXT NOT NULL,
    codigo_empresa BIGINT NOT NULL,
    razao_social TEXT,
    nome_fantasia TEXT,
    cnpj TEXT,
    cidade TEXT,
    estado TEXT,
    optante_simples_nacional TEXT,
    regime_tributario TEXT,
    codigo_integracao TEXT,
    incluido_em TIMESTAMP WITH TIME ZONE,
    incluido_por TEXT,
    alterado_em TIMESTAMP WITH TIME ZONE,
    alterado_por TEXT,
    feito_por TEXT,
    ledger_codigo TEXT,
    data_particao DATE,
    raw JSONB NOT NULL,
    lido_em TIMESTAMP WITH TIME ZONE NOT NULL,
    excluido_em TIMESTAMP WITH TIME ZONE,
    excluido_por TEXT,
    impressao BYTEA,
    PRIMARY KEY (empresa, codigo_empresa)
);

COMMENT ON TABLE omie.empresas IS 'Empresas: espelho do Omie (geral/empresas/)';

COMMENT ON COLUMN omie.empresas.codigo_empresa IS 'Id da empresa no Omie';

COMMENT ON COLUMN omie.empresas.razao_social IS 'Razão social';

COMMENT ON COLUMN omie.empresas.nome_fantasia IS 'Nome fantasia';

COMMENT ON COLUMN omie.empresas.cnpj IS 'CNPJ';

COMMENT ON COLUMN omie.empresas.cidade IS 'Cidade';

COMMENT ON COLUMN omie.empresas.estado IS 'UF';

COMMENT ON COLUMN omie.empresas.optante_simples_nacional IS 'S optante do Simples';

COMMENT ON COLUMN omie.empresas.regime_tributario IS 'Regime tributário';

COMMENT ON COLUMN omie.empresas.codigo_integracao IS 'Código de integração';

COMMENT ON COLUMN omie.empresas.incluido_em IS 'Inclusão no Omie';

COMMENT ON COLUMN omie.empresas.incluido_por IS 'Usuário do Omie; WEBSERVICE é integração';

COMMENT ON COLUMN omie.empresas.alterado_em IS 'Última alteração no Omie';

COMMENT ON COLUMN omie.empresas.alterado_por IS 'Usuário da última alteração';

COMMENT ON COLUMN omie.empresas.feito_por IS 'omie_pipeline, integracao ou pessoa';

COMMENT ON COLUMN omie.empresas.ledger_codigo IS 'Linha de omie_sync.ledger que o conhece';

COMMENT ON COLUMN omie.empresas.data_particao IS 'Dia da partição: o da inclusão ou emissão';

COMMENT ON COLUMN omie.empresas.raw IS 'O registro como o Omie o deu';

COMMENT ON COLUMN omie.empresas.lido_em IS 'Pergunta que trouxe esta versão';

COMMENT ON COLUMN omie.empresas.excluido_em IS 'Quando se soube que não existe mais no Omie';

COMMENT ON COLUMN omie.empresas.excluido_por IS 'webhook ou reconciliacao';

COMMENT ON COLUMN omie.empresas.impressao IS 'Resumo do registro e das regras que o puseram aqui';

CREATE TABLE omie.extrato (
    empresa TEXT NOT NULL,
    n_cod_cc BIGINT NOT NULL,
    periodo_inicial DATE NOT NULL,
    periodo_final DATE NOT NULL,
    descricao TEXT,
    saldo_anterior NUMERIC,
    saldo_atual NUMERIC,
    saldo_conciliado NUMERIC,
    saldo_disponivel NUMERIC,
    raw JSONB NOT NULL,
    lido_em TIMESTAMP WITH TIME ZONE NOT NULL,
    PRIMARY KEY (empresa, n_cod_cc, periodo_inicial)
);

COMMENT ON TABLE omie.extrato IS 'Extrato por conta e mês: saldos que o próprio Omie calcula (financas/extrato/)';

COMMENT ON COLUMN omie.extrato.n_cod_cc IS 'Conta corrente';

COMMENT ON COLUMN omie.extrato.periodo_inicial IS 'Primeiro dia do mês';

COMMENT ON COLUMN omie.extrato.periodo_final IS 'Último dia lido';

COMMENT ON COLUMN omie.extrato.descricao IS 'Nome da conta';

COMMENT ON COLUMN omie.extrato.saldo_anterior IS 'Saldo antes do período, em R$';

COMMENT ON COLUMN omie.extrato.saldo_atual IS 'Saldo no fim do período, em R$';

COMMENT ON COLUMN omie.extrato.saldo_conciliado IS 'Saldo conciliado, em R$';

COMMENT ON COLUMN omie.extrato.saldo_disponivel IS 'Saldo com limite, em R$';

COMMENT ON COLUMN omie.extrato.raw IS 'Cabeçalho como o Omie o deu';

CREATE TABLE omie.extrato_linhas (
    empresa TEXT NOT NULL,
    n_cod_cc BIGINT NOT NULL,
    periodo_inicial DATE NOT NULL,
    ordem INTEGER NOT NULL,
    codigo_lancamento BIGINT,
    data DATE,
    natureza TEXT,
    valor NUMERIC,
    saldo NUMERIC,
    realizado BOOLEAN NOT NULL,
    situacao TEXT,
    origem TEXT,
    codigo_categoria TEXT,
    codigo_cliente BIGINT,
    nome_cliente TEXT,
    documento TEXT,
    observacao TEXT,
    raw JSONB NOT NULL,
    lido_em TIMESTAMP WITH TIME ZONE NOT NULL,
    PRIMARY KEY (empresa, n_cod_cc, periodo_inicial, ordem)
);

COMMENT ON TABLE omie.extrato_linhas IS 'Linhas do extrato; cada leitura do mês substitui as do mês';

COMMENT ON COLUMN omie.extrato_linhas.n_cod_cc IS 'Conta corrente';

COMMENT ON COLUMN omie.extrato_linhas.periodo_inicial IS 'Mês do extrato';

COMMENT ON COLUMN omie.extrato_linhas.ordem IS 'Posição no extrato';

COMMENT ON COLUMN omie.extrato_linhas.codigo_lancamento IS 'Lançamento; 0 em linhas de saldo';

COMMENT ON COLUMN omie.extrato_linhas.data IS 'Dia do lançamento';

COMMENT ON COLUMN omie.extrato_linhas.natureza IS 'R entrada, P saída';

COMMENT ON COLUMN omie.extrato_linhas.valor IS 'Entrada (+) ou saída (-) em R$';

COMMENT ON COLUMN omie.extrato_linhas.saldo IS 'Saldo depois da linha, em R$';

COMMENT ON COLUMN omie.extrato_linhas.realizado IS 'Falso para previsões';

COMMENT ON COLUMN omie.extrato_linhas.situacao IS 'Situação da linha';

COMMENT ON COLUMN omie.extrato_linhas.origem IS 'Origem do lançamento (BAXR, EXTP, ...)';

COMMENT ON COLUMN omie.extrato_linhas.codigo_categoria IS 'Categoria';

COMMENT ON COLUMN omie.extrato_linhas.codigo_cliente IS 'Cliente ou fornecedor';

COMMENT ON COLUMN omie.extrato_linhas.nome_cliente IS 'Nome do cliente ou fornecedor';

COMMENT ON COLUMN omie.extrato_linhas.documento IS 'CPF/CNPJ';

COMMENT ON COLUMN omie.extrato_linhas.observacao IS 'Observação';

CREATE TABLE omie.lancamentos_conta_corrente (
    empresa TEXT NOT NULL,
    codigo_lancamento BIGINT NOT NULL,
    codigo_agrupamento BIGINT,
    id_conta_corrente BIGINT,
    data DATE,
    valor NUMERIC,
    natureza TEXT,
    origem TEXT,
    codigo_categoria TEXT,
    categorias JSONB,
    tipo_documento TEXT,
    numero_documento TEXT,
    codigo_cliente BIGINT,
    codigo_projeto BIGINT,
    conta_destino BIGINT,
    departamentos JSONB,
    codigo_conta_pagar BIGINT,
    codigo_conta_receber BIGINT,
    data_conciliacao DATE,
    observacao TEXT,
    codigo_integracao TEXT,
    incluido_em TIMESTAMP WITH TIME ZONE,
    incluido_por TEXT,
    alterado_em TIMESTAMP WITH TIME ZONE,
    alterado_por TEXT,
    feito_por TEXT,
    ledger_codigo TEXT,
    data_particao DATE,
    raw JSONB NOT NULL,
    lido_em TIMESTAMP WITH TIME ZONE NOT NULL,
    excluido_em TIMESTAMP WITH TIME ZONE,
    excluido_por TEXT,
    impressao BYTEA,
    PRIMARY KEY (empresa, codigo_lancamento)
);

CREATE INDEX lancamentos_conta_corrente_particao ON omie.lancamentos_conta_corrente (empresa, data_particao);

COMMENT ON TABLE omie.lancamentos_conta_corrente IS 'Lançamentos de conta corrente: espelho do Omie (financas/contacorrentelancamentos/)';

COMMENT ON COLUMN omie.lancamentos_conta_corrente.codigo_lancamento IS 'Id do lançamento no Omie';

COMMENT ON COLUMN omie.lancamentos_conta_corrente.codigo_agrupamento IS 'Agrupamento';

COMMENT ON COLUMN omie.lancamentos_conta_corrente.id_conta_corrente IS 'Conta corrente';

COMMENT ON COLUMN omie.lancamentos_conta_corrente.data IS 'Dia do lançamento';

COMMENT ON COLUMN omie.lancamentos_conta_corrente.valor IS 'Valor em R$';

COMMENT ON COLUMN omie.lancamentos_conta_corrente.natureza IS 'R entrada, P saída';

COMMENT ON COLUMN omie.lancamentos_conta_corrente.origem IS 'Origem (EXTR, TRAP, BAXR, ...)';

COMMENT ON COLUMN omie.lancamentos_conta_corrente.codigo_categoria IS 'Categoria';

COMMENT ON COLUMN omie.lancamentos_conta_corrente.categorias IS 'Rateio por categoria';

COMMENT ON COLUMN omie.lancamentos_conta_corrente.tipo_documento IS 'Tipo de documento';

COMMENT ON COLUMN omie.lancamentos_conta_corrente.numero_documento IS 'Número do documento';

COMMENT ON COLUMN omie.lancamentos_conta_corrente.codigo_cliente IS 'Cliente ou fornecedor';

COMMENT ON COLUMN omie.lancamentos_conta_corrente.codigo_projeto IS 'Projeto';

COMMENT ON COLUMN omie.lancamentos_conta_corrente.conta_destino IS 'Conta de destino';

COMMENT ON COLUMN omie.lancamentos_conta_corrente.departamentos IS 'Rateio por departamento';

COMMENT ON COLUMN omie.lancamentos_conta_corrente.codigo_conta_pagar IS 'Conta a pagar baixada';

COMMENT ON COLUMN omie.lancamentos_conta_corrente.codigo_conta_receber IS 'Conta a receber baixada';

COMMENT ON COLUMN omie.lancamentos_conta_corrente.data_conciliacao IS 'Conciliação';

COMMENT ON COLUMN omie.lancamentos_conta_corrente.observacao IS 'Observação';

COMMENT ON COLUMN omie.lancamentos_conta_corrente.codigo_integracao IS 'Código de integração';

COMMENT ON COLUMN omie.lancamentos_conta_corrente.incluido_em IS 'Inclusão no Omie';

COMMENT ON COLUMN omie.lancamentos_conta_corrente.incluido_por IS 'Usuário do Omie; WEBSERVICE é integração';

COMMENT ON COLUMN omie.lancamentos_conta_corrente.alterado_em IS 'Última alteração no Omie';

COMMENT ON COLUMN omie.lancamentos_conta_corrente.alterado_por IS 'Usuário da última alteração';

COMMENT ON COLUMN omie.lancamentos_conta_corrente.feito_por IS 'omie_pipeline, integracao ou pessoa';

COMMENT ON COLUMN omie.lancamentos_conta_corrente.ledger_codigo IS 'Linha de omie_sync.ledger que o conhece';

COMMENT ON COLUMN omie.lancamentos_conta_corrente.data_particao IS 'Dia da partição: o da inclusão ou emissão';

COMMENT ON COLUMN omie.lancamentos_conta_corrente.raw IS 'O registro como o Omie o deu';

COMMENT ON COLUMN omie.lancamentos_conta_corrente.lido_em IS 'Pergunta que trouxe esta versão';

COMMENT ON COLUMN omie.lancamentos_conta_corrente.excluido_em IS 'Quando se soube que não existe mais no Omie';

COMMENT ON COLUMN omie.lancamentos_conta_corrente.excluido_por IS 'webhook ou reconciliacao';

COMMENT ON COLUMN omie.lancamentos_conta_corrente.impressao IS 'Resumo do registro e das regras que o puseram aqui';

CREATE TABLE omie.movimentacoes (
    empresa TEXT NOT NULL,
    chave TEXT NOT NULL,
    grupo TEXT NOT NULL,
    origem TEXT NOT NULL,
    codigo_titulo BIGINT,
    codigo_baixa BIGINT,
    codigo_movimento_cc BIGINT,
    natureza TEXT,
    status TEXT,
    numero_titulo TEXT,
    numero_parcela TEXT,
    tipo_documento TEXT,
    data_emissao DATE,
    data_vencimento DATE,
    data_previsao DATE,
    data_pagamento DATE,
    data_credito DATE,
    data_conciliacao DATE,
    codigo_cliente BIGINT,
    documento TEXT,
    id_conta_corrente BIGINT,
    codigo_categoria TEXT,
    codigo_projeto BIGINT,
    valor_titulo NUMERIC,
    valor_movimento_cc NUMERIC,
    valor_pago NUMERIC,
    valor_aberto NUMERIC,
    valor_liquido NUMERIC,
    desconto NUMERIC,
    juros NUMERIC,
    multa NUMERIC,
    liquidado TEXT,
    categorias JSONB,
    departamentos JSONB,
    observacao TEXT,
    espelho BOOLEAN,
    valor_movimentado NUMERIC,
    codigo_integracao TEXT,
    incluido_em TIMESTAMP WITH TIME ZONE,
    incluido_por TEXT,
    alterado_em TIMESTAMP WITH TIME ZONE,
    alterado_por TEXT,
    feito_por TEXT,
    ledger_codigo TEXT,
    data_particao DATE,
    raw JSONB NOT NULL,
    lido_em TIMESTAMP WITH TIME ZONE NOT NULL,
    excluido_em TIMESTAMP WITH TIME ZONE,
    excluido_por TEXT,
    impressao BYTEA,
    PRIMARY KEY (empresa, chave, grupo, origem)
);

CREATE INDEX movimentacoes_particao ON omie.movimentacoes (empresa, data_particao);

CREATE INDEX movimentacoes_por_baixa ON omie.movimentacoes (empresa, codigo_baixa);

CREATE INDEX movimentacoes_por_movimento_cc ON omie.movimentacoes (empresa, codigo_movimento_cc);

CREATE INDEX movimentacoes_por_titulo ON omie.movimentacoes (empresa, codigo_titulo);

COMMENT ON TABLE omie.movimentacoes IS 'Movimentações financeiras: espelho do Omie (financas/mf/)';

COMMENT ON COLUMN omie.movimentacoes.chave IS 'B<baixa>:<título>, M<movimento de conta>:<título> ou T<título>: a chave';

COMMENT ON COLUMN omie.movimentacoes.grupo IS 'CONTA_A_RECEBER, CONTA_CORRENTE_REC, ...';

COMMENT ON COLUMN omie.movimentacoes.origem IS 'Origem do lançamento (BAXR, VENR, EXTP, ...)';

COMMENT ON COLUMN omie.movimentacoes.codigo_titulo IS 'Título; 0 nos lançamentos de conta';

COMMENT ON COLUMN omie.movimentacoes.codigo_baixa IS 'Baixa';

COMMENT ON COLUMN omie.movimentacoes.codigo_movimento_cc IS 'Movimento da conta corrente';

COMMENT ON COLUMN omie.movimentacoes.natureza IS 'R ou P; pode vir trocada em lançamentos de conta';

COMMENT ON COLUMN omie.movimentacoes.status IS 'Palavra do Omie no dia da leitura';

COMMENT ON COLUMN omie.movimentacoes.numero_titulo IS 'Número do documento';

COMMENT ON COLUMN omie.movimentacoes.numero_parcela IS 'Parcela';

COMMENT ON COLUMN omie.movimentacoes.tipo_documento IS 'Tipo de documento';

COMMENT ON COLUMN omie.movimentacoes.data_emissao IS 'Emissão';

COMMENT ON COLUMN omie.movimentacoes.data_vencimento IS 'Vencimento';

COMMENT ON COLUMN omie.movimentacoes.data_previsao IS 'Previsão';

COMMENT ON COLUMN omie.movimentacoes.data_pagamento IS 'Dia em que o dinheiro se moveu';

COMMENT ON COLUMN omie.movimentacoes.data_credito IS 'Crédito na conta';

COMMENT ON COLUMN omie.movimentacoes.data_conciliacao IS 'Conciliação';

COMMENT ON COLUMN omie.movimentacoes.codigo_cliente IS 'Cliente ou fornecedor';

COMMENT ON COLUMN omie.movimentacoes.documento IS 'CPF/CNPJ';

COMMENT ON COLUMN omie.movimentacoes.id_conta_corrente IS 'Conta corrente';

COMMENT ON COLUMN omie.movimentacoes.codigo_categoria IS 'Categoria';

COMMENT ON COLUMN omie.movimentacoes.codigo_projeto IS 'Projeto';

COMMENT ON COLUMN omie.movimentacoes.valor_titulo IS 'Valor do título em R$';

COMMENT ON COLUMN omie.movimentacoes.valor_movimento_cc IS 'Valor do movimento de conta em R$';

COMMENT ON COLUMN omie.movimentacoes.valor_pago IS 'Pago ou recebido em R$';

COMMENT ON COLUMN omie.movimentacoes.valor_aberto IS 'Em aberto em R$';

COMMENT ON COLUMN omie.movimentacoes.valor_liquido IS 'Líquido em R$';

COMMENT ON COLUMN omie.movimentacoes.desconto IS 'Desconto em R$';

COMMENT ON COLUMN omie.movimentacoes.juros IS 'Juros em R$';

COMMENT ON COLUMN omie.movimentacoes.multa IS 'Multa em R$';

COMMENT ON COLUMN omie.movimentacoes.liquidado IS 'S quando não resta saldo';

COMMENT ON COLUMN omie.movimentacoes.categorias IS 'Rateio por categoria';

COMMENT ON COLUMN omie.movimentacoes.departamentos IS 'Rateio por departamento';

COMMENT ON COLUMN omie.movimentacoes.observacao IS 'Observação';

COMMENT ON COLUMN omie.movimentacoes.espelho IS 'Repete dinheiro que outra linha já conta';

COMMENT ON COLUMN omie.movimentacoes.valor_movimentado IS 'Entrada (+) ou saída (-) em R$; nulo em espelhos e previsões: some sem filtrar';

COMMENT ON COLUMN omie.movimentacoes.codigo_integracao IS 'Código de integração';

COMMENT ON COLUMN omie.movimentacoes.incluido_em IS 'Inclusão no Omie';

COMMENT ON COLUMN omie.movimentacoes.incluido_por IS 'Usuário do Omie; WEBSERVICE é integração';

COMMENT ON COLUMN omie.movimentacoes.alterado_em IS 'Última alteração no Omie';

COMMENT ON COLUMN omie.movimentacoes.alterado_por IS 'Usuário da última alteração';

COMMENT ON COLUMN omie.movimentacoes.feito_por IS 'omie_pipeline, integracao ou pessoa';

COMMENT ON COLUMN omie.movimentacoes.ledger_codigo IS 'Linha de omie_sync.ledger que o conhece';

COMMENT ON COLUMN omie.movimentacoes.data_particao IS 'Dia da partição: o da inclusão ou emissão';

COMMENT ON COLUMN omie.movimentacoes.raw IS 'O registro como o Omie o deu';

COMMENT ON COLUMN omie.movimentacoes.lido_em IS 'Pergunta que trouxe esta versão';

COMMENT ON COLUMN omie.movimentacoes.excluido_em IS 'Quando se soube que não existe mais no Omie';

COMMENT ON COLUMN omie.movimentacoes.excluido_por IS 'webhook ou reconciliacao';

COMMENT ON COLUMN omie.movimentacoes.impressao IS 'Resumo do registro e das regras que o puseram aqui';

CREATE TABLE omie.notas_fiscais (
    empresa TEXT NOT NULL,
    tipo TEXT NOT NULL,
    codigo_nf BIGINT NOT NULL,
    numero TEXT,
    serie TEXT,
    status TEXT,
    chave TEXT,
    codigo_verificacao TEXT,
    ambiente TEXT,
    data_emissao DATE,
    data_cancelamento DATE,
    valor NUMERIC,
    codigo_cliente BIGINT,
    documento TEXT,
    documento_cpf TEXT,
    codigo_os BIGINT,
    codigo_categoria TEXT,
    id_conta_corrente BIGINT,
    codigo_integracao TEXT,
    incluido_em TIMESTAMP WITH TIME ZONE,
    incluido_por TEXT,
    alterado_em TIMESTAMP WITH TIME ZONE,
    alterado_por TEXT,
    feito_por TEXT,
    ledger_codigo TEXT,
    data_particao DATE,
    raw JSONB NOT NULL,
    lido_em TIMESTAMP WITH TIME ZONE NOT NULL,
    excluido_em TIMESTAMP WITH TIME ZONE,
    excluido_por TEXT,
    impressao BYTEA,
    PRIMARY KEY (empresa, tipo, codigo_nf)
);

CREATE INDEX notas_fiscais_particao ON omie.notas_fiscais (empresa, data_particao);

COMMENT ON TABLE omie.notas_fiscais IS 'Notas fiscais: NFS-e e NF-e: espelho do Omie (servicos/nfse/)';

COMMENT ON COLUMN omie.notas_fiscais.tipo IS 'NFS-e (serviço) ou NF-e (produto)';

COMMENT ON COLUMN omie.notas_fiscais.codigo_nf IS 'Id da nota no Omie';

COMMENT ON COLUMN omie.notas_fiscais.numero IS 'Número da nota';

COMMENT ON COLUMN omie.notas_fiscais.serie IS 'Série';

COMMENT ON COLUMN omie.notas_fiscais.status IS 'F faturada, C cancelada';

COMMENT ON COLUMN omie.notas_fiscais.chave IS 'Chave ou código do arquivo';

COMMENT ON COLUMN omie.notas_fiscais.codigo_verificacao IS 'Código de verificação';

COMMENT ON COLUMN omie.notas_fiscais.ambiente IS 'P produção, H homologação';

COMMENT ON COLUMN omie.notas_fiscais.data_emissao IS 'Emissão';

COMMENT ON COLUMN omie.notas_fiscais.data_cancelamento IS 'Cancelamento';

COMMENT ON COLUMN omie.notas_fiscais.valor IS 'Valor em R$';

COMMENT ON COLUMN omie.notas_fiscais.codigo_cliente IS 'Cliente';

COMMENT ON COLUMN omie.notas_fiscais.documento IS 'CNPJ do destinatário';

COMMENT ON COLUMN omie.notas_fiscais.documento_cpf IS 'CPF do destinatário';

COMMENT ON COLUMN omie.notas_fiscais.codigo_os IS 'Ordem de serviço';

COMMENT ON COLUMN omie.notas_fiscais.codigo_categoria IS 'Categoria';

COMMENT ON COLUMN omie.notas_fiscais.id_conta_corrente IS 'Conta corrente';

COMMENT ON COLUMN omie.notas_fiscais.codigo_integracao IS 'Código de integração';

COMMENT ON COLUMN omie.notas_fiscais.incluido_em IS 'Inclusão no Omie';

COMMENT ON COLUMN omie.notas_fiscais.incluido_por IS 'Usuário do Omie; WEBSERVICE é integração';

COMMENT ON COLUMN omie.notas_fiscais.alterado_em IS 'Última alteração no Omie';

COMMENT ON COLUMN omie.notas_fiscais.alterado_por IS 'Usuário da última alteração';

COMMENT ON COLUMN omie.notas_fiscais.feito_por IS 'omie_pipeline, integracao ou pessoa';

COMMENT ON COLUMN omie.notas_fiscais.ledger_codigo IS 'Linha de omie_sync.ledger que o conhece';

COMMENT ON COLUMN omie.notas_fiscais.data_particao IS 'Dia da partição: o da inclusão ou emissão';

COMMENT ON COLUMN omie.notas_fiscais.raw IS 'O registro como o Omie o deu';

COMMENT ON COLUMN omie.notas_fiscais.lido_em IS 'Pergunta que trouxe esta versão';

COMMENT ON COLUMN omie.notas_fiscais.excluido_em IS 'Quando se soube que não existe mais no Omie';

COMMENT ON COLUMN omie.notas_fiscais.excluido_por IS 'webhook ou reconciliacao';

COMMENT ON COLUMN omie.notas_fiscais.impressao IS 'Resumo do registro e das regras que o puseram aqui';

CREATE TABLE omie.parcelas (
    empresa TEXT NOT NULL,
    codigo TEXT NOT NULL,
    descricao TEXT,
    parcelas BIGINT,
    codigo_integracao TEXT,
    incluido_em TIMESTAMP WITH TIME ZONE,
    incluido_por TEXT,
    alterado_em TIMESTAMP WITH TIME ZONE,
    alterado_por TEXT,
    feito_por TEXT,
    ledger_codigo TEXT,
    data_particao DATE,
    raw JSONB NOT NULL,
    lido_em TIMESTAMP WITH TIME ZONE NOT NULL,
    excluido_em TIMESTAMP WITH TIME ZONE,
    excluido_por TEXT,
    impressao BYTEA,
    PRIMARY KEY (empresa, codigo)
);

COMMENT ON TABLE omie.parcelas IS 'Parcelas (condições de pagamento): espelho do Omie (geral/parcelas/)';

COMMENT ON COLUMN omie.parcelas.codigo IS 'Código: um texto, por exemplo 000 ou A03';

COMMENT ON COLUMN omie.parcelas.descricao IS 'Descrição, por exemplo Para 30/60 dias';

COMMENT ON COLUMN omie.parcelas.parcelas IS 'Número de parcelas';

COMMENT ON COLUMN omie.parcelas.codigo_integracao IS 'Código de integração';

COMMENT ON COLUMN omie.parcelas.incluido_em IS 'Inclusão no Omie';

COMMENT ON COLUMN omie.parcelas.incluido_por IS 'Usuário do Omie; WEBSERVICE é integração';

COMMENT ON COLUMN omie.parcelas.alterado_em IS 'Última alteração no Omie';

COMMENT ON COLUMN omie.parcelas.alterado_por IS 'Usuário da última alteração';

COMMENT ON COLUMN omie.parcelas.feito_por IS 'omie_pipeline, integracao ou pessoa';

COMMENT ON COLUMN omie.parcelas.ledger_codigo IS 'Linha de omie_sync.ledger que o conhece';

COMMENT ON COLUMN omie.parcelas.data_particao IS 'Dia da partição: o da inclusão ou emissão';

COMMENT ON COLUMN omie.parcelas.raw IS 'O registro como o Omie o deu';

COMMENT ON COLUMN omie.parcelas.lido_em IS 'Pergunta que trouxe esta versão';

COMMENT ON COLUMN omie.parcelas.excluido_em IS 'Quando se soube que não existe mais no Omie';

COMMENT ON COLUMN omie.parcelas.excluido_por IS 'webhook ou reconciliacao';

COMMENT ON COLUMN omie.parcelas.impressao IS 'Resumo do registro e das regras que o puseram aqui';

CREATE TABLE omie.projetos (
    empresa TEXT NOT NULL,
    codigo BIGINT NOT NULL,
    nome TEXT,
    inativo TEXT,
    codigo_integracao TEXT,
    incluido_em TIMESTAMP WITH TIME ZONE,
    incluido_por TEXT,
    alterado_em TIMESTAMP WITH TIME ZONE,
    alterado_por TEXT,
    feito_por TEXT,
    ledger_codigo TEXT,
    data_particao DATE,
    raw JSONB NOT NULL,
    lido_em TIMESTAMP WITH TIME ZONE NOT NULL,
    excluido_em TIMESTAMP WITH TIME ZONE,
    excluido_por TEXT,
    impressao BYTEA,
    PRIMARY KEY (empresa, codigo)
);

COMMENT ON TABLE omie.projetos IS 'Projetos: espelho do Omie (geral/projetos/)';

COMMENT ON COLUMN omie.projetos.codigo IS 'Id do projeto no Omie';

COMMENT ON COLUMN omie.projetos.nome IS 'Nome';

COMMENT ON COLUMN omie.projetos.inativo IS 'S inativo';

COMMENT ON COLUMN omie.projetos.codigo_integracao IS 'Código de integração';

COMMENT ON COLUMN omie.projetos.incluido_em IS 'Inclusão no Omie';

COMMENT ON COLUMN omie.projetos.incluido_por IS 'Usuário do Omie; WEBSERVICE é integração';

COMMENT ON COLUMN omie.projetos.alterado_em IS 'Última alteração no Omie';

COMMENT ON COLUMN omie.projetos.alterado_por IS 'Usuário da última alteração';

COMMENT ON COLUMN omie.projetos.feito_por IS 'omie_pipeline, integracao ou pessoa';

COMMENT ON COLUMN omie.projetos.ledger_codigo IS 'Linha de omie_sync.ledger que o conhece';

COMMENT ON COLUMN omie.projetos.data_particao IS 'Dia da partição: o da inclusão ou emissão';

COMMENT ON COLUMN omie.projetos.raw IS 'O registro como o Omie o deu';

COMMENT ON COLUMN omie.projetos.lido_em IS 'Pergunta que trouxe esta versão';

COMMENT ON COLUMN omie.projetos.excluido_em IS 'Quando se soube que não existe mais no Omie';

COMMENT ON COLUMN omie.projetos.excluido_por IS 'webhook ou reconciliacao';

COMMENT ON COLUMN omie.projetos.impressao IS 'Resumo do registro e das regras que o puseram aqui';

CREATE TABLE omie.saldos_titulos (
    empresa TEXT NOT NULL,
    codigo_titulo BIGINT NOT NULL,
    natureza TEXT,
    codigo_cliente BIGINT,
    documento TEXT,
    status_titulo TEXT,
    data_vencimento DATE,
    data_pagamento DATE,
    data_cancelamento DATE,
    id_conta_corrente BIGINT,
    valor_titulo NUMERIC,
    valor_pago NUMERIC,
    valor_aberto NUMERIC,
    valor_liquido NUMERIC,
    desconto NUMERIC,
    juros NUMERIC,
    multa NUMERIC,
    liquidado TEXT,
    codigo_integracao TEXT,
    incluido_em TIMESTAMP WITH TIME ZONE,
    incluido_por TEXT,
    alterado_em TIMESTAMP WITH TIME ZONE,
    alterado_por TEXT,
    feito_por TEXT,
    ledger_codigo TEXT,
    data_particao DATE,
    raw JSONB NOT NULL,
    lido_em TIMESTAMP WITH TIME ZONE NOT NULL,
    excluido_em TIMESTAMP WITH TIME ZONE,
    excluido_por TEXT,
    impressao BYTEA,
    PRIMARY KEY (empresa, codigo_titulo)
);

CREATE INDEX saldos_titulos_particao ON omie.saldos_titulos (empresa, data_particao);

COMMENT ON TABLE omie.saldos_titulos IS 'Saldos dos títulos e suas baixas: espelho do Omie (financas/pesquisartitulos/)';

COMMENT ON COLUMN omie.saldos_titulos.codigo_titulo IS 'Id do título no Omie';

COMMENT ON COLUMN omie.saldos_titulos.natureza IS 'R a receber, P a pagar';

COMMENT ON COLUMN omie.saldos_titulos.codigo_cliente IS 'Id do cliente/fornecedor';

COMMENT ON COLUMN omie.saldos_titulos.documento IS 'CPF/CNPJ';

COMMENT ON COLUMN omie.saldos_titulos.status_titulo IS 'Palavra do Omie no dia da leitura';

COMMENT ON COLUMN omie.saldos_titulos.data_vencimento IS 'Vencimento';

COMMENT ON COLUMN omie.saldos_titulos.data_pagamento IS 'Último pagamento';

COMMENT ON COLUMN omie.saldos_titulos.data_cancelamento IS 'Cancelamento';

COMMENT ON COLUMN omie.saldos_titulos.id_conta_corrente IS 'Conta corrente';

COMMENT ON COLUMN omie.saldos_titulos.valor_titulo IS 'Valor do título em R$';

COMMENT ON COLUMN omie.saldos_titulos.valor_pago IS 'Já pago ou recebido, em R$';

COMMENT ON COLUMN omie.saldos_titulos.valor_aberto IS 'Saldo em aberto, em R$';

COMMENT ON COLUMN omie.saldos_titulos.valor_liquido IS 'Pago com juros, multa e desconto, em R$';

COMMENT ON COLUMN omie.saldos_titulos.desconto IS 'Descontos, em R$';

COMMENT ON COLUMN omie.saldos_titulos.juros IS 'Juros, em R$';

COMMENT ON COLUMN omie.saldos_titulos.multa IS 'Multas, em R$';

COMMENT ON COLUMN omie.saldos_titulos.liquidado IS 'S quando não resta saldo';

COMMENT ON COLUMN omie.saldos_titulos.codigo_integracao IS 'Código de integração';

COMMENT ON COLUMN omie.saldos_titulos.incluido_em IS 'Inclusão no Omie';

COMMENT ON COLUMN omie.saldos_titulos.incluido_por IS 'Usuário do Omie; WEBSERVICE é integração';

COMMENT ON COLUMN omie.saldos_titulos.alterado_em IS 'Última alteração no Omie';

COMMENT ON COLUMN omie.saldos_titulos.alterado_por IS 'Usuário da última alteração';

COMMENT ON COLUMN omie.saldos_titulos.feito_por IS 'omie_pipeline, integracao ou pessoa';

COMMENT ON COLUMN omie.saldos_titulos.ledger_codigo IS 'Linha de omie_sync.ledger que o conhece';

COMMENT ON COLUMN omie.saldos_titulos.data_particao IS 'Dia da partição: o da inclusão ou emissão';

COMMENT ON COLUMN omie.saldos_titulos.raw IS 'O registro como o Omie o deu';

COMMENT ON COLUMN omie.saldos_titulos.lido_em IS 'Pergunta que trouxe esta versão';

COMMENT ON COLUMN omie.saldos_titulos.excluido_em IS 'Quando se soube que não existe mais no Omie';

COMMENT ON COLUMN omie.saldos_titulos.excluido_por IS 'webhook ou reconciliacao';

COMMENT ON COLUMN omie.saldos_titulos.impressao IS 'Resumo do registro e das regras que o puseram aqui';

CREATE TABLE omie.vendedores (
    empresa TEXT NOT NULL,
    codigo BIGINT NOT NULL,
    nome TEXT,
    email TEXT,
    comissao NUMERIC,
    inativo TEXT,
    codigo_integracao TEXT,
    incluido_em TIMESTAMP WITH TIME ZONE,
    incluido_por TEXT,
    alterado_em TIMESTAMP WITH TIME ZONE,
    alterado_por TEXT,
    feito_por TEXT,
    ledger_codigo TEXT,
    data_particao DATE,
    raw JSONB NOT NULL,
    lido_em TIMESTAMP WITH TIME ZONE NOT NULL,
    excluido_em TIMESTAMP WITH TIME ZONE,
    excluido_por TEXT,
    impressao BYTEA,
    PRIMARY KEY (empresa, codigo)
);

COMMENT ON TABLE omie.vendedores IS 'Vendedores: espelho do Omie (geral/vendedores/)';

COMMENT ON COLUMN omie.vendedores.codigo IS 'Id do vendedor no Omie';

COMMENT ON COLUMN omie.vendedores.nome IS 'Nome';

COMMENT ON COLUMN omie.vendedores.email IS 'E-mail';

COMMENT ON COLUMN omie.vendedores.comissao IS 'Comissão em %';

COMMENT ON COLUMN omie.vendedores.inativo IS 'S inativo';

COMMENT ON COLUMN omie.vendedores.codigo_integracao IS 'Código de integração';

COMMENT ON COLUMN omie.vendedores.incluido_em IS 'Inclusão no Omie';

COMMENT ON COLUMN omie.vendedores.incluido_por IS 'Usuário do Omie; WEBSERVICE é integração';

COMMENT ON COLUMN omie.vendedores.alterado_em IS 'Última alteração no Omie';

COMMENT ON COLUMN omie.vendedores.alterado_por IS 'Usuário da última alteração';

COMMENT ON COLUMN omie.vendedores.feito_por IS 'omie_pipeline, integracao ou pessoa';

COMMENT ON COLUMN omie.vendedores.ledger_codigo IS 'Linha de omie_sync.ledger que o conhece';

COMMENT ON COLUMN omie.vendedores.data_particao IS 'Dia da partição: o da inclusão ou emissão';

COMMENT ON COLUMN omie.vendedores.raw IS 'O registro como o Omie o deu';

COMMENT ON COLUMN omie.vendedores.lido_em IS 'Pergunta que trouxe esta versão';

COMMENT ON COLUMN omie.vendedores.excluido_em IS 'Quando se soube que não existe mais no Omie';

COMMENT ON COLUMN omie.vendedores.excluido_por IS 'webhook ou reconciliacao';

COMMENT ON COLUMN omie.vendedores.impressao IS 'Resumo do registro e das regras que o puseram aqui';

CREATE TABLE omie_inbox.events (
    empresa TEXT NOT NULL,
    message_id TEXT NOT NULL,
    topic TEXT NOT NULL,
    received_at TIMESTAMP WITH TIME ZONE NOT NULL,
    author TEXT,
    raw JSONB NOT NULL,
    records JSONB NOT NULL,
    tables TEXT[] NOT NULL,
    missing TEXT[] NOT NULL,
    state TEXT NOT NULL,
    attempts INTEGER DEFAULT '0' NOT NULL,
    next_at TIMESTAMP WITH TIME ZONE,
    done_at TIMESTAMP WITH TIME ZONE,
    run_id TEXT,
    error TEXT,
    PRIMARY KEY (empresa, message_id)
);

CREATE INDEX events_done ON omie_inbox.events (done_at) WHERE done_at IS NOT NULL;

CREATE INDEX events_pending ON omie_inbox.events (empresa, next_at) WHERE state = 'pending';

COMMENT ON TABLE omie_inbox.events IS 'Omie''s webhook events: they say what to read again, and are never the data';

COMMENT ON COLUMN omie_inbox.events.message_id IS 'Omie''s messageId, or a digest';

COMMENT ON COLUMN omie_inbox.events.topic IS 'empty where the body has none';

COMMENT ON COLUMN omie_inbox.events.author IS 'number of Omie''s user, without name or e-mail';

COMMENT ON COLUMN omie_inbox.events.raw IS 'as it came, without appKey and appHash';

COMMENT ON COLUMN omie_inbox.events.records IS 'ids it names, by table';

COMMENT ON COLUMN omie_inbox.events.tables IS 'tables to read again';

COMMENT ON COLUMN omie_inbox.events.missing IS 'those not read again yet';

COMMENT ON COLUMN omie_inbox.events.state IS 'pending, done, ignored, no_record';

COMMENT ON COLUMN omie_inbox.events.next_at IS 'not to be read before';

COMMENT ON COLUMN omie_inbox.events.done_at IS 'when it was pending no more';

COMMENT ON COLUMN omie_inbox.events.run_id IS 'run that worked on it last';

COMMENT ON COLUMN omie_inbox.events.error IS 'why it waits or was ignored; no personal data';

CREATE TABLE omie_saida.acknowledgements (
    empresa TEXT NOT NULL,
    consumer TEXT NOT NULL,
    number BIGINT NOT NULL,
    acknowledged_at TIMESTAMP WITH TIME ZONE NOT NULL,
    acknowledged_by TEXT NOT NULL,
    PRIMARY KEY (empresa, consumer)
);

COMMENT ON TABLE omie_saida.acknowledgements IS 'How far each system has come that polls the outbox';

COMMENT ON COLUMN omie_saida.acknowledgements.number IS 'everything up to it is worked on';

COMMENT ON COLUMN omie_saida.acknowledgements.acknowledged_by IS 'login';

CREATE TABLE omie_saida.changes (
    empresa TEXT NOT NULL,
    number BIGINT NOT NULL,
    key TEXT NOT NULL,
    kind TEXT NOT NULL,
    omie_id BIGINT NOT NULL,
    version INTEGER NOT NULL,
    clinic_table TEXT,
    clinic_id TEXT,
    integration_code TEXT,
    only_in_omie BOOLEAN NOT NULL,
    state TEXT NOT NULL,
    due_date DATE,
    amount NUMERIC(15, 2),
    open_amount NUMERIC(15, 2),
    paid_date DATE,
    paid_amount NUMERIC(15, 2),
    titulo_id BIGINT,
    client_id BIGINT,
    order_id BIGINT,
    order_code TEXT,
    note_number TEXT,
    note_state TEXT,
    note_pdf TEXT,
    happened_at TIMESTAMP WITH TIME ZONE,
    written_at TIMESTAMP WITH TIME ZONE NOT NULL,
    PRIMARY KEY (empresa, number),
    UNIQUE (key)
);

CREATE INDEX changes_of_record ON omie_saida.changes (empresa, kind, omie_id);

COMMENT ON TABLE omie_saida.changes IS 'One row for every change of what Omie knows of a record';

COMMENT ON COLUMN omie_saida.changes.number IS '1, 2, 3, ... without a gap';

COMMENT ON COLUMN omie_saida.changes.key IS 'says it once and for all';

COMMENT ON COLUMN omie_saida.changes.kind IS 'contas_receber, baixas_receber, ...';

COMMENT ON COLUMN omie_saida.changes.version IS 'of the record: 1, 2, 3, ...';

COMMENT ON COLUMN omie_saida.changes.clinic_table IS 'canonical table of the clinic''s row';

COMMENT ON COLUMN omie_saida.changes.clinic_id IS 'id of the clinic''s row in it';

COMMENT ON COLUMN omie_saida.changes.integration_code IS 'our code; NULL for what Omie alone has';

COMMENT ON COLUMN omie_saida.changes.only_in_omie IS 'nothing of the clinic''s stands for it';

COMMENT ON COLUMN omie_saida.changes.state IS 'see docs/way-back.md';

COMMENT ON COLUMN omie_saida.changes.amount IS 'R$';

COMMENT ON COLUMN omie_saida.changes.open_amount IS 'R$ still to be paid';

COMMENT ON COLUMN omie_saida.changes.paid_date IS 'of the last payment';

COMMENT ON COLUMN omie_saida.changes.paid_amount IS 'R$ settled so far';

COMMENT ON COLUMN omie_saida.changes.titulo_id IS 'baixas: Omie''s id of their titulo';

COMMENT ON COLUMN omie_saida.changes.client_id IS 'Omie''s id of the cliente';

COMMENT ON COLUMN omie_saida.changes.order_id IS 'Omie''s id of the service order';

COMMENT ON COLUMN omie_saida.changes.order_code IS 'our code of the service order';

COMMENT ON COLUMN omie_saida.changes.note_state IS 'as omie_sync.nfse has it';

COMMENT ON COLUMN omie_saida.changes.note_pdf IS 'link to the PDF of the note';

COMMENT ON COLUMN omie_saida.changes.happened_at IS 'last change in Omie, as Omie says';

CREATE TABLE omie_saida.cuts (
    empresa TEXT NOT NULL,
    number BIGINT NOT NULL,
    cut_at TIMESTAMP WITH TIME ZONE NOT NULL,
    PRIMARY KEY (empresa)
);

COMMENT ON TABLE omie_saida.cuts IS 'Up to which number old changes were cut off; the newest one of each record stays';

COMMENT ON COLUMN omie_saida.cuts.number IS 'up to it, changes that a newer one of their record replaced may be gone';

COMMENT ON COLUMN omie_saida.cuts.cut_at IS 'when old ones were looked for last';

CREATE TABLE omie_sync.attempt (
    attempt_id BIGINT GENERATED BY DEFAULT AS IDENTITY,
    run_id TEXT NOT NULL,
    empresa TEXT NOT NULL,
    endpoint TEXT NOT NULL,
    codigo_integracao TEXT,
    method TEXT NOT NULL,
    request JSONB,
    response JSONB,
    http_status INTEGER NOT NULL,
    fault_class TEXT,
    fault_code TEXT,
    fault_text TEXT,
    duration_ms FLOAT NOT NULL,
    at TIMESTAMP WITH TIME ZONE NOT NULL,
    PRIMARY KEY (attempt_id)
);

CREATE INDEX attempt_by_record ON omie_sync.attempt (empresa, endpoint, codigo_integracao, attempt_id);

CREATE INDEX attempt_by_time ON omie_sync.attempt (at);

COMMENT ON TABLE omie_sync.attempt IS 'Request and answer of each call, masked, kept for some days';

COMMENT ON COLUMN omie_sync.attempt.request IS 'masked; no key, no secret';

COMMENT ON COLUMN omie_sync.attempt.response IS 'masked';

CREATE TABLE omie_sync.base (
    empresa TEXT NOT NULL,
    endpoint TEXT NOT NULL,
    codigo_integracao TEXT NOT NULL,
    clinic JSONB NOT NULL,
    left_out JSONB DEFAULT '{}'::jsonb NOT NULL,
    seen JSONB,
    seen_at TIMESTAMP WITH TIME ZONE,
    confirmed_at TIMESTAMP WITH TIME ZONE NOT NULL,
    PRIMARY KEY (empresa, endpoint, codigo_integracao)
);

COMMENT ON TABLE omie_sync.base IS 'Both sides of a record when Omie last confirmed it; only where wins says who wins';

COMMENT ON COLUMN omie_sync.base.clinic IS 'payload as the clinic had it then';

COMMENT ON COLUMN omie_sync.base.left_out IS 'fields of it that were not sent, and who decided: policy or person';

COMMENT ON COLUMN omie_sync.base.seen IS 'the same fields as Omie had them, first read after it';

COMMENT ON COLUMN omie_sync.base.seen_at IS 'when all of them were read; NULL: those left out alone';

COMMENT ON COLUMN omie_sync.base.confirmed_at IS 'as in the ledger, else out of date';

CREATE TABLE omie_sync.billing_request (
    empresa TEXT NOT NULL,
    data_particao DATE NOT NULL,
    "cCodIntOS" TEXT NOT NULL,
    _requested_at TIMESTAMP WITH TIME ZONE NOT NULL,
    _requested_by TEXT NOT NULL,
    PRIMARY KEY (empresa, "cCodIntOS")
);

COMMENT ON TABLE omie_sync.billing_request IS 'A person''s decision to bill an order that no payload model asks to bill';

CREATE TABLE omie_sync.binding (
    empresa TEXT NOT NULL,
    scope TEXT NOT NULL,
    host TEXT NOT NULL,
    bound_at TIMESTAMP WITH TIME ZONE DEFAULT now() NOT NULL,
    confirmed_at TIMESTAMP WITH TIME ZONE,
    PRIMARY KEY (empresa)
);

COMMENT ON TABLE omie_sync.binding IS 'Which Omie the ledger of an empresa belongs to';

COMMENT ON COLUMN omie_sync.binding.scope IS 'digest of the app key';

COMMENT ON COLUMN omie_sync.binding.host IS 'Omie, or a simulator on loopback';

COMMENT ON COLUMN omie_sync.binding.confirmed_at IS 'first good answer; until then a key may be changed';

CREATE TABLE omie_sync.block (
    scope TEXT NOT NULL,
    until TIMESTAMP WITH TIME ZONE NOT NULL,
    reason TEXT NOT NULL,
    seen_at TIMESTAMP WITH TIME ZONE NOT NULL,
    probe_at TIMESTAMP WITH TIME ZONE,
    PRIMARY KEY (scope)
);

COMMENT ON TABLE omie_sync.block IS 'Memory of an HTTP 425; survives restarts';

COMMENT ON COLUMN omie_sync.block.scope IS 'digest of the app key';

COMMENT ON COLUMN omie_sync.block.probe_at IS 'call that was let through after the end, to see whether the key is open';

CREATE TABLE omie_sync.category_request (
    empresa TEXT NOT NULL,
    _chave TEXT NOT NULL,
    categoria_superior TEXT NOT NULL,
    descricao TEXT NOT NULL,
    _requested_at TIMESTAMP WITH TIME ZONE NOT NULL,
    _requested_by TEXT NOT NULL,
    PRIMARY KEY (empresa, _chave)
);

COMMENT ON TABLE omie_sync.category_request IS 'A person''s decision to have a category made in Omie, to map something to it';

COMMENT ON COLUMN omie_sync.category_request._chave IS 'digest of the group and the name';

CREATE TABLE omie_sync.conflict (
    conflict_id BIGINT GENERATED BY DEFAULT AS IDENTITY,
    empresa TEXT NOT NULL,
    endpoint TEXT NOT NULL,
    codigo_integracao TEXT NOT NULL,
    field TEXT NOT NULL,
    policy TEXT NOT NULL,
    clinic_old JSONB,
    clinic_new JSONB,
    omie_old JSONB,
    omie_new JSONB,
    omie_changed_at TIMESTAMP WITH TIME ZONE,
    omie_changed_by TEXT,
    state TEXT NOT NULL,
    decided_by TEXT,
    decided_at TIMESTAMP WITH TIME ZONE,
    seen_at TIMESTAMP WITH TIME ZONE NOT NULL,
    run_id TEXT NOT NULL,
    PRIMARY KEY (conflict_id)
);

CREATE INDEX conflict_by_code ON omie_sync.conflict (empresa, endpoint, codigo_integracao);

CREATE UNIQUE INDEX conflict_by_event ON omie_sync.conflict (empresa, endpoint, codigo_integracao, omie_changed_at) WHERE field = '*';

CREATE UNIQUE INDEX conflict_open ON omie_sync.conflict (empresa, endpoint, codigo_integracao, field) WHERE state = 'open';

COMMENT ON TABLE omie_sync.conflict IS 'Fields that a person changed in Omie, and whose value stands';

COMMENT ON COLUMN omie_sync.conflict.policy IS 'clinica, omie, pessoa, so_se_vazio';

COMMENT ON COLUMN omie_sync.conflict.clinic_old IS 'when Omie last confirmed it; NULL: empty or unknown';

COMMENT ON COLUMN omie_sync.conflict.omie_old IS 'as it was then; NULL: empty or unknown';

COMMENT ON COLUMN omie_sync.conflict.omie_changed_at IS 'last change of the record, as Omie says';

COMMENT ON COLUMN omie_sync.conflict.omie_changed_by IS 'user of Omie';

COMMENT ON COLUMN omie_sync.conflict.state IS 'open, kept_clinica, kept_omie, overwritten, gone';

COMMENT ON COLUMN omie_sync.conflict.decided_by IS 'name of a person; NULL: the policy';

COMMENT ON COLUMN omie_sync.conflict.seen_at IS 'first comparison that showed it';

COMMENT ON COLUMN omie_sync.conflict.run_id IS 'of the last comparison';

CREATE TABLE omie_sync.console_action (
    action_id TEXT NOT NULL,
    empresa TEXT NOT NULL,
    kind TEXT NOT NULL,
    subject JSONB NOT NULL,
    done_by TEXT NOT NULL,
    asked_at TIMESTAMP WITH TIME ZONE NOT NULL,
    began_at TIMESTAMP WITH TIME ZONE,
    finished_at TIMESTAMP WITH TIME ZONE,
    state TEXT NOT NULL,
    before JSONB,
    after JSONB,
    result JSONB,
    PRIMARY KEY (action_id)
);

CREATE INDEX console_action_of ON omie_sync.console_action (empresa, asked_at DESC);

CREATE INDEX console_action_unfinished ON omie_sync.console_action (asked_at) WHERE state IN ('asked', 'running');

COMMENT ON TABLE omie_sync.console_action IS 'What people did in the console';

COMMENT ON COLUMN omie_sync.console_action.action_id IS 'made with the form: a second click is the same action';

COMMENT ON COLUMN omie_sync.console_action.subject IS 'what it was about, without personal data';

COMMENT ON COLUMN omie_sync.console_action.state IS 'asked, running, done, failed';

COMMENT ON COLUMN omie_sync.console_action.result IS 'the report of a long one, or why it failed';

CREATE TABLE omie_sync.console_attempt (
    attempt_id BIGINT GENERATED BY DEFAULT AS IDENTITY,
    login_digest TEXT NOT NULL,
    address_digest TEXT NOT NULL,
    at TIMESTAMP WITH TIME ZONE NOT NULL,
    PRIMARY KEY (attempt_id)
);

CREATE INDEX console_attempt_by ON omie_sync.console_attempt (address_digest, at);

COMMENT ON TABLE omie_sync.console_attempt IS 'Passwords that were wrong, for some hours';

COMMENT ON COLUMN omie_sync.console_attempt.login_digest IS 'sha256 of what was typed';

COMMENT ON COLUMN omie_sync.console_attempt.address_digest IS 'sha256 of where it came from';

CREATE TABLE omie_sync.console_grant (
    login TEXT NOT NULL,
    empresa TEXT NOT NULL,
    role TEXT NOT NULL,
    omie_entries BOOLEAN DEFAULT false NOT NULL,
    granted_at TIMESTAMP WITH TIME ZONE NOT NULL,
    granted_by TEXT NOT NULL,
    PRIMARY KEY (login, empresa)
);

COMMENT ON TABLE omie_sync.console_grant IS 'What each person may see and do in the console, by empresa';

COMMENT ON COLUMN omie_sync.console_grant.empresa IS '* stands for all of them';

COMMENT ON COLUMN omie_sync.console_grant.role IS 'reception, finance, manager, accountant, engineering';

COMMENT ON COLUMN omie_sync.console_grant.omie_entries IS 'may see what Omie has and the clinic has not';

CREATE TABLE omie_sync.console_person (
    login TEXT NOT NULL,
    name TEXT NOT NULL,
    password_hash TEXT,
    created_at TIMESTAMP WITH TIME ZONE NOT NULL,
    created_by TEXT NOT NULL,
    password_at TIMESTAMP WITH TIME ZONE,
    must_change BOOLEAN DEFAULT false NOT NULL,
    disabled_at TIMESTAMP WITH TIME ZONE,
    PRIMARY KEY (login)
);

COMMENT ON TABLE omie_sync.console_person IS 'Who may enter the console';

COMMENT ON COLUMN omie_sync.console_person.login IS 'lower case';

COMMENT ON COLUMN omie_sync.console_person.password_hash IS 'argon2id; NULL: enters by another way only';

COMMENT ON COLUMN omie_sync.console_person.password_at IS 'when the password was set; sessions before it end';

CREATE TABLE omie_sync.console_session (
    token_digest TEXT NOT NULL,
    login TEXT NOT NULL,
    csrf_token TEXT NOT NULL,
    begun_at TIMESTAMP WITH TIME ZONE NOT NULL,
    seen_at TIMESTAMP WITH TIME ZONE NOT NULL,
    ended_at TIMESTAMP WITH TIME ZONE,
    PRIMARY KEY (token_digest)
);

CREATE INDEX console_session_of ON omie_sync.console_session (login, begun_at);

COMMENT ON TABLE omie_sync.console_session IS 'Sessions of the console';

COMMENT ON COLUMN omie_sync.console_session.token_digest IS 'sha256; the cookie has the token';

CREATE TABLE omie_sync.default_import (
    import_id BIGINT GENERATED BY DEFAULT AS IDENTITY,
    source TEXT NOT NULL,
    settings INTEGER NOT NULL,
    imported_at TIMESTAMP WITH TIME ZONE NOT NULL,
    PRIMARY KEY (import_id)
);

COMMENT ON TABLE omie_sync.default_import IS 'Where defaults were imported from, and when';

COMMENT ON COLUMN omie_sync.default_import.source IS 'file or table the defaults came from';

COMMENT ON COLUMN omie_sync.default_import.settings IS 'how many it had';

CREATE TABLE omie_sync.deletion_request (
    _plan_id TEXT NOT NULL,
    _endpoint TEXT NOT NULL,
    _number INTEGER NOT NULL,
    empresa TEXT NOT NULL,
    data_particao DATE NOT NULL,
    codigo_lancamento_integracao TEXT,
    chave_lancamento BIGINT,
    PRIMARY KEY (_plan_id, _endpoint, _number)
);

COMMENT ON TABLE omie_sync.deletion_request IS 'Records that a stored plan deletes because a person chose them';

COMMENT ON COLUMN omie_sync.deletion_request._endpoint IS 'that deletes: excluir_contas_pagar';

COMMENT ON COLUMN omie_sync.deletion_request.codigo_lancamento_integracao IS 'our code, of a record of ours';

COMMENT ON COLUMN omie_sync.deletion_request.chave_lancamento IS 'Omie''s id';

CREATE TABLE omie_sync.duplicate_decision (
    decision_id BIGINT GENERATED BY DEFAULT AS IDENTITY,
    empresa TEXT NOT NULL,
    endpoint TEXT NOT NULL,
    ledger_code TEXT NOT NULL,
    our_titulo BIGINT NOT NULL,
    other_titulo BIGINT NOT NULL,
    decision TEXT NOT NULL,
    plan_id TEXT,
    decided_by TEXT NOT NULL,
    decided_at TIMESTAMP WITH TIME ZONE NOT NULL,
    PRIMARY KEY (decision_id)
);

CREATE INDEX duplicate_decision_of ON omie_sync.duplicate_decision (empresa, other_titulo, decision_id);

COMMENT ON TABLE omie_sync.duplicate_decision IS 'What people decided of títulos that stand twice in Omie; the last one stands';

COMMENT ON COLUMN omie_sync.duplicate_decision.endpoint IS 'of the títulos';

COMMENT ON COLUMN omie_sync.duplicate_decision.ledger_code IS 'our code of the clinic''s row';

COMMENT ON COLUMN omie_sync.duplicate_decision.our_titulo IS 'Omie''s id of ours';

COMMENT ON COLUMN omie_sync.duplicate_decision.other_titulo IS 'Omie''s id of the other one';

COMMENT ON COLUMN omie_sync.duplicate_decision.decision IS 'adopt, ignore, relist, delete_ours, delete_theirs';

COMMENT ON COLUMN omie_sync.duplicate_decision.plan_id IS 'plan that deletes one of them';

CREATE TABLE omie_sync.empresa_default (
    empresa TEXT NOT NULL,
    receipt_category TEXT,
    repasse_category TEXT,
    sale_category TEXT,
    expense_category TEXT,
    purchase_category TEXT,
    account BIGINT,
    bill_orders TEXT CONSTRAINT empresa_default_bill_orders CHECK (bill_orders IN ('S', 'N')),
    order_for_every_receipt TEXT CONSTRAINT empresa_default_order_for_every_receipt CHECK (order_for_every_receipt IN ('S', 'N')),
    professionals_are_sellers TEXT CONSTRAINT empresa_default_professionals_are_sellers CHECK (professionals_are_sellers IN ('S', 'N')),
    repasse_days INTEGER,
    lc116 TEXT,
    municipal_service TEXT,
    taxation TEXT,
    service_city TEXT,
    order_terms TEXT,
    PRIMARY KEY (empresa)
);

COMMENT ON TABLE omie_sync.empresa_default IS 'What a row takes where neither it nor its procedure says otherwise';

COMMENT ON COLUMN omie_sync.empresa_default.empresa IS 'name of the empresa, or * for all';

COMMENT ON COLUMN omie_sync.empresa_default.receipt_category IS 'of receipts whose procedure has none';

COMMENT ON COLUMN omie_sync.empresa_default.repasse_category IS 'of shares due to professionals';

COMMENT ON COLUMN omie_sync.empresa_default.sale_category IS 'of product sales that name none';

COMMENT ON COLUMN omie_sync.empresa_default.expense_category IS 'of expenses that name none';

COMMENT ON COLUMN omie_sync.empresa_default.purchase_category IS 'of product purchases that name none';

COMMENT ON COLUMN omie_sync.empresa_default.account IS 'nCodCC where the payment method says nothing';

COMMENT ON COLUMN omie_sync.empresa_default.bill_orders IS 'S: every service order is billed at once';

COMMENT ON COLUMN omie_sync.empresa_default.order_for_every_receipt IS 'S: a service order for every receipt, whatever its flag';

COMMENT ON COLUMN omie_sync.empresa_default.professionals_are_sellers IS 'S: professionals are Omie''s vendedores';

COMMENT ON COLUMN omie_sync.empresa_default.repasse_days IS 'from receipt to repasse, where no rule says';

COMMENT ON COLUMN omie_sync.empresa_default.lc116 IS 'LC 116 code of procedures that have none';

COMMENT ON COLUMN omie_sync.empresa_default.municipal_service IS 'municipal code of procedures without one';

COMMENT ON COLUMN omie_sync.empresa_default.taxation IS 'cIdTrib of procedures that have none';

COMMENT ON COLUMN omie_sync.empresa_default.service_city IS 'where services are provided, as Omie spells it';

COMMENT ON COLUMN omie_sync.empresa_default.order_terms IS 'cCodParc of orders';

CREATE TABLE omie_sync.erasure (
    erasure_id BIGINT GENERATED BY DEFAULT AS IDENTITY,
    empresa TEXT NOT NULL,
    digest TEXT NOT NULL,
    salt TEXT NOT NULL,
    client_ids BIGINT[] NOT NULL,
    retain_until DATE,
    erased_at TIMESTAMP WITH TIME ZONE NOT NULL,
    counts JSONB NOT NULL,
    revoked_at TIMESTAMP WITH TIME ZONE,
    PRIMARY KEY (erasure_id),
    CONSTRAINT erasure_once UNIQUE (empresa, digest)
);

COMMENT ON TABLE omie_sync.erasure IS 'Whose data were erased: a digest, never the document';

COMMENT ON COLUMN omie_sync.erasure.digest IS 'sha256 of salt and document (or code)';

COMMENT ON COLUMN omie_sync.erasure.salt IS 'one per deployment';

COMMENT ON COLUMN omie_sync.erasure.client_ids IS 'Omie ids of the person';

COMMENT ON COLUMN omie_sync.erasure.retain_until IS 'name and document are kept before this day';

COMMENT ON COLUMN omie_sync.erasure.counts IS 'rows by table';

COMMENT ON COLUMN omie_sync.erasure.revoked_at IS 'nothing more is erased from then on';

CREATE TABLE omie_sync.fence (
    lane TEXT NOT NULL,
    token BIGINT NOT NULL,
    holder TEXT NOT NULL,
    backend_pid INTEGER NOT NULL,
    taken_at TIMESTAMP WITH TIME ZONE DEFAULT now() NOT NULL,
    PRIMARY KEY (lane)
);

COMMENT ON TABLE omie_sync.fence IS 'Who holds each lane: a run that is not named here any more writes and sends nothing';

COMMENT ON COLUMN omie_sync.fence.lane IS 'push:<empresa>:<endpoint>, say';

COMMENT ON COLUMN omie_sync.fence.token IS 'one more with every holder';

COMMENT ON COLUMN omie_sync.fence.holder IS 'of the token; random';

COMMENT ON COLUMN omie_sync.fence.backend_pid IS 'of the session with the lock';

CREATE TABLE omie_sync.field_basis (
    empresa TEXT NOT NULL,
    endpoint TEXT NOT NULL,
    left_out TEXT[] NOT NULL,
    since TIMESTAMP WITH TIME ZONE NOT NULL,
    PRIMARY KEY (empresa, endpoint)
);

COMMENT ON TABLE omie_sync.field_basis IS 'The fields that the hashes of the ledger leave out; no row: none';

COMMENT ON COLUMN omie_sync.field_basis.left_out IS 'fields that are not sent';

CREATE TABLE omie_sync.import_cursor (
    empresa TEXT NOT NULL,
    table_name TEXT NOT NULL,
    read_until TIMESTAMP WITH TIME ZONE,
    signature TEXT,
    page_size INTEGER,
    PRIMARY KEY (empresa, table_name)
);

COMMENT ON TABLE omie_sync.import_cursor IS 'How far the incremental windows of each table have come';

COMMENT ON COLUMN omie_sync.import_cursor.read_until IS 'Changes before this are all here';

COMMENT ON COLUMN omie_sync.import_cursor.signature IS 'What the last check for changes saw';

COMMENT ON COLUMN omie_sync.import_cursor.page_size IS 'that worked last, where Omie refused more';

CREATE TABLE omie_sync.import_partition (
    empresa TEXT NOT NULL,
    table_name TEXT NOT NULL,
    partition TEXT NOT NULL,
    total_omie BIGINT NOT NULL,
    filtered BIGINT NOT NULL,
    read_at TIMESTAMP WITH TIME ZONE NOT NULL,
    run_id TEXT NOT NULL,
    PRIMARY KEY (empresa, table_name, partition)
);

COMMENT ON TABLE omie_sync.import_partition IS 'What a complete reading proved of each partition';

COMMENT ON COLUMN omie_sync.import_partition.partition IS 'day, or all for registers';

COMMENT ON COLUMN omie_sync.import_partition.total_omie IS 'records Omie has in it';

COMMENT ON COLUMN omie_sync.import_partition.filtered IS 'kept out by a filter';

COMMENT ON COLUMN omie_sync.import_partition.read_at IS 'question that proved it';

CREATE TABLE omie_sync.import_run (
    run_id TEXT NOT NULL,
    empresa TEXT NOT NULL,
    table_name TEXT NOT NULL,
    mode TEXT NOT NULL,
    trigger TEXT NOT NULL,
    state TEXT NOT NULL,
    started_at TIMESTAMP WITH TIME ZONE NOT NULL,
    finished_at TIMESTAMP WITH TIME ZONE,
    window_from DATE,
    window_to DATE,
    counts JSONB,
    complete BOOLEAN,
    error_class TEXT,
    error TEXT,
    fix TEXT,
    dagster_run_id TEXT,
    PRIMARY KEY (run_id)
);

CREATE INDEX import_run_by_table ON omie_sync.import_run (empresa, table_name, started_at DESC);

CREATE INDEX import_run_started ON omie_sync.import_run (started_at);

COMMENT ON TABLE omie_sync.import_run IS 'One row per reading of one table: the history of the way back';

COMMENT ON COLUMN omie_sync.import_run.mode IS 'full, incremental';

COMMENT ON COLUMN omie_sync.import_run.trigger IS 'cli, schedule, sensor, webhook, ui';

COMMENT ON COLUMN omie_sync.import_run.state IS 'running, done, stopped, failed';

COMMENT ON COLUMN omie_sync.import_run.counts IS 'read, inserted, updated, unchanged, excluded, ...';

COMMENT ON COLUMN omie_sync.import_run.complete IS 'Omie''s total was reached';

COMMENT ON COLUMN omie_sync.import_run.fix IS 'what to do, in Portuguese';

CREATE TABLE omie_sync.intent (
    intent_id BIGINT GENERATED BY DEFAULT AS IDENTITY,
    run_id TEXT NOT NULL,
    empresa TEXT NOT NULL,
    endpoint TEXT NOT NULL,
    codigo_integracao TEXT NOT NULL,
    partition TEXT NOT NULL,
    action TEXT NOT NULL,
    payload_hash TEXT,
    payload JSONB,
    omie_id BIGINT,
    fingerprint TEXT NOT NULL,
    created_at TIMESTAMP WITH TIME ZONE NOT NULL,
    sent_at TIMESTAMP WITH TIME ZONE,
    read_at TIMESTAMP WITH TIME ZONE,
    closed_at TIMESTAMP WITH TIME ZONE,
    outcome TEXT,
    filled TEXT[],
    PRIMARY KEY (intent_id)
);

CREATE UNIQUE INDEX intent_open ON omie_sync.intent (empresa, endpoint, codigo_integracao) WHERE closed_at IS NULL;

COMMENT ON TABLE omie_sync.intent IS 'Committed before a call leaves, closed by its outcome';

COMMENT ON COLUMN omie_sync.intent.action IS 'upsert, insert, delete';

COMMENT ON COLUMN omie_sync.intent.payload IS 'as sent; removed when the intent closes';

COMMENT ON COLUMN omie_sync.intent.fingerprint IS 'of the request, see quota_request';

COMMENT ON COLUMN omie_sync.intent.sent_at IS 'when it may have left at the latest';

COMMENT ON COLUMN omie_sync.intent.read_at IS 'last read back';

COMMENT ON COLUMN omie_sync.intent.outcome IS 'created, updated, linked, deleted, rejected, not_sent';

COMMENT ON COLUMN omie_sync.intent.filled IS 'as in the ledger before the call';

CREATE TABLE omie_sync.ledger (
    empresa TEXT NOT NULL,
    endpoint TEXT NOT NULL,
    codigo_integracao TEXT NOT NULL,
    state TEXT NOT NULL,
    payload_hash TEXT,
    omie_id BIGINT,
    created_here BOOLEAN DEFAULT false NOT NULL,
    partition TEXT NOT NULL,
    attempts INTEGER DEFAULT '0' NOT NULL,
    first_error TEXT,
    last_error TEXT,
    error_code TEXT,
    held_until TIMESTAMP WITH TIME ZONE,
    run_id TEXT NOT NULL,
    first_seen_at TIMESTAMP WITH TIME ZONE DEFAULT now() NOT NULL,
    confirmed_at TIMESTAMP WITH TIME ZONE,
    updated_at TIMESTAMP WITH TIME ZONE DEFAULT now() NOT NULL,
    omie_code TEXT,
    parent_code TEXT,
    filled TEXT[],
    not_emptied TEXT[],
    emptied TEXT[],
    likeness TEXT,
    in_doubt BOOLEAN DEFAULT false NOT NULL,
    same_as BIGINT,
    PRIMARY KEY (empresa, endpoint, codigo_integracao)
);

CREATE INDEX ledger_by_likeness ON omie_sync.ledger (empresa, endpoint, likeness) WHERE likeness IS NOT NULL;

CREATE INDEX ledger_by_omie_id ON omie_sync.ledger (empresa, endpoint, omie_id);

CREATE INDEX ledger_by_parent ON omie_sync.ledger (empresa, endpoint, parent_code) WHERE parent_code IS NOT NULL;

CREATE INDEX ledger_by_partition ON omie_sync.ledger (empresa, endpoint, partition);

CREATE INDEX ledger_filled_unknown ON omie_sync.ledger (empresa, endpoint) WHERE filled IS NULL AND payload_hash IS NOT NULL;

CREATE INDEX ledger_not_emptied ON omie_sync.ledger (empresa, endpoint) WHERE not_emptied IS NOT NULL;

CREATE INDEX ledger_unfinished ON omie_sync.ledger (empresa, endpoint, state) WHERE state IN ('rejected', 'held');

COMMENT ON TABLE omie_sync.ledger IS 'One row per integration code: what Omie has confirmed';

COMMENT ON COLUMN omie_sync.ledger.state IS 'confirmed, rejected, held, deleted';

COMMENT ON COLUMN omie_sync.ledger.payload_hash IS 'of the payload that Omie confirmed, never earlier';

COMMENT ON COLUMN omie_sync.ledger.omie_code IS 'Omie''s id where it is no number (categorias)';

COMMENT ON COLUMN omie_sync.ledger.parent_code IS 'code of the record that this one acts upon';

COMMENT ON COLUMN omie_sync.ledger.filled IS 'fields confirmed with a value that could be emptied';

COMMENT ON COLUMN omie_sync.ledger.not_emptied IS 'those that the clinic emptied and Omie still has';

COMMENT ON COLUMN omie_sync.ledger.emptied IS 'those that were emptied in Omie last';

COMMENT ON COLUMN omie_sync.ledger.likeness IS 'digest of whom, how much and when, without the code';

COMMENT ON COLUMN omie_sync.ledger.in_doubt IS 'Omie may have taken in what it refused: payload_hash may be out of date';

COMMENT ON COLUMN omie_sync.ledger.same_as IS 'Omie''s id of what a person or the bank made';

CREATE TABLE omie_sync.line_wait (
    scope TEXT NOT NULL,
    method TEXT NOT NULL,
    until TIMESTAMP WITH TIME ZONE NOT NULL,
    reason TEXT NOT NULL,
    since TIMESTAMP WITH TIME ZONE NOT NULL,
    closes BOOLEAN NOT NULL,
    PRIMARY KEY (scope, method)
);

COMMENT ON TABLE omie_sync.line_wait IS 'What a key or one of its methods waits for, and until when';

COMMENT ON COLUMN omie_sync.line_wait.scope IS 'digest of the app key';

COMMENT ON COLUMN omie_sync.line_wait.method IS 'Omie''s call, or what waits';

COMMENT ON COLUMN omie_sync.line_wait.reason IS 'in Portuguese, for staff';

COMMENT ON COLUMN omie_sync.line_wait.closes IS 'nothing of this method may leave before; false: somebody merely waits';

CREATE TABLE omie_sync.look (
    empresa TEXT NOT NULL,
    endpoint TEXT NOT NULL,
    codigo_integracao TEXT NOT NULL,
    compared_at TIMESTAMP WITH TIME ZONE NOT NULL,
    confirmed_at TIMESTAMP WITH TIME ZONE NOT NULL,
    changed_by TEXT,
    changed_at TIMESTAMP WITH TIME ZONE,
    PRIMARY KEY (empresa, endpoint, codigo_integracao, confirmed_at)
);

COMMENT ON TABLE omie_sync.look IS 'Between when and when nobody saw what a person typed into a record; kept for a week';

COMMENT ON COLUMN omie_sync.look.compared_at IS 'what Omie had was asked for then';

COMMENT ON COLUMN omie_sync.look.confirmed_at IS 'our change was, by Omie';

COMMENT ON COLUMN omie_sync.look.changed_by IS 'last user of Omie to change it by then';

COMMENT ON COLUMN omie_sync.look.changed_at IS 'when that was, as Omie says';

CREATE TABLE omie_sync.mapping (
    empresa TEXT NOT NULL,
    kind TEXT NOT NULL,
    source TEXT NOT NULL,
    target TEXT NOT NULL,
    code TEXT NOT NULL,
    origin TEXT NOT NULL,
    decided_by TEXT NOT NULL,
    decided_at TIMESTAMP WITH TIME ZONE NOT NULL,
    PRIMARY KEY (empresa, kind, source, target)
);

COMMENT ON TABLE omie_sync.mapping IS 'Which code of Omie''s stands for a value of the clinic''s, in force now';

COMMENT ON COLUMN omie_sync.mapping.empresa IS 'name of the empresa, or * for all';

COMMENT ON COLUMN omie_sync.mapping.kind IS 'category, procedure, payment_method, supplier_kind, omie_category';

COMMENT ON COLUMN omie_sync.mapping.source IS 'the value as the clinic writes it, or * for every other';

COMMENT ON COLUMN omie_sync.mapping.target IS 'category, account, department, project, managerial_category';

COMMENT ON COLUMN omie_sync.mapping.code IS 'of Omie''s list, or a word for analysis';

COMMENT ON COLUMN omie_sync.mapping.origin IS 'person, suggestion, import, default';

CREATE TABLE omie_sync.mapping_history (
    change_id BIGINT GENERATED BY DEFAULT AS IDENTITY,
    empresa TEXT NOT NULL,
    kind TEXT NOT NULL,
    source TEXT NOT NULL,
    target TEXT NOT NULL,
    action TEXT NOT NULL,
    code_before TEXT,
    code_after TEXT,
    origin TEXT NOT NULL,
    decided_by TEXT NOT NULL,
    decided_at TIMESTAMP WITH TIME ZONE NOT NULL,
    evidence TEXT,
    confidence NUMERIC(4, 3),
    PRIMARY KEY (change_id)
);

CREATE INDEX mapping_history_of ON omie_sync.mapping_history (kind, source, empresa);

COMMENT ON TABLE omie_sync.mapping_history IS 'Every decision about mappings, also those that another one replaced at once';

COMMENT ON COLUMN omie_sync.mapping_history.empresa IS 'name of the empresa, or * for all';

COMMENT ON COLUMN omie_sync.mapping_history.kind IS 'category, procedure, payment_method, supplier_kind, omie_category';

COMMENT ON COLUMN omie_sync.mapping_history.source IS 'the value as the clinic writes it, or * for every other';

COMMENT ON COLUMN omie_sync.mapping_history.target IS 'category, account, department, project, managerial_category';

COMMENT ON COLUMN omie_sync.mapping_history.action IS 'set, unset, accept, reject, pattern, unpattern';

COMMENT ON COLUMN omie_sync.mapping_history.code_before IS 'NULL: nothing was mapped';

COMMENT ON COLUMN omie_sync.mapping_history.code_after IS 'NULL: nothing is mapped; of reject: the refused code';

COMMENT ON COLUMN omie_sync.mapping_history.origin IS 'as in mapping';

COMMENT ON COLUMN omie_sync.mapping_history.evidence IS 'of a suggestion: the sentence that was shown';

COMMENT ON COLUMN omie_sync.mapping_history.confidence IS 'of a suggestion, as it was shown';

CREATE TABLE omie_sync.mapping_pattern (
    empresa TEXT NOT NULL,
    kind TEXT NOT NULL,
    target TEXT NOT NULL,
    glob TEXT NOT NULL,
    code TEXT NOT NULL,
    written_by TEXT NOT NULL,
    written_at TIMESTAMP WITH TIME ZONE NOT NULL,
    PRIMARY KEY (empresa, kind, target, glob)
);

COMMENT ON TABLE omie_sync.mapping_pattern IS 'What persons said of names that look alike: suggested, never mapped by itself';

COMMENT ON COLUMN omie_sync.mapping_pattern.empresa IS 'name of the empresa, or * for all';

COMMENT ON COLUMN omie_sync.mapping_pattern.kind IS 'as in mapping';

COMMENT ON COLUMN omie_sync.mapping_pattern.target IS 'as in mapping';

COMMENT ON COLUMN omie_sync.mapping_pattern.glob IS '* anything, ? one sign; small, no accents';

COMMENT ON COLUMN omie_sync.mapping_pattern.code IS 'is suggested for every name that matches';

CREATE TABLE omie_sync.mapping_rejection (
    empresa TEXT NOT NULL,
    kind TEXT NOT NULL,
    source TEXT NOT NULL,
    target TEXT NOT NULL,
    code TEXT NOT NULL,
    rejected_by TEXT NOT NULL,
    rejected_at TIMESTAMP WITH TIME ZONE NOT NULL,
    PRIMARY KEY (empresa, kind, source, target, code)
);

COMMENT ON TABLE omie_sync.mapping_rejection IS 'Suggestions that a person refused';

COMMENT ON COLUMN omie_sync.mapping_rejection.empresa IS 'name of the empresa, or * for all';

COMMENT ON COLUMN omie_sync.mapping_rejection.kind IS 'category, procedure, payment_method, supplier_kind, omie_category';

COMMENT ON COLUMN omie_sync.mapping_rejection.source IS 'the value as the clinic writes it, or * for every other';

COMMENT ON COLUMN omie_sync.mapping_rejection.target IS 'category, account, department, project, managerial_category';

COMMENT ON COLUMN omie_sync.mapping_rejection.code IS 'is not suggested again';

CREATE TABLE omie_sync.model_evidence (
    model TEXT NOT NULL,
    relation TEXT NOT NULL,
    column_name TEXT NOT NULL,
    question TEXT NOT NULL,
    answer TEXT,
    versions TEXT,
    asked_at TIMESTAMP WITH TIME ZONE DEFAULT now() NOT NULL,
    PRIMARY KEY (model, relation, column_name, question)
);

COMMENT ON TABLE omie_sync.model_evidence IS 'What a view says because the clinic''s values say so: other values are another view';

COMMENT ON COLUMN omie_sync.model_evidence.relation IS 'the clinic''s table, quoted';

COMMENT ON COLUMN omie_sync.model_evidence.question IS 'decimal or day_order';

COMMENT ON COLUMN omie_sync.model_evidence.answer IS 'what the whole column shows; it stands in the view';

COMMENT ON COLUMN omie_sync.model_evidence.versions IS 'which rows of the table still showed it';

CREATE TABLE omie_sync.model_made (
    relation TEXT NOT NULL,
    basis TEXT NOT NULL,
    fingerprint TEXT NOT NULL,
    made_at TIMESTAMP WITH TIME ZONE DEFAULT now() NOT NULL,
    PRIMARY KEY (relation)
);

COMMENT ON TABLE omie_sync.model_made IS 'What dbt last made, so that it is made again only when it would come out different';

COMMENT ON COLUMN omie_sync.model_made.relation IS 'schema and name of what dbt made';

COMMENT ON COLUMN omie_sync.model_made.basis IS 'digest of all that dbt read to make it';

COMMENT ON COLUMN omie_sync.model_made.fingerprint IS 'of its definition, as it was made';

CREATE TABLE omie_sync.model_refresh (
    relation TEXT NOT NULL,
    empresa TEXT NOT NULL,
    sources TEXT NOT NULL,
    content TEXT NOT NULL,
    rows BIGINT NOT NULL,
    refreshed_at TIMESTAMP WITH TIME ZONE DEFAULT now() NOT NULL,
    PRIMARY KEY (relation, empresa)
);

COMMENT ON TABLE omie_sync.model_refresh IS 'Which rows of the clinic each payload table shows, by empresa';

COMMENT ON COLUMN omie_sync.model_refresh.relation IS 'a payload table';

COMMENT ON COLUMN omie_sync.model_refresh.empresa IS ''''' for rows of no known empresa';

COMMENT ON COLUMN omie_sync.model_refresh.sources IS 'digest of the rows that it was made of';

COMMENT ON COLUMN omie_sync.model_refresh.content IS 'which row versions it has since then';

CREATE TABLE omie_sync.model_test (
    name TEXT NOT NULL,
    reads TEXT[] NOT NULL,
    statement TEXT NOT NULL,
    tested_at TIMESTAMP WITH TIME ZONE DEFAULT now() NOT NULL,
    PRIMARY KEY (name)
);

COMMENT ON TABLE omie_sync.model_test IS 'dbt''s data tests as dbt last ran them, for tables that are filled without it';

COMMENT ON COLUMN omie_sync.model_test.reads IS 'schema and name of what it reads';

COMMENT ON COLUMN omie_sync.model_test.statement IS 'finds the rows that fail it';

CREATE TABLE omie_sync.nfse (
    empresa TEXT NOT NULL,
    cod_int_os TEXT NOT NULL,
    n_cod_os BIGINT,
    state TEXT NOT NULL,
    numero TEXT,
    serie TEXT,
    codigo_verificacao TEXT,
    n_cod_nf BIGINT,
    url_pdf TEXT,
    url_xml TEXT,
    url_portal TEXT,
    valor NUMERIC(15, 2),
    municipio TEXT,
    message TEXT,
    attempts INTEGER DEFAULT '1' NOT NULL,
    billed_at TIMESTAMP WITH TIME ZONE NOT NULL,
    issued_at TIMESTAMP WITH TIME ZONE,
    cancellation_requested_at TIMESTAMP WITH TIME ZONE,
    changed_at TIMESTAMP WITH TIME ZONE NOT NULL,
    checked_at TIMESTAMP WITH TIME ZONE,
    next_check_at TIMESTAMP WITH TIME ZONE,
    alerted_at TIMESTAMP WITH TIME ZONE,
    PRIMARY KEY (empresa, cod_int_os)
);

CREATE INDEX nfse_by_order ON omie_sync.nfse (empresa, n_cod_os);

CREATE INDEX nfse_open ON omie_sync.nfse (empresa, state, next_check_at);

COMMENT ON TABLE omie_sync.nfse IS 'One row per service order that was billed: where its NFS-e stands';

COMMENT ON COLUMN omie_sync.nfse.cod_int_os IS 'our code of the service order';

COMMENT ON COLUMN omie_sync.nfse.state IS 'submitted, processing, issued, rejected, cancelled, error';

COMMENT ON COLUMN omie_sync.nfse.municipio IS 'of the service, for the limits of the alerts';

COMMENT ON COLUMN omie_sync.nfse.message IS 'the city hall''s words, masked';

COMMENT ON COLUMN omie_sync.nfse.billed_at IS 'last time it was billed';

COMMENT ON COLUMN omie_sync.nfse.changed_at IS 'last change of state';

COMMENT ON COLUMN omie_sync.nfse.next_check_at IS 'not asked for alone before this moment';

CREATE TABLE omie_sync.nfse_file (
    empresa TEXT NOT NULL,
    cod_int_os TEXT NOT NULL,
    kind TEXT NOT NULL,
    path TEXT NOT NULL,
    sha256 TEXT NOT NULL,
    bytes BIGINT NOT NULL,
    stored_at TIMESTAMP WITH TIME ZONE NOT NULL,
    PRIMARY KEY (empresa, cod_int_os, kind)
);

COMMENT ON TABLE omie_sync.nfse_file IS 'Files of issued notes in the archive, with their hash';

COMMENT ON COLUMN omie_sync.nfse_file.kind IS 'pdf or xml';

CREATE TABLE omie_sync.nfse_transition (
    transition_id BIGINT GENERATED BY DEFAULT AS IDENTITY,
    empresa TEXT NOT NULL,
    cod_int_os TEXT NOT NULL,
    from_state TEXT,
    to_state TEXT NOT NULL,
    at TIMESTAMP WITH TIME ZONE NOT NULL,
    reason TEXT,
    source TEXT NOT NULL,
    PRIMARY KEY (transition_id)
);

CREATE INDEX nfse_transition_of ON omie_sync.nfse_transition (empresa, cod_int_os);

COMMENT ON TABLE omie_sync.nfse_transition IS 'Every change of state of every note, with its time';

COMMENT ON COLUMN omie_sync.nfse_transition.from_state IS 'empty for the first';

COMMENT ON COLUMN omie_sync.nfse_transition.reason IS 'masked';

COMMENT ON COLUMN omie_sync.nfse_transition.source IS 'push, status, list, cancellation';

CREATE TABLE omie_sync.notification (
    key TEXT NOT NULL,
    empresa TEXT NOT NULL,
    kind TEXT NOT NULL,
    title TEXT NOT NULL,
    text TEXT NOT NULL,
    first_at TIMESTAMP WITH TIME ZONE NOT NULL,
    last_at TIMESTAMP WITH TIME ZONE NOT NULL,
    sent_at TIMESTAMP WITH TIME ZONE,
    times INTEGER DEFAULT '0' NOT NULL,
    resolved_at TIMESTAMP WITH TIME ZONE,
    PRIMARY KEY (key)
);

COMMENT ON TABLE omie_sync.notification IS 'One row per alert that ever was: open until resolved_at';

COMMENT ON COLUMN omie_sync.notification.key IS 'kind, empresa and what it is about';

COMMENT ON COLUMN omie_sync.notification.empresa IS 'empty where it concerns all';

COMMENT ON COLUMN omie_sync.notification.text IS 'no personal data, no secret';

COMMENT ON COLUMN omie_sync.notification.first_at IS 'since when';

COMMENT ON COLUMN omie_sync.notification.last_at IS 'last evaluation that found it';

COMMENT ON COLUMN omie_sync.notification.sent_at IS 'last time a channel took it';

COMMENT ON COLUMN omie_sync.notification.times IS 'messages sent';

COMMENT ON COLUMN omie_sync.notification.resolved_at IS 'evaluation that found it gone';

CREATE TABLE omie_sync.outbox_last (
    empresa TEXT NOT NULL,
    number BIGINT NOT NULL,
    looked_at TIMESTAMP WITH TIME ZONE,
    PRIMARY KEY (empresa)
);

COMMENT ON TABLE omie_sync.outbox_last IS 'The newest number of each outbox: its row is locked by who writes, so no number is lost';

COMMENT ON COLUMN omie_sync.outbox_last.number IS 'of the newest change';

COMMENT ON COLUMN omie_sync.outbox_last.looked_at IS 'when records were compared last';

CREATE TABLE omie_sync.outbox_record (
    empresa TEXT NOT NULL,
    kind TEXT NOT NULL,
    omie_id BIGINT NOT NULL,
    version INTEGER NOT NULL,
    number BIGINT NOT NULL,
    digest TEXT NOT NULL,
    whole BOOLEAN NOT NULL,
    PRIMARY KEY (empresa, kind, omie_id)
);

COMMENT ON TABLE omie_sync.outbox_record IS 'What the outbox told last of each record';

COMMENT ON COLUMN omie_sync.outbox_record.version IS 'that was written last';

COMMENT ON COLUMN omie_sync.outbox_record.number IS 'of the change that told it';

COMMENT ON COLUMN omie_sync.outbox_record.digest IS 'of what was told';

COMMENT ON COLUMN omie_sync.outbox_record.whole IS 'all lists that tell of it were read';

CREATE TABLE omie_sync.outbox_target (
    empresa TEXT NOT NULL,
    target TEXT NOT NULL,
    number BIGINT NOT NULL,
    delivered_at TIMESTAMP WITH TIME ZONE,
    failing_since TIMESTAMP WITH TIME ZONE,
    failed_at TIMESTAMP WITH TIME ZONE,
    failures INTEGER DEFAULT '0' NOT NULL,
    next_at TIMESTAMP WITH TIME ZONE,
    error_class TEXT,
    error TEXT,
    PRIMARY KEY (empresa, target)
);

COMMENT ON TABLE omie_sync.outbox_target IS 'How far each target of the way back has come, and why it goes no further';

COMMENT ON COLUMN omie_sync.outbox_target.target IS 'table or callback';

COMMENT ON COLUMN omie_sync.outbox_target.number IS 'everything up to it arrived';

COMMENT ON COLUMN omie_sync.outbox_target.delivered_at IS 'last time that anything arrived';

COMMENT ON COLUMN omie_sync.outbox_target.failing_since IS 'NULL: the last delivery was well';

COMMENT ON COLUMN omie_sync.outbox_target.failures IS 'in a row';

COMMENT ON COLUMN omie_sync.outbox_target.next_at IS 'not tried by itself before';

COMMENT ON COLUMN omie_sync.outbox_target.error IS 'in Portuguese, for staff; no value of a row';

CREATE TABLE omie_sync.pause (
    pause_id BIGINT GENERATED BY DEFAULT AS IDENTITY,
    empresa TEXT NOT NULL,
    action TEXT NOT NULL,
    reason TEXT,
    decided_by TEXT NOT NULL,
    decided_at TIMESTAMP WITH TIME ZONE NOT NULL,
    PRIMARY KEY (pause_id)
);

CREATE INDEX pause_of ON omie_sync.pause (empresa, pause_id);

COMMENT ON TABLE omie_sync.pause IS 'Every pause of an empresa and every end of one; the last one stands';

COMMENT ON COLUMN omie_sync.pause.action IS 'pause or resume';

COMMENT ON COLUMN omie_sync.pause.reason IS 'why, in the words of who decided';

CREATE TABLE omie_sync.payment_account (
    empresa TEXT NOT NULL,
    payment_method TEXT NOT NULL,
    account BIGINT NOT NULL,
    origin TEXT,
    decided_by TEXT,
    decided_at TIMESTAMP WITH TIME ZONE,
    PRIMARY KEY (empresa, payment_method)
);

COMMENT ON TABLE omie_sync.payment_account IS 'Account of each payment method whose own row gives none';

COMMENT ON COLUMN omie_sync.payment_account.empresa IS 'name of the empresa, or * for all';

COMMENT ON COLUMN omie_sync.payment_account.payment_method IS 'its id at the clinic, or its Omie type';

COMMENT ON COLUMN omie_sync.payment_account.account IS 'Omie''s nCodCC';

COMMENT ON COLUMN omie_sync.payment_account.origin IS 'as in mapping; NULL: of a version that kept none';

CREATE UNLOGGED TABLE omie_sync.plan (
    run_id TEXT NOT NULL,
    number BIGINT NOT NULL,
    partition TEXT NOT NULL,
    codigo_integracao TEXT,
    action TEXT NOT NULL,
    priority SMALLINT NOT NULL,
    state TEXT NOT NULL,
    payload JSONB NOT NULL,
    extra JSONB NOT NULL,
    payload_hash TEXT NOT NULL,
    omie_id BIGINT,
    filled TEXT[],
    reasons JSONB,
    PRIMARY KEY (run_id, number)
);

COMMENT ON TABLE omie_sync.plan IS 'Work of one run: the rows that differ from the ledger';

COMMENT ON COLUMN omie_sync.plan.number IS 'row number within the run';

COMMENT ON COLUMN omie_sync.plan.action IS 'upsert, insert, delete';

COMMENT ON COLUMN omie_sync.plan.priority IS '0 held, 1 new, 2 rejected';

COMMENT ON COLUMN omie_sync.plan.state IS 'ready, quarantined, held, sent';

COMMENT ON COLUMN omie_sync.plan.extra IS 'columns with a leading underscore';

COMMENT ON COLUMN omie_sync.plan.filled IS 'as in the ledger';

COMMENT ON COLUMN omie_sync.plan.reasons IS 'why the row does not leave';

CREATE TABLE omie_sync.quarantine (
    empresa TEXT NOT NULL,
    endpoint TEXT NOT NULL,
    row_key TEXT NOT NULL,
    codigo_integracao TEXT,
    partition TEXT NOT NULL,
    reasons JSONB NOT NULL,
    row_masked JSONB NOT NULL,
    source_row JSONB,
    first_seen_at TIMESTAMP WITH TIME ZONE NOT NULL,
    last_seen_at TIMESTAMP WITH TIME ZONE NOT NULL,
    run_id TEXT NOT NULL,
    PRIMARY KEY (empresa, endpoint, row_key)
);

COMMENT ON TABLE omie_sync.quarantine IS 'Rows our own validation refused; a row leaves when it passes';

COMMENT ON COLUMN omie_sync.quarantine.row_key IS 'partition and code, else hash';

COMMENT ON COLUMN omie_sync.quarantine.reasons IS 'list of {field, rule, reason, fix}';

COMMENT ON COLUMN omie_sync.quarantine.source_row IS 'link to the clinic''s row';

CREATE TABLE omie_sync.quota_fault (
    fault_id BIGINT GENERATED BY DEFAULT AS IDENTITY,
    scope TEXT NOT NULL,
    method TEXT NOT NULL,
    at TIMESTAMP WITH TIME ZONE NOT NULL,
    PRIMARY KEY (fault_id)
);

CREATE INDEX quota_fault_recent ON omie_sync.quota_fault (scope, method, at);

CREATE UNLOGGED TABLE omie_sync.quota_lane (
    scope TEXT NOT NULL,
    method TEXT NOT NULL,
    next_at TIMESTAMP WITH TIME ZONE NOT NULL,
    PRIMARY KEY (scope, method)
);

COMMENT ON COLUMN omie_sync.quota_lane.scope IS 'digest of the app key, or ''ip''';

COMMENT ON COLUMN omie_sync.quota_lane.next_at IS 'theoretical arrival time (GCRA)';

CREATE TABLE omie_sync.quota_request (
    scope TEXT NOT NULL,
    fingerprint TEXT NOT NULL,
    at TIMESTAMP WITH TIME ZONE NOT NULL,
    PRIMARY KEY (scope, fingerprint)
);

COMMENT ON TABLE omie_sync.quota_request IS 'Requests let through; after a crash it tells which intents never left';

CREATE TABLE omie_sync.rejected (
    empresa TEXT NOT NULL,
    endpoint TEXT NOT NULL,
    codigo_integracao TEXT NOT NULL,
    partition TEXT NOT NULL,
    fault_text TEXT NOT NULL,
    fault_code TEXT,
    fix TEXT NOT NULL,
    row_masked JSONB NOT NULL,
    first_seen_at TIMESTAMP WITH TIME ZONE NOT NULL,
    last_seen_at TIMESTAMP WITH TIME ZONE NOT NULL,
    run_id TEXT NOT NULL,
    payload_hash TEXT,
    first_fault_text TEXT,
    first_refused_at TIMESTAMP WITH TIME ZONE,
    PRIMARY KEY (empresa, endpoint, codigo_integracao)
);

COMMENT ON TABLE omie_sync.rejected IS 'Rows Omie refused; a row leaves when it passes';

COMMENT ON COLUMN omie_sync.rejected.fault_text IS 'Omie''s own words';

COMMENT ON COLUMN omie_sync.rejected.payload_hash IS 'of the payload that was refused';

COMMENT ON COLUMN omie_sync.rejected.first_fault_text IS 'Omie''s words about this payload, first';

COMMENT ON COLUMN omie_sync.rejected.first_refused_at IS 'when Omie said them';

CREATE TABLE omie_sync.run (
    run_id TEXT NOT NULL,
    empresa TEXT NOT NULL,
    endpoint TEXT NOT NULL,
    trigger TEXT NOT NULL,
    state TEXT NOT NULL,
    started_at TIMESTAMP WITH TIME ZONE NOT NULL,
    finished_at TIMESTAMP WITH TIME ZONE,
    counts JSONB,
    selected BIGINT DEFAULT '0' NOT NULL,
    value_sum NUMERIC(18, 2),
    error_class TEXT,
    error TEXT,
    data_docs TEXT,
    dagster_run_id TEXT,
    PRIMARY KEY (run_id)
);

CREATE INDEX run_by_endpoint ON omie_sync.run (empresa, endpoint, started_at DESC);

COMMENT ON TABLE omie_sync.run IS 'One row per sync of one endpoint: the history';

COMMENT ON COLUMN omie_sync.run.trigger IS 'cli, schedule, sensor, ui, demo';

COMMENT ON COLUMN omie_sync.run.state IS 'running, done, stopped, failed, off';

COMMENT ON COLUMN omie_sync.run.counts IS 'list of counts, one per partition';

COMMENT ON COLUMN omie_sync.run.data_docs IS 'path of the validation report';

CREATE TABLE omie_sync.run_worker (
    run_id TEXT NOT NULL,
    host TEXT NOT NULL,
    place TEXT NOT NULL,
    pid INTEGER NOT NULL,
    process_start TEXT NOT NULL,
    seen_at TIMESTAMP WITH TIME ZONE NOT NULL,
    PRIMARY KEY (run_id)
);

COMMENT ON TABLE omie_sync.run_worker IS 'Processes that carry out Dagster''s runs; a row goes when its run has ended';

COMMENT ON COLUMN omie_sync.run_worker.run_id IS 'Dagster''s id of the run';

COMMENT ON COLUMN omie_sync.run_worker.host IS 'machine, whatever its boot';

COMMENT ON COLUMN omie_sync.run_worker.place IS 'machine, boot and process space';

COMMENT ON COLUMN omie_sync.run_worker.process_start IS 'tells a reused pid';

COMMENT ON COLUMN omie_sync.run_worker.seen_at IS 'the database''s clock';

CREATE TABLE omie_sync.stored_plan (
    plan_id TEXT NOT NULL,
    state TEXT NOT NULL,
    subject TEXT NOT NULL,
    origin TEXT NOT NULL,
    empresas TEXT[] NOT NULL,
    endpoints TEXT[] NOT NULL,
    digest TEXT,
    made_at TIMESTAMP WITH TIME ZONE NOT NULL,
    made_by TEXT NOT NULL,
    approved_at TIMESTAMP WITH TIME ZONE,
    approved_by TEXT,
    over_guardrails BOOLEAN DEFAULT false NOT NULL,
    applied_at TIMESTAMP WITH TIME ZONE,
    applied_by TEXT,
    ended_at TIMESTAMP WITH TIME ZONE,
    ended_why TEXT,
    PRIMARY KEY (plan_id)
);

CREATE INDEX stored_plan_by_time ON omie_sync.stored_plan (made_at DESC);

COMMENT ON TABLE omie_sync.stored_plan IS 'Plans that a person reads, approves and applies';

COMMENT ON COLUMN omie_sync.stored_plan.plan_id IS 'short, to be typed';

COMMENT ON COLUMN omie_sync.stored_plan.state IS 'making, made, approved, applied, refused';

COMMENT ON COLUMN omie_sync.stored_plan.subject IS 'what it is about, in Portuguese';

COMMENT ON COLUMN omie_sync.stored_plan.origin IS 'person, policy, or the use case';

COMMENT ON COLUMN omie_sync.stored_plan.digest IS 'of all its rows';

COMMENT ON COLUMN omie_sync.stored_plan.over_guardrails IS 'approved in spite of what guardrails say';

COMMENT ON COLUMN omie_sync.stored_plan.applied_at IS 'when it was begun last';

COMMENT ON COLUMN omie_sync.stored_plan.ended_at IS 'applied, refused or superseded';

COMMENT ON COLUMN omie_sync.stored_plan.ended_why IS 'of one that is refused or superseded';

CREATE TABLE omie_sync.stored_plan_part (
    plan_id TEXT NOT NULL,
    number INTEGER NOT NULL,
    empresa TEXT NOT NULL,
    endpoint TEXT NOT NULL,
    selection JSONB NOT NULL,
    selected BIGINT NOT NULL,
    unchanged BIGINT NOT NULL,
    stops TEXT[] NOT NULL,
    basis JSONB NOT NULL,
    given BOOLEAN DEFAULT false NOT NULL,
    error TEXT,
    run_ids TEXT[] DEFAULT '{}' NOT NULL,
    PRIMARY KEY (plan_id, number),
    CONSTRAINT stored_plan_part_once UNIQUE (plan_id, empresa, endpoint)
);

COMMENT ON TABLE omie_sync.stored_plan_part IS 'One endpoint of one empresa of a stored plan';

COMMENT ON COLUMN omie_sync.stored_plan_part.number IS 'in the order of sending';

COMMENT ON COLUMN omie_sync.stored_plan_part.selection IS 'dates and code that were asked for';

COMMENT ON COLUMN omie_sync.stored_plan_part.selected IS 'rows looked at';

COMMENT ON COLUMN omie_sync.stored_plan_part.stops IS 'what guardrails say, in Portuguese';

COMMENT ON COLUMN omie_sync.stored_plan_part.basis IS 'digests of what rows were made by';

COMMENT ON COLUMN omie_sync.stored_plan_part.given IS 'its rows were given by a person, not by a payload model';

COMMENT ON COLUMN omie_sync.stored_plan_part.error IS 'why there is no plan of this endpoint';

COMMENT ON COLUMN omie_sync.stored_plan_part.run_ids IS 'that applied it';

CREATE TABLE omie_sync.stored_plan_row (
    plan_id TEXT NOT NULL,
    empresa TEXT NOT NULL,
    endpoint TEXT NOT NULL,
    number BIGINT NOT NULL,
    partition TEXT NOT NULL,
    codigo_integracao TEXT,
    action TEXT NOT NULL,
    state TEXT NOT NULL,
    payload_hash TEXT NOT NULL,
    omie_id BIGINT,
    ledger_mark TEXT,
    omie_mark TEXT,
    changes JSONB NOT NULL,
    left_out TEXT[],
    value_before NUMERIC(18, 2),
    value_after NUMERIC(18, 2),
    reasons JSONB,
    PRIMARY KEY (plan_id, empresa, endpoint, number)
);

CREATE INDEX stored_plan_row_by_code ON omie_sync.stored_plan_row (plan_id, empresa, endpoint, codigo_integracao);

COMMENT ON TABLE omie_sync.stored_plan_row IS 'Rows of a stored plan, as a person reads them and as they are to be sent';

COMMENT ON COLUMN omie_sync.stored_plan_row.number IS 'within the plan of the run';

COMMENT ON COLUMN omie_sync.stored_plan_row.action IS 'create, update, delete';

COMMENT ON COLUMN omie_sync.stored_plan_row.state IS 'ready, waiting, quarantined, held';

COMMENT ON COLUMN omie_sync.stored_plan_row.ledger_mark IS 'digest of what the ledger knew of the record';

COMMENT ON COLUMN omie_sync.stored_plan_row.omie_mark IS 'version of Omie''s record in the copy, if it was read';

COMMENT ON COLUMN omie_sync.stored_plan_row.changes IS 'field -> [in Omie, new]; erased: {}';

COMMENT ON COLUMN omie_sync.stored_plan_row.left_out IS 'fields of which Omie''s value stands';

COMMENT ON COLUMN omie_sync.stored_plan_row.value_before IS 'R$ in Omie; NULL: not read, or none';

COMMENT ON COLUMN omie_sync.stored_plan_row.reasons IS 'why the row does not leave';

CREATE TABLE omie_sync.switch (
    switch_id BIGINT GENERATED BY DEFAULT AS IDENTITY,
    empresa TEXT NOT NULL,
    endpoint TEXT NOT NULL,
    setting TEXT NOT NULL,
    before JSONB,
    value JSONB,
    decided_by TEXT NOT NULL,
    decided_at TIMESTAMP WITH TIME ZONE NOT NULL,
    PRIMARY KEY (switch_id)
);

CREATE INDEX switch_of ON omie_sync.switch (empresa, endpoint, setting, switch_id);

COMMENT ON TABLE omie_sync.switch IS 'Every decision about what is exported, by empresa and endpoint; the last one stands';

COMMENT ON COLUMN omie_sync.switch.setting IS 'state, direction, fields, on_lookalike';

COMMENT ON COLUMN omie_sync.switch.before IS 'what stood when it was decided; NULL: nothing was said';

COMMENT ON COLUMN omie_sync.switch.value IS 'what was decided; NULL: what the file says again';

CREATE TABLE omie_sync.work (
    empresa TEXT NOT NULL,
    kind TEXT NOT NULL,
    name TEXT NOT NULL,
    started_at TIMESTAMP WITH TIME ZONE NOT NULL,
    told_at TIMESTAMP WITH TIME ZONE NOT NULL,
    done BIGINT NOT NULL,
    total BIGINT,
    per_minute FLOAT,
    most_per_minute FLOAT,
    wait_reason TEXT,
    wait_until TIMESTAMP WITH TIME ZONE,
    PRIMARY KEY (empresa, kind, name)
);

COMMENT ON TABLE omie_sync.work IS 'Long works under way and how far each is; its row goes when it ends';

COMMENT ON COLUMN omie_sync.work.kind IS 'push, import, extract, notes';

COMMENT ON COLUMN omie_sync.work.name IS 'endpoint or table';

COMMENT ON COLUMN omie_sync.work.told_at IS 'last sign of life';

COMMENT ON COLUMN omie_sync.work.done IS 'rows';

COMMENT ON COLUMN omie_sync.work.total IS 'rows it began with, if known';

COMMENT ON COLUMN omie_sync.work.per_minute IS 'rows, over the last minutes';

COMMENT ON COLUMN omie_sync.work.most_per_minute IS 'rows that Omie''s limit allows';

COMMENT ON COLUMN omie_sync.work.wait_reason IS 'in Portuguese, for staff; NULL: it does not wait';

CREATE TABLE omie_sync.notification_told (
    key TEXT NOT NULL,
    channel TEXT NOT NULL,
    sent_at TIMESTAMP WITH TIME ZONE NOT NULL,
    times INTEGER NOT NULL,
    PRIMARY KEY (key, channel),
    FOREIGN KEY(key) REFERENCES omie_sync.notification (key) ON DELETE CASCADE
);

COMMENT ON TABLE omie_sync.notification_told IS 'Channels that believe an alert is on; gone once they were told that it ended';

COMMENT ON COLUMN omie_sync.notification_told.channel IS 'short digest of the channel''s address';
