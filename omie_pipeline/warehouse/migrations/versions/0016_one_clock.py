"""Admission by the database's own clock, stamps of crooked clocks bounded, and lines that wait."""

from pathlib import Path

import sqlalchemy as sa
from alembic import op

revision = "0016"
down_revision = "0015"
branch_labels = None
depends_on = None

_TIME = sa.DateTime(timezone=True)


def upgrade() -> None:
    op.create_table(
        "line_wait",
        sa.Column("scope", sa.Text, primary_key=True, comment="digest of the app key"),
        sa.Column("method", sa.Text, primary_key=True, comment="Omie's call, or what waits"),
        sa.Column("until", _TIME, nullable=False),
        sa.Column("reason", sa.Text, nullable=False, comment="in Portuguese, for staff"),
        sa.Column("since", _TIME, nullable=False),
        sa.Column(
            "closes",
            sa.Boolean,
            nullable=False,
            comment="nothing of this method may leave before; false: somebody merely waits",
        ),
        schema="omie_sync",
        comment="What a key or one of its methods waits for, and until when",
    )
    # What a machine with a clock ahead wrote down would hold everybody until its own time came.
    op.execute(
        "UPDATE omie_sync.block SET until = clock_timestamp() + interval '31 minutes' "
        "WHERE until > clock_timestamp() + interval '31 minutes'"
    )
    op.execute(
        "UPDATE omie_sync.ledger SET held_until = clock_timestamp() + interval '31 minutes' "
        "WHERE state = 'held' AND held_until > clock_timestamp() + interval '1 day'"
    )
    op.execute("DROP FUNCTION omie_sync.admit")
    op.execute(Path(__file__).with_suffix(".sql").read_text(encoding="utf-8"))


def downgrade() -> None:
    raise RuntimeError("An earlier version would take each machine's own time: restore a backup")
