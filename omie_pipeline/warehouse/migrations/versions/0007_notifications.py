"""Alerts, and who was told of them."""

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None

_TIME = sa.DateTime(timezone=True)


def upgrade() -> None:
    op.create_table(
        "notification",
        sa.Column("key", sa.Text(), nullable=False, comment="kind, empresa and what it is about"),
        sa.Column("empresa", sa.Text(), nullable=False, comment="empty where it concerns all"),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("title", sa.Text(), nullable=False),
        sa.Column("text", sa.Text(), nullable=False, comment="no personal data, no secret"),
        sa.Column("first_at", _TIME, nullable=False, comment="since when"),
        sa.Column("last_at", _TIME, nullable=False, comment="last evaluation that found it"),
        sa.Column("sent_at", _TIME, comment="last time a channel took it"),
        sa.Column(
            "times", sa.Integer(), nullable=False, server_default="0", comment="messages sent"
        ),
        sa.Column("resolved_at", _TIME, comment="evaluation that found it gone"),
        sa.PrimaryKeyConstraint("key"),
        schema="omie_sync",
        comment="One row per alert that ever was: open until resolved_at",
    )
    op.create_table(
        "notification_told",
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column(
            "canal", sa.Text(), nullable=False, comment="short digest of the channel's address"
        ),
        sa.Column("sent_at", _TIME, nullable=False),
        sa.Column("times", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["key"], ["omie_sync.notification.key"], ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("key", "canal"),
        schema="omie_sync",
        comment="Channels that believe an alert is on; gone once they were told that it ended",
    )


def downgrade() -> None:
    op.drop_table("notification_told", schema="omie_sync")
    op.drop_table("notification", schema="omie_sync")
