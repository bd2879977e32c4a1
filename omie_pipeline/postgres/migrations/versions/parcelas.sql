-- The list ListarParcelas, for databases that stood at 0020 before it was declared.

CREATE TABLE IF NOT EXISTS omie.parcelas (
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
