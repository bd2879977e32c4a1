"""The tables of schema ``omie_sync`` that the push path writes; ``mirror_tables`` has the others.

The DDL is in ``migrations/``; a test holds the two together.
"""

from __future__ import annotations

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import ARRAY, JSONB

from omie_pipeline.postgres import schemas

metadata = sa.MetaData()
SYNC = schemas.SYNC
OMIE = schemas.OMIE

_Time = sa.DateTime(timezone=True)
_Json = JSONB(none_as_null=True)
_Names = ARRAY(sa.Text)


def _now() -> sa.TextClause:
    return sa.text("now()")


run = sa.Table(
    "run",
    metadata,
    sa.Column("run_id", sa.Text, primary_key=True),
    sa.Column("empresa", sa.Text, nullable=False),
    sa.Column("endpoint", sa.Text, nullable=False),
    sa.Column("gatilho", sa.Text, nullable=False, comment="cli, schedule, sensor, ui, demo"),
    sa.Column("state", sa.Text, nullable=False, comment="running, done, stopped, failed"),
    sa.Column("started_at", _Time, nullable=False),
    sa.Column("finished_at", _Time),
    sa.Column("counts", _Json, comment="list of counts, one per partition"),
    sa.Column("selected", sa.BigInteger, nullable=False, server_default="0"),
    sa.Column("value_sum", sa.Numeric(18, 2)),
    sa.Column("error_class", sa.Text),
    sa.Column("error", sa.Text),
    sa.Column("data_docs", sa.Text, comment="path of the validation report"),
    sa.Column("dagster_run_id", sa.Text),
    schema=SYNC,
    comment="One row per sync of one endpoint: the history",
)
sa.Index("run_by_endpoint", run.c.empresa, run.c.endpoint, run.c.started_at.desc())

ledger = sa.Table(
    "ledger",
    metadata,
    sa.Column("empresa", sa.Text, primary_key=True),
    sa.Column("endpoint", sa.Text, primary_key=True),
    sa.Column("codigo_integracao", sa.Text, primary_key=True),
    sa.Column("state", sa.Text, nullable=False, comment="confirmed, rejected, held, deleted"),
    sa.Column("payload_hash", sa.Text, comment="of the payload that Omie confirmed, never earlier"),
    sa.Column("omie_id", sa.BigInteger),
    sa.Column("created_here", sa.Boolean, nullable=False, server_default=sa.false()),
    sa.Column("particao", sa.Text, nullable=False),
    sa.Column("attempts", sa.Integer, nullable=False, server_default="0"),
    sa.Column("first_error", sa.Text),
    sa.Column("last_error", sa.Text),
    sa.Column("error_code", sa.Text),
    sa.Column("held_until", _Time),
    sa.Column("run_id", sa.Text, nullable=False),
    sa.Column("first_seen_at", _Time, nullable=False, server_default=_now()),
    sa.Column("confirmed_at", _Time),
    sa.Column("updated_at", _Time, nullable=False, server_default=_now()),
    sa.Column("omie_code", sa.Text, comment="Omie's id where it is no number (categorias)"),
    sa.Column("parent_code", sa.Text, comment="code of the record that this one acts upon"),
    sa.Column("filled", _Names, comment="fields confirmed with a value that could be emptied"),
    sa.Column("not_emptied", _Names, comment="those that the clinic emptied and Omie still has"),
    sa.Column("emptied", _Names, comment="those that were emptied in Omie last"),
    sa.Column("likeness", sa.Text, comment="digest of whom, how much and when, without the code"),
    sa.Column(
        "in_doubt",
        sa.Boolean,
        nullable=False,
        server_default=sa.false(),
        comment="Omie may have taken in what it refused: payload_hash may be out of date",
    ),
    sa.Column("same_as", sa.BigInteger, comment="Omie's id of what a person or the bank made"),
    schema=SYNC,
    comment="One row per integration code: what Omie has confirmed",
)
sa.Index(
    "ledger_by_parent",
    ledger.c.empresa,
    ledger.c.endpoint,
    ledger.c.parent_code,
    postgresql_where=ledger.c.parent_code.is_not(None),
)
sa.Index(
    "ledger_unfinished",
    ledger.c.empresa,
    ledger.c.endpoint,
    ledger.c.state,
    postgresql_where=ledger.c.state.in_(("rejected", "held")),
)
sa.Index("ledger_by_omie_id", ledger.c.empresa, ledger.c.endpoint, ledger.c.omie_id)
sa.Index("ledger_by_partition", ledger.c.empresa, ledger.c.endpoint, ledger.c.particao)
sa.Index(
    "ledger_by_likeness",
    ledger.c.empresa,
    ledger.c.endpoint,
    ledger.c.likeness,
    postgresql_where=ledger.c.likeness.is_not(None),
)
sa.Index(
    "ledger_filled_unknown",
    ledger.c.empresa,
    ledger.c.endpoint,
    postgresql_where=sa.and_(ledger.c.filled.is_(None), ledger.c.payload_hash.is_not(None)),
)
sa.Index(
    "ledger_not_emptied",
    ledger.c.empresa,
    ledger.c.endpoint,
    postgresql_where=ledger.c.not_emptied.is_not(None),
)

