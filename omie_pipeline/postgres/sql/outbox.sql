-- The outbox (schema omie_saida): what other systems may do with it.

-- Refuses a number that was not given yet: whatever gets it later would count as read. It never goes
-- back, so that a call that comes late or twice changes nothing.
CREATE OR REPLACE FUNCTION omie_saida.acknowledge(empresa text, consumer text, number bigint)
RETURNS bigint LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog AS $$
DECLARE
    newest bigint;
    reached bigint;
BEGIN
    IF coalesce(btrim(acknowledge.consumer), '') = '' THEN
        RAISE EXCEPTION 'O consumidor precisa de um nome' USING ERRCODE = '22023';
    END IF;
    SELECT l.number INTO newest FROM omie_sync.outbox_last AS l
    WHERE l.empresa = acknowledge.empresa;
    IF newest IS NULL THEN
        RAISE EXCEPTION 'A empresa % não tem saída', acknowledge.empresa USING ERRCODE = '22023';
    END IF;
    IF acknowledge.number IS NULL OR acknowledge.number < 0 OR acknowledge.number > newest THEN
        RAISE EXCEPTION 'O número % não existe: a saída de % vai de 1 a %',
            acknowledge.number, acknowledge.empresa, newest USING ERRCODE = '22023';
    END IF;
    INSERT INTO omie_saida.acknowledgements AS a
        (empresa, consumer, number, acknowledged_at, acknowledged_by)
    VALUES (acknowledge.empresa, acknowledge.consumer, acknowledge.number, now(), session_user)
    ON CONFLICT ON CONSTRAINT acknowledgements_pkey DO UPDATE
    SET number = greatest(a.number, excluded.number),
        acknowledged_at = excluded.acknowledged_at,
        acknowledged_by = excluded.acknowledged_by
    RETURNING a.number INTO reached;
    RETURN reached;
END
$$;
COMMENT ON FUNCTION omie_saida.acknowledge(text, text, bigint) IS
    'Tudo até este número foi tratado por este consumidor; devolve até onde ele está';

-- Roles belong to the cluster: another database may be making it at this very moment.
CREATE OR REPLACE FUNCTION omie_sync.conceder_saida() RETURNS boolean
LANGUAGE plpgsql SET search_path = pg_catalog AS $$
BEGIN
    IF to_regrole('omie_outbox') IS NULL THEN
        BEGIN
            CREATE ROLE omie_outbox NOLOGIN;
        EXCEPTION
            WHEN duplicate_object OR unique_violation THEN NULL;
            WHEN insufficient_privilege THEN RETURN false;
        END;
    END IF;
    GRANT USAGE ON SCHEMA omie_saida TO omie_outbox;
    GRANT SELECT ON omie_saida.changes, omie_saida.acknowledgements, omie_saida.cuts TO omie_outbox;
    GRANT EXECUTE ON FUNCTION omie_saida.acknowledge(text, text, bigint) TO omie_outbox;
    RETURN true;
END
$$;
COMMENT ON FUNCTION omie_sync.conceder_saida() IS
    'Cria (se puder) o papel de quem lê a caixa de saída e refaz os direitos dele';
