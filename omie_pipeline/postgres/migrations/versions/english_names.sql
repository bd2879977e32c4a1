-- Columns of our own tables get English names, and so do the states and modes that stand in them.
-- A new database has them from the initial migration: nothing is left to do there.

DO $$
DECLARE
    renamed record;
BEGIN
    FOR renamed IN SELECT * FROM (VALUES
        ('omie_inbox.events', 'recebido_em', 'received_at'),
        ('omie_inbox.events', 'autor', 'author'),
        ('omie_inbox.events', 'registros', 'records'),
        ('omie_inbox.events', 'tabelas', 'tables'),
        ('omie_inbox.events', 'faltam', 'missing'),
        ('omie_inbox.events', 'estado', 'state'),
        ('omie_inbox.events', 'tentativas', 'attempts'),
        ('omie_inbox.events', 'proxima_em', 'next_at'),
        ('omie_inbox.events', 'feito_em', 'done_at'),
        ('omie_inbox.events', 'erro', 'error'),
        ('omie_sync.billing_request', '_pedido_em', '_requested_at'),
        ('omie_sync.billing_request', '_pedido_por', '_requested_by'),
        ('omie_sync.erasure', 'codigos_cliente', 'client_ids'),
        ('omie_sync.erasure', 'reter_ate', 'retain_until'),
        ('omie_sync.erasure', 'apagado_em', 'erased_at'),
        ('omie_sync.erasure', 'contagens', 'counts'),
        ('omie_sync.erasure', 'revogado_em', 'revoked_at'),
        ('omie_sync.import_cursor', 'tabela', 'table_name'),
        ('omie_sync.import_cursor', 'lido_ate', 'read_until'),
        ('omie_sync.import_cursor', 'assinatura', 'signature'),
        ('omie_sync.import_cursor', 'tamanho', 'page_size'),
        ('omie_sync.import_partition', 'tabela', 'table_name'),
        ('omie_sync.import_partition', 'particao', 'partition'),
        ('omie_sync.import_partition', 'filtradas', 'filtered'),
        ('omie_sync.import_partition', 'lido_em', 'read_at'),
        ('omie_sync.import_run', 'tabela', 'table_name'),
        ('omie_sync.import_run', 'modo', 'mode'),
        ('omie_sync.import_run', 'gatilho', 'trigger'),
        ('omie_sync.import_run', 'janela_de', 'window_from'),
        ('omie_sync.import_run', 'janela_ate', 'window_to'),
        ('omie_sync.import_run', 'completo', 'complete'),
        ('omie_sync.import_run', 'correcao', 'fix'),
        ('omie_sync.intent', 'particao', 'partition'),
        ('omie_sync.ledger', 'particao', 'partition'),
        ('omie_sync.nfse', 'estado', 'state'),
        ('omie_sync.nfse', 'mensagem', 'message'),
        ('omie_sync.nfse', 'tentativas', 'attempts'),
        ('omie_sync.nfse', 'enviada_em', 'billed_at'),
        ('omie_sync.nfse', 'emitida_em', 'issued_at'),
        ('omie_sync.nfse', 'cancelamento_pedido_em', 'cancellation_requested_at'),
        ('omie_sync.nfse', 'mudou_em', 'changed_at'),
        ('omie_sync.nfse', 'consultada_em', 'checked_at'),
        ('omie_sync.nfse', 'proxima_consulta_em', 'next_check_at'),
        ('omie_sync.nfse', 'alertada_em', 'alerted_at'),
        ('omie_sync.nfse_file', 'tipo', 'kind'),
        ('omie_sync.nfse_file', 'caminho', 'path'),
        ('omie_sync.nfse_file', 'guardado_em', 'stored_at'),
        ('omie_sync.nfse_transition', 'de', 'from_state'),
        ('omie_sync.nfse_transition', 'para', 'to_state'),
        ('omie_sync.nfse_transition', 'em', 'at'),
        ('omie_sync.nfse_transition', 'motivo', 'reason'),
        ('omie_sync.nfse_transition', 'fonte', 'source'),
        ('omie_sync.plan', 'linha', 'number'),
        ('omie_sync.plan', 'particao', 'partition'),
        ('omie_sync.quarantine', 'linha', 'row_key'),
        ('omie_sync.quarantine', 'particao', 'partition'),
        ('omie_sync.quarantine', 'origem', 'source_row'),
        ('omie_sync.rejected', 'particao', 'partition'),
        ('omie_sync.rejected', 'correcao', 'fix'),
        ('omie_sync.run', 'gatilho', 'trigger'),
        ('omie_sync.notification_told', 'canal', 'channel')
    ) AS names (place, was, becomes) LOOP
        IF EXISTS (
            SELECT 1 FROM pg_attribute
            WHERE attrelid = renamed.place::regclass AND attname = renamed.was AND NOT attisdropped
        ) THEN
            EXECUTE format(
                'ALTER TABLE %s RENAME COLUMN %I TO %I',
                renamed.place::regclass, renamed.was, renamed.becomes
            );
        END IF;
    END LOOP;
END $$;

DROP INDEX IF EXISTS omie_inbox.events_pendentes;
DROP INDEX IF EXISTS omie_inbox.events_feitos;

UPDATE omie_inbox.events SET state = CASE state
    WHEN 'pendente' THEN 'pending' WHEN 'feito' THEN 'done'
    WHEN 'ignorado' THEN 'ignored' WHEN 'sem_registro' THEN 'no_record' END
