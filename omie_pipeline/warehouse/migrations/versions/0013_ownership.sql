-- Which relations are ours. Their comments say so: a comment follows the object into a dump and
-- into a copy of the database, and goes with it when somebody puts another in its place.

CREATE FUNCTION omie_sync.marca() RETURNS text LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN '[omie-pipeline]';
COMMENT ON FUNCTION omie_sync.marca() IS 'Fim do comentário de toda tabela e visão deste programa';

CREATE FUNCTION omie_sync.e_nosso(relacao oid) RETURNS boolean LANGUAGE sql STABLE PARALLEL SAFE
RETURN coalesce(
    right(obj_description(relacao, 'pg_class'), length(omie_sync.marca())) = omie_sync.marca(), false
);
COMMENT ON FUNCTION omie_sync.e_nosso(oid) IS 'Verdadeiro para tabela ou visão com a marca';

-- Without a text the present comment stays.
CREATE FUNCTION omie_sync.marcar(relacao text, texto text DEFAULT NULL) RETURNS void
LANGUAGE plpgsql SET search_path = pg_catalog AS $$
DECLARE
    alvo regclass := relacao::regclass;
    marca text := omie_sync.marca();
    tipo text;
BEGIN
    SELECT CASE relkind WHEN 'v' THEN 'VIEW' ELSE 'TABLE' END INTO tipo
    FROM pg_class WHERE oid = alvo;
    texto := coalesce(texto, obj_description(alvo, 'pg_class'), '');
    IF right(texto, length(marca)) <> marca THEN
        texto := btrim(texto || ' ' || marca);
    END IF;
    IF texto IS DISTINCT FROM obj_description(alvo, 'pg_class') THEN
        EXECUTE format('COMMENT ON %s %s IS %L', tipo, alvo, texto);
    END IF;
END
$$;
COMMENT ON FUNCTION omie_sync.marcar(text, text) IS 'Marca uma tabela ou visão como deste programa';

-- What DROP … CASCADE would take along and is not ours: views, tables, functions and foreign keys.
CREATE FUNCTION omie_sync.alheios_sobre(relacao text) RETURNS text[]
LANGUAGE sql STABLE SET search_path = pg_catalog AS $$
    WITH RECURSIVE sobre (classid, objid) AS (
        SELECT 'pg_class'::regclass::oid, relacao::regclass::oid
        UNION
        SELECT
            CASE WHEN regra.oid IS NULL THEN d.classid ELSE 'pg_class'::regclass::oid END,
            coalesce(regra.ev_class, d.objid)
        FROM sobre
        JOIN pg_depend AS d ON d.refclassid = sobre.classid AND d.refobjid = sobre.objid
        LEFT JOIN pg_rewrite AS regra
            ON d.classid = 'pg_rewrite'::regclass AND regra.oid = d.objid
        WHERE d.deptype IN ('n', 'i', 'a')
    )
    SELECT coalesce(array_agg(DISTINCT pg_describe_object(s.classid, s.objid, 0)), '{}')
    FROM sobre AS s
    LEFT JOIN pg_class AS c ON s.classid = 'pg_class'::regclass AND c.oid = s.objid
    LEFT JOIN pg_constraint AS k ON s.classid = 'pg_constraint'::regclass AND k.oid = s.objid
    WHERE (c.relkind IN ('r', 'v', 'm', 'f', 'p') AND c.oid <> relacao::regclass
            AND NOT omie_sync.e_nosso(c.oid))
        OR (k.contype = 'f' AND NOT omie_sync.e_nosso(k.conrelid))
        OR s.classid = 'pg_proc'::regclass
$$;
COMMENT ON FUNCTION omie_sync.alheios_sobre(text) IS
    'O que não é deste programa e cairia junto com uma tabela ou visão dele';

-- As in 0006, but for relations of other people in schemas of ours: their rights stay theirs.
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
        'analise', 'omie', 'omie_sync', 'omie_inbox', 'clinic_raw', 'dagster'
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
                    AND esquema IN ('omie', 'omie_sync')
            LOOP
                EXECUTE format('REVOKE EXECUTE ON ROUTINE %s FROM PUBLIC', relacao.nome);
            END LOOP;
        EXCEPTION WHEN insufficient_privilege THEN NULL; -- somebody else's schema
        END;
    END LOOP;
    RETURN faltam;
END
$$;

SELECT omie_sync.conceder_acesso();
