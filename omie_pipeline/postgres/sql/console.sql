-- What the console reads, it reads as omie_console, and sees the empresas that its session names. The
-- rows are chosen here, by the database: a page that forgets to ask shows nothing of another empresa.

CREATE OR REPLACE FUNCTION omie_sync.empresas_seen() RETURNS text[]
LANGUAGE sql STABLE PARALLEL SAFE SET search_path = pg_catalog AS $$
    SELECT string_to_array(current_setting('omie_pipeline.empresas', true), E'\n')
$$;
COMMENT ON FUNCTION omie_sync.empresas_seen() IS
    'As empresas que a sessão do console pode ver; nenhuma se ela não diz';

-- A table of an empresa's rows is shown by that column. The first policy leaves everybody else (the
-- roles of people, of systems) with what their rights give them; the second one narrows omie_console.
CREATE OR REPLACE FUNCTION omie_sync.mostrar_ao_console(tabela regclass, condicao text) RETURNS void
LANGUAGE plpgsql SET search_path = pg_catalog AS $$
BEGIN
    EXECUTE format('GRANT SELECT ON %s TO omie_console', tabela);
    IF EXISTS (SELECT FROM pg_policy WHERE polrelid = tabela AND polname = 'console_empresas') THEN
        RETURN;
    END IF;
    EXECUTE format('ALTER TABLE %s ENABLE ROW LEVEL SECURITY', tabela);
    EXECUTE format('CREATE POLICY console_others ON %s USING (true)', tabela);
    EXECUTE format(
        'CREATE POLICY console_empresas ON %s AS RESTRICTIVE FOR SELECT TO omie_console USING (%s)',
        tabela, condicao
    );
END
$$;
COMMENT ON FUNCTION omie_sync.mostrar_ao_console(regclass, text) IS
    'Dá ao console as linhas de uma tabela que cumprem a condição';