intent = sa.Table(
    "intent",
    metadata,
    sa.Column("intent_id", sa.BigInteger, sa.Identity(), primary_key=True),
    sa.Column("run_id", sa.Text, nullable=False),
    sa.Column("empresa", sa.Text, nullable=False),
    sa.Column("endpoint", sa.Text, nullable=False),
    sa.Column("codigo_integracao", sa.Text, nullable=False),
    sa.Column("particao", sa.Text, nullable=False),
    sa.Column("action", sa.Text, nullable=False, comment="upsert, insert, delete"),
    sa.Column("payload_hash", sa.Text),
    sa.Column("payload", _Json, comment="as sent; removed when the intent closes"),
    sa.Column("omie_id", sa.BigInteger),
    sa.Column("fingerprint", sa.Text, nullable=False, comment="of the request, see quota_request"),
    sa.Column("created_at", _Time, nullable=False),
    sa.Column("sent_at", _Time, comment="when it may have left at the latest"),
    sa.Column("read_at", _Time, comment="last read back"),
    sa.Column("closed_at", _Time),
    sa.Column("outcome", sa.Text, comment="created, updated, linked, deleted, rejected, not_sent"),
    sa.Column("filled", _Names, comment="as in the ledger before the call"),
    schema=SYNC,
    comment="Committed before a call leaves, closed by its outcome",
)
sa.Index(
    "intent_open",
    intent.c.empresa,
    intent.c.endpoint,
    intent.c.codigo_integracao,
    unique=True,
    postgresql_where=intent.c.closed_at.is_(None),
)

attempt = sa.Table(
    "attempt",
    metadata,
    sa.Column("attempt_id", sa.BigInteger, sa.Identity(), primary_key=True),
    sa.Column("run_id", sa.Text, nullable=False),
    sa.Column("empresa", sa.Text, nullable=False),
    sa.Column("endpoint", sa.Text, nullable=False),
    sa.Column("codigo_integracao", sa.Text),
    sa.Column("method", sa.Text, nullable=False),
    sa.Column("request", _Json, comment="masked; no key, no secret"),
    sa.Column("response", _Json, comment="masked"),
    sa.Column("http_status", sa.Integer, nullable=False),
    sa.Column("fault_class", sa.Text),
    sa.Column("fault_code", sa.Text),
    sa.Column("fault_text", sa.Text),
    sa.Column("duration_ms", sa.Float, nullable=False),
    sa.Column("at", _Time, nullable=False),
    schema=SYNC,
    comment="Request and answer of each call, masked, kept for some days",
)
sa.Index("attempt_by_time", attempt.c.at)

_REASONS_COMMENT = "list of {campo, regra, motivo, correcao}"

quarantine = sa.Table(
    "quarantine",
    metadata,
    sa.Column("empresa", sa.Text, primary_key=True),
    sa.Column("endpoint", sa.Text, primary_key=True),
    sa.Column("linha", sa.Text, primary_key=True, comment="partition and code, else hash"),
    sa.Column("codigo_integracao", sa.Text),
    sa.Column("particao", sa.Text, nullable=False),
    sa.Column("reasons", _Json, nullable=False, comment=_REASONS_COMMENT),
    sa.Column("row_masked", _Json, nullable=False),
    sa.Column("origem", _Json, comment="link to the clinic's row"),
    sa.Column("first_seen_at", _Time, nullable=False),
    sa.Column("last_seen_at", _Time, nullable=False),
    sa.Column("run_id", sa.Text, nullable=False),
    schema=SYNC,
    comment="Rows our own validation refused; a row leaves when it passes",
)

rejected = sa.Table(
    "rejected",
    metadata,
    sa.Column("empresa", sa.Text, primary_key=True),
    sa.Column("endpoint", sa.Text, primary_key=True),
    sa.Column("codigo_integracao", sa.Text, primary_key=True),
    sa.Column("particao", sa.Text, nullable=False),
    sa.Column("fault_text", sa.Text, nullable=False, comment="Omie's own words"),
    sa.Column("fault_code", sa.Text),
    sa.Column("correcao", sa.Text, nullable=False),
    sa.Column("row_masked", _Json, nullable=False),
    sa.Column("first_seen_at", _Time, nullable=False),
    sa.Column("last_seen_at", _Time, nullable=False),
    sa.Column("run_id", sa.Text, nullable=False),
    sa.Column("payload_hash", sa.Text, comment="of the payload that was refused"),
    sa.Column("first_fault_text", sa.Text, comment="Omie's words about this payload, first"),
    sa.Column("first_refused_at", _Time, comment="when Omie said them"),
    schema=SYNC,
    comment="Rows Omie refused; a row leaves when it passes",
)

