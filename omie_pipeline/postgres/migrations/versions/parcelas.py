"""The table of ``ListarParcelas``.

The initial migration makes all declared tables, so a new database has it already; one that stood
at 0020 before gets it here.
"""

from pathlib import Path

from alembic import op

revision = "0021"
down_revision = "0020"
branch_labels = None
depends_on = None


def upgrade() -> None:
    text = Path(__file__).with_suffix(".sql").read_text(encoding="utf-8")
    op.get_bind().exec_driver_sql(text)


def downgrade() -> None:
    op.get_bind().exec_driver_sql("DROP TABLE omie.parcelas")
