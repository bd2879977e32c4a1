"""What people decided of two títulos in Omie for one fact.

The initial migration makes all declared tables, so a new database has the table already.
"""

from pathlib import Path

from alembic import op

revision = "0040"
down_revision = "0034"
branch_labels = None
depends_on = None


def upgrade() -> None:
    text = Path(__file__).with_suffix(".sql").read_text(encoding="utf-8")
    op.get_bind().exec_driver_sql(text)


def downgrade() -> None:
    op.get_bind().exec_driver_sql("DROP TABLE omie_sync.duplicate_decision")
