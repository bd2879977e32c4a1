-- How a raw value becomes typed: what the reading macros of dbt_mapping call where a value is not
-- written in the ordinary form.
--
-- A reading answers with the canonical text of the value, with NULL for an empty one, or with a
-- marker that carries what the source has. Nothing is guessed: a text that can be two numbers or two
-- days is a marker too. Markers are made and taken apart here and nowhere else (ADR 0021).

-- The type of a reading: text by another name, so that a staging column says of itself that it was
-- read, and is not read twice.
DO $reading$
BEGIN
    IF to_regtype('omie_sync.reading') IS NULL THEN
        CREATE DOMAIN omie_sync.reading AS text;
    END IF;
END
$reading$;


CREATE OR REPLACE FUNCTION omie_sync.reading_marker(kind text, source_column text, value text)
RETURNS text LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
    SELECT chr(1) || kind || chr(1) || source_column || chr(1) || value
$$;


-- One entry of _unreadable; NULL where `value` is no marker.
CREATE OR REPLACE FUNCTION omie_sync.reading_entry(canonical text, value text)
RETURNS jsonb LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
    SELECT CASE WHEN ascii(value) = 1 AND value ~ '^\u0001[a-z_]+\u0001[^\u0001]*\u0001' THEN
        jsonb_build_object(
            'column', canonical,
            'source_column', split_part(value, chr(1), 3),
            'text', substr(
                value,
                length(split_part(value, chr(1), 2)) + length(split_part(value, chr(1), 3)) + 4
            ),
            'kind', split_part(value, chr(1), 2)
        )
    END
$$;


-- The entries of a row: canonical names and texts in step. NULL where nothing is wrong.
CREATE OR REPLACE FUNCTION omie_sync.reading_entries(canonical text[], texts text[])
RETURNS jsonb LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
    SELECT jsonb_agg(entry ORDER BY place)
    FROM (
        SELECT one.place, omie_sync.reading_entry(one.name, one.value) AS entry
        FROM unnest(canonical, texts) WITH ORDINALITY AS one(name, value, place)
    ) AS found
    WHERE entry IS NOT NULL
$$;


-- Those entries that are of the named columns (`keep`), or of any other column. NULL for none.
CREATE OR REPLACE FUNCTION omie_sync.reading_entries_of(entries jsonb, columns text[], keep boolean)
RETURNS jsonb LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
    SELECT jsonb_agg(entry ORDER BY place)
    FROM jsonb_array_elements(entries) WITH ORDINALITY AS one(entry, place)
    WHERE (entry ->> 'column' = ANY (columns)) = keep
$$;


-- A number in any of the forms that spreadsheets and systems write. `decimal_mark` is what the
-- column's own decimal separator is: '.', ',', '#' for a value that is a number by its SQL type, 'p'
-- for a percentage, which has no thousands and may carry its sign, or NULL where nobody knows; `declared` tells what was said from what the column's other values show.
-- The canonical text has a point, and never exactly three decimals behind a group of thousands, so
-- that it reads the same in any dialect.
CREATE OR REPLACE FUNCTION omie_sync.reading_number(
    value text, decimal_mark text, declared boolean, source_column text
)
RETURNS text LANGUAGE plpgsql IMMUTABLE PARALLEL SAFE AS $$
DECLARE
    blank constant text := '[\s\u00a0\u2000-\u200a\u202f\u205f\u3000]+';
    part text[];
    body text;
    negative boolean;
    fraction text;
