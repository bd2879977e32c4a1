-- Omie gives texts HTML-escaped now and then (omie-api.md#escaped-texts).
CREATE OR REPLACE FUNCTION omie_sync.sem_html(texto text) RETURNS text
LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
    SELECT CASE WHEN position('&' IN texto) = 0 THEN texto ELSE
        replace(replace(replace(replace(replace(replace(replace(replace(texto,
            '&lt;', '<'), '&gt;', '>'), '&quot;', '"'), '&#039;', ''''), '&#39;', ''''),
            '&#x27;', ''''), '&apos;', ''''), '&amp;', '&')
    END
$$;
