"""After the end of a block one call knocks; the others wait for its answer."""

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None

# What 0002 made, but for the block. PostgreSQL replaces no function by one that answers more, so
# it is made anew, in the transaction of the migration.
_ADMIT = """
CREATE FUNCTION omie_sync.admit(
    p_scope text, p_method text, p_fingerprint text, p_now timestamptz,
    p_method_per_minute double precision, p_ip_per_minute double precision,
    p_burst integer, p_redundant_seconds double precision,
    p_error_budget integer, p_fault_window_seconds double precision,
    OUT wait_seconds double precision, OUT redundant_seconds double precision,
    OUT blocked_until timestamptz, OUT budget_until timestamptz, OUT probe boolean
) LANGUAGE plpgsql AS $$
DECLARE
    method_step interval := make_interval(secs => 60.0 / p_method_per_minute);
    ip_step interval := make_interval(secs => 60.0 / p_ip_per_minute);
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
    probe := false;
    -- Losing the last half second in a crash of the server is harmless; waiting for disk is not.
    PERFORM set_config('synchronous_commit', 'off', true);
    PERFORM pg_advisory_xact_lock(hashtextextended('omie_sync.admit', 0));

    -- A block stays until a good answer: before its end nobody knocks, after it one at a time.
    SELECT b.until, b.probe_at INTO ends, probed FROM omie_sync.block b WHERE b.scope = p_scope;
    closed := FOUND;
    IF closed THEN
        blocked_until := greatest(ends, probed + make_interval(secs => 60));
        IF blocked_until > p_now THEN RETURN; END IF;
        blocked_until := NULL;
    END IF;

    SELECT count(*), min(f.at) INTO faults, oldest FROM omie_sync.quota_fault f
     WHERE f.scope = p_scope AND f.method = p_method
       AND f.at > p_now - make_interval(secs => p_fault_window_seconds);
    IF faults >= p_error_budget THEN
        budget_until := oldest + make_interval(secs => p_fault_window_seconds);
        RETURN;
    END IF;

    SELECT r.at INTO seen FROM omie_sync.quota_request r
     WHERE r.scope = p_scope AND r.fingerprint = p_fingerprint;
    IF seen IS NOT NULL AND seen > p_now - make_interval(secs => p_redundant_seconds) THEN
        redundant_seconds := p_redundant_seconds - extract(epoch FROM p_now - seen);
        RETURN;
    END IF;

    SELECT l.next_at INTO method_next FROM omie_sync.quota_lane l
     WHERE l.scope = p_scope AND l.method = p_method;
    SELECT l.next_at INTO ip_next FROM omie_sync.quota_lane l
     WHERE l.scope = 'ip' AND l.method = '*';
    slot := greatest(
        p_now,
        coalesce(method_next, p_now) - method_step * (p_burst - 1),
        coalesce(ip_next, p_now) - ip_step * (p_burst - 1)
    );
    INSERT INTO omie_sync.quota_lane AS l (scope, method, next_at) VALUES
        (p_scope, p_method, greatest(coalesce(method_next, slot), slot) + method_step),
        ('ip', '*', greatest(coalesce(ip_next, slot), slot) + ip_step)
    ON CONFLICT (scope, method) DO UPDATE SET next_at = excluded.next_at;
    INSERT INTO omie_sync.quota_request AS r (scope, fingerprint, at)
    VALUES (p_scope, p_fingerprint, slot)
    ON CONFLICT (scope, fingerprint) DO UPDATE SET at = excluded.at;
    IF random() < 0.002 THEN
        DELETE FROM omie_sync.quota_request r WHERE r.at < p_now - interval '1 day';
    END IF;
    IF closed THEN
        UPDATE omie_sync.block b SET probe_at = slot WHERE b.scope = p_scope;
        probe := true;
    END IF;
    wait_seconds := extract(epoch FROM slot - p_now);
END $$
"""

