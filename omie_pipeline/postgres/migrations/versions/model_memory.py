"""What dbt last made and what of the clinic the payload tables show.

The initial migration makes all declared tables, so a new database has these already; one that
stood at 0022 before gets them here.
"""

from pathlib import Path

from alembic import op

revision = "0023"
down_revision = "0022"
branch_labels = None
depends_on = None


def upgrade() -> None:
    text = Path(__file__).with_suffix(".sql").read_text(encoding="utf-8")
    op.get_bind().exec_driver_sql(text)


def downgrade() -> None:
    for name in ("model_made", "model_refresh", "model_evidence"):
        op.get_bind().exec_driver_sql(f"DROP TABLE omie_sync.{name}")
