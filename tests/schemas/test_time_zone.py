"""Today is the clinic's today, for our sessions and, in our own database, for everybody's."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
import sqlalchemy as sa

from omie_pipeline.app.deployment import Deployment
from omie_pipeline.config.addresses import dagster_postgres_url, dbt_environment, open_warehouse
from omie_pipeline.config.settings import Settings
from omie_pipeline.postgres.clock import database_time_zone, set_database_time_zone
from omie_pipeline.postgres.engine import open_engine
from tests.cli.conftest import Terminal

# 22:10 in São Paulo is tomorrow in UTC.
TEN_PAST_TEN = "SELECT CAST(CAST('2026-01-06 01:10+00' AS timestamptz) AS date)::text"
TODAY = "SELECT current_date"
# 26 hours apart: at any moment the two have different days.
AHEAD, BEHIND = "Pacific/Kiritimati", "Etc/GMT+12"


def ask(engine: sa.Engine, query: str) -> object:
    with engine.connect() as connection:
        return connection.execute(sa.text(query)).scalar_one()


def test_our_sessions_are_at_the_clinic_whatever_the_database_says(database_url: str) -> None:
    for zone, day in (("America/Sao_Paulo", "2026-01-05"), ("UTC", "2026-01-06")):
        engine = open_engine(database_url, time_zone=zone)
        assert ask(engine, TEN_PAST_TEN) == day
        with engine.connect() as connection:
            assert database_time_zone(connection) is None
        engine.dispose()


def test_options_of_the_address_stay(database_url: str) -> None:
    engine = open_engine(f"{database_url}?options=-csearch_path%3Dpublic")
    assert ask(engine, "SHOW search_path") == "public"
    assert ask(engine, "SHOW timezone") == "America/Sao_Paulo"
    engine.dispose()


def test_our_sessions_write_days_and_numbers_plainly(engine: sa.Engine, database_url: str) -> None:
    """The mapping reads the text of a date: 02/07/2026 would be the second of July."""
    with engine.begin() as connection:
        name = connection.scalar(sa.text("SELECT quote_ident(current_database())"))
        for setting in ("datestyle TO 'SQL, MDY'", "extra_float_digits TO 0"):
            connection.exec_driver_sql(f"ALTER DATABASE {name} SET {setting}")
    plain = "SELECT date '2026-02-07' || ' ' || (0.1::float8 + 0.2::float8)"
    ours = open_engine(database_url)
    assert ask(ours, plain) == "2026-02-07 0.30000000000000004"
    ours.dispose()
    options = dbt_environment(Settings(time_zone="UTC"), database_url)["PGOPTIONS"]
    dbt = sa.create_engine(database_url, connect_args={"options": options})
    assert ask(dbt, plain) == "2026-02-07 0.30000000000000004"
    dbt.dispose()


def test_in_a_database_of_ours_anybodys_today_is_the_clinics(
    engine: sa.Engine, database_url: str
) -> None:
    days = []
    for zone in (AHEAD, BEHIND):
        set_database_time_zone(engine, zone)
        set_database_time_zone(engine, zone)
        anybody = sa.create_engine(database_url)
        days.append(ask(anybody, TODAY))
        anybody.dispose()
        assert days[-1] == datetime.now(UTC).astimezone(ZoneInfo(zone)).date()
    assert days[0] != days[1]


def test_only_the_embedded_database_is_set(
    database_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    from pydantic import SecretStr

    settings = Settings(warehouse_url=SecretStr(database_url), time_zone="America/Manaus")
    engine = open_warehouse(settings)
    assert ask(engine, "SHOW timezone") == "America/Manaus"
    with engine.connect() as connection:
        assert database_time_zone(connection) is None
    engine.dispose()


def test_dbt_is_at_the_clinic_and_dagster_in_utc(
    database_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    import psycopg2

    settings = Settings(time_zone="America/Manaus")
    variables = dbt_environment(settings, database_url)
    assert variables["OMIE_PIPELINE_TIME_ZONE"] == "America/Manaus"
    monkeypatch.setenv("PGOPTIONS", variables["PGOPTIONS"])
    plain = sa.make_url(database_url).set(drivername="postgresql")
    connection = psycopg2.connect(plain.render_as_string(hide_password=False))
    with connection.cursor() as cursor:
        cursor.execute("SHOW timezone")
        assert cursor.fetchone() == ("America/Manaus",)
    connection.close()
    dagster = sa.create_engine(dagster_postgres_url(database_url))
    assert ask(dagster, "SHOW timezone") == "UTC"
    dagster.dispose()


def test_the_clinic_is_read_by_its_own_clock(
    database_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("WAREHOUSE_URL", database_url)
    monkeypatch.setenv("OMIE_PIPELINE_TIME_ZONE", "America/Manaus")
    for url in (str(tmp_path), f"sqlite:///{tmp_path}/clinica.db", "warehouse://da_clinica"):
        monkeypatch.setenv("CLINIC_URL", url)
        with Deployment().clinic("principal") as reader:
            assert reader.zone.key == "America/Manaus"


def test_status_tells_what_an_analysts_session_has(
    terminal: Terminal, engine: sa.Engine, database_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("WAREHOUSE_URL", database_url)
    set_database_time_zone(engine, AHEAD)
    said = terminal("db", "status")
    assert said.code == 0
    assert f"Fuso de uma sessão comum neste banco: {AHEAD}" in said.out
    database = engine.url.database
    assert f"ALTER ROLE ana IN DATABASE {database} SET timezone TO 'America/Sao_Paulo';" in said.err
    monkeypatch.setenv("OMIE_PIPELINE_TIME_ZONE", AHEAD)
    assert "ALTER ROLE" not in terminal("db", "status").err


def test_the_roles_of_a_prefix_are_shown_by_their_names(
    terminal: Terminal, empty_database: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("WAREHOUSE_URL", empty_database)
    monkeypatch.setenv("OMIE_PIPELINE_SCHEMA_PREFIX", "c9_")
    said = terminal("db", "roles")
    assert said.code == 0
    assert "c9_omie_finance" in said.out
    assert "IN ROLE c9_omie_analyst; ALTER ROLE ana IN DATABASE" in said.err
