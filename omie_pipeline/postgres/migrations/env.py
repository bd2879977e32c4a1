"""Alembic's entry: runs on the connection that ``postgres.migrate`` hands over."""

from alembic import context

from omie_pipeline.postgres import all_tables  # noqa: F401 (registers them)
from omie_pipeline.postgres.schemas import INBOX, OMIE, SYNC, schemas_of
from omie_pipeline.postgres.tables import metadata

connection = context.config.attributes["connection"]


def _include_name(name: str | None, kind: str, _: object) -> bool:
    return kind != "schema" or name in (SYNC, OMIE, INBOX)


context.configure(
    connection=connection,
    target_metadata=metadata,
    version_table="alembic_version",
    # Alembic asks the catalog for it by this very name.
    version_table_schema=schemas_of(connection).name(SYNC),
    include_schemas=True,
    include_name=_include_name,
)
with context.begin_transaction():
    context.run_migrations()
