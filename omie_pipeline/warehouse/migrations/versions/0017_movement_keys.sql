UPDATE omie.movimentacoes
SET chave = chave || ':' || codigo_titulo
WHERE chave ~ '^[BM][0-9]+$' AND codigo_titulo > 0;

-- A value that is no number stays NULL, as at every reading.
UPDATE omie.movimentacoes AS m
SET
    desconto = coalesce(m.desconto, dito.desconto),
    juros = coalesce(m.juros, dito.juros),
    multa = coalesce(m.multa, dito.multa)
FROM (
    SELECT
        empresa, chave, grupo, origem,
        CASE WHEN raw #>> '{detalhes,nDesconto}' ~ '^-?[0-9]{1,30}(\.[0-9]{1,30})?$'
            THEN (raw #>> '{detalhes,nDesconto}')::numeric END AS desconto,
        CASE WHEN raw #>> '{detalhes,nJuros}' ~ '^-?[0-9]{1,30}(\.[0-9]{1,30})?$'
            THEN (raw #>> '{detalhes,nJuros}')::numeric END AS juros,
        CASE WHEN raw #>> '{detalhes,nMulta}' ~ '^-?[0-9]{1,30}(\.[0-9]{1,30})?$'
            THEN (raw #>> '{detalhes,nMulta}')::numeric END AS multa
    FROM omie.movimentacoes
    WHERE desconto IS NULL OR juros IS NULL OR multa IS NULL
) AS dito
WHERE (m.empresa, m.chave, m.grupo, m.origem)
    = (dito.empresa, dito.chave, dito.grupo, dito.origem)
    AND num_nonnulls(dito.desconto, dito.juros, dito.multa) > 0;

-- Rows that share an account entry count what they paid; the next reading marks them as it marks
-- all others.
UPDATE omie.movimentacoes AS m
SET valor_movimentado = sign(valor_movimentado) * nullif(abs(valor_pago), 0)
WHERE valor_movimentado IS NOT NULL AND codigo_titulo > 0 AND codigo_movimento_cc > 0
    AND EXISTS (
        SELECT FROM omie.movimentacoes AS outra
        WHERE outra.empresa = m.empresa AND outra.codigo_movimento_cc = m.codigo_movimento_cc
            AND outra.codigo_titulo > 0 AND outra.codigo_titulo <> m.codigo_titulo
            AND outra.excluido_em IS NULL
    );

CREATE INDEX movimentacoes_por_baixa ON omie.movimentacoes (empresa, codigo_baixa);

COMMENT ON COLUMN omie.movimentacoes.chave IS
    'B<baixa>:<título>, M<movimento de conta>:<título> ou T<título>: a chave';
