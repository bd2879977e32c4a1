"""Database servers from Debian's packages, each in a folder of its own, for tests of sources.

A test whose server is not installed is skipped and says which package it needs.
"""

from __future__ import annotations

import os
import pwd
import secrets
import shutil
import socket
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
import sqlalchemy as sa

_PATH = f"{os.environ.get('PATH', '')}:/usr/sbin:/usr/local/sbin"
_UNPRIVILEGED = "nobody"
_ZONE = "-03:00"  # São Paulo: a server's own zone must not change what is read


def _program(name: str) -> str:
    found = shutil.which(name, path=_PATH)
    if found is None:
        pytest.skip(f"{name} is not installed (package mariadb-server)")
    return found


@pytest.fixture(scope="session")
def mariadb_server() -> Iterator[str]:
    """URL of a MariaDB server of this test process; its zone is São Paulo's."""
    pytest.importorskip("pymysql", reason="pymysql is not installed")
    install, serve = _program("mariadb-install-db"), _program("mariadbd")
    folder = Path(tempfile.mkdtemp(prefix=f"omie-mariadb-{os.getpid()}-"))
    as_user = []
    if os.geteuid() == 0:
        account = pwd.getpwnam(_UNPRIVILEGED)
        os.chown(folder, account.pw_uid, account.pw_gid)
        as_user = [f"--user={_UNPRIVILEGED}"]
    common = ["--no-defaults", *as_user, f"--datadir={folder}", f"--tmpdir={folder}"]
    subprocess.run(
        [install, *common, "--auth-root-authentication-method=normal", "--skip-test-db"],
        check=True,
        capture_output=True,
    )
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    command = [
        *(serve, *common, f"--port={port}", "--bind-address=127.0.0.1"),
        *(f"--socket={folder}/s.sock", f"--default-time-zone={_ZONE}"),
        *("--innodb-buffer-pool-size=16M", "--innodb-flush-log-at-trx-commit=0"),
    ]
    server = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
    try:
        assert server.stderr is not None
        for line in server.stderr:
            if "ready for connections" in line:
                break
        else:
            pytest.fail("MariaDB did not start")
        yield f"mysql+pymysql://root@127.0.0.1:{port}"
    finally:
        server.terminate()
        server.communicate()
        shutil.rmtree(folder, ignore_errors=True)


@contextmanager
def empty_mariadb(server: str) -> Iterator[sa.Engine]:
    """An empty database of that server, which takes any date as MySQL of old did."""
    name = f"clinica_{secrets.token_hex(6)}"
    administration = sa.create_engine(server, isolation_level="AUTOCOMMIT")
    with administration.connect() as connection:
        connection.exec_driver_sql(f"CREATE DATABASE {name} CHARACTER SET utf8mb4")
    engine = sa.create_engine(
        f"{server}/{name}", connect_args={"init_command": "SET sql_mode = ''"}
    )
    yield engine
    engine.dispose()
    with administration.connect() as connection:
        connection.exec_driver_sql(f"DROP DATABASE {name}")
    administration.dispose()


@pytest.fixture
def mariadb(mariadb_server: str) -> Iterator[sa.Engine]:
    """An empty database of MariaDB, of the test's own."""
    with empty_mariadb(mariadb_server) as engine:
        yield engine
