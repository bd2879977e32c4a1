-- Databases from before have their tables without it; a new one has it already.

ALTER TABLE omie.empresas ADD COLUMN IF NOT EXISTS impressao BYTEA;

COMMENT ON COLUMN omie.empresas.impressao IS 'Resumo do registro e das regras que o puseram aqui';

ALTER TABLE omie.categorias ADD COLUMN IF NOT EXISTS impressao BYTEA;

COMMENT ON COLUMN omie.categorias.impressao IS 'Resumo do registro e das regras que o puseram aqui';

ALTER TABLE omie.dre ADD COLUMN IF NOT EXISTS impressao BYTEA;

COMMENT ON COLUMN omie.dre.impressao IS 'Resumo do registro e das regras que o puseram aqui';

ALTER TABLE omie.contas_correntes ADD COLUMN IF NOT EXISTS impressao BYTEA;

COMMENT ON COLUMN omie.contas_correntes.impressao IS 'Resumo do registro e das regras que o puseram aqui';

ALTER TABLE omie.departamentos ADD COLUMN IF NOT EXISTS impressao BYTEA;

COMMENT ON COLUMN omie.departamentos.impressao IS 'Resumo do registro e das regras que o puseram aqui';

ALTER TABLE omie.parcelas ADD COLUMN IF NOT EXISTS impressao BYTEA;

COMMENT ON COLUMN omie.parcelas.impressao IS 'Resumo do registro e das regras que o puseram aqui';

ALTER TABLE omie.projetos ADD COLUMN IF NOT EXISTS impressao BYTEA;

COMMENT ON COLUMN omie.projetos.impressao IS 'Resumo do registro e das regras que o puseram aqui';

ALTER TABLE omie.vendedores ADD COLUMN IF NOT EXISTS impressao BYTEA;

COMMENT ON COLUMN omie.vendedores.impressao IS 'Resumo do registro e das regras que o puseram aqui';

ALTER TABLE omie.clientes ADD COLUMN IF NOT EXISTS impressao BYTEA;

COMMENT ON COLUMN omie.clientes.impressao IS 'Resumo do registro e das regras que o puseram aqui';

ALTER TABLE omie.contas_receber ADD COLUMN IF NOT EXISTS impressao BYTEA;

COMMENT ON COLUMN omie.contas_receber.impressao IS 'Resumo do registro e das regras que o puseram aqui';

ALTER TABLE omie.contas_pagar ADD COLUMN IF NOT EXISTS impressao BYTEA;

COMMENT ON COLUMN omie.contas_pagar.impressao IS 'Resumo do registro e das regras que o puseram aqui';

ALTER TABLE omie.saldos_titulos ADD COLUMN IF NOT EXISTS impressao BYTEA;

COMMENT ON COLUMN omie.saldos_titulos.impressao IS 'Resumo do registro e das regras que o puseram aqui';

ALTER TABLE omie.movimentacoes ADD COLUMN IF NOT EXISTS impressao BYTEA;

COMMENT ON COLUMN omie.movimentacoes.impressao IS 'Resumo do registro e das regras que o puseram aqui';

ALTER TABLE omie.lancamentos_conta_corrente ADD COLUMN IF NOT EXISTS impressao BYTEA;

COMMENT ON COLUMN omie.lancamentos_conta_corrente.impressao IS 'Resumo do registro e das regras que o puseram aqui';

ALTER TABLE omie.notas_fiscais ADD COLUMN IF NOT EXISTS impressao BYTEA;

COMMENT ON COLUMN omie.notas_fiscais.impressao IS 'Resumo do registro e das regras que o puseram aqui';