plan = sa.Table(
    "plan",
    metadata,
    sa.Column("run_id", sa.Text, primary_key=True),
    sa.Column("linha", sa.BigInteger, primary_key=True, comment="row number within the run"),
    sa.Column("particao", sa.Text, nullable=False),
    sa.Column("codigo_integracao", sa.Text),
    sa.Column("action", sa.Text, nullable=False, comment="upsert, insert, delete"),
    sa.Column("priority", sa.SmallInteger, nullable=False, comment="0 held, 1 new, 2 rejected"),
    sa.Column("state", sa.Text, nullable=False, comment="ready, quarantined, held, sent"),
    sa.Column("payload", _Json, nullable=False),
    sa.Column("extra", _Json, nullable=False, comment="columns with a leading underscore"),
    sa.Column("payload_hash", sa.Text, nullable=False),
    sa.Column("omie_id", sa.BigInteger),
    sa.Column("filled", _Names, comment="as in the ledger"),
    sa.Column("reasons", _Json, comment="why the row does not leave"),
    schema=SYNC,
    prefixes=["UNLOGGED"],
    comment="Work of one run: the rows that differ from the ledger",
)

fence = sa.Table(
    "fence",
    metadata,
    sa.Column("lane", sa.Text, primary_key=True, comment="push:<empresa>:<endpoint>, say"),
    sa.Column("token", sa.BigInteger, nullable=False, comment="one more with every holder"),
    sa.Column("holder", sa.Text, nullable=False, comment="of the token; random"),
    sa.Column("backend_pid", sa.Integer, nullable=False, comment="of the session with the lock"),
    sa.Column("taken_at", _Time, nullable=False, server_default=_now()),
    schema=SYNC,
    comment="Who holds each lane: a run that is not named here any more writes and sends nothing",
)

binding = sa.Table(
    "binding",
    metadata,
    sa.Column("empresa", sa.Text, primary_key=True),
    sa.Column("scope", sa.Text, nullable=False, comment="digest of the app key"),
    sa.Column("host", sa.Text, nullable=False, comment="Omie, or a simulator on loopback"),
    sa.Column("bound_at", _Time, nullable=False, server_default=_now()),
    sa.Column("confirmed_at", _Time, comment="first good answer; until then a key may be changed"),
    schema=SYNC,
    comment="Which Omie the ledger of an empresa belongs to",
)

block = sa.Table(
    "block",
    metadata,
    sa.Column("scope", sa.Text, primary_key=True, comment="digest of the app key"),
    sa.Column("until", _Time, nullable=False),
    sa.Column("reason", sa.Text, nullable=False),
    sa.Column("seen_at", _Time, nullable=False),
    sa.Column(
        "probe_at",
        _Time,
        comment="call that was let through after the end, to see whether the key is open",
    ),
    schema=SYNC,
    comment="Memory of an HTTP 425; survives restarts",
)

line_wait = sa.Table(
    "line_wait",
    metadata,
    sa.Column("scope", sa.Text, primary_key=True, comment="digest of the app key"),
    sa.Column("method", sa.Text, primary_key=True, comment="Omie's call, or what waits"),
    sa.Column("until", _Time, nullable=False),
    sa.Column("reason", sa.Text, nullable=False, comment="in Portuguese, for staff"),
    sa.Column("since", _Time, nullable=False),
    sa.Column(
        "closes",
        sa.Boolean,
        nullable=False,
        comment="nothing of this method may leave before; false: somebody merely waits",
    ),
    schema=SYNC,
    comment="What a key or one of its methods waits for, and until when",
)

quota_lane = sa.Table(
    "quota_lane",
    metadata,
    sa.Column("scope", sa.Text, primary_key=True, comment="digest of the app key, or 'ip'"),
    sa.Column("method", sa.Text, primary_key=True),
    sa.Column("next_at", _Time, nullable=False, comment="theoretical arrival time (GCRA)"),
    schema=SYNC,
    prefixes=["UNLOGGED"],
)

quota_request = sa.Table(
    "quota_request",
    metadata,
    sa.Column("scope", sa.Text, primary_key=True),
    sa.Column("fingerprint", sa.Text, primary_key=True),
    sa.Column("at", _Time, nullable=False),
    schema=SYNC,
    comment="Requests let through; after a crash it tells which intents never left",
)

quota_fault = sa.Table(
    "quota_fault",
    metadata,
    sa.Column("fault_id", sa.BigInteger, sa.Identity(), primary_key=True),
    sa.Column("scope", sa.Text, nullable=False),
    sa.Column("method", sa.Text, nullable=False),
    sa.Column("at", _Time, nullable=False),
    schema=SYNC,
)
sa.Index("quota_fault_recent", quota_fault.c.scope, quota_fault.c.method, quota_fault.c.at)
