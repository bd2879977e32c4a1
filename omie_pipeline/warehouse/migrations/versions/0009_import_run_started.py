"""The history of readings by moment: what is old goes, what stopped lately is found."""

from alembic import op

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_index("import_run_started", "import_run", ["started_at"], schema="omie_sync")


def downgrade() -> None:
    op.drop_index("import_run_started", table_name="import_run", schema="omie_sync")
