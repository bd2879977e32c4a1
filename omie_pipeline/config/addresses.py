"""Where the warehouse is, and the same address as dbt and Dagster want it."""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

import sqlalchemy as sa

from omie_pipeline.config.dbt_project import assemble_project
from omie_pipeline.config.settings import IN_PLACE, Settings
from omie_pipeline.errors import ConfigurationError
from omie_pipeline.postgres.clock import set_database_time_zone
from omie_pipeline.postgres.embedded import EmbeddedPostgres
from omie_pipeline.postgres.engine import PLAIN_VALUES, open_engine
from omie_pipeline.postgres.failures import WAREHOUSE, parsed_url
from omie_pipeline.postgres.migrate import migrate
from omie_pipeline.postgres.ownership import Relation
from omie_pipeline.postgres.poolers import refuse_shared_sessions
from omie_pipeline.postgres.schemas import ANALYSIS, CLINIC, DAGSTER, PAYLOAD, RAW, STAGING, Schemas
from omie_pipeline.texts import config as texts

# What a build makes: the tables and views of the dbt project, by schema and name.

_STORED_NOWHERE = re.compile(r"\bmaterialized\s*=\s*['\"]ephemeral['\"]")
_ALIAS = re.compile(r"\bconfig\([^)]*\balias\s*=\s*['\"](\w+)['\"]")
_FOLDERS = {CLINIC: "clinica", PAYLOAD: "omie", ANALYSIS: "analise"}
"""Schema -> folder of models, as ``macros/generate_schema_name.sql`` has it."""


def built_relations(settings: Settings) -> tuple[Relation, ...]:
    """Every relation that a build of the chosen staging set makes, seeds among them."""
    root = assemble_project(settings).folder
    models = root / "models"
    folders = {**{s: models / f for s, f in _FOLDERS.items()}, STAGING: models / "staging"}
    folders[STAGING] /= settings.staging
    made = [
        Relation(schema, name)
        for schema, folder in folders.items()
        for file in sorted(folder.rglob("*.sql"))
        if (name := _name(file))
    ]
    seeds = [Relation(CLINIC, file.stem, seed=True) for file in sorted(root.glob("seeds/*.csv"))]
    return (*made, *seeds)


def _name(model: Path) -> str:
    """Name in the database; ``""`` if the model is no relation there."""
    text = model.read_text(encoding="utf-8")
    if _STORED_NOWHERE.search(text):
        return ""
    aliased = _ALIAS.search(text)
    return aliased[1] if aliased else model.stem


@dataclass(frozen=True, slots=True)
class Warehouse:
    """Address of the warehouse.

    Attributes:
        url: ``postgresql+psycopg://…``; holds the password.
        embedded: our own server; ``None`` if ``WAREHOUSE_URL`` names one.
    """

    url: str = field(repr=False)
    embedded: EmbeddedPostgres | None


def find_warehouse(settings: Settings) -> Warehouse:
    """The warehouse of ``WAREHOUSE_URL``, else the embedded one, started if it is not running.

    Raises:
        ConfigurationError: the URL is none, or the embedded server cannot run here.
        WarehouseError: the embedded server did not start.
    """
    if settings.warehouse_url is not None:
        url = _parsed(settings.warehouse_url.get_secret_value())
        return Warehouse(_text(url.set(drivername="postgresql+psycopg")), None)
    embedded = EmbeddedPostgres(settings.home)
    return Warehouse(embedded.ensure_running(), embedded)


def open_warehouse(settings: Settings, warehouse: Warehouse | None = None) -> sa.Engine:
    """The warehouse, migrated, with the names and the time zone of this installation.

    Raises:
        WarehouseError: see ``postgres.migrate`` and ``postgres.poolers``; nothing was changed.
    """
    found = warehouse or find_warehouse(settings)
    engine = open_engine(found.url, settings.schemas, time_zone=settings.time_zone)
    if found.embedded is None:
        refuse_shared_sessions(engine)
    # The dbt project is put together only if somebody asks: 30 ms of nearly every command.
    migrate(engine, partial(built_relations, settings))
    if found.embedded is not None:
        # Our own database: every login there means the clinic's days.
        set_database_time_zone(engine, settings.time_zone)
    return engine


DAGSTER_SESSION = "omie_pipeline:"
"""``application_name`` of Dagster's sessions behind a pooler; the schema's name follows."""
DAGSTER_SETTINGS: Mapping[str, str] = {
    # A crash of the server may cost the last events; waiting for disk costs minutes every time.
    "synchronous_commit": "off",
    # Dagster writes the server's local time if it means UTC.
    "timezone": "UTC",
}