WHERE state IN ('pendente', 'feito', 'ignorado', 'sem_registro');

CREATE INDEX IF NOT EXISTS events_done ON omie_inbox.events (done_at) WHERE done_at IS NOT NULL;
CREATE INDEX IF NOT EXISTS events_pending ON omie_inbox.events (empresa, next_at)
    WHERE state = 'pending';

UPDATE omie_sync.nfse_transition SET source = CASE source
    WHEN 'lista' THEN 'list' WHEN 'cancelamento' THEN 'cancellation' END
WHERE source IN ('lista', 'cancelamento');

UPDATE omie_sync.import_run SET mode = CASE mode
    WHEN 'carga' THEN 'full' WHEN 'alteradas' THEN 'incremental' END
WHERE mode IN ('carga', 'alteradas');

UPDATE omie_sync.import_run SET counts = (
    SELECT jsonb_object_agg(coalesce(names.becomes, one.key), one.value)
    FROM jsonb_each(counts) AS one
    LEFT JOIN (VALUES
        ('lidas', 'read'), ('novas', 'inserted'), ('alteradas', 'updated'),
        ('iguais', 'unchanged'), ('excluidas', 'excluded'), ('filtradas', 'filtered'),
        ('paginas', 'pages'), ('releituras', 'rereads'), ('tamanho_pedido', 'page_size'),
        ('tamanho_servido', 'page_size_served'), ('campos_novos', 'new_fields')
    ) AS names (was, becomes) ON names.was = one.key
)
WHERE counts ? 'lidas';

UPDATE omie_sync.import_partition SET partition = 'all' WHERE partition = 'tudo';

UPDATE omie_sync.ledger SET error_code = CASE error_code
    WHEN 'referencia' THEN 'reference' WHEN 'aguarda_titulo' THEN 'waits_for_titulo'
    WHEN 'sem_resposta' THEN 'no_answer' WHEN 'estorno' THEN 'reversal'
    WHEN 'baixado' THEN 'settled' WHEN 'estornada' THEN 'undone'
    WHEN 'parcelas' THEN 'instalments' WHEN 'falta_no_omie' THEN 'missing_in_omie' END
WHERE error_code IN (
    'referencia', 'aguarda_titulo', 'sem_resposta', 'estorno', 'baixado', 'estornada', 'parcelas',
    'falta_no_omie'
);

UPDATE omie_sync.quarantine SET reasons = (
    SELECT jsonb_agg(jsonb_build_object(
        'field', one ->> 'campo', 'rule', one ->> 'regra',
        'reason', one ->> 'motivo', 'fix', one ->> 'correcao'
    ) ORDER BY place)
    FROM jsonb_array_elements(reasons) WITH ORDINALITY AS list (one, place)
)
WHERE reasons @? '$[*].motivo';

-- An alert that is on is told once more under its new name.
DELETE FROM omie_sync.notification WHERE kind IN (
    'nfse_parada', 'nfse_rejeitada', 'sincronizacao', 'rejeitadas', 'bloqueio', 'eventos',
    'contagem', 'chave', 'quarentena', 'silencio'
);

-- What the declarations say of the columns now.
COMMENT ON TABLE omie_inbox.events IS 'Omie''s webhook events: they say what to read again, and are never the data';
COMMENT ON COLUMN omie_inbox.events.message_id IS 'Omie''s messageId, or a digest';
COMMENT ON COLUMN omie_inbox.events.topic IS 'empty where the body has none';
COMMENT ON COLUMN omie_inbox.events.author IS 'number of Omie''s user, without name or e-mail';
COMMENT ON COLUMN omie_inbox.events.raw IS 'as it came, without appKey and appHash';
COMMENT ON COLUMN omie_inbox.events.records IS 'ids it names, by table';
COMMENT ON COLUMN omie_inbox.events.tables IS 'tables to read again';
COMMENT ON COLUMN omie_inbox.events.missing IS 'those not read again yet';
COMMENT ON COLUMN omie_inbox.events.state IS 'pending, done, ignored, no_record';
COMMENT ON COLUMN omie_inbox.events.next_at IS 'not to be read before';
COMMENT ON COLUMN omie_inbox.events.done_at IS 'when it was pending no more';
COMMENT ON COLUMN omie_inbox.events.run_id IS 'run that worked on it last';
COMMENT ON COLUMN omie_inbox.events.error IS 'why it waits or was ignored; no personal data';
COMMENT ON COLUMN omie_sync.import_cursor.signature IS 'What the last check for changes saw';
COMMENT ON COLUMN omie_sync.import_cursor.page_size IS 'that worked last, where Omie refused more';
COMMENT ON COLUMN omie_sync.import_partition.partition IS 'day, or all for registers';
COMMENT ON COLUMN omie_sync.import_run.mode IS 'full, incremental';
COMMENT ON COLUMN omie_sync.import_run.counts IS 'read, inserted, updated, unchanged, excluded, ...';
COMMENT ON COLUMN omie_sync.import_run.complete IS 'Omie''s total was reached';
COMMENT ON COLUMN omie_sync.import_run.fix IS 'what to do, in Portuguese';
COMMENT ON COLUMN omie_sync.nfse.changed_at IS 'last change of state';
COMMENT ON COLUMN omie_sync.nfse_transition.source IS 'push, status, list, cancellation';
COMMENT ON COLUMN omie_sync.quarantine.reasons IS 'list of {field, rule, reason, fix}';
