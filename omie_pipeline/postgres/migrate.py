"""Bring a warehouse to the current shape."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable, Collection
from pathlib import Path
from typing import TYPE_CHECKING, Final

import sqlalchemy as sa

from omie_pipeline.errors import WarehouseError
from omie_pipeline.postgres.failures import told
from omie_pipeline.postgres.ownership import Relation, adopt, claim, mark
from omie_pipeline.postgres.roles import grant_access, grant_reading
from omie_pipeline.postgres.schemas import SYNC, migrating, schemas_of
from omie_pipeline.postgres.sql import function_text
from omie_pipeline.texts import postgres as texts

if TYPE_CHECKING:
    from alembic.config import Config

# The SQL functions of the warehouse, kept at this version's text.
#
# They hold no data and change with the code, so they are no migration: the files of ``sql/`` are
# loaded whenever their digest is not the one that the database remembers.

_FILES: Final = ("ownership", "texts", "access", "personal_data", "admit", "reading", "models",
                 "outbox", "console")  # fmt: skip
"""In this order: each may call those before it."""
_DIGEST: Final = "sha256 of all SQL functions: "
_REMEMBERS: Final = "reading_marker(text, text, text)"

_REMEMBERED: Final = sa.text("SELECT obj_description(to_regprocedure(:name), 'pg_proc')")


def load_sql_functions(connection: sa.Connection) -> bool:
    """Create the functions, or replace all of them if one file is not the one last loaded.

    Views call some of them with the rights of their reader, so the roles of people may execute
    those; the others are closed to everybody else.

    Returns:
        Whether the files were loaded.
    """
    schemas = schemas_of(connection)
    remembers = f"{schemas.name(SYNC)}.{_REMEMBERS}"
    functions = [function_text(name) for name in _FILES]
    # The names of the schemas and roles stand inside some bodies.
    text = schemas.in_migration("\n".join(functions))
    digest = _DIGEST + hashlib.sha256(text.encode()).hexdigest()
    if connection.execute(_REMEMBERED, {"name": remembers}).scalar() == digest:
        grant_reading(connection)
        return False
    with migrating(connection):
        for file_text in functions:
            connection.exec_driver_sql(file_text.replace("%", "%%"))
    connection.exec_driver_sql(f"COMMENT ON FUNCTION {remembers} IS '{digest}'")
    grant_access(connection)
    return True


OLDEST_POSTGRES = 15
_MIGRATIONS: Final = Path(__file__).parent / "migrations"
_REVISION: Final = re.compile(r'^revision(?:: str)? = "(\w+)"', re.MULTILINE)
_FOLLOWS: Final = re.compile(r'^down_revision(?:: [\w |]+)? = "(\w+)"', re.MULTILINE)
_MIGRATION_LOCK = 0x0A11E
_DEVELOPMENT_STEPS = frozenset(f"{step:04}" for step in range(1, 20))
_LAST_WITH_STEPS = "70da15d"
"""The commit that still has the migrations 0001 to 0020, one by one."""


def migrate(engine: sa.Engine, known: Callable[[], Collection[Relation]] = tuple) -> None:
    """Create what is missing and run Alembic to its head; safe to call by many processes at once.

    Args:
        known: tells what a build makes, to adopt what an earlier version built without a mark;
            not asked otherwise.

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
                adopt(connection, schemas, known())
    except sa.exc.DBAPIError as error:
        raise WarehouseError(told(error, texts.NOT_PREPARED)) from None


def _upgrade(connection: sa.Connection) -> None:
    """Run the migrations, if the last one has not run: nearly every process finds that it has.

    Raises:
        WarehouseError: the database is at a migration that this version does not have.
    """
    if _versions(connection) == [newest_migration()]:
        return
    # A third of a second and mako, for nothing most times.
    from alembic import command
    from alembic.util.exc import CommandError

    try:
        with migrating(connection):
            command.upgrade(alembic_config(connection), "head")
    except CommandError:
        if _DEVELOPMENT_STEPS.intersection(_versions(connection)):
            raise WarehouseError(texts.development_version(_LAST_WITH_STEPS)) from None
        raise WarehouseError(texts.NEWER_VERSION) from None


def _versions(connection: sa.Connection) -> list[str]:
    """What Alembic remembers of the database; nothing if it never saw it."""
    schema = schemas_of(connection).name(SYNC)
    if not sa.inspect(connection).has_table("alembic_version", schema=schema):
        return []
    version = sa.table("alembic_version", sa.column("version_num"), schema=schema)
    return list(connection.scalars(sa.select(version.c.version_num)))


def newest_migration() -> str:
    """The migration that no other follows, as the files of ``migrations/versions`` say."""
    texts_of = [file.read_text("utf-8") for file in (_MIGRATIONS / "versions").glob("*.py")]
    made = {found[1] for text in texts_of if (found := _REVISION.search(text))}
    followed = {found[1] for text in texts_of if (found := _FOLLOWS.search(text))}
    (newest,) = made - followed
    return newest


def refuse_old_server(connection: sa.Connection) -> None:
    """Raise ``WarehouseError`` if the server is older than what this program is tested with."""
    version: str = connection.execute(sa.text("SHOW server_version")).scalar_one()
    if int(version.partition(".")[0]) < OLDEST_POSTGRES:
        raise WarehouseError(texts.too_old(version=version, oldest=OLDEST_POSTGRES))


def alembic_config(connection: sa.Connection) -> Config:
    """Alembic pointed at this package's migrations and at an open connection."""
    from alembic.config import Config

    config = Config()
    config.set_main_option("script_location", str(_MIGRATIONS))
    config.attributes["connection"] = connection
    return config
