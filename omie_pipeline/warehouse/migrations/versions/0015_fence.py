"""Who holds each lane: what a run that lost its lock finds out before it writes or sends."""

import sqlalchemy as sa
from alembic import op

revision = "0015"
down_revision = "0014"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "fence",
        sa.Column("lane", sa.Text(), nullable=False, comment="push:<empresa>:<endpoint>, say"),
        sa.Column("token", sa.BigInteger(), nullable=False, comment="one more with every holder"),
        sa.Column("holder", sa.Text(), nullable=False, comment="of the token; random"),
        sa.Column(
            "backend_pid", sa.Integer(), nullable=False, comment="of the session with the lock"
        ),
        sa.Column(
            "taken_at",
            sa.DateTime(timezone=True),
            nullable=False,
            server_default=sa.text("now()"),
        ),
        sa.PrimaryKeyConstraint("lane"),
        schema="omie_sync",
        comment="Who holds each lane: a run that is not named here any more writes and sends "
        "nothing",
    )


def downgrade() -> None:
    op.drop_table("fence", schema="omie_sync")
