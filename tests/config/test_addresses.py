"""The warehouse's address as dbt and Dagster want it, and Dagster's own folder."""

from __future__ import annotations

from pathlib import Path

import pytest
import sqlalchemy as sa
import yaml
from pydantic import SecretStr

from omie_pipeline.config.addresses import (
    dagster_environment,
    dagster_postgres_url,
    dbt_environment,
    find_warehouse,
)
from omie_pipeline.config.settings import Settings
from omie_pipeline.errors import ConfigurationError
from omie_pipeline.resources.dagster_home import prepare_dagster_home

URL = "postgresql+psycopg://omie:p%40ss@127.0.0.1:5433/base"


@pytest.mark.parametrize("scheme", ["postgres", "postgresql", "postgresql+psycopg2"])
def test_any_postgresql_address_becomes_psycopg(scheme: str) -> None:
    given = URL.replace("postgresql+psycopg", scheme, 1)
    warehouse = find_warehouse(Settings(warehouse_url=SecretStr(given)))
    assert warehouse.url == URL
    assert warehouse.embedded is None
    assert "p%40ss" not in repr(warehouse)


def test_an_address_that_is_none_is_refused_without_repeating_it() -> None:
    with pytest.raises(ConfigurationError, match=r"^WAREHOUSE_URL") as refused:
        find_warehouse(Settings(warehouse_url=SecretStr("postgresql:segredo@")))
    assert "segredo" not in str(refused.value)


def test_dagster_gets_psycopg2_and_a_schema_of_its_own() -> None:
    url = dagster_postgres_url(URL)
    assert (
        url
        == URL.replace("+psycopg", "+psycopg2")
        + "?options=-csearch_path%3Ddagster+-csynchronous_commit%3Doff+-ctimezone%3DUTC"
    )
    with_ssl = dagster_postgres_url(URL + "?sslmode=require&options=-cjit%3Doff")
    query = sa.make_url(with_ssl).query
    assert query["sslmode"] == "require"
    assert query["options"] == (
        "-cjit=off -csearch_path=dagster -csynchronous_commit=off -ctimezone=UTC"
    )


def test_dagster_tables_land_in_their_schema(database_url: str) -> None:
    engine = sa.create_engine(dagster_postgres_url(database_url))
    with engine.begin() as connection:
        connection.execute(sa.text("CREATE TABLE placed (x int)"))
        schemas = sa.inspect(connection).get_table_names(schema="dagster")
    engine.dispose()
    assert schemas == ["placed"]


def test_dbt_gets_host_and_password_apart_and_the_choices() -> None:
    settings = Settings(staging="synthea", clinic_url=SecretStr("warehouse://legado"))
    variables = dbt_environment(settings, URL + "?sslmode=require")
    assert variables["DBT_HOST"] == "127.0.0.1"
    assert variables["DBT_PORT"] == "5433"
    assert (variables["DBT_USER"], variables["DBT_PASSWORD"]) == ("omie", "p@ss")
    assert (variables["DBT_DBNAME"], variables["DBT_SSLMODE"]) == ("base", "require")
    assert variables["OMIE_PIPELINE_STAGING"] == "synthea"
    assert variables["OMIE_PIPELINE_START_DATE"] == settings.start_date.isoformat()
    assert variables["OMIE_PIPELINE_INCLUDE_BEFORE_START"] == "false"
    assert variables["OMIE_PIPELINE_SOURCE_SCHEMA"] == "legado"
    assert "OMIE_PIPELINE_SOURCE_SCHEMA" not in dbt_environment(Settings(), URL)


@pytest.mark.parametrize(
    ("address", "host", "port"),
    [
        ("postgresql+psycopg://omie:s@/base?host=/run/pg&port=5440", "/run/pg", "5440"),
        ("postgresql+psycopg://omie:s@/base", "", "5432"),
        ("postgresql+psycopg://omie:s@/base?host=um:5433&host=dois:5433", "um,dois", "5433"),
        ("postgresql+psycopg:///base?user=omie&password=s&host=um", "um", "5432"),
    ],
)
def test_dbt_goes_to_the_server_of_the_address_however_it_is_written(
    address: str, host: str, port: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A place made up where the address names none could be somebody else's server."""
    monkeypatch.delenv("PGPORT", raising=False)
    variables = dbt_environment(Settings(), address)
    assert (variables["DBT_HOST"], variables["DBT_PORT"]) == (host, port)
    assert (variables["DBT_USER"], variables["DBT_PASSWORD"]) == ("omie", "s")
    assert variables["DBT_DBNAME"] == "base"


def test_dbt_gets_certificates_and_options_as_well() -> None:
    address = URL + "?sslmode=verify-full&sslrootcert=/ca.pem&options=-cjit%3Doff"
    variables = dbt_environment(Settings(), address)
    assert variables["DBT_SSLROOTCERT"] == "/ca.pem"
    assert variables["PGOPTIONS"].startswith("-cjit=off ")
    assert "-ctimezone=America/Sao_Paulo" in variables["PGOPTIONS"]


def test_an_address_that_dbt_cannot_follow_is_refused() -> None:
    with pytest.raises(ConfigurationError, match="um servidor e uma porta"):
        dbt_environment(Settings(), "postgresql://omie:s@/base?host=um:5433&host=dois:5434")


def test_dagster_home_has_our_settings_and_is_repaired(tmp_path: Path) -> None:
    folder = prepare_dagster_home(tmp_path)
    assert str(folder) == dagster_environment(Settings(home=tmp_path), URL)["DAGSTER_HOME"]
    file = folder / "dagster.yaml"
    wanted = file.read_text("utf-8")
    content = yaml.safe_load(wanted)
    assert content["telemetry"] == {"enabled": False}
    address = content["storage"]["custom"]["config"]["postgres_url"]
    assert address == {"env": "DAGSTER_POSTGRES_URL"}
    assert content["run_monitoring"]["free_slots_after_run_end_seconds"] == 5
    written = file.stat().st_mtime_ns
    prepare_dagster_home(tmp_path)
    assert file.stat().st_mtime_ns == written
    file.write_text("telemetry: {enabled: true}\n", "utf-8")
    prepare_dagster_home(tmp_path)
    assert file.read_text("utf-8") == wanted