def dagster_postgres_url(
    warehouse_url: str, schemas: Schemas | None = None, *, pooled: bool = False
) -> str:
    """The warehouse as Dagster's storage takes it: psycopg2, tables in the schema ``dagster``.

    With SQLAlchemy 2.1 a bare ``postgresql://`` picks psycopg 3, and every run then fails on
    Dagster's ``NOTIFY``.

    Args:
        pooled: the address leads to a pooler, where sessions are set once they are open
            (``resources.dagster_storage``).
    """
    url = _parsed(warehouse_url).set(drivername="postgresql+psycopg2")
    schema = (schemas or Schemas()).name(DAGSTER)
    if pooled:
        return _text(url.update_query_dict({"application_name": f"{DAGSTER_SESSION}{schema}"}))
    options = url.query.get("options", "")
    given = " ".join(options) if isinstance(options, tuple) else options
    settings = {"search_path": schema, **DAGSTER_SETTINGS}
    ours = " ".join(f"-c{name}={value}" for name, value in settings.items())
    return _text(url.update_query_dict({"options": f"{given} {ours}".strip()}))


def dbt_environment(
    settings: Settings, warehouse_url: str, *, pooled: bool = False
) -> dict[str, str]:
    """Variables that ``dbt_mapping/profiles.yml`` and its models read; one holds the password.

    Args:
        pooled: the address leads to a pooler, which refuses ``options``. How days are written and
            the time zone have variables of their own, which poolers know; the other two settings
            are then the server's.

    Raises:
        ConfigurationError: dbt cannot be sent to the very server that the address names.
    """
    url = _parsed(warehouse_url)
    given = " ".join(url.normalized_query.get("options", ()))
    plain = " ".join(
        f"-c{name}={value}"
        for name, value in [*PLAIN_VALUES.items(), ("timezone", settings.time_zone)]
    )
    variables = {
        **_dbt_connection(url),
        "DBT_SEND_ANONYMOUS_USAGE_STATS": "false",
        "DO_NOT_TRACK": "1",
        "OMIE_PIPELINE_STAGING": settings.staging,
        "OMIE_PIPELINE_START_DATE": settings.start_date.isoformat(),
        "OMIE_PIPELINE_INCLUDE_BEFORE_START": str(settings.include_before_start).lower(),
        "OMIE_PIPELINE_SCHEMA_PREFIX": settings.schema_prefix,
        "OMIE_PIPELINE_TIME_ZONE": settings.time_zone,
        # Of libpq, for dbt's sessions: its profile has no place for settings.
        "PGDATESTYLE": PLAIN_VALUES["datestyle"],
        "PGTZ": settings.time_zone,
        "PGOPTIONS": given if pooled else f"{given} {plain}".strip(),
    }
    if settings.schema_prefix:
        variables["OMIE_PIPELINE_SOURCE_SCHEMA"] = settings.schemas.name(RAW)
    clinic_url = settings.clinic_url.get_secret_value() if settings.clinic_url else ""
    if clinic_url.startswith(IN_PLACE):
        variables["OMIE_PIPELINE_SOURCE_SCHEMA"] = clinic_url.removeprefix(IN_PLACE).strip("/")
    return variables


def _dbt_connection(url: sa.URL) -> dict[str, str]:
    """Where dbt connects: an address may say it before or after the ``?``, or leave it to libpq.

    What is not said stays empty, and libpq takes its own (``PGHOST``, a socket) as for every other
    connection: a place made up here could be another program's server.
    """
    said = url.get_dialect()().create_connect_args(url)[1]
    ports = {one for one in str(said.get("port", "")).split(",") if one}
    if len(ports) > 1 or "service" in said:
        raise ConfigurationError(texts.several_ports(WAREHOUSE))
    user = str(said.get("user", "") or os.environ.get("PGUSER", ""))
    return {
        "DBT_HOST": str(said.get("hostaddr", "") or said.get("host", "")),
        "DBT_PORT": next(iter(ports), "") or os.environ.get("PGPORT", "") or "5432",
        "DBT_USER": user,
        "DBT_PASSWORD": str(said.get("password", "")),
        "DBT_DBNAME": str(said.get("dbname", "") or os.environ.get("PGDATABASE", "") or user),
        "DBT_SSLMODE": str(said.get("sslmode", "") or os.environ.get("PGSSLMODE", "") or "prefer"),
        "DBT_SSLROOTCERT": str(said.get("sslrootcert", "")),
        "DBT_SSLCERT": str(said.get("sslcert", "")),
        "DBT_SSLKEY": str(said.get("sslkey", "")),
    }


def dagster_environment(
    settings: Settings, warehouse_url: str, *, pooled: bool = False
) -> dict[str, str]:
    """Variables that Dagster's processes need; ``DAGSTER_POSTGRES_URL`` holds the password."""
    url = dagster_postgres_url(warehouse_url, settings.schemas, pooled=pooled)
    return {
        "DAGSTER_HOME": str(dagster_home(settings.home)),
        "DAGSTER_POSTGRES_URL": url,
        "DAGSTER_DISABLE_TELEMETRY": "yes",
    }


def dagster_home(home: Path) -> Path:
    """Folder of Dagster inside the state folder."""
    return home / "dagster"


def _parsed(url: str) -> sa.URL:
    return parsed_url(url.replace("postgres://", "postgresql://", 1), WAREHOUSE)


def _text(url: sa.URL) -> str:
    return url.render_as_string(hide_password=False)
