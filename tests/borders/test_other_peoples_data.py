"""Warehouses of other people, and databases that refuse: section A, typed."""

from __future__ import annotations

import secrets
from collections.abc import Iterator
from pathlib import Path

import pytest
import sqlalchemy as sa

from tests.cli.conftest import Terminal, _one_simulator, sim, terminal
from tests.schemas.conftest import FOREIGN, snapshot

__all__ = ["_one_simulator", "sim", "terminal"]

PASSWORD = "palavra-secreta"
# 22:10 in São Paulo is tomorrow in UTC.
TEN_PAST_TEN = "timestamptz '2026-01-06 01:10+00'"


@pytest.fixture
def warehouse(_administration: sa.Engine, monkeypatch: pytest.MonkeyPatch) -> Iterator[sa.Engine]:
    """A database that nobody has migrated, named in ``WAREHOUSE_URL``."""
    name = f"casa_{secrets.token_hex(6)}"
    with _administration.connect() as connection:
        connection.exec_driver_sql(f"CREATE DATABASE {name}")
    url = _administration.url.set(database=name)
    monkeypatch.setenv("WAREHOUSE_URL", url.render_as_string(hide_password=False))
    engine = sa.create_engine(url, isolation_level="AUTOCOMMIT")
    yield engine
    engine.dispose()
    with _administration.connect() as connection:
        connection.exec_driver_sql(f"DROP DATABASE {name} WITH (FORCE)")


@pytest.fixture
def role(_administration: sa.Engine, warehouse: sa.Engine) -> Iterator[str]:
    """A login with no right but to come in."""
    name = f"medico_{secrets.token_hex(4)}"
    with _administration.connect() as connection:
        connection.exec_driver_sql(f"CREATE ROLE {name} LOGIN PASSWORD '{PASSWORD}'")
    yield name
    with warehouse.connect() as connection:
        connection.exec_driver_sql(f"DROP OWNED BY {name}")
        connection.exec_driver_sql(f"DROP ROLE {name}")


@pytest.fixture
def small_clinic(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = tmp_path / "clinica"
    folder.mkdir()
    monkeypatch.setenv("CLINIC_URL", str(folder))


@pytest.mark.usefixtures("small_clinic")
def test_a1_every_foreign_object_is_named_and_none_is_changed(
    terminal: Terminal, warehouse: sa.Engine
) -> None:
    with warehouse.connect() as connection:
        connection.exec_driver_sql(FOREIGN)
        before = snapshot(connection)
        said = terminal("build")
        assert snapshot(connection) == before
    assert said.code == 1
    for named in (
        "table clinica.pacientes",
        "view clinica.relatorio",
        "table clinica.municipios",
        "view analise.duplicados",
        "table staging.stg_canonica__pacientes",
        "table omie.clientes",
        "function dagster.dobro(integer)",
    ):
        assert named in said.err
    assert "OMIE_PIPELINE_SCHEMA_PREFIX" in said.err


@pytest.mark.parametrize(
    "made",
    [
        "CREATE TABLE clinica.t (id integer) PARTITION BY LIST (id)",
        "CREATE SEQUENCE clinica.t",
        "CREATE TYPE clinica.t AS ENUM ('a')",
        "CREATE DOMAIN clinica.t AS integer",
        "CREATE MATERIALIZED VIEW clinica.t AS SELECT 1 AS n",
        "CREATE FUNCTION clinica.t() RETURNS integer LANGUAGE sql RETURN 1",
    ],
)
@pytest.mark.usefixtures("small_clinic")
def test_a1_a_schema_with_any_kind_of_object_is_somebody_elses(
    terminal: Terminal, warehouse: sa.Engine, made: str
) -> None:
    with warehouse.connect() as connection:
        connection.exec_driver_sql("CREATE SCHEMA clinica")
        connection.exec_driver_sql(made)
        said = terminal("build")
        ours = "SELECT count(*) FROM pg_namespace WHERE nspname IN ('omie_sync', 'staging')"
        assert connection.exec_driver_sql(ours).scalar() == 0
    assert said.code == 1
    assert "clinica.t" in said.err


@pytest.mark.parametrize("command", ["db start", "build", "push clientes", "import tudo"])
@pytest.mark.usefixtures("small_clinic")
def test_a3_a_schema_of_one_of_our_names_is_named_with_the_prefix_to_set(
    terminal: Terminal, warehouse: sa.Engine, command: str
) -> None:
    with warehouse.connect() as connection:
        connection.exec_driver_sql("CREATE SCHEMA omie; CREATE TABLE omie.clientes (id integer)")
        before = snapshot(connection)
        said = terminal(*command.split())
        assert snapshot(connection) == before
    assert said.code == 1
    assert "table omie.clientes" in said.err
    assert "OMIE_PIPELINE_SCHEMA_PREFIX" in said.err
    assert "confira se o banco" not in said.err


@pytest.mark.usefixtures("small_clinic")
def test_a5_a_role_without_create_is_told_the_grant(
    terminal: Terminal, warehouse: sa.Engine, role: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    url = warehouse.url.set(username=role, password=PASSWORD)
    monkeypatch.setenv("WAREHOUSE_URL", url.render_as_string(hide_password=False))
    said = terminal("build")
    assert said.code == 1
    grant = f"GRANT CREATE ON DATABASE {warehouse.url.database} TO {role};"
    assert grant in said.err
    assert PASSWORD not in said.err
    with warehouse.connect() as connection:
        connection.exec_driver_sql(grant)
    assert terminal("db", "start").code == 0


@pytest.mark.slow
def test_a8_ten_past_ten_at_night_is_today(
    terminal: Terminal, monkeypatch: pytest.MonkeyPatch
) -> None:
    """An analyst's session of the embedded database, as ``db url`` gives it."""
    monkeypatch.delenv("WAREHOUSE_URL")
    try:
        assert terminal("db", "start").code == 0
        url = terminal("db", "url", "--show-password").out.strip()
        engine = sa.create_engine(sa.make_url(url).set(drivername="postgresql+psycopg"))
        with engine.connect() as connection:
            day = f"SELECT CAST({TEN_PAST_TEN} AS date)::text"
            assert connection.exec_driver_sql(day).scalar() == "2026-01-05"
            local = "SELECT current_date = (now() AT TIME ZONE 'America/Sao_Paulo')::date"
            assert connection.exec_driver_sql(local).scalar() is True
        engine.dispose()
    finally:
        terminal("db", "stop")