BEGIN
    IF value IS NULL OR ascii(value) = 1 THEN
        RETURN value;
    END IF;
    IF decimal_mark = '#' AND value ~ '^-?[0-9](\.[0-9]+)?e[+-][0-9]{2}$' THEN
        body := trim_scale(value::numeric)::text;
        negative := starts_with(body, '-');
        body := ltrim(body, '-');
    ELSE
        part := regexp_match(
            btrim(regexp_replace(
                CASE WHEN decimal_mark = 'p' THEN rtrim(value, chr(37)) ELSE value END,
                blank, ' ', 'g'
            )),
            '^(\()? ?([-+\u2212])? ?([Rr]\$)? ?([-+\u2212])? ?'
            '([0-9][0-9., ]*|[.,][0-9]+) ?(-)? ?(\))?$'
        );
        IF part IS NULL
            OR (part[1] IS NULL) <> (part[7] IS NULL)
            OR num_nonnulls(part[1], part[2], part[4], part[6]) > 1
        THEN
            RETURN omie_sync.reading_marker('number', source_column, value);
        END IF;
        negative := part[1] IS NOT NULL OR part[6] IS NOT NULL
            OR coalesce(part[2], part[4], '+') <> '+';
        body := btrim(part[5]);
    END IF;
    IF body ~ '^[1-9][0-9]{0,2}( [0-9]{3})+([.,]([0-9]{1,2}|[0-9]{4,}))?$' THEN
        body := replace(body, ' ', '');
    END IF;
    CASE
        WHEN decimal_mark = '#' OR body ~ '^[0-9]+$' THEN
            NULL;
        WHEN body ~ '^[1-9][0-9]{0,2}(\.[0-9]{3})+,[0-9]+$'
            OR body ~ '^[1-9][0-9]{0,2}(\.[0-9]{3}){2,}$'
        THEN
            body := replace(replace(body, '.', ''), ',', '.');
        WHEN body ~ '^[1-9][0-9]{0,2}(,[0-9]{3})+\.[0-9]+$'
            OR body ~ '^[1-9][0-9]{0,2}(,[0-9]{3}){2,}$'
        THEN
            body := replace(body, ',', '');
        WHEN body ~ '^[1-9][0-9]{0,2}[.,][0-9]{3}$' THEN
            IF decimal_mark = 'p' THEN
                body := replace(body, ',', '.');
            ELSIF decimal_mark IS NULL OR (strpos(body, decimal_mark) > 0 AND NOT declared) THEN
                RETURN omie_sync.reading_marker('ambiguous_number', source_column, value);
            ELSIF strpos(body, decimal_mark) > 0 THEN
                body := replace(body, ',', '.');
            ELSE
                body := regexp_replace(body, '[.,]', '');
            END IF;
        WHEN body ~ '^[0-9]*[.,][0-9]+$' THEN
            body := replace(body, ',', '.');
        ELSE
            RETURN omie_sync.reading_marker('number', source_column, value);
    END CASE;
    IF body !~ '^[0-9]{0,30}(\.[0-9]{1,30})?$' THEN
        RETURN omie_sync.reading_marker('number', source_column, value);
    END IF;
    fraction := split_part(body, '.', 2);
    RETURN CASE WHEN negative THEN '-' ELSE '' END
        || CASE WHEN starts_with(body, '.') THEN '0' ELSE '' END
        || body
        || CASE WHEN length(fraction) = 3 THEN '0' ELSE '' END;
END
$$;


-- A whole number without a sign, of at most `digits` digits. 3,0 is 3.
CREATE OR REPLACE FUNCTION omie_sync.reading_integer(
    value text, decimal_mark text, declared boolean, digits integer, source_column text
)
RETURNS text LANGUAGE plpgsql IMMUTABLE PARALLEL SAFE AS $$
DECLARE
    number text := omie_sync.reading_number(value, decimal_mark, declared, source_column);
    whole text;
BEGIN
    IF number IS NULL OR ascii(value) = 1 THEN
        RETURN number;
    END IF;
    IF starts_with(number, chr(1) || 'ambiguous') THEN
        RETURN number;
    END IF;
    whole := ltrim(split_part(number, '.', 1), '0');
    IF number !~ '^[0-9]+(\.0+)?$' OR length(whole) > digits THEN
        RETURN omie_sync.reading_marker('integer', source_column, value);
    END IF;
    RETURN CASE WHEN whole = '' THEN '0' ELSE whole END;
END
$$;


-- Yes or no, as spreadsheets in Portuguese and English, databases and old systems write it; `yes` and
-- `no` are further words of the column's own, in lower case.
CREATE OR REPLACE FUNCTION omie_sync.reading_boolean(
    value text, yes text[], no text[], source_column text
)
RETURNS text LANGUAGE plpgsql IMMUTABLE PARALLEL SAFE AS $$
DECLARE
    word text;
BEGIN
    IF value IS NULL OR ascii(value) = 1 THEN
        RETURN value;
    END IF;
    word := lower(translate(btrim(value, E' \t\r\n\u00a0'), 'ÃãÂâ' || chr(771), 'aaaa'));
    IF word = ANY (yes) OR word = ANY (ARRAY[
        's', 'sim', 'v', 'verdadeiro', 'verdade', 't', 'true', 'y', 'yes', 'on', '1', '-1',
        '1.0', '1,0', '1.00', '1,00', '\x01'
    ]) THEN
        RETURN 'true';
    END IF;
    IF word = ANY (no) OR word = ANY (ARRAY[
        'n', 'nao', 'f', 'falso', 'false', 'no', 'off', '0', '0.0', '0,0', '0.00', '0,00', '\x00'
    ]) THEN
        RETURN 'false';
    END IF;
    RETURN omie_sync.reading_marker('boolean', source_column, value);
END
$$;


