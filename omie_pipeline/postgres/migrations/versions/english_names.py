"""English names for the columns, states and modes of our own tables.

The initial migration makes the tables under these names already; a database of a development
version, which stood at 0020 or 0021, keeps its rows and gets the names here.
"""

from pathlib import Path

from alembic import op

revision = "0022"
down_revision = "0021"
branch_labels = None
depends_on = None


def upgrade() -> None:
    text = Path(__file__).with_suffix(".sql").read_text(encoding="utf-8")
    op.get_bind().exec_driver_sql(text.replace("%", "%%"))


def downgrade() -> None:
    raise RuntimeError("The names of before are not kept: go back with a backup")
