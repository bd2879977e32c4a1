"""The tables of schemas ``omie_sync``, ``omie_inbox`` and ``omie_saida``; those of ``omie`` are in
``omie_tables``.

DDL lives in ``migrations/``; a test holds the two together.

"""

from __future__ import annotations

from typing import Any

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
    sa.Column("trigger", sa.Text, nullable=False, comment="cli, schedule, sensor, ui, demo"),
    sa.Column("state", sa.Text, nullable=False, comment="running, done, stopped, failed, off"),
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
    sa.Column("partition", sa.Text, nullable=False),
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
sa.Index("ledger_by_partition", ledger.c.empresa, ledger.c.endpoint, ledger.c.partition)
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
    sa.Column("partition", sa.Text, nullable=False),
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
sa.Index(
    "attempt_by_record",
    attempt.c.empresa,
    attempt.c.endpoint,
    attempt.c.codigo_integracao,
    attempt.c.attempt_id,
)

_REASONS_COMMENT = "list of {field, rule, reason, fix}"

quarantine = sa.Table(
    "quarantine",
    metadata,
    sa.Column("empresa", sa.Text, primary_key=True),
    sa.Column("endpoint", sa.Text, primary_key=True),
    sa.Column("row_key", sa.Text, primary_key=True, comment="partition and code, else hash"),
    sa.Column("codigo_integracao", sa.Text),
    sa.Column("partition", sa.Text, nullable=False),
    sa.Column("reasons", _Json, nullable=False, comment=_REASONS_COMMENT),
    sa.Column("row_masked", _Json, nullable=False),
    sa.Column("source_row", _Json, comment="link to the clinic's row"),
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
    sa.Column("partition", sa.Text, nullable=False),
    sa.Column("fault_text", sa.Text, nullable=False, comment="Omie's own words"),
    sa.Column("fault_code", sa.Text),
    sa.Column("fix", sa.Text, nullable=False),
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
    sa.Column("number", sa.BigInteger, primary_key=True, comment="row number within the run"),
    sa.Column("partition", sa.Text, nullable=False),
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

work = sa.Table(
    "work",
    metadata,
    sa.Column("empresa", sa.Text, primary_key=True),
    sa.Column("kind", sa.Text, primary_key=True, comment="push, import, extract, notes"),
    sa.Column("name", sa.Text, primary_key=True, comment="endpoint or table"),
    sa.Column("started_at", _Time, nullable=False),
    sa.Column("told_at", _Time, nullable=False, comment="last sign of life"),
    sa.Column("done", sa.BigInteger, nullable=False, comment="rows"),
    sa.Column("total", sa.BigInteger, comment="rows it began with, if known"),
    sa.Column("per_minute", sa.Float, comment="rows, over the last minutes"),
    sa.Column("most_per_minute", sa.Float, comment="rows that Omie's limit allows"),
    sa.Column("wait_reason", sa.Text, comment="in Portuguese, for staff; NULL: it does not wait"),
    sa.Column("wait_until", _Time),
    schema=SYNC,
    comment="Long works under way and how far each is; its row goes when it ends",
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


# The tables of schema ``omie_sync`` that hold the clinic's defaults for Omie.
#
# ``dbt_mapping/macros/padroes.sql`` reads them; ``defaults`` writes them. The DDL is in
# ``migrations/``; a test holds the two together.

YES, NO = "S", "N"


def _yes_no(name: str, comment: str) -> sa.Column[str]:
    return sa.Column(
        name,
        sa.Text,
        sa.CheckConstraint(f"{name} IN ('{YES}', '{NO}')", name=f"empresa_default_{name}"),
        comment=comment,
    )


empresa_default = sa.Table(
    "empresa_default",
    metadata,
    sa.Column("empresa", sa.Text, primary_key=True, comment="name of the empresa, or * for all"),
    sa.Column("receipt_category", sa.Text, comment="of receipts whose procedure has none"),
    sa.Column("repasse_category", sa.Text, comment="of shares due to professionals"),
    sa.Column("sale_category", sa.Text, comment="of product sales that name none"),
    sa.Column("expense_category", sa.Text, comment="of expenses that name none"),
    sa.Column("purchase_category", sa.Text, comment="of product purchases that name none"),
    sa.Column("account", sa.BigInteger, comment="nCodCC where the payment method says nothing"),
    _yes_no("bill_orders", "S: every service order is billed at once"),
    _yes_no("order_for_every_receipt", "S: a service order for every receipt, whatever its flag"),
    _yes_no("professionals_are_sellers", "S: professionals are Omie's vendedores"),
    sa.Column("repasse_days", sa.Integer, comment="from receipt to repasse, where no rule says"),
    sa.Column("lc116", sa.Text, comment="LC 116 code of procedures that have none"),
    sa.Column("municipal_service", sa.Text, comment="municipal code of procedures without one"),
    sa.Column("taxation", sa.Text, comment="cIdTrib of procedures that have none"),
    sa.Column("service_city", sa.Text, comment="where services are provided, as Omie spells it"),
    sa.Column("order_terms", sa.Text, comment="cCodParc of orders"),
    schema=SYNC,
    comment="What a row takes where neither it nor its procedure says otherwise",
)

payment_account = sa.Table(
    "payment_account",
    metadata,
    sa.Column("empresa", sa.Text, primary_key=True, comment="name of the empresa, or * for all"),
    sa.Column(
        "payment_method",
        sa.Text,
        primary_key=True,
        comment="its id at the clinic, or its Omie type",
    ),
    sa.Column("account", sa.BigInteger, nullable=False, comment="Omie's nCodCC"),
    sa.Column("origin", sa.Text, comment="as in mapping; NULL: of a version that kept none"),
    sa.Column("decided_by", sa.Text),
    sa.Column("decided_at", _Time),
    schema=SYNC,
    comment="Account of each payment method whose own row gives none",
)

default_import = sa.Table(
    "default_import",
    metadata,
    sa.Column("import_id", sa.BigInteger, sa.Identity(), primary_key=True),
    sa.Column("source", sa.Text, nullable=False, comment="file or table the defaults came from"),
    sa.Column("settings", sa.Integer, nullable=False, comment="how many it had"),
    sa.Column("imported_at", sa.DateTime(timezone=True), nullable=False),
    schema=SYNC,
    comment="Where defaults were imported from, and when",
)


# The table of schema ``omie_inbox``: Omie's webhook events, until they are worked on.
#
# The DDL is in ``migrations/``; a test holds the two together.

INBOX = schemas.INBOX

events = sa.Table(
    "events",
    metadata,
    sa.Column("empresa", sa.Text, primary_key=True),
    sa.Column("message_id", sa.Text, primary_key=True, comment="Omie's messageId, or a digest"),
    sa.Column("topic", sa.Text, nullable=False, comment="empty where the body has none"),
    sa.Column("received_at", _Time, nullable=False),
    sa.Column("author", sa.Text, comment="number of Omie's user, without name or e-mail"),
    sa.Column("raw", _Json, nullable=False, comment="as it came, without appKey and appHash"),
    sa.Column("records", _Json, nullable=False, comment="ids it names, by table"),
    sa.Column("tables", ARRAY(sa.Text), nullable=False, comment="tables to read again"),
    sa.Column("missing", ARRAY(sa.Text), nullable=False, comment="those not read again yet"),
    sa.Column("state", sa.Text, nullable=False, comment="pending, done, ignored, no_record"),
    sa.Column("attempts", sa.Integer, nullable=False, server_default="0"),
    sa.Column("next_at", _Time, comment="not to be read before"),
    sa.Column("done_at", _Time, comment="when it was pending no more"),
    sa.Column("run_id", sa.Text, comment="run that worked on it last"),
    sa.Column("error", sa.Text, comment="why it waits or was ignored; no personal data"),
    schema=INBOX,
    comment="Omie's webhook events: they say what to read again, and are never the data",
)
sa.Index(
    "events_pending",
    events.c.empresa,
    events.c.next_at,
    postgresql_where=events.c.state == sa.literal_column("'pending'"),
)
sa.Index("events_done", events.c.done_at, postgresql_where=events.c.done_at.is_not(None))


# The tables of schema ``omie_sync`` that follow a service order until its NFS-e is a PDF.
#
# The DDL is in ``migrations/``; a test holds the two together.

nfse = sa.Table(
    "nfse",
    metadata,
    sa.Column("empresa", sa.Text, primary_key=True),
    sa.Column("cod_int_os", sa.Text, primary_key=True, comment="our code of the service order"),
    sa.Column("n_cod_os", sa.BigInteger),
    sa.Column(
        "state",
        sa.Text,
        nullable=False,
        comment="submitted, processing, issued, rejected, cancelled, error",
    ),
    sa.Column("numero", sa.Text),
    sa.Column("serie", sa.Text),
    sa.Column("codigo_verificacao", sa.Text),
    sa.Column("n_cod_nf", sa.BigInteger),
    sa.Column("url_pdf", sa.Text),
    sa.Column("url_xml", sa.Text),
    sa.Column("url_portal", sa.Text),
    sa.Column("valor", sa.Numeric(15, 2)),
    sa.Column("municipio", sa.Text, comment="of the service, for the limits of the alerts"),
    sa.Column("message", sa.Text, comment="the city hall's words, masked"),
    sa.Column("attempts", sa.Integer, nullable=False, server_default="1"),
    sa.Column("billed_at", _Time, nullable=False, comment="last time it was billed"),
    sa.Column("issued_at", _Time),
    sa.Column("cancellation_requested_at", _Time),
    sa.Column("changed_at", _Time, nullable=False, comment="last change of state"),
    sa.Column("checked_at", _Time),
    sa.Column("next_check_at", _Time, comment="not asked for alone before this moment"),
    sa.Column("alerted_at", _Time),
    schema=SYNC,
    comment="One row per service order that was billed: where its NFS-e stands",
)
sa.Index("nfse_open", nfse.c.empresa, nfse.c.state, nfse.c.next_check_at)
sa.Index("nfse_by_order", nfse.c.empresa, nfse.c.n_cod_os)

nfse_transition = sa.Table(
    "nfse_transition",
    metadata,
    sa.Column("transition_id", sa.BigInteger, sa.Identity(), primary_key=True),
    sa.Column("empresa", sa.Text, nullable=False),
    sa.Column("cod_int_os", sa.Text, nullable=False),
    sa.Column("from_state", sa.Text, comment="empty for the first"),
    sa.Column("to_state", sa.Text, nullable=False),
    sa.Column("at", _Time, nullable=False),
    sa.Column("reason", sa.Text, comment="masked"),
    sa.Column("source", sa.Text, nullable=False, comment="push, status, list, cancellation"),
    schema=SYNC,
    comment="Every change of state of every note, with its time",
)
sa.Index("nfse_transition_of", nfse_transition.c.empresa, nfse_transition.c.cod_int_os)

nfse_file = sa.Table(
    "nfse_file",
    metadata,
    sa.Column("empresa", sa.Text, primary_key=True),
    sa.Column("cod_int_os", sa.Text, primary_key=True),
    sa.Column("kind", sa.Text, primary_key=True, comment="pdf or xml"),
    sa.Column("path", sa.Text, nullable=False),
    sa.Column("sha256", sa.Text, nullable=False),
    sa.Column("bytes", sa.BigInteger, nullable=False),
    sa.Column("stored_at", _Time, nullable=False),
    schema=SYNC,
    comment="Files of issued notes in the archive, with their hash",
)

billing_request = sa.Table(
    "billing_request",
    metadata,
    sa.Column("empresa", sa.Text, primary_key=True),
    sa.Column("data_particao", sa.Date, nullable=False),
    sa.Column("cCodIntOS", sa.Text, primary_key=True),
    sa.Column("_requested_at", _Time, nullable=False),
    sa.Column("_requested_by", sa.Text, nullable=False),
    schema=SYNC,
    comment="A person's decision to bill an order that no payload model asks to bill",
)


# The tables of schema ``omie_sync`` that remember alerts and the channels that received them.
#
# The DDL is in ``migrations/``; a test holds the two together.

notification = sa.Table(
    "notification",
    metadata,
    sa.Column("key", sa.Text, primary_key=True, comment="kind, empresa and what it is about"),
    sa.Column("empresa", sa.Text, nullable=False, comment="empty where it concerns all"),
    sa.Column("kind", sa.Text, nullable=False),
    sa.Column("title", sa.Text, nullable=False),
    sa.Column("text", sa.Text, nullable=False, comment="no personal data, no secret"),
    sa.Column("first_at", _Time, nullable=False, comment="since when"),
    sa.Column("last_at", _Time, nullable=False, comment="last evaluation that found it"),
    sa.Column("sent_at", _Time, comment="last time a channel took it"),
    sa.Column("times", sa.Integer, nullable=False, server_default="0", comment="messages sent"),
    sa.Column("resolved_at", _Time, comment="evaluation that found it gone"),
    schema=SYNC,
    comment="One row per alert that ever was: open until resolved_at",
)

notification_told = sa.Table(
    "notification_told",
    metadata,
    sa.Column(
        "key",
        sa.Text,
        sa.ForeignKey(notification.c.key, ondelete="CASCADE"),
        primary_key=True,
    ),
    sa.Column(
        "channel", sa.Text, primary_key=True, comment="short digest of the channel's address"
    ),
    sa.Column("sent_at", _Time, nullable=False),
    sa.Column("times", sa.Integer, nullable=False),
    schema=SYNC,
    comment="Channels that believe an alert is on; gone once they were told that it ended",
)


# The table of schema ``omie_sync`` that remembers erasures of personal data.
#
# The DDL is in ``migrations/``; a test holds the two together.

ERASING_LOCK = 0x0A11F
"""Advisory lock of every transaction that erases."""

erasure = sa.Table(
    "erasure",
    metadata,
    sa.Column("erasure_id", sa.BigInteger, sa.Identity(), primary_key=True),
    sa.Column("empresa", sa.Text, nullable=False),
    sa.Column("digest", sa.Text, nullable=False, comment="sha256 of salt and document (or code)"),
    sa.Column("salt", sa.Text, nullable=False, comment="one per deployment"),
    sa.Column("client_ids", ARRAY(sa.BigInteger), nullable=False, comment="Omie ids of the person"),
    sa.Column("retain_until", sa.Date, comment="name and document are kept before this day"),
    sa.Column("erased_at", sa.DateTime(timezone=True), nullable=False),
    sa.Column("counts", JSONB(none_as_null=True), nullable=False, comment="rows by table"),
    sa.Column(
        "revoked_at", sa.DateTime(timezone=True), comment="nothing more is erased from then on"
    ),
    sa.UniqueConstraint("empresa", "digest", name="erasure_once"),
    schema=SYNC,
    comment="Whose data were erased: a digest, never the document",
)


# The way back into the clinic: schema ``omie_saida``, which other systems read, and in
# ``omie_sync`` what it is written from. The DDL is in ``migrations/``; a test holds them together.

OUTBOX = schemas.OUTBOX


def _known() -> list[sa.Column[Any]]:
    """What is told of a record: the same in every change and in the clinic's own table."""
    return [
        sa.Column("integration_code", sa.Text, comment="our code; NULL for what Omie alone has"),
        sa.Column(
            "only_in_omie",
            sa.Boolean,
            nullable=False,
            comment="nothing of the clinic's stands for it",
        ),
        sa.Column("state", sa.Text, nullable=False, comment="see docs/way-back.md"),
        sa.Column("due_date", sa.Date),
        sa.Column("amount", sa.Numeric(15, 2), comment="R$"),
        sa.Column("open_amount", sa.Numeric(15, 2), comment="R$ still to be paid"),
        sa.Column("paid_date", sa.Date, comment="of the last payment"),
        sa.Column("paid_amount", sa.Numeric(15, 2), comment="R$ settled so far"),
        sa.Column("titulo_id", sa.BigInteger, comment="baixas: Omie's id of their titulo"),
        sa.Column("client_id", sa.BigInteger, comment="Omie's id of the cliente"),
        sa.Column("order_id", sa.BigInteger, comment="Omie's id of the service order"),
        sa.Column("order_code", sa.Text, comment="our code of the service order"),
        sa.Column("note_number", sa.Text),
        sa.Column("note_state", sa.Text, comment="as omie_sync.nfse has it"),
        sa.Column("note_pdf", sa.Text, comment="link to the PDF of the note"),
    ]


change = sa.Table(
    "changes",
    metadata,
    sa.Column("empresa", sa.Text, primary_key=True),
    sa.Column("number", sa.BigInteger, primary_key=True, comment="1, 2, 3, ... without a gap"),
    sa.Column("key", sa.Text, nullable=False, unique=True, comment="says it once and for all"),
    sa.Column("kind", sa.Text, nullable=False, comment="contas_receber, baixas_receber, ..."),
    sa.Column("omie_id", sa.BigInteger, nullable=False),
    sa.Column("version", sa.Integer, nullable=False, comment="of the record: 1, 2, 3, ..."),
    sa.Column("clinic_table", sa.Text, comment="canonical table of the clinic's row"),
    sa.Column("clinic_id", sa.Text, comment="id of the clinic's row in it"),
    *_known(),
    sa.Column("happened_at", _Time, comment="last change in Omie, as Omie says"),
    sa.Column("written_at", _Time, nullable=False),
    schema=OUTBOX,
    comment="One row for every change of what Omie knows of a record",
)
sa.Index("changes_of_record", change.c.empresa, change.c.kind, change.c.omie_id)

acknowledgement = sa.Table(
    "acknowledgements",
    metadata,
    sa.Column("empresa", sa.Text, primary_key=True),
    sa.Column("consumer", sa.Text, primary_key=True),
    sa.Column("number", sa.BigInteger, nullable=False, comment="everything up to it is worked on"),
    sa.Column("acknowledged_at", _Time, nullable=False),
    sa.Column("acknowledged_by", sa.Text, nullable=False, comment="login"),
    schema=OUTBOX,
    comment="How far each system has come that polls the outbox",
)

outbox_cut = sa.Table(
    "cuts",
    metadata,
    sa.Column("empresa", sa.Text, primary_key=True),
    sa.Column("number", sa.BigInteger, nullable=False,
              comment="up to it, changes that a newer one of their record replaced may be gone"),
    sa.Column("cut_at", _Time, nullable=False, comment="when old ones were looked for last"),
    schema=OUTBOX,
    comment="Up to which number old changes were cut off; the newest one of each record stays",
)  # fmt: skip

outbox_record = sa.Table(
    "outbox_record",
    metadata,
    sa.Column("empresa", sa.Text, primary_key=True),
    sa.Column("kind", sa.Text, primary_key=True),
    sa.Column("omie_id", sa.BigInteger, primary_key=True),
    sa.Column("version", sa.Integer, nullable=False, comment="that was written last"),
    sa.Column("number", sa.BigInteger, nullable=False, comment="of the change that told it"),
    sa.Column("digest", sa.Text, nullable=False, comment="of what was told"),
    sa.Column("whole", sa.Boolean, nullable=False, comment="all lists that tell of it were read"),
    schema=SYNC,
    comment="What the outbox told last of each record",
)

outbox_last = sa.Table(
    "outbox_last",
    metadata,
    sa.Column("empresa", sa.Text, primary_key=True),
    sa.Column("number", sa.BigInteger, nullable=False, comment="of the newest change"),
    sa.Column("looked_at", _Time, comment="when records were compared last"),
    schema=SYNC,
    comment="The newest number of each outbox: its row is locked by who writes, so no number is "
    "lost",
)

outbox_target = sa.Table(
    "outbox_target",
    metadata,
    sa.Column("empresa", sa.Text, primary_key=True),
    sa.Column("target", sa.Text, primary_key=True, comment="table or callback"),
    sa.Column("number", sa.BigInteger, nullable=False, comment="everything up to it arrived"),
    sa.Column("delivered_at", _Time, comment="last time that anything arrived"),
    sa.Column("failing_since", _Time, comment="NULL: the last delivery was well"),
    sa.Column("failed_at", _Time),
    sa.Column("failures", sa.Integer, nullable=False, server_default="0", comment="in a row"),
    sa.Column("next_at", _Time, comment="not tried by itself before"),
    sa.Column("error_class", sa.Text),
    sa.Column("error", sa.Text, comment="in Portuguese, for staff; no value of a row"),
    schema=SYNC,
    comment="How far each target of the way back has come, and why it goes no further",
)


# What dbt last made, and what of the clinic the payload tables show (ADR 0035). Names of relations
# are plain: without the installation's prefix.

model_made = sa.Table(
    "model_made",
    metadata,
    sa.Column("relation", sa.Text, primary_key=True, comment="schema and name of what dbt made"),
    sa.Column("basis", sa.Text, nullable=False, comment="digest of all that dbt read to make it"),
    sa.Column("fingerprint", sa.Text, nullable=False, comment="of its definition, as it was made"),
    sa.Column("made_at", _Time, nullable=False, server_default=_now()),
    schema=SYNC,
    comment="What dbt last made, so that it is made again only when it would come out different",
)

model_refresh = sa.Table(
    "model_refresh",
    metadata,
    sa.Column("relation", sa.Text, primary_key=True, comment="a payload table"),
    sa.Column("empresa", sa.Text, primary_key=True, comment="'' for rows of no known empresa"),
    sa.Column("sources", sa.Text, nullable=False, comment="digest of the rows that it was made of"),
    sa.Column("content", sa.Text, nullable=False, comment="which row versions it has since then"),
    sa.Column("rows", sa.BigInteger, nullable=False),
    sa.Column("refreshed_at", _Time, nullable=False, server_default=_now()),
    schema=SYNC,
    comment="Which rows of the clinic each payload table shows, by empresa",
)

model_test = sa.Table(
    "model_test",
    metadata,
    sa.Column("name", sa.Text, primary_key=True),
    sa.Column("reads", ARRAY(sa.Text), nullable=False, comment="schema and name of what it reads"),
    sa.Column("statement", sa.Text, nullable=False, comment="finds the rows that fail it"),
    sa.Column("tested_at", _Time, nullable=False, server_default=_now()),
    schema=SYNC,
    comment="dbt's data tests as dbt last ran them, for tables that are filled without it",
)

model_evidence = sa.Table(
    "model_evidence",
    metadata,
    sa.Column("model", sa.Text, primary_key=True),
    sa.Column("relation", sa.Text, primary_key=True, comment="the clinic's table, quoted"),
    sa.Column("column_name", sa.Text, primary_key=True),
    sa.Column("question", sa.Text, primary_key=True, comment="decimal or day_order"),
    sa.Column("answer", sa.Text, comment="what the whole column shows; it stands in the view"),
    sa.Column("versions", sa.Text, comment="which rows of the table still showed it"),
    sa.Column("asked_at", _Time, nullable=False, server_default=_now()),
    schema=SYNC,
    comment="What a view says because the clinic's values say so: other values are another view",
)


# Plans that people read before anything is sent: made by a dry run, approved, applied.

stored_plan = sa.Table(
    "stored_plan",
    metadata,
    sa.Column("plan_id", sa.Text, primary_key=True, comment="short, to be typed"),
    sa.Column("state", sa.Text, nullable=False, comment="making, made, approved, applied, refused"),
    sa.Column("subject", sa.Text, nullable=False, comment="what it is about, in Portuguese"),
    sa.Column("origin", sa.Text, nullable=False, comment="person, policy, or the use case"),
    sa.Column("empresas", _Names, nullable=False),
    sa.Column("endpoints", _Names, nullable=False),
    sa.Column("digest", sa.Text, comment="of all its rows"),
    sa.Column("made_at", _Time, nullable=False),
    sa.Column("made_by", sa.Text, nullable=False),
    sa.Column("approved_at", _Time),
    sa.Column("approved_by", sa.Text),
    sa.Column(
        "over_guardrails",
        sa.Boolean,
        nullable=False,
        server_default=sa.false(),
        comment="approved in spite of what guardrails say",
    ),
    sa.Column("applied_at", _Time, comment="when it was begun last"),
    sa.Column("applied_by", sa.Text),
    sa.Column("ended_at", _Time, comment="applied, refused or superseded"),
    sa.Column("ended_why", sa.Text, comment="of one that is refused or superseded"),
    schema=SYNC,
    comment="Plans that a person reads, approves and applies",
)
sa.Index("stored_plan_by_time", stored_plan.c.made_at.desc())

stored_plan_part = sa.Table(
    "stored_plan_part",
    metadata,
    sa.Column("plan_id", sa.Text, primary_key=True),
    sa.Column("number", sa.Integer, primary_key=True, comment="in the order of sending"),
    sa.Column("empresa", sa.Text, nullable=False),
    sa.Column("endpoint", sa.Text, nullable=False),
    sa.Column("selection", _Json, nullable=False, comment="dates and code that were asked for"),
    sa.Column("selected", sa.BigInteger, nullable=False, comment="rows looked at"),
    sa.Column("unchanged", sa.BigInteger, nullable=False),
    sa.Column("stops", _Names, nullable=False, comment="what guardrails say, in Portuguese"),
    sa.Column("basis", _Json, nullable=False, comment="digests of what rows were made by"),
    sa.Column(
        "given",
        sa.Boolean,
        nullable=False,
        server_default=sa.false(),
        comment="its rows were given by a person, not by a payload model",
    ),
    sa.Column("error", sa.Text, comment="why there is no plan of this endpoint"),
    sa.Column("run_ids", _Names, nullable=False, server_default="{}", comment="that applied it"),
    sa.UniqueConstraint("plan_id", "empresa", "endpoint", name="stored_plan_part_once"),
    schema=SYNC,
    comment="One endpoint of one empresa of a stored plan",
)

stored_plan_row = sa.Table(
    "stored_plan_row",
    metadata,
    sa.Column("plan_id", sa.Text, primary_key=True),
    sa.Column("empresa", sa.Text, primary_key=True),
    sa.Column("endpoint", sa.Text, primary_key=True),
    sa.Column("number", sa.BigInteger, primary_key=True, comment="within the plan of the run"),
    sa.Column("partition", sa.Text, nullable=False),
    sa.Column("codigo_integracao", sa.Text),
    sa.Column("action", sa.Text, nullable=False, comment="create, update, delete"),
    sa.Column("state", sa.Text, nullable=False, comment="ready, waiting, quarantined, held"),
    sa.Column("payload_hash", sa.Text, nullable=False),
    sa.Column("omie_id", sa.BigInteger),
    sa.Column("ledger_mark", sa.Text, comment="digest of what the ledger knew of the record"),
    sa.Column("omie_mark", sa.Text, comment="version of Omie's record in the copy, if it was read"),
    sa.Column("changes", _Json, nullable=False, comment="field -> [in Omie, new]; erased: {}"),
    sa.Column("left_out", _Names, comment="fields of which Omie's value stands"),
    sa.Column("value_before", sa.Numeric(18, 2), comment="R$ in Omie; NULL: not read, or none"),
    sa.Column("value_after", sa.Numeric(18, 2)),
    sa.Column("reasons", _Json, comment="why the row does not leave"),
    schema=SYNC,
    comment="Rows of a stored plan, as a person reads them and as they are to be sent",
)
sa.Index(
    "stored_plan_row_by_code",
    stored_plan_row.c.plan_id,
    stored_plan_row.c.empresa,
    stored_plan_row.c.endpoint,
    stored_plan_row.c.codigo_integracao,
)


# De-para: which code of Omie's stands for a value of the clinic's. The account of a
# payment method stands in ``payment_account``, above, and nowhere else; its history stands here.


def _mapping_key(*, primary: bool) -> tuple[sa.Column[str], ...]:
    return (
        sa.Column(
            "empresa",
            sa.Text,
            primary_key=primary,
            nullable=False,
            comment="name of the empresa, or * for all",
        ),
        sa.Column(
            "kind",
            sa.Text,
            primary_key=primary,
            nullable=False,
            comment="category, procedure, payment_method, supplier_kind, omie_category",
        ),
        sa.Column(
            "source",
            sa.Text,
            primary_key=primary,
            nullable=False,
            comment="the value as the clinic writes it, or * for every other",
        ),
        sa.Column(
            "target",
            sa.Text,
            primary_key=primary,
            nullable=False,
            comment="category, account, department, project, managerial_category",
        ),
    )


mapping = sa.Table(
    "mapping",
    metadata,
    *_mapping_key(primary=True),
    sa.Column("code", sa.Text, nullable=False, comment="of Omie's list, or a word for analysis"),
    sa.Column("origin", sa.Text, nullable=False, comment="person, suggestion, import, default"),
    sa.Column("decided_by", sa.Text, nullable=False),
    sa.Column("decided_at", _Time, nullable=False),
    schema=SYNC,
    comment="Which code of Omie's stands for a value of the clinic's, in force now",
)

mapping_history = sa.Table(
    "mapping_history",
    metadata,
    sa.Column("change_id", sa.BigInteger, sa.Identity(), primary_key=True),
    *_mapping_key(primary=False),
    sa.Column(
        "action", sa.Text, nullable=False, comment="set, unset, accept, reject, pattern, unpattern"
    ),
    sa.Column("code_before", sa.Text, comment="NULL: nothing was mapped"),
    sa.Column(
        "code_after", sa.Text, comment="NULL: nothing is mapped; of reject: the refused code"
    ),
    sa.Column("origin", sa.Text, nullable=False, comment="as in mapping"),
    sa.Column("decided_by", sa.Text, nullable=False),
    sa.Column("decided_at", _Time, nullable=False),
    sa.Column("evidence", sa.Text, comment="of a suggestion: the sentence that was shown"),
    sa.Column("confidence", sa.Numeric(4, 3), comment="of a suggestion, as it was shown"),
    schema=SYNC,
    comment="Every decision about mappings, also those that another one replaced at once",
)
sa.Index(
    "mapping_history_of",
    mapping_history.c.kind,
    mapping_history.c.source,
    mapping_history.c.empresa,
)

mapping_rejection = sa.Table(
    "mapping_rejection",
    metadata,
    *_mapping_key(primary=True),
    sa.Column("code", sa.Text, primary_key=True, comment="is not suggested again"),
    sa.Column("rejected_by", sa.Text, nullable=False),
    sa.Column("rejected_at", _Time, nullable=False),
    schema=SYNC,
    comment="Suggestions that a person refused",
)

mapping_pattern = sa.Table(
    "mapping_pattern",
    metadata,
    sa.Column("empresa", sa.Text, primary_key=True, comment="name of the empresa, or * for all"),
    sa.Column("kind", sa.Text, primary_key=True, comment="as in mapping"),
    sa.Column("target", sa.Text, primary_key=True, comment="as in mapping"),
    sa.Column(
        "glob", sa.Text, primary_key=True, comment="* anything, ? one sign; small, no accents"
    ),
    sa.Column("code", sa.Text, nullable=False, comment="is suggested for every name that matches"),
    sa.Column("written_by", sa.Text, nullable=False),
    sa.Column("written_at", _Time, nullable=False),
    schema=SYNC,
    comment="What persons said of names that look alike: suggested, never mapped by itself",
)

category_request = sa.Table(
    "category_request",
    metadata,
    sa.Column("empresa", sa.Text, primary_key=True),
    sa.Column("_chave", sa.Text, primary_key=True, comment="digest of the group and the name"),
    sa.Column("categoria_superior", sa.Text, nullable=False),
    sa.Column("descricao", sa.Text, nullable=False),
    sa.Column("_requested_at", _Time, nullable=False),
    sa.Column("_requested_by", sa.Text, nullable=False),
    schema=SYNC,
    comment="A person's decision to have a category made in Omie, to map something to it",
)
# What both sides of a record were when Omie last confirmed it, and fields on which they differ
# because somebody decided so, or has to. Kept where a policy says who wins (``wins``) only.

base = sa.Table(
    "base",
    metadata,
    sa.Column("empresa", sa.Text, primary_key=True),
    sa.Column("endpoint", sa.Text, primary_key=True),
    sa.Column("codigo_integracao", sa.Text, primary_key=True),
    sa.Column("clinic", _Json, nullable=False, comment="payload as the clinic had it then"),
    sa.Column(
        "left_out",
        _Json,
        nullable=False,
        server_default=sa.text("'{}'::jsonb"),
        comment="fields of it that were not sent, and who decided: policy or person",
    ),
    sa.Column("seen", _Json, comment="the same fields as Omie had them, first read after it"),
    sa.Column("seen_at", _Time, comment="when all of them were read; NULL: those left out alone"),
    sa.Column("confirmed_at", _Time, nullable=False, comment="as in the ledger, else out of date"),
    schema=SYNC,
    comment="Both sides of a record when Omie last confirmed it; only where wins says who wins",
)

look = sa.Table(
    "look",
    metadata,
    sa.Column("empresa", sa.Text, primary_key=True),
    sa.Column("endpoint", sa.Text, primary_key=True),
    sa.Column("codigo_integracao", sa.Text, primary_key=True),
    sa.Column("compared_at", _Time, nullable=False, comment="what Omie had was asked for then"),
    sa.Column("confirmed_at", _Time, primary_key=True, comment="our change was, by Omie"),
    sa.Column("changed_by", sa.Text, comment="last user of Omie to change it by then"),
    sa.Column("changed_at", _Time, comment="when that was, as Omie says"),
    schema=SYNC,
    comment="Between when and when nobody saw what a person typed into a record; kept for a week",
)

conflict = sa.Table(
    "conflict",
    metadata,
    sa.Column("conflict_id", sa.BigInteger, sa.Identity(), primary_key=True),
    sa.Column("empresa", sa.Text, nullable=False),
    sa.Column("endpoint", sa.Text, nullable=False),
    sa.Column("codigo_integracao", sa.Text, nullable=False),
    sa.Column("field", sa.Text, nullable=False),
    sa.Column("policy", sa.Text, nullable=False, comment="clinica, omie, pessoa, so_se_vazio"),
    sa.Column("clinic_old", _Json, comment="when Omie last confirmed it; NULL: empty or unknown"),
    sa.Column("clinic_new", _Json),
    sa.Column("omie_old", _Json, comment="as it was then; NULL: empty or unknown"),
    sa.Column("omie_new", _Json),
    sa.Column("omie_changed_at", _Time, comment="last change of the record, as Omie says"),
    sa.Column("omie_changed_by", sa.Text, comment="user of Omie"),
    sa.Column("state", sa.Text, nullable=False,
              comment="open, kept_clinica, kept_omie, overwritten, gone"),
    sa.Column("decided_by", sa.Text, comment="name of a person; NULL: the policy"),
    sa.Column("decided_at", _Time),
    sa.Column("seen_at", _Time, nullable=False, comment="first comparison that showed it"),
    sa.Column("run_id", sa.Text, nullable=False, comment="of the last comparison"),
    schema=SYNC,
    comment="Fields that a person changed in Omie, and whose value stands",
)  # fmt: skip
sa.Index(
    "conflict_open",
    conflict.c.empresa,
    conflict.c.endpoint,
    conflict.c.codigo_integracao,
    conflict.c.field,
    unique=True,
    postgresql_where=conflict.c.state == "open",
)
sa.Index(
    "conflict_by_event",
    conflict.c.empresa,
    conflict.c.endpoint,
    conflict.c.codigo_integracao,
    conflict.c.omie_changed_at,
    unique=True,
    postgresql_where=conflict.c.field == "*",
)
sa.Index("conflict_by_code", conflict.c.empresa, conflict.c.endpoint, conflict.c.codigo_integracao)

deletion_request = sa.Table(
    "deletion_request",
    metadata,
    sa.Column("_plan_id", sa.Text, primary_key=True),
    sa.Column("_endpoint", sa.Text, primary_key=True, comment="that deletes: excluir_contas_pagar"),
    sa.Column("_number", sa.Integer, primary_key=True),
    sa.Column("empresa", sa.Text, nullable=False),
    sa.Column("data_particao", sa.Date, nullable=False),
    sa.Column("codigo_lancamento_integracao", sa.Text, comment="our code, of a record of ours"),
    sa.Column("chave_lancamento", sa.BigInteger, comment="Omie's id"),
    schema=SYNC,
    comment="Records that a stored plan deletes because a person chose them",
)


# What is exported, and which empresas rest. Both are logs: what was decided last stands, and what
# others decided before, or at the same moment, is still there.

switch = sa.Table(
    "switch",
    metadata,
    sa.Column("switch_id", sa.BigInteger, sa.Identity(), primary_key=True),
    sa.Column("empresa", sa.Text, nullable=False),
    sa.Column("endpoint", sa.Text, nullable=False),
    sa.Column("setting", sa.Text, nullable=False, comment="state, direction, fields, on_lookalike"),
    sa.Column("before", _Json, comment="what stood when it was decided; NULL: nothing was said"),
    sa.Column("value", _Json, comment="what was decided; NULL: what the file says again"),
    sa.Column("decided_by", sa.Text, nullable=False),
    sa.Column("decided_at", _Time, nullable=False),
    schema=SYNC,
    comment="Every decision about what is exported, by empresa and endpoint; the last one stands",
)
sa.Index("switch_of", switch.c.empresa, switch.c.endpoint, switch.c.setting, switch.c.switch_id)

field_basis = sa.Table(
    "field_basis",
    metadata,
    sa.Column("empresa", sa.Text, primary_key=True),
    sa.Column("endpoint", sa.Text, primary_key=True),
    sa.Column("left_out", _Names, nullable=False, comment="fields that are not sent"),
    sa.Column("since", _Time, nullable=False),
    schema=SYNC,
    comment="The fields that the hashes of the ledger leave out; no row: none",
)

pause = sa.Table(
    "pause",
    metadata,
    sa.Column("pause_id", sa.BigInteger, sa.Identity(), primary_key=True),
    sa.Column("empresa", sa.Text, nullable=False),
    sa.Column("action", sa.Text, nullable=False, comment="pause or resume"),
    sa.Column("reason", sa.Text, comment="why, in the words of who decided"),
    sa.Column("decided_by", sa.Text, nullable=False),
    sa.Column("decided_at", _Time, nullable=False),
    schema=SYNC,
    comment="Every pause of an empresa and every end of one; the last one stands",
)
sa.Index("pause_of", pause.c.empresa, pause.c.pause_id)


# What people decided of two títulos in Omie for one fact: a log, the last decision stands.

duplicate_decision = sa.Table(
    "duplicate_decision",
    metadata,
    sa.Column("decision_id", sa.BigInteger, sa.Identity(), primary_key=True),
    sa.Column("empresa", sa.Text, nullable=False),
    sa.Column("endpoint", sa.Text, nullable=False, comment="of the títulos"),
    sa.Column("ledger_code", sa.Text, nullable=False, comment="our code of the clinic's row"),
    sa.Column("our_titulo", sa.BigInteger, nullable=False, comment="Omie's id of ours"),
    sa.Column("other_titulo", sa.BigInteger, nullable=False, comment="Omie's id of the other one"),
    sa.Column(
        "decision",
        sa.Text,
        nullable=False,
        comment="adopt, ignore, relist, delete_ours, delete_theirs",
    ),
    sa.Column("plan_id", sa.Text, comment="plan that deletes one of them"),
    sa.Column("decided_by", sa.Text, nullable=False),
    sa.Column("decided_at", _Time, nullable=False),
    schema=SYNC,
    comment="What people decided of títulos that stand twice in Omie; the last one stands",
)
sa.Index(
    "duplicate_decision_of",
    duplicate_decision.c.empresa,
    duplicate_decision.c.other_titulo,
    duplicate_decision.c.decision_id,
)


console_person = sa.Table(
    "console_person",
    metadata,
    sa.Column("login", sa.Text, primary_key=True, comment="lower case"),
    sa.Column("name", sa.Text, nullable=False),
    sa.Column("password_hash", sa.Text, comment="argon2id; NULL: enters by another way only"),
    sa.Column("created_at", _Time, nullable=False),
    sa.Column("created_by", sa.Text, nullable=False),
    sa.Column("password_at", _Time, comment="when the password was set; sessions before it end"),
    sa.Column("must_change", sa.Boolean, nullable=False, server_default=sa.false()),
    sa.Column("disabled_at", _Time),
    schema=SYNC,
    comment="Who may enter the console",
)

console_grant = sa.Table(
    "console_grant",
    metadata,
    sa.Column("login", sa.Text, primary_key=True),
    sa.Column("empresa", sa.Text, primary_key=True, comment="* stands for all of them"),
    sa.Column(
        "role",
        sa.Text,
        nullable=False,
        comment="reception, finance, manager, accountant, engineering",
    ),
    sa.Column(
        "omie_entries",
        sa.Boolean,
        nullable=False,
        server_default=sa.false(),
        comment="may see what Omie has and the clinic has not",
    ),
    sa.Column("granted_at", _Time, nullable=False),
    sa.Column("granted_by", sa.Text, nullable=False),
    schema=SYNC,
    comment="What each person may see and do in the console, by empresa",
)

console_session = sa.Table(
    "console_session",
    metadata,
    sa.Column(
        "token_digest", sa.Text, primary_key=True, comment="sha256; the cookie has the token"
    ),
    sa.Column("login", sa.Text, nullable=False),
    sa.Column("csrf_token", sa.Text, nullable=False),
    sa.Column("begun_at", _Time, nullable=False),
    sa.Column("seen_at", _Time, nullable=False),
    sa.Column("ended_at", _Time),
    schema=SYNC,
    comment="Sessions of the console",
)
sa.Index("console_session_of", console_session.c.login, console_session.c.begun_at)

console_attempt = sa.Table(
    "console_attempt",
    metadata,
    sa.Column("attempt_id", sa.BigInteger, sa.Identity(), primary_key=True),
    sa.Column("login_digest", sa.Text, nullable=False, comment="sha256 of what was typed"),
    sa.Column("address_digest", sa.Text, nullable=False, comment="sha256 of where it came from"),
    sa.Column("at", _Time, nullable=False),
    schema=SYNC,
    comment="Passwords that were wrong, for some hours",
)
sa.Index("console_attempt_by", console_attempt.c.address_digest, console_attempt.c.at)

console_action = sa.Table(
    "console_action",
    metadata,
    sa.Column(
        "action_id",
        sa.Text,
        primary_key=True,
        comment="made with the form: a second click is the same action",
    ),
    sa.Column("empresa", sa.Text, nullable=False),
    sa.Column("kind", sa.Text, nullable=False),
    sa.Column("subject", _Json, nullable=False, comment="what it was about, without personal data"),
    sa.Column("done_by", sa.Text, nullable=False),
    sa.Column("asked_at", _Time, nullable=False),
    sa.Column("began_at", _Time),
    sa.Column("finished_at", _Time),
    sa.Column("state", sa.Text, nullable=False, comment="asked, running, done, failed"),
    sa.Column("before", _Json),
    sa.Column("after", _Json),
    sa.Column("result", _Json, comment="the report of a long one, or why it failed"),
    schema=SYNC,
    comment="What people did in the console",
)
sa.Index("console_action_of", console_action.c.empresa, console_action.c.asked_at.desc())
sa.Index(
    "console_action_unfinished",
    console_action.c.asked_at,
    postgresql_where=console_action.c.state.in_(("asked", "running")),
)
