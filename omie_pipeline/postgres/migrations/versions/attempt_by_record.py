"""The calls of one record are found without reading those of all others.

The initial migration makes all declared indexes, so a new database has it already.
"""

from alembic import op

revision = "0043"
down_revision = "0042"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.get_bind().exec_driver_sql(
        "CREATE INDEX IF NOT EXISTS attempt_by_record ON omie_sync.attempt"
        " (empresa, endpoint, codigo_integracao, attempt_id)"
    )


def downgrade() -> None:
    op.get_bind().exec_driver_sql("DROP INDEX omie_sync.attempt_by_record")
