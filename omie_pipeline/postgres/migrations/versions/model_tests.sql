-- dbt's data tests, for databases that stood before they were kept.

CREATE TABLE IF NOT EXISTS omie_sync.model_test (
    name TEXT NOT NULL,
    reads TEXT[] NOT NULL,
    statement TEXT NOT NULL,
    tested_at TIMESTAMP WITH TIME ZONE DEFAULT now() NOT NULL,
    PRIMARY KEY (name)
);

COMMENT ON TABLE omie_sync.model_test IS 'dbt''s data tests as dbt last ran them, for tables that are filled without it';

COMMENT ON COLUMN omie_sync.model_test.reads IS 'schema and name of what it reads';

COMMENT ON COLUMN omie_sync.model_test.statement IS 'finds the rows that fail it';
