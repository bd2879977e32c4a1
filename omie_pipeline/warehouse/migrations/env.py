"""Alembic's entry: runs on the connection that ``warehouse.migrate`` hands over."""

from alembic import context

from omie_pipeline.warehouse import all_tables  # noqa: F401 (registers them)
from omie_pipeline.warehouse.inbox_tables import INBOX
from omie_pipeline.warehouse.tables import OMIE, SYNC, metadata


def _include_name(name: str | None, kind: str, _: object) -> bool:
    return kind != "schema" or name in (SYNC, OMIE, INBOX)


context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=metadata,
    version_table="alembic_version",
    version_table_schema=SYNC,
    include_schemas=True,
    include_name=_include_name,
)
with context.begin_transaction():
    context.run_migrations()
