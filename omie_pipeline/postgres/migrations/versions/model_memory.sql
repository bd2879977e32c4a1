-- What dbt last made, for databases that stood at 0022 before it was remembered.

CREATE TABLE IF NOT EXISTS omie_sync.model_made (
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

CREATE TABLE IF NOT EXISTS omie_sync.model_refresh (
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

CREATE TABLE IF NOT EXISTS omie_sync.model_evidence (
    model TEXT NOT NULL,
    relation TEXT NOT NULL,
    column_name TEXT NOT NULL,
    question TEXT NOT NULL,
    answer TEXT,
    asked_at TIMESTAMP WITH TIME ZONE DEFAULT now() NOT NULL,
    PRIMARY KEY (model, relation, column_name, question)
);

COMMENT ON TABLE omie_sync.model_evidence IS 'What a view says because the clinic''s values say so: other values are another view';

COMMENT ON COLUMN omie_sync.model_evidence.relation IS 'the clinic''s table, quoted';

COMMENT ON COLUMN omie_sync.model_evidence.question IS 'decimal or day_order';

COMMENT ON COLUMN omie_sync.model_evidence.answer IS 'what the whole column shows; it stands in the view';
