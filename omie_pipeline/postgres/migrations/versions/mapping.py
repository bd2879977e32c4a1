"""De-para: mappings, their history and refused suggestions; who decided a method's account.

The initial migration makes all declared tables, so a new database has these already; one that
stood at 0028 before gets them here.
"""

from pathlib import Path

from alembic import op

revision = "0029"
down_revision = "0028"
branch_labels = None
depends_on = None

_COLUMNS = ("origin", "decided_by", "decided_at")


def upgrade() -> None:
    text = Path(__file__).with_suffix(".sql").read_text(encoding="utf-8")
    op.get_bind().exec_driver_sql(text)


def downgrade() -> None:
    connection = op.get_bind()
    for column in _COLUMNS:
        connection.exec_driver_sql(f"ALTER TABLE omie_sync.payment_account DROP COLUMN {column}")
    for table in ("category_request", "mapping_rejection", "mapping_history", "mapping"):
        connection.exec_driver_sql(f"DROP TABLE omie_sync.{table}")
