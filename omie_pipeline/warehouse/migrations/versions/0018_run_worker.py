"""Which process carries out a run of Dagster's, and when it was last heard of."""

import sqlalchemy as sa
from alembic import op

revision = "0018"
down_revision = "0017"
branch_labels = None
depends_on = None

_TIME = sa.DateTime(timezone=True)


def upgrade() -> None:
    op.create_table(
        "run_worker",
        sa.Column("run_id", sa.Text(), nullable=False, comment="Dagster's id of the run"),
        sa.Column("host", sa.Text(), nullable=False, comment="machine, whatever its boot"),
        sa.Column("place", sa.Text(), nullable=False, comment="machine, boot and process space"),
        sa.Column("pid", sa.Integer(), nullable=False),
        sa.Column("process_start", sa.Text(), nullable=False, comment="tells a reused pid"),
        sa.Column("seen_at", _TIME, nullable=False, comment="the database's clock"),
        sa.PrimaryKeyConstraint("run_id"),
        schema="omie_sync",
        comment="Processes that carry out Dagster's runs; a row goes when its run has ended",
    )


def downgrade() -> None:
    op.drop_table("run_worker", schema="omie_sync")
