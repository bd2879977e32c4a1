"""One account entry may settle several títulos: the key of a movement names its título too.

Rows that are here get the key that the next reading gives them, so that none stands twice.
Discount, interest and fine of settlements are taken from what Omie said of them, and what several
títulos of one entry moved is what each of them paid.
"""

from pathlib import Path

from alembic import op

revision = "0017"
down_revision = "0016"
branch_labels = None
depends_on = None


def upgrade() -> None:
    text = Path(__file__).with_suffix(".sql").read_text(encoding="utf-8")
    op.get_bind().exec_driver_sql(text.replace("%", "%%"))


def downgrade() -> None:
    raise RuntimeError("Rows of one entry have several keys now: restore a backup")
