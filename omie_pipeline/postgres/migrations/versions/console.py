"""People, sessions and actions of the console.

The initial migration makes all declared tables, so a new database has them already.
"""

from pathlib import Path

from alembic import op

revision = "0041"
down_revision = "0040"
branch_labels = None
depends_on = None


def upgrade() -> None:
    text = Path(__file__).with_suffix(".sql").read_text(encoding="utf-8")
    op.get_bind().exec_driver_sql(text)


def downgrade() -> None:
    for name in (
        "console_action",
        "console_attempt",
        "console_session",
        "console_grant",
        "console_person",
    ):
        op.get_bind().exec_driver_sql(f"DROP TABLE omie_sync.{name}")
