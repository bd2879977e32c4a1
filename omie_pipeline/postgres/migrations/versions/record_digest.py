"""The column by which a record that is read again is known to be the same.

Rows that stand here already have none: they are filled anew when they are read next.
"""

from pathlib import Path

from alembic import op

revision = "0024"
down_revision = "0023"
branch_labels = None
depends_on = None


def upgrade() -> None:
    text = Path(__file__).with_suffix(".sql").read_text(encoding="utf-8")
    op.get_bind().exec_driver_sql(text)


def downgrade() -> None:
    raise RuntimeError("Nothing to undo: the column does no harm")
