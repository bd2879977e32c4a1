-- The way back into the clinic, for databases that stood before its tables were declared.

CREATE TABLE IF NOT EXISTS omie_saida.changes (
    empresa TEXT NOT NULL,
    number BIGINT NOT NULL,
    key TEXT NOT NULL,
    kind TEXT NOT NULL,
    omie_id BIGINT NOT NULL,
    version INTEGER NOT NULL,
    clinic_table TEXT,
    clinic_id TEXT,
    integration_code TEXT,
    only_in_omie BOOLEAN NOT NULL,
    state TEXT NOT NULL,
    due_date DATE,
    amount NUMERIC(15, 2),
    open_amount NUMERIC(15, 2),
    paid_date DATE,
    paid_amount NUMERIC(15, 2),
    titulo_id BIGINT,
    client_id BIGINT,
    order_id BIGINT,
    order_code TEXT,
    note_number TEXT,
    note_state TEXT,
    note_pdf TEXT,
    happened_at TIMESTAMP WITH TIME ZONE,
    written_at TIMESTAMP WITH TIME ZONE NOT NULL,
    PRIMARY KEY (empresa, number),
    UNIQUE (key)
);

CREATE INDEX IF NOT EXISTS changes_of_record ON omie_saida.changes (empresa, kind, omie_id);

COMMENT ON TABLE omie_saida.changes IS 'One row for every change of what Omie knows of a record';

COMMENT ON COLUMN omie_saida.changes.number IS '1, 2, 3, ... without a gap';

COMMENT ON COLUMN omie_saida.changes.key IS 'says it once and for all';

COMMENT ON COLUMN omie_saida.changes.kind IS 'contas_receber, baixas_receber, ...';

COMMENT ON COLUMN omie_saida.changes.version IS 'of the record: 1, 2, 3, ...';

COMMENT ON COLUMN omie_saida.changes.clinic_table IS 'canonical table of the clinic''s row';

COMMENT ON COLUMN omie_saida.changes.clinic_id IS 'id of the clinic''s row in it';

COMMENT ON COLUMN omie_saida.changes.integration_code IS 'our code; NULL for what Omie alone has';

COMMENT ON COLUMN omie_saida.changes.only_in_omie IS 'nothing of the clinic''s stands for it';

COMMENT ON COLUMN omie_saida.changes.state IS 'see docs/way-back.md';

COMMENT ON COLUMN omie_saida.changes.amount IS 'R$';

COMMENT ON COLUMN omie_saida.changes.open_amount IS 'R$ still to be paid';

COMMENT ON COLUMN omie_saida.changes.paid_date IS 'of the last payment';

COMMENT ON COLUMN omie_saida.changes.paid_amount IS 'R$ settled so far';

COMMENT ON COLUMN omie_saida.changes.titulo_id IS 'baixas: Omie''s id of their titulo';

COMMENT ON COLUMN omie_saida.changes.client_id IS 'Omie''s id of the cliente';

COMMENT ON COLUMN omie_saida.changes.order_id IS 'Omie''s id of the service order';

COMMENT ON COLUMN omie_saida.changes.order_code IS 'our code of the service order';

COMMENT ON COLUMN omie_saida.changes.note_state IS 'as omie_sync.nfse has it';

COMMENT ON COLUMN omie_saida.changes.note_pdf IS 'link to the PDF of the note';

COMMENT ON COLUMN omie_saida.changes.happened_at IS 'last change in Omie, as Omie says';

CREATE TABLE IF NOT EXISTS omie_saida.acknowledgements (
    empresa TEXT NOT NULL,
    consumer TEXT NOT NULL,
    number BIGINT NOT NULL,
    acknowledged_at TIMESTAMP WITH TIME ZONE NOT NULL,
    acknowledged_by TEXT NOT NULL,
    PRIMARY KEY (empresa, consumer)
);

COMMENT ON TABLE omie_saida.acknowledgements IS 'How far each system has come that polls the outbox';

COMMENT ON COLUMN omie_saida.acknowledgements.number IS 'everything up to it is worked on';

COMMENT ON COLUMN omie_saida.acknowledgements.acknowledged_by IS 'login';

CREATE TABLE IF NOT EXISTS omie_sync.outbox_record (
    empresa TEXT NOT NULL,
    kind TEXT NOT NULL,
    omie_id BIGINT NOT NULL,
    version INTEGER NOT NULL,
    number BIGINT NOT NULL,
    digest TEXT NOT NULL,
    whole BOOLEAN NOT NULL,
    PRIMARY KEY (empresa, kind, omie_id)
);

COMMENT ON TABLE omie_sync.outbox_record IS 'What the outbox told last of each record';

COMMENT ON COLUMN omie_sync.outbox_record.version IS 'that was written last';

COMMENT ON COLUMN omie_sync.outbox_record.number IS 'of the change that told it';

COMMENT ON COLUMN omie_sync.outbox_record.digest IS 'of what was told';

COMMENT ON COLUMN omie_sync.outbox_record.whole IS 'all lists that tell of it were read';

CREATE TABLE IF NOT EXISTS omie_sync.outbox_last (
    empresa TEXT NOT NULL,
    number BIGINT NOT NULL,
    looked_at TIMESTAMP WITH TIME ZONE,
    PRIMARY KEY (empresa)
);

COMMENT ON TABLE omie_sync.outbox_last IS 'The newest number of each outbox: its row is locked by who writes, so no number is lost';

COMMENT ON COLUMN omie_sync.outbox_last.number IS 'of the newest change';

COMMENT ON COLUMN omie_sync.outbox_last.looked_at IS 'when records were compared last';

CREATE TABLE IF NOT EXISTS omie_sync.outbox_target (
    empresa TEXT NOT NULL,
    target TEXT NOT NULL,
    number BIGINT NOT NULL,
    delivered_at TIMESTAMP WITH TIME ZONE,
    failing_since TIMESTAMP WITH TIME ZONE,
    failed_at TIMESTAMP WITH TIME ZONE,
    failures INTEGER DEFAULT '0' NOT NULL,
    next_at TIMESTAMP WITH TIME ZONE,
    error_class TEXT,
    error TEXT,
    PRIMARY KEY (empresa, target)
);

COMMENT ON TABLE omie_sync.outbox_target IS 'How far each target of the way back has come, and why it goes no further';

COMMENT ON COLUMN omie_sync.outbox_target.target IS 'table or callback';

COMMENT ON COLUMN omie_sync.outbox_target.number IS 'everything up to it arrived';

COMMENT ON COLUMN omie_sync.outbox_target.delivered_at IS 'last time that anything arrived';

COMMENT ON COLUMN omie_sync.outbox_target.failing_since IS 'NULL: the last delivery was well';

COMMENT ON COLUMN omie_sync.outbox_target.failures IS 'in a row';

COMMENT ON COLUMN omie_sync.outbox_target.next_at IS 'not tried by itself before';

COMMENT ON COLUMN omie_sync.outbox_target.error IS 'in Portuguese, for staff; no value of a row';
