"""Which Omie the ledger of an empresa belongs to."""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "binding",
        sa.Column("empresa", sa.Text(), nullable=False),
        sa.Column("scope", sa.Text(), nullable=False, comment="digest of the app key"),
        sa.Column("host", sa.Text(), nullable=False, comment="Omie, or a simulator on loopback"),
        sa.Column(
            "bound_at",
            sa.DateTime(timezone=True),
            server_default=sa.text("now()"),
            nullable=False,
        ),
        sa.PrimaryKeyConstraint("empresa"),
        schema="omie_sync",
        comment="Which Omie the ledger of an empresa belongs to",
    )


def downgrade() -> None:
    op.drop_table("binding", schema="omie_sync")
