"""Ledgers bound by a good answer; Omie's first words of a refused row; why a planned one stays."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

revision = "0019"
down_revision = "0018"
branch_labels = None
depends_on = None

_SCHEMA = "omie_sync"
_TIME = sa.DateTime(timezone=True)


def upgrade() -> None:
    bound = "first good answer; until then a key may be changed"
    op.add_column("binding", sa.Column("confirmed_at", _TIME, comment=bound), schema=_SCHEMA)
    # Nobody knows what was confirmed under an older binding: all of it stands.
    op.execute("UPDATE omie_sync.binding SET confirmed_at = bound_at")
    words = sa.Column(
        "first_fault_text", sa.Text(), comment="Omie's words about this payload, first"
    )
    op.add_column("rejected", words, schema=_SCHEMA)
    said_at = sa.Column("first_refused_at", _TIME, comment="when Omie said them")
    op.add_column("rejected", said_at, schema=_SCHEMA)
    why = sa.Column("reasons", JSONB(none_as_null=True), comment="why the row does not leave")
    op.add_column("plan", why, schema=_SCHEMA)


def downgrade() -> None:
    op.drop_column("plan", "reasons", schema=_SCHEMA)
    op.drop_column("rejected", "first_refused_at", schema=_SCHEMA)
    op.drop_column("rejected", "first_fault_text", schema=_SCHEMA)
    op.drop_column("binding", "confirmed_at", schema=_SCHEMA)
