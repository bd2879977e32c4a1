"""Dagster's storage in the warehouse, behind a pooler as well.

Dagster knows no schema but the first of ``search_path``, and takes the settings of its sessions
from its address only, as ``options``. A pooler refuses or drops those, and Dagster's tables would
land among other people's. So an address that leads to a pooler names the schema in
``application_name``, which poolers know, and each of its sessions is set once it is open.
"""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from dagster_postgres import DagsterPostgresStorage

from omie_pipeline.config.addresses import DAGSTER_SESSION, DAGSTER_SETTINGS


class WarehouseStorage(DagsterPostgresStorage):
    """``storage: custom`` of ``dagster.yaml``; importing it is what makes the sessions right."""


def _connected(connection: Any, _record: object) -> None:
    """Set a session of Dagster's, told by its name; any other is left alone."""
    if not type(connection).__module__.startswith("psycopg2"):
        return
    name = connection.info.dsn_parameters.get("application_name", "")
    if not name.startswith(DAGSTER_SESSION):
        return
    settings = {**DAGSTER_SETTINGS, "search_path": name.removeprefix(DAGSTER_SESSION)}
    with connection.cursor() as cursor:
        for setting, value in settings.items():
            cursor.execute("SELECT set_config(%s, %s, false)", (setting, value))
    connection.commit()


sa.event.listen(sa.Engine, "connect", _connected)
