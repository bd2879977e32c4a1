"""All tables, as the catalog and the modules of tables declare them: generated (`make generate`).

Nothing was released before. Databases that were made by development versions stand at 0020, whose
tables are these but for names that 0022 changes, and go on from here.
"""

from pathlib import Path

from alembic import op

revision = "0020"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    text = Path(__file__).with_suffix(".sql").read_text(encoding="utf-8")
    op.get_bind().exec_driver_sql(text.replace("%", "%%"))


def downgrade() -> None:
    raise RuntimeError("Before this there was nothing: drop the schemas instead")
