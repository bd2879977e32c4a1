"""What the ledger remembers of a record: filled fields, likeness; and which payload was refused."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import ARRAY

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None

_NAMES = ARRAY(sa.Text())
_SCHEMA = "omie_sync"


def upgrade() -> None:
    for table, column, comment in (
        ("ledger", "filled", "fields confirmed with a value that could be emptied"),
        ("ledger", "not_emptied", "those that the clinic emptied and Omie still has"),
        ("ledger", "emptied", "those that were emptied in Omie last"),
        ("plan", "filled", "as in the ledger"),
        ("intent", "filled", "as in the ledger before the call"),
    ):
        op.add_column(table, sa.Column(column, _NAMES, comment=comment), schema=_SCHEMA)
    likeness = "digest of whom, how much and when, without the code"
    op.add_column("ledger", sa.Column("likeness", sa.Text(), comment=likeness), schema=_SCHEMA)
    refused = "of the payload that was refused"
    op.add_column("rejected", sa.Column("payload_hash", sa.Text(), comment=refused), schema=_SCHEMA)
    for name, columns, where in (
        ("ledger_by_likeness", ["empresa", "endpoint", "likeness"], "likeness IS NOT NULL"),
        (
            "ledger_filled_unknown",
            ["empresa", "endpoint"],
            "filled IS NULL AND payload_hash IS NOT NULL",
        ),
        ("ledger_not_emptied", ["empresa", "endpoint"], "not_emptied IS NOT NULL"),
    ):
        op.create_index(name, "ledger", columns, schema=_SCHEMA, postgresql_where=sa.text(where))


def downgrade() -> None:
    op.drop_index("ledger_not_emptied", "ledger", schema=_SCHEMA)
    op.drop_index("ledger_filled_unknown", "ledger", schema=_SCHEMA)
    op.drop_index("ledger_by_likeness", "ledger", schema=_SCHEMA)
    op.drop_column("rejected", "payload_hash", schema=_SCHEMA)
    op.drop_column("ledger", "likeness", schema=_SCHEMA)
    for table, column in (
        ("intent", "filled"),
        ("plan", "filled"),
        ("ledger", "emptied"),
        ("ledger", "not_emptied"),
        ("ledger", "filled"),
    ):
        op.drop_column(table, column, schema=_SCHEMA)
