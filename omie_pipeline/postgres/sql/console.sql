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
CREATE OR REPLACE FUNCTION omie_sync.omie_entries_seen() RETURNS text[]
LANGUAGE sql STABLE PARALLEL SAFE SET search_path = pg_catalog AS $$
    SELECT string_to_array(current_setting('omie_pipeline.omie_entries', true), E'\n')
$$;
COMMENT ON FUNCTION omie_sync.omie_entries_seen() IS
    'As empresas de que a sessão do console conta também o que só o Omie tem';

-- The role has no right on the schema of analysts. Sums of its views come through this: of one
-- empresa that the session sees, by columns that tell of no person, and by what the session may count.
CREATE OR REPLACE FUNCTION omie_sync.sums_seen(
    visao text, empresa text, grupos text[], somas text[], dia text, de date, ate date
) RETURNS SETOF jsonb LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog AS $$
DECLARE
    alvo oid;
    chaves text;
    valores text;
    antes text := current_setting('omie_pipeline.only_ours', true);
BEGIN
    IF NOT coalesce(sums_seen.empresa = ANY (omie_sync.empresas_seen()), false) THEN
        RETURN;
    END IF;
    SELECT c.oid INTO alvo FROM pg_class AS c
    WHERE c.relnamespace = to_regnamespace('analise') AND c.relname = sums_seen.visao;
    IF alvo IS NULL OR NOT omie_sync.e_nosso(alvo) THEN
        RETURN NEXT '{"missing": true}'::jsonb;
        RETURN;
    END IF;
    -- What is named here can be asked for, and nothing else: no name, no document, no single record.
    IF NOT sums_seen.grupos <@ ARRAY[
        'natureza', 'faixa', 'nosso', 'forma_pagamento', 'conta', 'n_cod_cc', 'id_conta_corrente',
        'dia', 'codigo_categoria', 'categoria', 'categoria_gerencial', 'linha_dre', 'codigo_dre',
        'mes_vencimento', 'mes_competencia'
    ] OR NOT sums_seen.somas <@ ARRAY[
        'valor_aberto', 'valor_recebido', 'valor_baixado', 'juros', 'multa', 'desconto', 'baixas',
        'entradas', 'saidas', 'saldo', 'saldo_omie', 'diferenca', 'titulos', 'valor', 'valor_pago'
    ] OR sums_seen.dia IS NOT NULL AND NOT ARRAY[sums_seen.dia] <@ ARRAY[
        'dia', 'mes_vencimento', 'mes_competencia'
    ] THEN
        RAISE EXCEPTION 'column not offered' USING ERRCODE = 'insufficient_privilege';
    END IF;
    SELECT string_agg(format('t.%I', c), ', ' ORDER BY n) INTO chaves
    FROM unnest(sums_seen.grupos) WITH ORDINALITY AS g (c, n);
    SELECT string_agg(format('sum(t.%1$I) AS %1$I', c), ', ' ORDER BY n) INTO valores
    FROM unnest(sums_seen.somas) WITH ORDINALITY AS s (c, n);
    PERFORM set_config(
        'omie_pipeline.only_ours',
        CASE WHEN sums_seen.empresa = ANY (omie_sync.omie_entries_seen()) THEN 'off' ELSE 'on' END,
        true
    );
    RETURN QUERY EXECUTE format(
        'SELECT to_jsonb(somadas) FROM (SELECT %1$s, count(*) AS linhas, %2$s FROM %3$s AS t'
            || ' WHERE t.empresa = $1'
            || CASE WHEN sums_seen.dia IS NOT NULL THEN ' AND t.%4$I BETWEEN $2 AND $3' ELSE '' END
            || ' GROUP BY %1$s) AS somadas',
        chaves, valores, alvo::regclass, sums_seen.dia
    ) USING sums_seen.empresa, sums_seen.de, sums_seen.ate;
    PERFORM set_config('omie_pipeline.only_ours', coalesce(antes, ''), true);
END
$$;
REVOKE EXECUTE ON FUNCTION omie_sync.sums_seen(text, text, text[], text[], text, date, date) FROM PUBLIC;
COMMENT ON FUNCTION omie_sync.sums_seen(text, text, text[], text[], text, date, date) IS
    'Somas de uma visão da analise, de uma empresa que a sessão do console vê';

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
    GRANT EXECUTE ON FUNCTION omie_sync.sums_seen(text, text, text[], text[], text, date, date)
        TO omie_console;
    RETURN true;
END
$$;
COMMENT ON FUNCTION omie_sync.conceder_console() IS
    'Cria (se puder) o papel do console e mostra a ele cada tabela por empresa';
