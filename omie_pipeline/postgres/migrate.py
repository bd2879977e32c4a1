"""Bring a warehouse to the current shape."""

from __future__ import annotations

from collections.abc import Collection
from pathlib import Path

import sqlalchemy as sa
from alembic import command
from alembic.config import Config
from alembic.util.exc import CommandError

from omie_pipeline.errors import WarehouseError
from omie_pipeline.postgres.causes import told
from omie_pipeline.postgres.ownership import Relation, adopt, claim, mark
from omie_pipeline.postgres.schemas import SYNC, migrating, schemas_of
from omie_pipeline.postgres.sql_functions import load_sql_functions

OLDEST_POSTGRES = 15
_MIGRATION_LOCK = 0x0A11E
_DEVELOPMENT_STEPS = frozenset(f"{step:04}" for step in range(1, 20))
_LAST_WITH_STEPS = "70da15d"
"""The commit that still has the migrations 0001 to 0020, one by one."""


def migrate(engine: sa.Engine, known: Collection[Relation] = ()) -> None:
    """Create what is missing and run Alembic to its head; safe to call by many processes at once.

    Args:
        known: what a build makes, to adopt what an earlier version built without a mark.

    Raises:
        WarehouseError: the database cannot be reached, is too old, holds other people's objects
            under our names, or the role may not create schemas. Nothing was changed.
    """
    schemas = schemas_of(engine)
    try:
        with engine.begin() as connection:
            refuse_old_server(connection)
            connection.execute(sa.select(sa.func.pg_advisory_xact_lock(_MIGRATION_LOCK)))
            claimed = claim(connection, schemas)
            _upgrade(connection)
            load_sql_functions(connection)
            mark(connection, schemas, claimed.installation)
            if claimed.unmarked:
                adopt(connection, schemas, known)
    except sa.exc.DBAPIError as error:
        raise WarehouseError(told(error, "O banco do armazém não pôde ser preparado")) from None


def _upgrade(connection: sa.Connection) -> None:
    """Run the migrations.

    Raises:
        WarehouseError: the database is at a migration that this version does not have.
    """
    try:
        with migrating(connection):
            command.upgrade(alembic_config(connection), "head")
    except CommandError:
        schema = schemas_of(connection).name(SYNC)
        version = sa.table("alembic_version", sa.column("version_num"), schema=schema)
        if connection.execute(sa.select(version.c.version_num)).scalar() in _DEVELOPMENT_STEPS:
            raise WarehouseError(
                "O banco foi preparado por uma versão de desenvolvimento, anterior à primeira "
                "publicação, e esta não conhece os passos dela. Nada foi alterado. Passe uma vez "
                f"pela versão que os tem: git checkout {_LAST_WITH_STEPS}, make setup, "
                "omie-pipeline build; depois volte a esta"
            ) from None
        raise WarehouseError(
            "O banco foi preparado por uma versão mais nova deste programa, e esta não o conhece. "
            "Nada foi alterado. Use a mesma versão em todas as máquinas: git pull e make setup, ou "
            "restaure a cópia de antes da atualização"
        ) from None


def refuse_old_server(connection: sa.Connection) -> None:
    """Raise ``WarehouseError`` if the server is older than what this program is tested with."""
    version: str = connection.execute(sa.text("SHOW server_version")).scalar_one()
    if int(version.partition(".")[0]) < OLDEST_POSTGRES:
        raise WarehouseError(
            f"O PostgreSQL {version} do armazém é antigo demais: use da versão {OLDEST_POSTGRES} "
            "à 18"
        )


def alembic_config(connection: sa.Connection) -> Config:
    """Alembic pointed at this package's migrations and at an open connection."""
    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent / "migrations"))
    config.attributes["connection"] = connection
    return config