-- Tables that dbt and copies make anew have no policies (a build takes those for somebody else's), so
-- their rows come one by one, through this.
CREATE OR REPLACE FUNCTION omie_sync.rows_seen(tabela text, coluna text, valores text[])
RETURNS SETOF jsonb LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog AS $$
DECLARE
    alvo oid := to_regclass(rows_seen.tabela);
    esquema text;
    dona text;
BEGIN
    SELECT n.nspname INTO esquema FROM pg_class AS c
    JOIN pg_namespace AS n ON n.oid = c.relnamespace WHERE c.oid = alvo;
    IF esquema IS NULL OR esquema NOT IN ('clinic_raw', 'omie_payload')
        OR NOT omie_sync.e_nosso(alvo) THEN
        RETURN;
    END IF;
    SELECT a.attname INTO dona FROM pg_attribute AS a
    WHERE a.attrelid = alvo AND a.attname IN ('empresa', '_empresa') AND NOT a.attisdropped;
    IF dona IS NULL OR NOT EXISTS (
        SELECT FROM pg_attribute AS a
        WHERE a.attrelid = alvo AND a.attname = rows_seen.coluna AND NOT a.attisdropped
    ) THEN
        RETURN;
    END IF;
    RETURN QUERY EXECUTE format(
        'SELECT to_jsonb(t) FROM %s AS t WHERE t.%I::text = ANY ($1) AND t.%I = ANY ($2)',
        alvo::regclass, rows_seen.coluna, dona
    ) USING rows_seen.valores, omie_sync.empresas_seen();
END
$$;
REVOKE ALL ON FUNCTION omie_sync.rows_seen(text, text, text[]) FROM PUBLIC;
COMMENT ON FUNCTION omie_sync.rows_seen(text, text, text[]) IS
    'As linhas de uma tabela copiada ou de carga com estes valores, das empresas que a sessão vê';

-- People are looked for by a part of the name or by the beginning of the document; the payload table
-- has both as they are to be sent, of those too whom Omie does not know yet.
CREATE OR REPLACE FUNCTION omie_sync.people_seen(palavras text, digitos text, maximo integer)
RETURNS TABLE (empresa text, codigo text, nome text, documento text)
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog AS $$
DECLARE
    alvo oid := to_regclass('omie_payload.omie_clientes');
BEGIN
    IF alvo IS NULL OR NOT omie_sync.e_nosso(alvo) OR 4 > (
        SELECT count(*) FROM pg_attribute AS a WHERE a.attrelid = alvo AND NOT a.attisdropped
            AND a.attname IN ('empresa', 'codigo_cliente_integracao', 'razao_social', 'cnpj_cpf')
    ) THEN
        RETURN;
    END IF;
    RETURN QUERY EXECUTE format(
        'SELECT t.empresa::text, t.codigo_cliente_integracao::text, t.razao_social::text,'
        ' t.cnpj_cpf::text FROM %s AS t WHERE t.empresa = ANY ($1) AND ('
        ' ($2 <> '''' AND lower(t.razao_social) LIKE ''%%'' || lower($2) || ''%%'')'
        ' OR ($3 <> '''' AND translate(t.cnpj_cpf, ''./- '', '''') LIKE $3 || ''%%''))'
        ' ORDER BY t.razao_social, t.codigo_cliente_integracao LIMIT $4',
        alvo::regclass
    ) USING omie_sync.empresas_seen(), palavras, digitos, maximo;
END
$$;
REVOKE ALL ON FUNCTION omie_sync.people_seen(text, text, integer) FROM PUBLIC;
COMMENT ON FUNCTION omie_sync.people_seen(text, text, integer) IS
    'Pessoas das empresas que a sessão vê, por parte do nome ou começo do documento';

-- Roles belong to the cluster: another database may be making it at this very moment.
CREATE OR REPLACE FUNCTION omie_sync.conceder_console() RETURNS boolean
LANGUAGE plpgsql SET search_path = pg_catalog AS $$
DECLARE
    esquema text;
    tabela record;
BEGIN
    IF to_regrole('omie_console') IS NULL THEN
        BEGIN
            CREATE ROLE omie_console NOLOGIN;
        EXCEPTION
            WHEN duplicate_object OR unique_violation THEN NULL;
            WHEN insufficient_privilege THEN RETURN false;
        END;
    END IF;
    IF NOT pg_has_role(session_user, 'omie_console', 'MEMBER') THEN
        BEGIN
            EXECUTE format('GRANT omie_console TO %I', session_user);
        EXCEPTION WHEN insufficient_privilege THEN RETURN false;
        END;
    END IF;
    FOREACH esquema IN ARRAY ARRAY[
        'omie_sync', 'omie', 'omie_inbox', 'omie_saida'
    ] LOOP
        IF to_regnamespace(esquema) IS NULL THEN
            CONTINUE;
        END IF;
        EXECUTE format('GRANT USAGE ON SCHEMA %I TO omie_console', esquema);
        FOR tabela IN
            SELECT c.oid::regclass AS nome
            FROM pg_class AS c
            JOIN pg_namespace AS n ON n.oid = c.relnamespace
            JOIN pg_attribute AS a ON a.attrelid = c.oid
            WHERE n.nspname = esquema AND c.relkind = 'r' AND c.relowner = n.nspowner
                AND a.attname = 'empresa' AND a.attnum > 0 AND NOT a.attisdropped
                AND c.relname <> 'console_grant'
        LOOP
            PERFORM omie_sync.mostrar_ao_console(
                tabela.nome, 'empresa = ANY ((SELECT omie_sync.empresas_seen())::text[])'
            );
        END LOOP;
    END LOOP;
    -- Rows of a run, and of a plan over several empresas, follow what they belong to.
    PERFORM omie_sync.mostrar_ao_console(
        'omie_sync.plan', 'EXISTS (SELECT FROM omie_sync.run AS r WHERE r.run_id = plan.run_id)'
    );
    PERFORM omie_sync.mostrar_ao_console(
        'omie_sync.stored_plan', 'empresas <@ (SELECT omie_sync.empresas_seen())::text[]'
    );
    -- These name no empresa: keys by their digest, models, lanes.
    GRANT SELECT ON omie_sync.block, omie_sync.line_wait, omie_sync.quota_fault, omie_sync.quota_lane,
        omie_sync.quota_request, omie_sync.fence, omie_sync.run_worker, omie_sync.model_made,
        omie_sync.model_test, omie_sync.model_evidence, omie_sync.default_import TO omie_console;
    GRANT EXECUTE ON FUNCTION omie_sync.empresas_seen() TO omie_console;
    GRANT EXECUTE ON FUNCTION omie_sync.rows_seen(text, text, text[]) TO omie_console;
    GRANT EXECUTE ON FUNCTION omie_sync.people_seen(text, text, integer) TO omie_console;
    RETURN true;
END
$$;
COMMENT ON FUNCTION omie_sync.conceder_console() IS
    'Cria (se puder) o papel do console e mostra a ele cada tabela por empresa';
