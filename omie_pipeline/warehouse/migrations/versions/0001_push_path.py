"""Tables of the push path and the reference lists read from Omie."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "categorias",
        sa.Column("empresa", sa.Text(), nullable=False),
        sa.Column("codigo", sa.Text(), nullable=False),
        sa.Column("descricao", sa.Text(), nullable=True),
        sa.Column("conta_inativa", sa.Text(), nullable=True),
        sa.Column("totalizadora", sa.Text(), nullable=True),
        sa.Column("conta_receita", sa.Text(), nullable=True),
        sa.Column("conta_despesa", sa.Text(), nullable=True),
        sa.Column("raw", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("lido_em", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("empresa", "codigo"),
        schema="omie",
        comment="Categories of Omie (geral/categorias), read whole",
    )
    op.create_table(
        "contas_correntes",
        sa.Column("empresa", sa.Text(), nullable=False),
        sa.Column("n_cod_cc", sa.BigInteger(), nullable=False),
        sa.Column("c_cod_cc_int", sa.Text(), nullable=True),
        sa.Column("descricao", sa.Text(), nullable=True),
        sa.Column("tipo", sa.Text(), nullable=True),
        sa.Column("inativo", sa.Text(), nullable=True),
        sa.Column("raw", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("lido_em", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("empresa", "n_cod_cc"),
        schema="omie",
        comment="Bank accounts of Omie (geral/contacorrente), read whole",
    )
    op.create_table(
        "empresas",
        sa.Column("empresa", sa.Text(), nullable=False),
        sa.Column("codigo_empresa", sa.BigInteger(), nullable=False),
        sa.Column("razao_social", sa.Text(), nullable=True),
        sa.Column("cnpj", sa.Text(), nullable=True),
        sa.Column(
            "raw",
            postgresql.JSONB(astext_type=sa.Text()),
            nullable=False,
            comment="without certificates and secrets",
        ),
        sa.Column("lido_em", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("empresa", "codigo_empresa"),
        schema="omie",
        comment="The company behind each key (geral/empresas)",
    )
    op.create_table(
        "attempt",
        sa.Column("attempt_id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("run_id", sa.Text(), nullable=False),
        sa.Column("empresa", sa.Text(), nullable=False),
        sa.Column("endpoint", sa.Text(), nullable=False),
        sa.Column("codigo_integracao", sa.Text(), nullable=True),
        sa.Column("method", sa.Text(), nullable=False),
        sa.Column(
            "request",
            postgresql.JSONB(astext_type=sa.Text()),
            nullable=True,
            comment="masked; no key, no secret",
        ),
        sa.Column(
            "response", postgresql.JSONB(astext_type=sa.Text()), nullable=True, comment="masked"
        ),
        sa.Column("http_status", sa.Integer(), nullable=False),
        sa.Column("fault_class", sa.Text(), nullable=True),
        sa.Column("fault_code", sa.Text(), nullable=True),
        sa.Column("fault_text", sa.Text(), nullable=True),
        sa.Column("duration_ms", sa.Float(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("attempt_id"),
        schema="omie_sync",
        comment="Request and answer of each call, masked, kept for some days",
    )
    op.create_index("attempt_by_time", "attempt", ["at"], unique=False, schema="omie_sync")
    op.create_table(
        "block",
        sa.Column("scope", sa.Text(), nullable=False, comment="digest of the app key"),
        sa.Column("until", sa.DateTime(timezone=True), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("seen_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("scope"),
        schema="omie_sync",
        comment="Memory of an HTTP 425; survives restarts",
    )
    op.create_table(
        "intent",
        sa.Column("intent_id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("run_id", sa.Text(), nullable=False),
        sa.Column("empresa", sa.Text(), nullable=False),
        sa.Column("endpoint", sa.Text(), nullable=False),
        sa.Column("codigo_integracao", sa.Text(), nullable=False),
        sa.Column("particao", sa.Text(), nullable=False),
        sa.Column("action", sa.Text(), nullable=False, comment="upsert, insert, delete"),
        sa.Column("payload_hash", sa.Text(), nullable=True),
        sa.Column(
            "payload",
            postgresql.JSONB(astext_type=sa.Text()),
            nullable=True,
            comment="as sent; removed when the intent closes",
        ),
        sa.Column("omie_id", sa.BigInteger(), nullable=True),
        sa.Column(
            "fingerprint", sa.Text(), nullable=False, comment="of the request, see quota_request"
        ),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column(
            "sent_at",
            sa.DateTime(timezone=True),
            nullable=True,
            comment="when it may have left at the latest",
        ),
        sa.Column("read_at", sa.DateTime(timezone=True), nullable=True, comment="last read back"),
        sa.Column("closed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column(
            "outcome",
            sa.Text(),
            nullable=True,
            comment="created, updated, linked, deleted, rejected, not_sent",
        ),
        sa.PrimaryKeyConstraint("intent_id"),
        schema="omie_sync",
        comment="Committed before a call leaves, closed by its outcome",
    )
    op.create_index(
        "intent_open",
        "intent",
        ["empresa", "endpoint", "codigo_integracao"],
        unique=True,
        schema="omie_sync",
        postgresql_where=sa.text("closed_at IS NULL"),
    )
    op.create_table(
        "ledger",
        sa.Column("empresa", sa.Text(), nullable=False),
        sa.Column("endpoint", sa.Text(), nullable=False),
        sa.Column("codigo_integracao", sa.Text(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False, comment="confirmed, rejected, held, deleted"),
        sa.Column(
            "payload_hash",
            sa.Text(),
            nullable=True,
            comment="of the payload that Omie confirmed, never earlier",
        ),
        sa.Column("omie_id", sa.BigInteger(), nullable=True),
        sa.Column("created_here", sa.Boolean(), server_default=sa.text("false"), nullable=False),
        sa.Column("particao", sa.Text(), nullable=False),
        sa.Column("attempts", sa.Integer(), server_default="0", nullable=False),
        sa.Column("first_error", sa.Text(), nullable=True),
        sa.Column("last_error", sa.Text(), nullable=True),
        sa.Column("error_code", sa.Text(), nullable=True),
        sa.Column("held_until", sa.DateTime(timezone=True), nullable=True),
        sa.Column("run_id", sa.Text(), nullable=False),
        sa.Column(
            "first_seen_at",
            sa.DateTime(timezone=True),
            server_default=sa.text("now()"),
            nullable=False,
        ),
        sa.Column("confirmed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column(
            "updated_at",
            sa.DateTime(timezone=True),
            server_default=sa.text("now()"),
            nullable=False,
        ),
        sa.PrimaryKeyConstraint("empresa", "endpoint", "codigo_integracao"),
        schema="omie_sync",
        comment="One row per integration code: what Omie has confirmed",
    )
    op.create_index(
        "ledger_by_partition",
        "ledger",
        ["empresa", "endpoint", "particao"],
        unique=False,
        schema="omie_sync",
    )
    op.create_index(
        "ledger_unfinished",
        "ledger",
        ["empresa", "endpoint", "state"],
        unique=False,
        schema="omie_sync",
        postgresql_where=sa.text("state IN ('rejected', 'held')"),
    )
    op.create_table(
        "plan",
        sa.Column("run_id", sa.Text(), nullable=False),
        sa.Column("linha", sa.BigInteger(), nullable=False, comment="row number within the run"),
        sa.Column("particao", sa.Text(), nullable=False),
        sa.Column("codigo_integracao", sa.Text(), nullable=True),
        sa.Column("action", sa.Text(), nullable=False, comment="upsert, insert, delete"),
        sa.Column(
            "priority", sa.SmallInteger(), nullable=False, comment="0 held, 1 new, 2 rejected"
        ),
        sa.Column("state", sa.Text(), nullable=False, comment="ready, quarantined, held, sent"),
        sa.Column("payload", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column(
            "extra",
            postgresql.JSONB(astext_type=sa.Text()),
            nullable=False,
            comment="columns with a leading underscore",
        ),
        sa.Column("payload_hash", sa.Text(), nullable=False),
        sa.Column("omie_id", sa.BigInteger(), nullable=True),
        sa.PrimaryKeyConstraint("run_id", "linha"),
        schema="omie_sync",
        comment="Work of one run: the rows that differ from the ledger",
        prefixes=["UNLOGGED"],
    )
    op.create_table(
        "quarantine",
        sa.Column("empresa", sa.Text(), nullable=False),
        sa.Column("endpoint", sa.Text(), nullable=False),
        sa.Column("linha", sa.Text(), nullable=False, comment="partition and code, else hash"),
        sa.Column("codigo_integracao", sa.Text(), nullable=True),
        sa.Column("particao", sa.Text(), nullable=False),
        sa.Column(
            "reasons",
            postgresql.JSONB(astext_type=sa.Text()),
            nullable=False,
            comment="list of {campo, regra, motivo, correcao}",
        ),
        sa.Column("row_masked", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column(
            "origem",
            postgresql.JSONB(astext_type=sa.Text()),
            nullable=True,
            comment="link to the clinic's row",
        ),
        sa.Column("first_seen_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("last_seen_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("run_id", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("empresa", "endpoint", "linha"),
        schema="omie_sync",
        comment="Rows our own validation refused; a row leaves when it passes",
    )
    op.create_table(
        "quota_fault",
        sa.Column("fault_id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("scope", sa.Text(), nullable=False),
        sa.Column("method", sa.Text(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("fault_id"),
        schema="omie_sync",
    )
    op.create_index(
        "quota_fault_recent",
        "quota_fault",
        ["scope", "method", "at"],
        unique=False,
        schema="omie_sync",
    )
    op.create_table(
        "quota_lane",
        sa.Column("scope", sa.Text(), nullable=False, comment="digest of the app key, or 'ip'"),
        sa.Column("method", sa.Text(), nullable=False),
        sa.Column(
            "next_at",
            sa.DateTime(timezone=True),
            nullable=False,
            comment="theoretical arrival time (GCRA)",
        ),
        sa.PrimaryKeyConstraint("scope", "method"),
        schema="omie_sync",
        prefixes=["UNLOGGED"],
    )
    op.create_table(
        "quota_request",
        sa.Column("scope", sa.Text(), nullable=False),
        sa.Column("fingerprint", sa.Text(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("scope", "fingerprint"),
        schema="omie_sync",
        comment="Requests let through; after a crash it tells which intents never left",
    )
    op.create_table(
        "rejected",
        sa.Column("empresa", sa.Text(), nullable=False),
        sa.Column("endpoint", sa.Text(), nullable=False),
        sa.Column("codigo_integracao", sa.Text(), nullable=False),
        sa.Column("particao", sa.Text(), nullable=False),
        sa.Column("fault_text", sa.Text(), nullable=False, comment="Omie's own words"),
        sa.Column("fault_code", sa.Text(), nullable=True),
        sa.Column("correcao", sa.Text(), nullable=False),
        sa.Column("row_masked", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("first_seen_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("last_seen_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("run_id", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("empresa", "endpoint", "codigo_integracao"),
        schema="omie_sync",
        comment="Rows Omie refused; a row leaves when it passes",
    )
    op.create_table(
        "run",
        sa.Column("run_id", sa.Text(), nullable=False),
        sa.Column("empresa", sa.Text(), nullable=False),
        sa.Column("endpoint", sa.Text(), nullable=False),
        sa.Column("gatilho", sa.Text(), nullable=False, comment="cli, schedule, sensor, ui, demo"),
        sa.Column("state", sa.Text(), nullable=False, comment="running, done, stopped, failed"),
        sa.Column("started_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("finished_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column(
            "counts",
            postgresql.JSONB(astext_type=sa.Text()),
            nullable=True,
            comment="list of counts, one per partition",
        ),
        sa.Column("selected", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("value_sum", sa.Numeric(precision=18, scale=2), nullable=True),
        sa.Column("error_class", sa.Text(), nullable=True),
        sa.Column("error", sa.Text(), nullable=True),
        sa.Column("data_docs", sa.Text(), nullable=True, comment="path of the validation report"),
        sa.Column("dagster_run_id", sa.Text(), nullable=True),
        sa.PrimaryKeyConstraint("run_id"),
        schema="omie_sync",
        comment="One row per sync of one endpoint: the history",
    )
    op.create_index(
        "run_by_endpoint",
        "run",
        ["empresa", "endpoint", sa.literal_column("started_at DESC")],
        unique=False,
        schema="omie_sync",
    )


def downgrade() -> None:
    op.drop_index("run_by_endpoint", table_name="run", schema="omie_sync")
    op.drop_table("run", schema="omie_sync")
    op.drop_table("rejected", schema="omie_sync")
    op.drop_table("quota_request", schema="omie_sync")
    op.drop_table("quota_lane", schema="omie_sync")
    op.drop_index("quota_fault_recent", table_name="quota_fault", schema="omie_sync")
    op.drop_table("quota_fault", schema="omie_sync")
    op.drop_table("quarantine", schema="omie_sync")
    op.drop_table("plan", schema="omie_sync")
    op.drop_index(
        "ledger_unfinished",
        table_name="ledger",
        schema="omie_sync",
        postgresql_where=sa.text("state IN ('rejected', 'held')"),
    )
    op.drop_index("ledger_by_partition", table_name="ledger", schema="omie_sync")
    op.drop_table("ledger", schema="omie_sync")
    op.drop_index(
        "intent_open",
        table_name="intent",
        schema="omie_sync",
        postgresql_where=sa.text("closed_at IS NULL"),
    )
    op.drop_table("intent", schema="omie_sync")
    op.drop_table("block", schema="omie_sync")
    op.drop_index("attempt_by_time", table_name="attempt", schema="omie_sync")
    op.drop_table("attempt", schema="omie_sync")
    op.drop_table("empresas", schema="omie")
    op.drop_table("contas_correntes", schema="omie")
    op.drop_table("categorias", schema="omie")
