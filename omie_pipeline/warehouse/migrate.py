"""Bring a warehouse to the current shape."""

from __future__ import annotations

from pathlib import Path

import sqlalchemy as sa
from alembic import command
from alembic.config import Config

from omie_pipeline.errors import WarehouseError
from omie_pipeline.warehouse.inbox_tables import INBOX
from omie_pipeline.warehouse.tables import OMIE, SYNC

_SCHEMAS = (SYNC, OMIE, INBOX, "clinic_raw", "dagster")
_MIGRATION_LOCK = 0x0A11E


def migrate(engine: sa.Engine) -> None:
    """Create what is missing and run Alembic to its head; safe to call by many processes at once.

    Raises:
        WarehouseError: the database cannot be reached or the role may not create schemas.
    """
    try:
        with engine.begin() as connection:
            connection.execute(sa.select(sa.func.pg_advisory_xact_lock(_MIGRATION_LOCK)))
            for schema in _SCHEMAS:
                connection.execute(sa.schema.CreateSchema(schema, if_not_exists=True))
            command.upgrade(alembic_config(connection), "head")
    except sa.exc.DBAPIError as error:
        kind = type(error.orig).__name__
        raise WarehouseError(f"O banco do armazém não pôde ser preparado ({kind})") from None


def alembic_config(connection: sa.Connection) -> Config:
    """Alembic pointed at this package's migrations and at an open connection."""
    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent / "migrations"))
    config.attributes["connection"] = connection
    return config
