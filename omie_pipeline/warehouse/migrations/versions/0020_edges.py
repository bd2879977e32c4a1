"""What a refusal leaves in doubt, what a person called the same, erasures taken back."""

import sqlalchemy as sa
from alembic import op

revision = "0020"
down_revision = "0019"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column(
        "ledger",
        sa.Column(
            "in_doubt",
            sa.Boolean,
            nullable=False,
            server_default=sa.false(),
            comment="Omie may have taken in what it refused: payload_hash may be out of date",
        ),
        schema="omie_sync",
    )
    op.add_column(
        "ledger",
        sa.Column("same_as", sa.BigInteger, comment="Omie's id of what a person or the bank made"),
        schema="omie_sync",
    )
    op.add_column(
        "erasure",
        sa.Column(
            "revogado_em", sa.DateTime(timezone=True), comment="nothing more is erased from then on"
        ),
        schema="omie_sync",
    )


def downgrade() -> None:
    op.drop_column("erasure", "revogado_em", schema="omie_sync")
    op.drop_column("ledger", "same_as", schema="omie_sync")
    op.drop_column("ledger", "in_doubt", schema="omie_sync")
