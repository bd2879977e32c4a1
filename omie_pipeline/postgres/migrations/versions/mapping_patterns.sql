CREATE TABLE IF NOT EXISTS omie_sync.mapping_pattern (
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

COMMENT ON COLUMN omie_sync.mapping_history.action IS 'set, unset, accept, reject, pattern, unpattern';
