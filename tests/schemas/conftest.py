"""Databases that other people use, and what they look like from outside."""

from __future__ import annotations

import secrets
from collections.abc import Iterator

import pytest
import sqlalchemy as sa

from tests.cli.conftest import _one_simulator, sim, terminal
from tests.old_postgres import OldPostgres, old_postgres

__all__ = ["_one_simulator", "sim", "terminal"]

PASSWORD = "p@lavra/secreta"
FOREIGN = """
CREATE SCHEMA clinica;
CREATE TABLE clinica.pacientes (id integer PRIMARY KEY, nome text);
INSERT INTO clinica.pacientes SELECT n, 'paciente ' || n FROM generate_series(1, 1000) AS n;
CREATE VIEW clinica.relatorio AS SELECT count(*) AS pacientes FROM clinica.pacientes;
CREATE TABLE clinica.municipios (nome text);
INSERT INTO clinica.municipios VALUES ('Rio');
CREATE SCHEMA analise;
CREATE VIEW analise.duplicados AS SELECT id FROM clinica.pacientes;
CREATE SCHEMA staging;
CREATE TABLE staging.stg_canonica__pacientes (id integer);
CREATE SCHEMA omie;
CREATE TABLE omie.clientes (id integer);
CREATE SCHEMA dagster;
CREATE TABLE dagster.runs (id integer);
CREATE FUNCTION dagster.dobro(n integer) RETURNS integer LANGUAGE sql RETURN 2 * n;
"""
"""Another team's schemas, which bear our names."""

_SEEN = """
SELECT n.nspname, coalesce(obj_description(n.oid, 'pg_namespace'), ''), n.nspowner::text,
       coalesce(n.nspacl::text, ''), c.relname::text, c.relkind::text, c.oid::text,
       coalesce(c.relacl::text, ''), coalesce(obj_description(c.oid, 'pg_class'), ''),
       (SELECT string_agg(a.attname || ' ' || a.atttypid::text || ' ' || a.attnotnull::text, ','
                          ORDER BY a.attnum)
        FROM pg_attribute AS a WHERE a.attrelid = c.oid AND a.attnum > 0)
FROM pg_namespace AS n LEFT JOIN pg_class AS c ON c.relnamespace = n.oid
WHERE n.nspname !~ '^(pg_|information_schema)' AND n.nspname !~ :ours
ORDER BY 1, 5
"""


def snapshot(connection: sa.Connection, ours: str = "^$") -> list[tuple[object, ...]]:
    """Every schema and relation outside ``ours`` (a pattern), with rows, rights and comments."""
    seen: list[tuple[object, ...]] = []
    for row in connection.execute(sa.text(_SEEN), {"ours": ours}).all():
        rows = None
        if row[5] in ("r", "v"):
            counted = f'SELECT count(*) FROM "{row[0]}"."{row[4]}"'
            rows = connection.execute(sa.text(counted)).scalar_one()
        seen.append((*row, rows))
    return seen


@pytest.fixture(scope="session")
def old() -> Iterator[OldPostgres]:
    """A PostgreSQL 15 of this test process, with a login ``medico``."""
    with old_postgres() as server:
        with server.administrator() as connection:
            connection.exec_driver_sql(f"CREATE ROLE medico LOGIN PASSWORD '{PASSWORD}'")
        yield server


@pytest.fixture
def house(old: OldPostgres) -> Iterator[str]:
    """Name of a database on the old server, in which ``medico`` has no right but to come in."""
    name = f"casa_{secrets.token_hex(6)}"
    with old.administrator() as connection:
        connection.exec_driver_sql(f"CREATE DATABASE {name}")
    yield name
    with old.administrator() as connection:
        connection.exec_driver_sql(f"DROP DATABASE {name} WITH (FORCE)")


@pytest.fixture
def empty_database(_administration: sa.Engine) -> Iterator[str]:
    """URL of a database that nobody has migrated."""
    name = f"vazio_{secrets.token_hex(6)}"
    with _administration.connect() as connection:
        connection.execute(sa.text(f"CREATE DATABASE {name}"))
    yield _administration.url.set(database=name).render_as_string(hide_password=False)
    with _administration.connect() as connection:
        connection.execute(sa.text(f"DROP DATABASE {name} WITH (FORCE)"))


@pytest.fixture
def administrator(empty_database: str) -> Iterator[sa.Engine]:
    """An engine of nobody in particular over ``empty_database``, outside any transaction."""
    engine = sa.create_engine(empty_database, isolation_level="AUTOCOMMIT")
    yield engine
    engine.dispose()
