"""The tables of schema ``omie_sync`` that remember alerts and the channels that received them.

The DDL is in ``migrations/``; a test holds the two together.
"""

from __future__ import annotations

import sqlalchemy as sa

from omie_pipeline.postgres.tables import SYNC, metadata

_Time = sa.DateTime(timezone=True)

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
    sa.Column("canal", sa.Text, primary_key=True, comment="short digest of the channel's address"),
    sa.Column("sent_at", _Time, nullable=False),
    sa.Column("times", sa.Integer, nullable=False),
    schema=SYNC,
    comment="Channels that believe an alert is on; gone once they were told that it ended",
)
