"""Plans that people read, approve and apply.

The initial migration makes all declared tables, so a new database has them already.
"""

from pathlib import Path

from alembic import op

revision = "0028"
down_revision = "0027"
branch_labels = None
depends_on = None


def upgrade() -> None:
    text = Path(__file__).with_suffix(".sql").read_text(encoding="utf-8")
    op.get_bind().exec_driver_sql(text)


def downgrade() -> None:
    for table in ("deletion_request", "stored_plan_row", "stored_plan_part", "stored_plan"):
        op.get_bind().exec_driver_sql(f"DROP TABLE omie_sync.{table}")
