-- Long works under way, for databases that stood at 0024 before the table was declared.

CREATE TABLE IF NOT EXISTS omie_sync.work (
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
