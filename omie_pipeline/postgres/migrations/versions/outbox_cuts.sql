-- Up to which number old changes were cut off, for databases that stood at 0043 before.

CREATE TABLE IF NOT EXISTS omie_saida.cuts (
    empresa TEXT NOT NULL,
    number BIGINT NOT NULL,
    cut_at TIMESTAMP WITH TIME ZONE NOT NULL,
    PRIMARY KEY (empresa)
);

COMMENT ON TABLE omie_saida.cuts IS 'Up to which number old changes were cut off; the newest one of each record stays';

COMMENT ON COLUMN omie_saida.cuts.number IS 'up to it, changes that a newer one of their record replaced may be gone';

COMMENT ON COLUMN omie_saida.cuts.cut_at IS 'when old ones were looked for last';
