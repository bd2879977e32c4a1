-- One function that answers "may this call leave, and when?" for all limits at once. Two theoretical
-- arrival times (GCRA), one of the method and one of the address, move together under one lock, so
-- that processes are served in the order they came. A refused call takes no slot.

-- Its answer may get columns, which CREATE OR REPLACE refuses.
DROP FUNCTION IF EXISTS omie_sync.admit;
CREATE FUNCTION omie_sync.admit(
    p_scope text, p_method text, p_fingerprint text, p_now timestamptz,
    p_method_per_minute double precision, p_ip_per_minute double precision,
    p_burst integer, p_redundant_seconds double precision,
    p_error_budget integer, p_fault_window_seconds double precision,
    OUT wait_seconds double precision, OUT redundant_seconds double precision,
    OUT blocked_until timestamptz, OUT budget_until timestamptz, OUT probe boolean,
    OUT paused_seconds double precision, OUT paused_until timestamptz, OUT paused_reason text,
    OUT asked_at timestamptz
) LANGUAGE plpgsql AS $$
DECLARE
    -- No block that Omie has told of lasts longer (30 minutes); no queue of ours is longer.
    longest_block constant interval := interval '31 minutes';
    longest_queue interval;
    method_step interval := make_interval(secs => 60.0 / p_method_per_minute);
    ip_step interval := make_interval(secs => 60.0 / p_ip_per_minute);
    t timestamptz;
    method_next timestamptz;
    ip_next timestamptz;
    slot timestamptz;
    seen timestamptz;
    faults bigint;
    oldest timestamptz;
    ends timestamptz;
    probed timestamptz;
    closed boolean;
BEGIN
    wait_seconds := 0;
    redundant_seconds := 0;
    paused_seconds := 0;
    probe := false;
    -- Losing the last half second in a crash of the server is harmless; waiting for disk is not.
    PERFORM set_config('synchronous_commit', 'off', true);
    PERFORM pg_advisory_xact_lock(hashtextextended('omie_sync.admit', 0));
    -- Read under the lock: who waited for it, or slept before, still gets the present moment.
    t := coalesce(p_now, clock_timestamp());
    asked_at := t;

    -- A block stays until a good answer: before its end no call is made, after it one at a time.
    SELECT b.until, b.probe_at INTO ends, probed FROM omie_sync.block b WHERE b.scope = p_scope;
    closed := FOUND;
    IF closed THEN
        -- A stamp further ahead than Omie's limits reach comes from a clock that was wrong.
        IF ends > t + longest_block THEN
            ends := t + longest_block;
            UPDATE omie_sync.block b SET until = ends WHERE b.scope = p_scope;
        END IF;
        IF probed > t + interval '1 minute' THEN
            probed := t;
            UPDATE omie_sync.block b SET probe_at = t WHERE b.scope = p_scope;
        END IF;
        blocked_until := greatest(ends, probed + make_interval(secs => 60));
        IF blocked_until > t THEN RETURN; END IF;
        blocked_until := NULL;
    END IF;

    UPDATE omie_sync.quota_fault f SET at = t
     WHERE f.scope = p_scope AND f.method = p_method AND f.at > t + interval '1 minute';
    SELECT count(*), min(f.at) INTO faults, oldest FROM omie_sync.quota_fault f
     WHERE f.scope = p_scope AND f.method = p_method
       AND f.at > t - make_interval(secs => p_fault_window_seconds);
    IF faults >= p_error_budget THEN
        budget_until := oldest + make_interval(secs => p_fault_window_seconds);
        RETURN;
    END IF;

    SELECT w.until, w.reason INTO paused_until, paused_reason FROM omie_sync.line_wait w
     WHERE w.scope = p_scope AND w.method = p_method AND w.closes
       AND w.until > t AND w.until <= t + interval '1 day';
    IF FOUND THEN
        paused_seconds := extract(epoch FROM paused_until - t);
        RETURN;
    END IF;

    SELECT r.at INTO seen FROM omie_sync.quota_request r
     WHERE r.scope = p_scope AND r.fingerprint = p_fingerprint;
    SELECT l.next_at INTO method_next FROM omie_sync.quota_lane l
     WHERE l.scope = p_scope AND l.method = p_method;
    SELECT l.next_at INTO ip_next FROM omie_sync.quota_lane l
     WHERE l.scope = 'ip' AND l.method = '*';
    longest_queue := greatest(interval '1 minute', greatest(method_step, ip_step) * 64);
    IF method_next > t + longest_queue THEN method_next := t; END IF;
    IF ip_next > t + longest_queue THEN ip_next := t; END IF;
    IF seen > t + longest_queue THEN
        seen := t;
        UPDATE omie_sync.quota_request r SET at = t
         WHERE r.scope = p_scope AND r.fingerprint = p_fingerprint;
    END IF;
    IF seen > t - make_interval(secs => p_redundant_seconds) THEN
        redundant_seconds := p_redundant_seconds - extract(epoch FROM t - seen);
        RETURN;
    END IF;

    slot := greatest(
        t,
        coalesce(method_next, t) - method_step * (p_burst - 1),
        coalesce(ip_next, t) - ip_step * (p_burst - 1)
    );
    INSERT INTO omie_sync.quota_lane AS l (scope, method, next_at) VALUES
        (p_scope, p_method, greatest(coalesce(method_next, slot), slot) + method_step),
        ('ip', '*', greatest(coalesce(ip_next, slot), slot) + ip_step)
    ON CONFLICT (scope, method) DO UPDATE SET next_at = excluded.next_at;
    INSERT INTO omie_sync.quota_request AS r (scope, fingerprint, at)
    VALUES (p_scope, p_fingerprint, slot)
    ON CONFLICT (scope, fingerprint) DO UPDATE SET at = excluded.at;
    IF random() < 0.002 THEN
        DELETE FROM omie_sync.quota_request r WHERE r.at < t - interval '1 day';
        DELETE FROM omie_sync.line_wait w WHERE w.until < t - interval '1 day';
    END IF;
    IF closed THEN
        UPDATE omie_sync.block b SET probe_at = slot WHERE b.scope = p_scope;
        probe := true;
    END IF;
    wait_seconds := extract(epoch FROM slot - t);
END $$;
