"""The oldest PostgreSQL that is supported, from Debian's packages, in a folder of its own."""

from __future__ import annotations

import os
import secrets
import shutil
import socket
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from omie_pipeline.postgres.binaries import server_account

BINARIES = Path("/usr/lib/postgresql/15/bin")


@dataclass(frozen=True)
class OldPostgres:
    """A running server.

    Attributes:
        url: of the database ``postgres``, as its administrator.
        hba: the file of who may come in.
    """

    url: sa.URL
    hba: Path

    def as_role(self, name: str, password: str, database: str) -> str:
        """The address of another login."""
        url = self.url.set(username=name, password=password, database=database)
        return url.render_as_string(hide_password=False)

    @contextmanager
    def administrator(self, database: str = "postgres") -> Iterator[sa.Connection]:
        """A connection outside any transaction."""
        engine = sa.create_engine(self.url.set(database=database), isolation_level="AUTOCOMMIT")
        with engine.connect() as connection:
            yield connection
        engine.dispose()


@contextmanager
def old_postgres() -> Iterator[OldPostgres]:
    """A PostgreSQL 15 without crash safety; the test is skipped where it is not installed."""
    if not (BINARIES / "initdb").exists():
        pytest.skip(f"PostgreSQL 15 is not installed ({BINARIES}, package postgresql-15)")
    folder = Path(tempfile.mkdtemp(prefix=f"omie-postgres15-{os.getpid()}-"))
    account = server_account(folder / "none")
    user: dict[str, Any] = {}
    if account.switch:
        os.chown(folder, account.uid, account.gid)
        user = {"user": account.uid, "group": account.gid}
    password, data = secrets.token_hex(8), folder / "data"
    (folder / "password").write_text(password)
    (folder / "password").chmod(0o644)
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]

    def run(program: str, *arguments: str) -> None:
        command = [str(BINARIES / program), "-D", str(data), *arguments]
        quiet = subprocess.DEVNULL
        subprocess.run(command, check=True, stdout=quiet, stderr=quiet, cwd=folder, **user)

    try:
        run("initdb", "-U", "administrador", "-A", "scram-sha-256", "-E", "UTF8", "--locale=C",
            "--no-sync", f"--pwfile={folder / 'password'}")  # fmt: skip
        options = f"-h 127.0.0.1 -p {port} -k {folder} -F -c synchronous_commit=off"
        run("pg_ctl", "-w", "-l", str(folder / "log"), "-o", options, "start")
        url = sa.URL.create(
            "postgresql+psycopg", "administrador", password, "127.0.0.1", port, "postgres"
        )
        yield OldPostgres(url, data / "pg_hba.conf")
    finally:
        if (data / "postmaster.pid").exists():
            run("pg_ctl", "-w", "-m", "immediate", "stop")
        shutil.rmtree(folder, ignore_errors=True)
