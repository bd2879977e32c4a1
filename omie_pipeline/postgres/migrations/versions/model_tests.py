"""dbt's data tests as statements, for tables that are filled without dbt.

The initial migration makes all declared tables, so a new database has this one already; one
that stood at 0025 before gets it here.
"""

from pathlib import Path

from alembic import op

revision = "0026"
down_revision = "0025"
branch_labels = None
depends_on = None


def upgrade() -> None:
    text = Path(__file__).with_suffix(".sql").read_text(encoding="utf-8")
    op.get_bind().exec_driver_sql(text)


def downgrade() -> None:
    op.get_bind().exec_driver_sql("DROP TABLE omie_sync.model_test")
