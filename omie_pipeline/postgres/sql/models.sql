-- What a whole column of the clinic shows of how it is written, where nobody declared it. dbt asks
-- while it makes a staging view, and the answer stands in that view: it is remembered, so that a
-- build can tell whether the column still says so.

-- `,` or `.` where every unmistakable number of the column has that one decimal separator and some
-- number can be read in two ways; else NULL.
CREATE OR REPLACE FUNCTION omie_sync.decimal_shown(relation text, column_name text)
RETURNS text LANGUAGE plpgsql STABLE SET search_path = pg_catalog AS $$
DECLARE
    doubtful boolean;
    comma boolean;
    point boolean;
BEGIN
    EXECUTE format(
        'SELECT EXISTS (SELECT FROM %s WHERE %I ~ $1)', relation::regclass, column_name
    ) INTO doubtful USING '^[^0-9]*[1-9][0-9]{0,2}[.,][0-9]{3}[^0-9]*$';
    IF NOT doubtful THEN
        RETURN NULL;
    END IF;
    EXECUTE format(
        'SELECT coalesce(bool_or(%2$I ~ $1 OR %2$I ~ $2), false),'
        ' coalesce(bool_or(%2$I ~ $3 OR %2$I ~ $4), false) FROM %1$s',
        relation::regclass, column_name
    ) INTO comma, point USING
        ',([0-9]{1,2}|[0-9]{4,})[^0-9]*$', '[0-9][.][0-9]{3}[.,][0-9]{3}[^0-9]*$',
        '[.]([0-9]{1,2}|[0-9]{4,})[^0-9]*$', '[0-9],[0-9]{3}[.,][0-9]{3}[^0-9]*$';
    RETURN CASE WHEN comma AND NOT point THEN ',' WHEN point AND NOT comma THEN '.' END;
END
$$;


-- `?` where nobody knows what 5/2/2026 is: a value of the column can only be month/day, or no value
-- of it can only be day/month and another column of its table shows month/day; else NULL.
CREATE OR REPLACE FUNCTION omie_sync.day_order_shown(relation text, column_name text)
RETURNS text LANGUAGE plpgsql STABLE SET search_path = pg_catalog AS $$
DECLARE
    day constant text := '(1[3-9]|2[0-9]|3[01])';
    month constant text := '(0?[1-9]|1[0-2])';
    year constant text := '([0-9]{2}|[0-9]{4})([^0-9]|$)';
    month_first boolean;
    day_first boolean;
    doubtful boolean;
    elsewhere text;
    shown boolean;
BEGIN
    EXECUTE format(
        'SELECT coalesce(bool_or(%2$I ~ $1), false), coalesce(bool_or(%2$I ~ $2), false),'
        ' coalesce(bool_or(%2$I ~ $3), false) FROM %1$s WHERE %2$I NOT LIKE ''____-__-__%%''',
        relation::regclass, column_name
    ) INTO month_first, day_first, doubtful USING
        '^\s*' || month || '[-/.]' || day || '[-/.]' || year,
        '^\s*' || day || '[-/.]' || month || '[-/.]' || year,
        '^\s*' || month || '[-/.]' || month || '[-/.]' || year;
    IF month_first THEN
        RETURN '?';
    END IF;
    IF NOT doubtful OR day_first THEN
        RETURN NULL;
    END IF;
    SELECT string_agg(
        format('(%1$I NOT LIKE ''____-__-__%%'' AND %1$I ~ $1)', attname), ' OR ' ORDER BY attnum
    ) INTO elsewhere
    FROM pg_attribute
    WHERE attrelid = relation::regclass AND attnum > 0 AND NOT attisdropped
        AND atttypid IN ('text'::regtype, 'varchar'::regtype, 'bpchar'::regtype);
    EXECUTE format('SELECT EXISTS (SELECT FROM %s WHERE %s)', relation::regclass, elsewhere)
    INTO shown USING '^\s*(0?[1-9]|1[0-2])[-/.](1[3-9]|2[0-9]|3[01])[-/.]([0-9]{2}|[0-9]{4})'
        '([ T][0-9:.]+( ?[AaPp][Mm])?)?\s*$';
    RETURN CASE WHEN shown THEN '?' END;
END
$$;


CREATE OR REPLACE FUNCTION omie_sync.column_shows(question text, relation text, column_name text)
RETURNS text LANGUAGE sql STABLE AS $$
    SELECT CASE question
        WHEN 'decimal' THEN omie_sync.decimal_shown(relation, column_name)
        WHEN 'day_order' THEN omie_sync.day_order_shown(relation, column_name)
    END
$$;


-- The same for a model that is being made, remembered as what its view says.
CREATE OR REPLACE FUNCTION omie_sync.ask_column(
    question text, relation text, column_name text, model text
) RETURNS text LANGUAGE sql AS $$
    INSERT INTO omie_sync.model_evidence (model, relation, column_name, question, answer, asked_at)
    VALUES (
        model, relation, column_name, question,
        omie_sync.column_shows(question, relation, column_name), now()
    )
    ON CONFLICT ON CONSTRAINT model_evidence_pkey
    DO UPDATE SET answer = excluded.answer, versions = NULL, asked_at = excluded.asked_at
    RETURNING answer
$$;


-- The ids of a canonical table that this transaction looks at, to compute one record without reading
-- all others; NULL, as ever otherwise, for all. Only what was set in this very transaction counts:
-- a setting of a role, a database or an earlier transaction hides no row.
CREATE OR REPLACE FUNCTION omie_sync.only_ids(table_name text) RETURNS text[]
LANGUAGE sql STABLE PARALLEL RESTRICTED AS $$
    SELECT (string_to_array(said, chr(31)))[2:]
    FROM current_setting('omie_pipeline.only_' || table_name, true) AS said
    WHERE split_part(said, chr(31), 1) = CAST(pg_current_xact_id_if_assigned() AS text)
$$;


CREATE OR REPLACE FUNCTION omie_sync.look_only_at(table_name text, ids text[]) RETURNS void
LANGUAGE sql AS $$
    SELECT set_config(
        'omie_pipeline.only_' || table_name,
        CASE WHEN ids IS NULL THEN ''
            ELSE concat_ws(chr(31), pg_current_xact_id(), array_to_string(ids, chr(31))) END,
        true
    )
$$;
