"""The roles belong to the cluster: many databases make them, some logins may not."""

from __future__ import annotations

import os
import secrets
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest
import sqlalchemy as sa

from omie_pipeline.postgres.embedded import EmbeddedPostgres
from omie_pipeline.postgres.engine import open_engine
from omie_pipeline.postgres.migrate import migrate
from omie_pipeline.postgres.roles import ROLES, administrator_statements, grant_access, role_states
from omie_pipeline.postgres.schemas import OUTBOX_ROLE
from tests.conftest import FOLDER_PREFIX

pytestmark = pytest.mark.slow

_MIGRATE = """
import os
from omie_pipeline.postgres.engine import open_engine
from omie_pipeline.postgres.migrate import migrate
migrate(open_engine(os.environ["URL"]))
"""


@pytest.fixture
def cluster() -> Iterator[sa.Engine]:
    """A server of its own, without the roles, outside any transaction."""
    # Not below pytest's folder, which the server's account may not enter.
    folder = Path(tempfile.mkdtemp(prefix=f"{FOLDER_PREFIX}{os.getpid()}-"))
    folder.chmod(0o711)
    server = EmbeddedPostgres(folder, durable=False, outside_root=folder)
    engine = sa.create_engine(server.ensure_running(), isolation_level="AUTOCOMMIT")
    yield engine
    engine.dispose()
    server.stop()
    shutil.rmtree(folder, ignore_errors=True)


def _database(cluster: sa.Engine, name: str, owner: str = "omie") -> sa.URL:
    with cluster.connect() as connection:
        connection.execute(sa.text(f"CREATE DATABASE {name} OWNER {owner}"))
    return cluster.url.set(database=name)


def test_a_login_that_may_not_create_roles_migrates_all_the_same(cluster: sa.Engine) -> None:
    password = secrets.token_hex(8)
    with cluster.connect() as connection:
        connection.execute(sa.text(f"CREATE ROLE simples LOGIN PASSWORD '{password}'"))
    url = _database(cluster, "hospedado", "simples").set(username="simples", password=password)
    engine = open_engine(url.render_as_string(hide_password=False))
    migrate(engine)
    with engine.begin() as connection:
        assert grant_access(connection) == (*ROLES, OUTBOX_ROLE)
        assert [state.exists for state in role_states(connection)] == [False] * 3
        connection.execute(
            sa.text(
                "CREATE VIEW analise.v AS SELECT omie.mascarar_nome('Ana') AS n "
                "WHERE omie.ve_linha('pessoa')"
            )
        )
        connection.execute(sa.text("SELECT omie_sync.marcar('analise.v')"))
        assert connection.execute(sa.text("SELECT n FROM analise.v")).scalar_one() == "Ana"
    statements = administrator_statements((*ROLES, OUTBOX_ROLE))
    with cluster.connect() as administrator:
        for statement in statements[:-2]:
            administrator.execute(sa.text(statement))
        administrator.execute(sa.text("CREATE ROLE ana LOGIN PASSWORD 'x' IN ROLE omie_analyst"))
    with sa.create_engine(cluster.url.set(database="hospedado")).begin() as administrator:
        for statement in statements[-2:]:
            administrator.execute(sa.text(statement))
        may_poll = "SELECT has_table_privilege('omie_outbox', 'omie_saida.changes', 'SELECT')"
        assert administrator.execute(sa.text(may_poll)).scalar_one()
    with engine.begin() as connection:
        assert grant_access(connection) == ()
        assert role_states(connection)[0].members == ("ana",)
        connection.execute(
            sa.text("CREATE VIEW analise.w AS SELECT omie.mascarar_nome('Ana') AS n")
        )
    engine.dispose()
    person = sa.create_engine(url.set(username="ana", password="x"))
    with person.connect() as connection:
        for view in ("v", "w"):
            assert (
                connection.execute(sa.text(f"SELECT n FROM analise.{view}")).scalar_one() == "A***"
            )
    person.dispose()


def test_a_login_that_may_create_roles_makes_them(cluster: sa.Engine) -> None:
    """PostgreSQL puts the maker of a role among its members: it is not shown as a person."""
    with cluster.connect() as connection:
        connection.execute(sa.text("CREATE ROLE gestor LOGIN CREATEROLE PASSWORD 'x'"))
    url = _database(cluster, "nuvem", "gestor").set(username="gestor", password="x")
    engine = open_engine(url.render_as_string(hide_password=False))
    migrate(engine)
    with engine.begin() as connection:
        states = role_states(connection)
        assert [(s.exists, s.members) for s in states] == [(True, ())] * 3
        mask = "SELECT omie.mascarar_nome('Ana'), omie.ve_linha('pessoa')"
        assert tuple(connection.execute(sa.text(mask)).one()) == ("Ana", True)
    engine.dispose()


def test_databases_of_one_cluster_migrate_at_once(cluster: sa.Engine) -> None:
    urls = [_database(cluster, f"empresa_{n}") for n in range(3)]
    # Processes, not threads: Alembic keeps its context in the module.
    running = [
        subprocess.Popen(
            [sys.executable, "-c", _MIGRATE],
            env={**os.environ, "URL": url.render_as_string(hide_password=False)},
        )
        for url in urls
    ]
    assert [process.wait(60) for process in running] == [0] * len(urls)
    for url in urls:
        engine = sa.create_engine(url)
        with engine.connect() as connection:
            assert [state.exists for state in role_states(connection)] == [True] * 3
            granted = "SELECT has_schema_privilege('omie_clinic', 'analise', 'USAGE')"
            assert connection.execute(sa.text(granted)).scalar_one() is True
        engine.dispose()
