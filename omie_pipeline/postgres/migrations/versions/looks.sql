-- Between when and when nobody saw what a person typed, for databases that stood at 0041 before.

CREATE TABLE IF NOT EXISTS omie_sync.look (
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

DELETE FROM omie_sync.conflict AS later USING omie_sync.conflict AS first
WHERE later.field = '*' AND first.field = '*' AND later.conflict_id > first.conflict_id
    AND (later.empresa, later.endpoint, later.codigo_integracao, later.omie_changed_at)
        = (first.empresa, first.endpoint, first.codigo_integracao, first.omie_changed_at);

CREATE UNIQUE INDEX IF NOT EXISTS conflict_by_event ON omie_sync.conflict (empresa, endpoint, codigo_integracao, omie_changed_at) WHERE field = '*';
