-- Who may see: masks, roles and rights (schemas omie, analise). The bodies of the masks are parsed
-- here and now (RETURN, not a string): no search_path of a caller can bend them, the caller needs no
-- USAGE on schema omie, and the planner can inline them.

CREATE OR REPLACE FUNCTION omie.ve_pessoas() RETURNS boolean LANGUAGE sql STABLE PARALLEL SAFE
RETURN has_table_privilege('omie.clientes'::regclass, 'SELECT')
    OR coalesce(pg_has_role(current_user, to_regrole('omie_finance')::oid, 'MEMBER'), false)
    OR coalesce(pg_has_role(current_user, to_regrole('omie_clinic')::oid, 'MEMBER'), false);
COMMENT ON FUNCTION omie.ve_pessoas() IS 'Verdadeiro para o dono, omie_finance e omie_clinic';

CREATE OR REPLACE FUNCTION omie.mascarar_nome(valor text) RETURNS text LANGUAGE sql STABLE PARALLEL SAFE
RETURN CASE WHEN valor IS NULL OR omie.ve_pessoas() THEN valor
       ELSE regexp_replace(valor, '(\S)\S*', '\1***', 'g') END;
COMMENT ON FUNCTION omie.mascarar_nome(text) IS 'Maria Souza -> M*** S***';

CREATE OR REPLACE FUNCTION omie.mascarar_documento(valor text) RETURNS text LANGUAGE sql STABLE PARALLEL SAFE
RETURN CASE WHEN valor IS NULL OR valor = '' OR omie.ve_pessoas() THEN valor
       ELSE '***' || right(valor, 2) END;
COMMENT ON FUNCTION omie.mascarar_documento(text) IS '529.982.247-25 -> ***25';

CREATE OR REPLACE FUNCTION omie.mascarar_contato(valor text) RETURNS text LANGUAGE sql STABLE PARALLEL SAFE
RETURN CASE WHEN valor IS NULL OR valor = '' OR omie.ve_pessoas() THEN valor ELSE '***' END;
COMMENT ON FUNCTION omie.mascarar_contato(text) IS 'E-mail, telefone, endereço -> ***';

CREATE OR REPLACE FUNCTION omie.mascarar_nota(valor text) RETURNS text LANGUAGE sql STABLE PARALLEL SAFE
RETURN CASE WHEN valor IS NULL OR valor = '' OR omie.ve_pessoas() THEN valor ELSE '***' END;
COMMENT ON FUNCTION omie.mascarar_nota(text) IS 'Texto livre -> ***';

-- A session may narrow itself to what this program created, whatever its role sees (the console does).
CREATE OR REPLACE FUNCTION omie.ve_linha(feito_por text) RETURNS boolean LANGUAGE sql STABLE PARALLEL SAFE
RETURN feito_por IS NOT DISTINCT FROM 'omie_pipeline'
    OR current_setting('omie_pipeline.only_ours', true) IS DISTINCT FROM 'on' AND (
        has_table_privilege('omie.clientes'::regclass, 'SELECT')
        OR coalesce(pg_has_role(current_user, to_regrole('omie_finance')::oid, 'MEMBER'), false)
        OR NOT coalesce(pg_has_role(current_user, to_regrole('omie_clinic')::oid, 'MEMBER'), false)
    );
COMMENT ON FUNCTION omie.ve_linha(text) IS
    'Falso nas linhas que a omie_pipeline não criou, para omie_clinic e para quem só pede as nossas';

-- Relations of other people in schemas of ours keep their rights. Roles belong to the cluster: another
-- database may be making them at this very moment.
CREATE OR REPLACE FUNCTION omie_sync.conceder_acesso() RETURNS text[]
LANGUAGE plpgsql SET search_path = pg_catalog AS $$
DECLARE
    papel text;
    funcao text;
    relacao record;
    esquema text;
    dono text;
    faltam text[] := '{}';
BEGIN
    SELECT quote_ident(pg_get_userbyid(nspowner)) INTO dono
    FROM pg_namespace WHERE nspname = 'analise';
    FOREACH papel IN ARRAY ARRAY['omie_analyst', 'omie_finance', 'omie_clinic'] LOOP
        IF to_regrole(papel) IS NULL THEN
            BEGIN
                EXECUTE 'CREATE ROLE ' || quote_ident(papel) || ' NOLOGIN';
            EXCEPTION
                WHEN duplicate_object OR unique_violation THEN NULL;
                WHEN insufficient_privilege THEN
                    faltam := faltam || papel;
                    CONTINUE;
            END;
        END IF;
        EXECUTE 'GRANT USAGE ON SCHEMA analise TO ' || quote_ident(papel);
        FOR relacao IN
            SELECT c.oid::regclass AS nome FROM pg_class AS c
            WHERE c.relnamespace = to_regnamespace('analise') AND omie_sync.e_nosso(c.oid)
        LOOP
            EXECUTE format('GRANT SELECT ON %s TO %I', relacao.nome, papel);
        END LOOP;
        EXECUTE 'ALTER DEFAULT PRIVILEGES FOR ROLE ' || dono
            || ' IN SCHEMA analise GRANT SELECT ON TABLES TO ' || quote_ident(papel);
        FOREACH funcao IN ARRAY ARRAY[
            've_pessoas()', 've_linha(text)', 'mascarar_nome(text)', 'mascarar_documento(text)',
            'mascarar_contato(text)', 'mascarar_nota(text)'
        ] LOOP
            EXECUTE 'GRANT EXECUTE ON FUNCTION omie.' || funcao || ' TO ' || quote_ident(papel);
        END LOOP;
    END LOOP;
    FOREACH esquema IN ARRAY ARRAY[
        'analise', 'omie', 'omie_sync', 'omie_inbox', 'omie_saida', 'clinic_raw', 'dagster'
    ] LOOP
        BEGIN
            IF to_regnamespace(esquema) IS NULL THEN
                CONTINUE;
            END IF;
            EXECUTE format('REVOKE ALL ON SCHEMA %I FROM PUBLIC', esquema);
            FOR relacao IN
                SELECT c.oid::regclass AS nome FROM pg_class AS c
                JOIN pg_namespace AS n ON n.oid = c.relnamespace
                WHERE n.nspname = esquema AND c.relkind IN ('r', 'v', 'm', 'p', 'f', 'S')
                    AND c.relowner = n.nspowner
                    AND (esquema <> 'analise' OR omie_sync.e_nosso(c.oid))
            LOOP
                EXECUTE format('REVOKE ALL ON %s FROM PUBLIC', relacao.nome);
            END LOOP;
            FOR relacao IN
                SELECT p.oid::regprocedure AS nome FROM pg_proc AS p
                JOIN pg_namespace AS n ON n.oid = p.pronamespace
                WHERE n.nspname = esquema AND p.proowner = n.nspowner
                    AND esquema IN ('omie', 'omie_sync', 'omie_saida')
            LOOP
                EXECUTE format('REVOKE EXECUTE ON ROUTINE %s FROM PUBLIC', relacao.nome);
            END LOOP;
        EXCEPTION WHEN insufficient_privilege THEN NULL; -- somebody else's schema
        END;
    END LOOP;
    RETURN faltam;
END
$$;
COMMENT ON FUNCTION omie_sync.conceder_acesso() IS
    'Cria os papéis que faltam (se puder), refaz os direitos deles; devolve os que não pôde criar';
