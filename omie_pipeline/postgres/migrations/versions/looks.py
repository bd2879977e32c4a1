"""Between when and when nobody saw what a person typed: a row for each change of ours.

The initial migration makes all declared tables, so a new database has them already.
"""

from pathlib import Path

import sqlalchemy as sa
from alembic import op

from omie_pipeline.postgres.schemas import SYNC, schemas_of

revision = "0042"
down_revision = "0041"
branch_labels = None
depends_on = None


def upgrade() -> None:
    connection = op.get_bind()
    text = Path(__file__).with_suffix(".sql").read_text(encoding="utf-8")
    connection.exec_driver_sql(text)
    schema = schemas_of(connection).name(SYNC)
    columns = sa.inspect(connection).get_columns("base", schema=schema)
    if any(column["name"] == "compared_at" for column in columns):
        connection.exec_driver_sql(
            "INSERT INTO omie_sync.look (empresa, endpoint, codigo_integracao, compared_at,"
            " confirmed_at) SELECT empresa, endpoint, codigo_integracao, compared_at, confirmed_at"
            " FROM omie_sync.base WHERE compared_at IS NOT NULL"
        )
        op.drop_column("base", "compared_at", schema="omie_sync")


def downgrade() -> None:
    connection = op.get_bind()
    connection.exec_driver_sql("DROP INDEX omie_sync.conflict_by_event")
    connection.exec_driver_sql("DROP TABLE omie_sync.look")
    op.add_column("base", sa.Column("compared_at", sa.DateTime(timezone=True)), schema="omie_sync")
