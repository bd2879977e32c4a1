"""The SQL functions behind the reading macros of ``dbt_mapping``, kept at this version's text.

They hold no data and change with the code, so they are no migration: ``sql/reading.sql`` is loaded
whenever its digest is not the one that the database remembers.
"""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import Final

import sqlalchemy as sa

from omie_pipeline.database.schemas import SYNC, schemas_of
from omie_pipeline.warehouse.access import grant_reading

_FILE: Final = Path(__file__).parent / "sql" / "reading.sql"
_DIGEST: Final = "sql/reading.sql sha256 "
_REMEMBERS: Final = "reading_marker(text, text, text)"

_REMEMBERED: Final = sa.text("SELECT obj_description(to_regprocedure(:name), 'pg_proc')")


def load_reading_functions(connection: sa.Connection) -> bool:
    """Make the functions, or replace them where the file is another than the one last loaded.

    Views call them with the rights of whoever looks, so the roles of people may execute them.

    Returns:
        Whether the file was loaded.
    """
    schema = schemas_of(connection).name(SYNC)
    text = _FILE.read_text(encoding="utf-8")
    digest = _DIGEST + hashlib.sha256(text.encode()).hexdigest()
    known = connection.execute(_REMEMBERED, {"name": f"{schema}.{_REMEMBERS}"}).scalar()
    loaded = known != digest
    if loaded:
        connection.exec_driver_sql(text.replace("{schema}", schema))
        connection.exec_driver_sql(f"COMMENT ON FUNCTION {schema}.{_REMEMBERS} IS '{digest}'")
    grant_reading(connection)
    return loaded
