-- Stored plans, for databases that stood before the tables were declared.

CREATE TABLE IF NOT EXISTS omie_sync.stored_plan (
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

CREATE INDEX IF NOT EXISTS stored_plan_by_time ON omie_sync.stored_plan (made_at DESC);

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

CREATE TABLE IF NOT EXISTS omie_sync.stored_plan_part (
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

CREATE TABLE IF NOT EXISTS omie_sync.stored_plan_row (
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

CREATE INDEX IF NOT EXISTS stored_plan_row_by_code ON omie_sync.stored_plan_row (plan_id, empresa, endpoint, codigo_integracao);

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

CREATE TABLE IF NOT EXISTS omie_sync.deletion_request (
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
