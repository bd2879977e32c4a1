"""The SQL functions of the warehouse, kept at this version's text.

They hold no data and change with the code, so they are no migration: the files of ``sql/`` are
loaded whenever their digest is not the one that the database remembers.
"""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import Final

import sqlalchemy as sa

from omie_pipeline.postgres.access import grant_access, grant_reading
from omie_pipeline.postgres.schemas import SYNC, migrating, schemas_of

_FOLDER: Final = Path(__file__).parent / "sql"
_FILES: Final = ("ownership", "texts", "access", "personal_data", "admit", "reading")
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
    texts = [(_FOLDER / f"{name}.sql").read_text(encoding="utf-8") for name in _FILES]
    # The names of the schemas and roles stand inside some bodies.
    text = schemas.in_migration("\n".join(texts))
    digest = _DIGEST + hashlib.sha256(text.encode()).hexdigest()
    if connection.execute(_REMEMBERED, {"name": remembers}).scalar() == digest:
        grant_reading(connection)
        return False
    with migrating(connection):
        for file_text in texts:
            connection.exec_driver_sql(file_text.replace("%", "%%"))
    connection.exec_driver_sql(f"COMMENT ON FUNCTION {remembers} IS '{digest}'")
    grant_access(connection)
    return True
