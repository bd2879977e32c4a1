"""Where the warehouse is, and the same address as dbt and Dagster want it."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

import sqlalchemy as sa

from omie_pipeline.errors import ConfigurationError
from omie_pipeline.resources.settings import Settings
from omie_pipeline.warehouse.embedded import EmbeddedPostgres

_IN_PLACE = "warehouse://"


@dataclass(frozen=True, slots=True)
class Warehouse:
    """Address of the warehouse.

    Attributes:
        url: ``postgresql+psycopg://…``; holds the password.
        embedded: our own server; ``None`` where ``WAREHOUSE_URL`` names one.
    """

    url: str = field(repr=False)
    embedded: EmbeddedPostgres | None


def find_warehouse(settings: Settings) -> Warehouse:
    """The warehouse of ``WAREHOUSE_URL``, else the embedded one, started where it is not running.

    Raises:
        ConfigurationError: the URL is none, or the embedded server cannot run here.
        WarehouseError: the embedded server did not start.
    """
    if settings.warehouse_url is not None:
        url = _parsed(settings.warehouse_url.get_secret_value())
        return Warehouse(_text(url.set(drivername="postgresql+psycopg")), None)
    embedded = EmbeddedPostgres(settings.home)
    return Warehouse(embedded.ensure_running(), embedded)


def dagster_postgres_url(warehouse_url: str) -> str:
    """The warehouse as Dagster's storage takes it: psycopg2, tables in the schema ``dagster``.

    With SQLAlchemy 2.1 a bare ``postgresql://`` picks psycopg 3, and every run then fails on
    Dagster's ``NOTIFY``.
    """
    url = _parsed(warehouse_url).set(drivername="postgresql+psycopg2")
    options = url.query.get("options", "")
    given = " ".join(options) if isinstance(options, tuple) else options
    # A crash of the server may cost the last events; waiting for disk costs minutes every time.
    search_path = f"{given} -csearch_path=dagster -csynchronous_commit=off".strip()
    return _text(url.update_query_dict({"options": search_path}))


def dbt_environment(settings: Settings, warehouse_url: str) -> dict[str, str]:
    """Variables that ``dbt_mapping/profiles.yml`` and its models read; one holds the password."""
    url = _parsed(warehouse_url)
    variables = {
        "DBT_HOST": url.host or "127.0.0.1",
        "DBT_PORT": str(url.port or 5432),
        "DBT_USER": url.username or "",
        "DBT_PASSWORD": url.password or "",
        "DBT_DBNAME": url.database or "",
        "DBT_SEND_ANONYMOUS_USAGE_STATS": "false",
        "DO_NOT_TRACK": "1",
        "OMIE_PIPELINE_STAGING": settings.staging,
        "OMIE_PIPELINE_START_DATE": settings.start_date.isoformat(),
        "OMIE_PIPELINE_INCLUDE_BEFORE_START": str(settings.include_before_start).lower(),
    }
    ssl_mode = url.query.get("sslmode")
    if isinstance(ssl_mode, str):
        variables["DBT_SSLMODE"] = ssl_mode
    clinic_url = settings.clinic_url.get_secret_value() if settings.clinic_url else ""
    if clinic_url.startswith(_IN_PLACE):
        variables["OMIE_PIPELINE_SOURCE_SCHEMA"] = clinic_url.removeprefix(_IN_PLACE).strip("/")
    return variables


def dagster_environment(settings: Settings, warehouse_url: str) -> dict[str, str]:
    """Variables that Dagster's processes need; ``DAGSTER_POSTGRES_URL`` holds the password."""
    return {
        "DAGSTER_HOME": str(dagster_home(settings.home)),
        "DAGSTER_POSTGRES_URL": dagster_postgres_url(warehouse_url),
        "DAGSTER_DISABLE_TELEMETRY": "yes",
    }


def dagster_home(home: Path) -> Path:
    """Folder of Dagster inside the state folder."""
    return home / "dagster"


def _parsed(url: str) -> sa.URL:
    try:
        return sa.make_url(url.replace("postgres://", "postgresql://", 1))
    except (sa.exc.ArgumentError, ValueError):
        raise ConfigurationError("WAREHOUSE_URL não é um endereço de banco válido") from None


def _text(url: sa.URL) -> str:
    return url.render_as_string(hide_password=False)
