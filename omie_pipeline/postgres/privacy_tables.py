"""The table of schema ``omie_sync`` that remembers erasures of personal data.

The DDL is in ``migrations/``; a test holds the two together.
"""

from __future__ import annotations

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import ARRAY, JSONB

from omie_pipeline.postgres.tables import SYNC, metadata

ERASING_LOCK = 0x0A11F
"""Advisory lock of every transaction that erases."""

erasure = sa.Table(
    "erasure",
    metadata,
    sa.Column("erasure_id", sa.BigInteger, sa.Identity(), primary_key=True),
    sa.Column("empresa", sa.Text, nullable=False),
    sa.Column("digest", sa.Text, nullable=False, comment="sha256 of salt and document (or code)"),
    sa.Column("salt", sa.Text, nullable=False, comment="one per deployment"),
    sa.Column(
        "codigos_cliente", ARRAY(sa.BigInteger), nullable=False, comment="Omie ids of the person"
    ),
    sa.Column("reter_ate", sa.Date, comment="name and document are kept before this day"),
    sa.Column("apagado_em", sa.DateTime(timezone=True), nullable=False),
    sa.Column("contagens", JSONB(none_as_null=True), nullable=False, comment="rows by table"),
    sa.Column(
        "revogado_em", sa.DateTime(timezone=True), comment="nothing more is erased from then on"
    ),
    sa.UniqueConstraint("empresa", "digest", name="erasure_once"),
    schema=SYNC,
    comment="Whose data were erased: a digest, never the document",
)
