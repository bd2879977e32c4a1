"""The way back into the clinic: changes to poll, how far each reader and target has come.

The initial migration makes all declared tables, so a new database has them already.
"""

from pathlib import Path

from alembic import op

revision = "0032"
down_revision = "0030"
branch_labels = None
depends_on = None


def upgrade() -> None:
    text = Path(__file__).with_suffix(".sql").read_text(encoding="utf-8")
    op.get_bind().exec_driver_sql(text.replace("%", "%%"))


def downgrade() -> None:
    for table in ("omie_sync.outbox_target", "omie_sync.outbox_last", "omie_sync.outbox_record",
                  "omie_saida.acknowledgements", "omie_saida.changes"):  # fmt: skip
        op.get_bind().exec_driver_sql(f"DROP TABLE {table}")
