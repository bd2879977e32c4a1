-- Which relations are ours. Their comments say so: a comment follows the object into a dump and
-- into a copy of the database, and goes with it when somebody puts another in its place.

CREATE OR REPLACE FUNCTION omie_sync.marca() RETURNS text LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN '[omie-pipeline]';
COMMENT ON FUNCTION omie_sync.marca() IS 'Fim do comentário de toda tabela e visão deste programa';

-- A comment can be copied, and another installation's marks are the same: a mark counts only in
-- the schemas of this installation where dbt and extracts make relations.
CREATE OR REPLACE FUNCTION omie_sync.e_nosso(relacao oid) RETURNS boolean
LANGUAGE sql STABLE PARALLEL SAFE
RETURN EXISTS (
    SELECT FROM pg_class AS c
    JOIN pg_namespace AS n ON n.oid = c.relnamespace
    WHERE c.oid = relacao
        AND n.nspname IN ('clinic_raw', 'staging', 'clinica', 'omie_payload', 'analise')
        AND right(obj_description(c.oid, 'pg_class'), length(omie_sync.marca())) = omie_sync.marca()
);
COMMENT ON FUNCTION omie_sync.e_nosso(oid) IS 'Verdadeiro para tabela ou visão com a marca';

-- Without a text the present comment stays.
CREATE OR REPLACE FUNCTION omie_sync.marcar(relacao text, texto text DEFAULT NULL) RETURNS void
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

-- What DROP … CASCADE would take along and is not ours: whole relations and functions, and single
-- parts of what stays (columns, rules, policies, foreign keys). What others put on a relation of
-- ours (triggers, indexes, constraints, policies, publications) falls as well. Indexes of dbt bear
-- a digest as their name.
CREATE OR REPLACE FUNCTION omie_sync.alheios_sobre(relacao text) RETURNS text[]
LANGUAGE sql STABLE SET search_path = pg_catalog AS $$
    WITH RECURSIVE sobre (classid, objid, objsubid) AS (
        SELECT 'pg_class'::regclass::oid, relacao::regclass::oid, 0
        UNION
        SELECT
            CASE WHEN visao.oid IS NULL THEN d.classid ELSE 'pg_class'::regclass::oid END,
            coalesce(visao.ev_class, d.objid),
            CASE WHEN visao.oid IS NULL THEN d.objsubid ELSE 0 END
        FROM sobre
        JOIN pg_depend AS d ON d.refclassid = sobre.classid AND d.refobjid = sobre.objid
            AND (sobre.objsubid = 0 OR d.refobjsubid = sobre.objsubid)
        LEFT JOIN pg_rewrite AS visao
            ON d.classid = 'pg_rewrite'::regclass AND visao.oid = d.objid
            AND visao.rulename = '_RETURN'
        WHERE d.deptype IN ('n', 'i', 'a', 'P', 'S')
    ),
    inteiros AS (
        SELECT objid FROM sobre
        WHERE classid = 'pg_class'::regclass AND objsubid = 0
            AND objid <> relacao::regclass AND NOT omie_sync.e_nosso(objid)
    ),
    -- Parts of a relation, with the relation that they are parts of.
    partes (classid, objid, dona) AS (
        SELECT 'pg_rewrite'::regclass::oid, oid, ev_class FROM pg_rewrite WHERE rulename <> '_RETURN'
        UNION ALL SELECT 'pg_trigger'::regclass, oid, tgrelid FROM pg_trigger WHERE NOT tgisinternal
        UNION ALL SELECT 'pg_policy'::regclass, oid, polrelid FROM pg_policy
        UNION ALL SELECT 'pg_publication_rel'::regclass, oid, prrelid FROM pg_publication_rel
        UNION ALL SELECT 'pg_statistic_ext'::regclass, oid, stxrelid FROM pg_statistic_ext
        UNION ALL SELECT 'pg_constraint'::regclass, oid, conrelid FROM pg_constraint
            WHERE conrelid <> 0 AND contype IN ('f', 'p', 'u', 'c', 'x')
        UNION ALL SELECT 'pg_class'::regclass, i.indexrelid, i.indrelid FROM pg_index AS i
            JOIN pg_class AS c ON c.oid = i.indexrelid
            WHERE c.relname !~ '^[0-9a-f]{32}$'
                AND c.relnamespace <> 'pg_toast'::regnamespace
                AND NOT EXISTS (SELECT FROM pg_constraint WHERE conindid = i.indexrelid)
    )
    SELECT coalesce(array_agg(DISTINCT pg_describe_object(s.classid, s.objid, s.objsubid)), '{}')
    FROM sobre AS s
    LEFT JOIN pg_class AS c ON s.classid = 'pg_class'::regclass AND c.oid = s.objid
    LEFT JOIN pg_type AS t ON s.classid = 'pg_type'::regclass AND t.oid = s.objid
    LEFT JOIN partes AS p ON p.classid = s.classid AND p.objid = s.objid
    WHERE (c.relkind IN ('r', 'v', 'm', 'f', 'p', 'S', 'c') AND c.oid <> relacao::regclass
            AND NOT omie_sync.e_nosso(c.oid))
        OR (p.objid IS NOT NULL AND p.dona NOT IN (SELECT objid FROM inteiros))
        OR t.typtype IN ('d', 'r')
        OR s.classid IN ('pg_proc'::regclass, 'pg_cast'::regclass, 'pg_operator'::regclass)
$$;
COMMENT ON FUNCTION omie_sync.alheios_sobre(text) IS
    'O que não é deste programa e cairia junto com uma tabela ou visão dele';