_ADMIT_BEFORE = """
CREATE FUNCTION omie_sync.admit(
    p_scope text, p_method text, p_fingerprint text, p_now timestamptz,
    p_method_per_minute double precision, p_ip_per_minute double precision,
    p_burst integer, p_redundant_seconds double precision,
    p_error_budget integer, p_fault_window_seconds double precision,
    OUT wait_seconds double precision, OUT redundant_seconds double precision,
    OUT blocked_until timestamptz, OUT budget_until timestamptz
) LANGUAGE plpgsql AS $$
DECLARE
    method_step interval := make_interval(secs => 60.0 / p_method_per_minute);
    ip_step interval := make_interval(secs => 60.0 / p_ip_per_minute);
    method_next timestamptz;
    ip_next timestamptz;
    slot timestamptz;
    seen timestamptz;
    faults bigint;
    oldest timestamptz;
BEGIN
    wait_seconds := 0;
    redundant_seconds := 0;
    -- Losing the last half second in a crash of the server is harmless; waiting for disk is not.
    PERFORM set_config('synchronous_commit', 'off', true);
    PERFORM pg_advisory_xact_lock(hashtextextended('omie_sync.admit', 0));

    SELECT b.until INTO blocked_until FROM omie_sync.block b
     WHERE b.scope = p_scope AND b.until > p_now;
    IF blocked_until IS NOT NULL THEN RETURN; END IF;

    SELECT count(*), min(f.at) INTO faults, oldest FROM omie_sync.quota_fault f
     WHERE f.scope = p_scope AND f.method = p_method
       AND f.at > p_now - make_interval(secs => p_fault_window_seconds);
    IF faults >= p_error_budget THEN
        budget_until := oldest + make_interval(secs => p_fault_window_seconds);
        RETURN;
    END IF;

    SELECT r.at INTO seen FROM omie_sync.quota_request r
     WHERE r.scope = p_scope AND r.fingerprint = p_fingerprint;
    IF seen IS NOT NULL AND seen > p_now - make_interval(secs => p_redundant_seconds) THEN
        redundant_seconds := p_redundant_seconds - extract(epoch FROM p_now - seen);
        RETURN;
    END IF;

    SELECT l.next_at INTO method_next FROM omie_sync.quota_lane l
     WHERE l.scope = p_scope AND l.method = p_method;
    SELECT l.next_at INTO ip_next FROM omie_sync.quota_lane l
     WHERE l.scope = 'ip' AND l.method = '*';
    slot := greatest(
        p_now,
        coalesce(method_next, p_now) - method_step * (p_burst - 1),
        coalesce(ip_next, p_now) - ip_step * (p_burst - 1)
    );
    INSERT INTO omie_sync.quota_lane AS l (scope, method, next_at) VALUES
        (p_scope, p_method, greatest(coalesce(method_next, slot), slot) + method_step),
        ('ip', '*', greatest(coalesce(ip_next, slot), slot) + ip_step)
    ON CONFLICT (scope, method) DO UPDATE SET next_at = excluded.next_at;
    INSERT INTO omie_sync.quota_request AS r (scope, fingerprint, at)
    VALUES (p_scope, p_fingerprint, slot)
    ON CONFLICT (scope, fingerprint) DO UPDATE SET at = excluded.at;
    IF random() < 0.002 THEN
        DELETE FROM omie_sync.quota_request r WHERE r.at < p_now - interval '1 day';
    END IF;
    wait_seconds := extract(epoch FROM slot - p_now);
END $$
"""


def upgrade() -> None:
    op.add_column(
        "block",
        sa.Column(
            "probe_at",
            sa.DateTime(timezone=True),
            comment="call that was let through after the end, to see whether the key is open",
        ),
        schema="omie_sync",
    )
    op.execute("DROP FUNCTION omie_sync.admit")
    op.execute(_ADMIT)


def downgrade() -> None:
    op.execute("DROP FUNCTION omie_sync.admit")
    op.execute(_ADMIT_BEFORE)
    op.drop_column("block", "probe_at", schema="omie_sync")