-- A day, and where `with_time` an instant, in any of the forms that are read. `day_order` is dmy or
-- mdy where the column's was declared, '?' where the column has days that only m/d can be, NULL where
-- nothing speaks against d/m. `century` is added to years of two digits; NULL refuses them. What
-- carries an offset is the day in `zone`; what carries none is in `zone` already.
CREATE OR REPLACE FUNCTION omie_sync.reading_moment(
    value text, with_time boolean, day_order text, century integer, zone text, source_column text
)
RETURNS text LANGUAGE plpgsql IMMUTABLE PARALLEL SAFE AS $$
DECLARE
    clock constant text := '(?:[ T]+([0-9]{1,2}):([0-9]{2})(?::([0-9]{2})([.,][0-9]{1,9})?)?'
        ' ?(Z|z|UTC|[-+][0-9]{2}(?::?[0-9]{2}){0,2})?)?$';
    kind constant text := CASE WHEN with_time THEN 'instant' ELSE 'date' END;
    part text[];
    time_part text[];
    year integer;
    month integer;
    day integer;
    moment timestamp;
    shift text;
BEGIN
    IF value IS NULL OR ascii(value) = 1 THEN
        RETURN value;
    END IF;
    part := regexp_match(
        btrim(value, E' \t\r\n\u00a0'), '^([0-9]{1,4})([-/.])([0-9]{1,2})\2([0-9]{1,4})' || clock
    );
    IF part IS NULL THEN
        time_part := regexp_match(
            btrim(value, E' \t\r\n\u00a0'),
            '^((?:19|20)[0-9]{2})([0-9]{2})([0-9]{2})' || clock
        );
        IF time_part IS NULL THEN
            RETURN omie_sync.reading_marker(kind, source_column, value);
        END IF;
        part := ARRAY[time_part[1], '-'] || time_part[2:];
    END IF;
    time_part := part[5:];
    IF length(part[1]) = 4 AND length(part[4]) <= 2 THEN
        year := part[1]; month := part[3]; day := part[4];
    ELSIF length(part[1]) <= 2 AND length(part[4]) IN (2, 4) THEN
        IF length(part[4]) = 2 AND century IS NULL THEN
            RETURN omie_sync.reading_marker('two_digit_year', source_column, value);
        END IF;
        year := part[4]::integer + CASE WHEN length(part[4]) = 2 THEN century ELSE 0 END;
        IF day_order = 'mdy' THEN
            month := part[1]; day := part[3];
        ELSE
            day := part[1]; month := part[3];
            IF day_order = '?' AND day <= 12 AND day <> month THEN
                RETURN omie_sync.reading_marker('ambiguous_date', source_column, value);
            END IF;
        END IF;
    ELSE
        RETURN omie_sync.reading_marker(kind, source_column, value);
    END IF;
    IF year < 1 OR month NOT BETWEEN 1 AND 12 OR day < 1
        OR day > extract(day FROM make_date(year, month, 1) + interval '1 month - 1 day')
        OR time_part[1]::integer > 23 OR time_part[2]::integer > 59 OR time_part[3]::integer > 59
    THEN
        RETURN omie_sync.reading_marker(kind, source_column, value);
    END IF;
    IF time_part[5] IS NULL AND NOT with_time THEN
        RETURN to_char(make_date(year, month, day), 'YYYY-MM-DD');
    END IF;
    moment := make_timestamp(
        year, month, day, coalesce(time_part[1]::integer, 0), coalesce(time_part[2]::integer, 0),
        coalesce(time_part[3], '0')::double precision
    ) + make_interval(
        secs => coalesce('0' || replace(time_part[4], ',', '.'), '0')::double precision
    );
    IF time_part[5] IS NULL THEN
        moment := (moment AT TIME ZONE zone) AT TIME ZONE 'UTC';
    ELSIF time_part[5] ~ '^[-+]' THEN
        shift := rpad(regexp_replace(time_part[5], '[^0-9]', '', 'g'), 6, '0');
        IF left(shift, 2)::integer > 15 OR substr(shift, 3, 2)::integer > 59 THEN
            RETURN omie_sync.reading_marker(kind, source_column, value);
        END IF;
        moment := moment - make_interval(
            hours => left(shift, 2)::integer, mins => substr(shift, 3, 2)::integer,
            secs => right(shift, 2)::integer
        ) * CASE WHEN starts_with(time_part[5], '-') THEN -1 ELSE 1 END;
    END IF;
    IF with_time THEN
        RETURN to_char(moment, 'YYYY-MM-DD HH24:MI:SS.US') || '+00';
    END IF;
    RETURN to_char((moment AT TIME ZONE 'UTC') AT TIME ZONE zone, 'YYYY-MM-DD');
END
$$;


-- A result of the clinic's own arithmetic over read values: the first marker among `parts`, else the
-- result as text.
CREATE OR REPLACE FUNCTION omie_sync.reading_first_marker(VARIADIC parts text[])
RETURNS text LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
    SELECT part FROM unnest(parts) WITH ORDINALITY AS one(part, place)
    WHERE ascii(part) = 1 ORDER BY place LIMIT 1
$$;
