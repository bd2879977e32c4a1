"""Databases, simulators and houses that a whole module shares."""

from __future__ import annotations

import secrets
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest
import sqlalchemy as sa

from omie_pipeline.simulator.engine.limits import Limits
from omie_pipeline.simulator.engine.server import running_simulator
from tests.borders.house import House
from tests.conftest import TEMPLATE
from tests.servers import empty_mariadb, mariadb_server

__all__ = ["mariadb_server"]

Databases = Callable[..., str]
Houses = Callable[..., House]


@pytest.fixture(scope="module")
def databases(_administration: sa.Engine) -> Iterator[Databases]:
    """Makes databases: empty ones, or migrated; the URL of each."""
    made: list[str] = []

    def make(*, migrated: bool = False) -> str:
        name = f"casa_{secrets.token_hex(6)}"
        template = f" TEMPLATE {TEMPLATE} STRATEGY file_copy" if migrated else ""
        with _administration.connect() as connection:
            connection.exec_driver_sql(f"CREATE DATABASE {name}{template}")
        made.append(name)
        return _administration.url.set(database=name).render_as_string(hide_password=False)

    yield make
    with _administration.connect() as connection:
        for name in made:
            connection.exec_driver_sql(f"DROP DATABASE {name} WITH (FORCE)")


@pytest.fixture(scope="module")
def houses(databases: Databases, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Houses]:
    """Makes installations, each with a warehouse and an Omie of its own."""
    with ExitStack() as open_simulators:

        def make(**settings: str) -> House:
            simulator = open_simulators.enter_context(running_simulator(limits=Limits.off()))
            folder = tmp_path_factory.mktemp("casa")
            return House(databases(migrated=True), folder, simulator, dict(settings))

        yield make


@pytest.fixture(scope="module")
def mariadb_database(mariadb_server: str) -> Iterator[sa.Engine]:
    """An empty database of MariaDB, of the module's own."""
    with empty_mariadb(mariadb_server) as engine:
        yield engine


def source_engine(kind: str, folder: Path, databases: Databases) -> sa.Engine:
    """An empty SQLite file or PostgreSQL database, as a clinic's."""
    if kind == "sqlite":
        return sa.create_engine(f"sqlite:///{folder / 'clinica.db'}")
    return sa.create_engine(databases())
