"""A pgbouncer from Debian's packages, in a folder of its own, before the tests' server."""

from __future__ import annotations

import os
import secrets
import shutil
import socket
import subprocess
import tempfile
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from omie_pipeline.postgres.binaries import server_account

_PATH = f"{os.environ.get('PATH', '')}:/usr/sbin"


@contextmanager
def pgbouncer(database_url: str, mode: str, **settings: Any) -> Iterator[str]:
    """The same database behind a pooler; the test is skipped where none is installed."""
    program = shutil.which("pgbouncer", path=_PATH)
    if program is None:
        pytest.skip("pgbouncer is not installed (package pgbouncer)")
    folder = Path(tempfile.mkdtemp(prefix=f"omie-pgbouncer-{os.getpid()}-"))
    account = server_account(folder / "none")
    user: dict[str, Any] = {}
    if account.switch:
        os.chown(folder, account.uid, account.gid)
        user = {"user": account.uid, "group": account.gid}
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    url, password = sa.make_url(database_url), secrets.token_hex(8)
    server = f"host={url.host} port={url.port} user={url.username} password={url.password}"
    lines = {
        "listen_addr": "127.0.0.1",
        "listen_port": port,
        "unix_socket_dir": "",
        "auth_type": "plain",
        "auth_file": folder / "users",
        "pool_mode": mode,
        **settings,
    }
    text = "\n".join(f"{name} = {value}" for name, value in lines.items())
    (folder / "users").write_text(f'"{url.username}" "{password}"\n')
    (folder / "pgbouncer.ini").write_text(f"[databases]\n* = {server}\n[pgbouncer]\n{text}\n")
    for name in ("users", "pgbouncer.ini"):
        os.chown(folder / name, account.uid, account.gid)
        (folder / name).chmod(0o600)
    process = subprocess.Popen(
        [program, str(folder / "pgbouncer.ini")],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
        cwd=folder,
        **user,
    )
    try:
        assert process.stderr is not None
        for line in process.stderr:
            if "process up" in line:
                break
        else:
            pytest.fail("pgbouncer did not start")
        # It stops at a pipe that nobody empties.
        threading.Thread(target=process.stderr.read, daemon=True).start()
        behind = url.set(port=port, host="127.0.0.1", password=password)
        yield behind.render_as_string(hide_password=False)
    finally:
        process.terminate()
        process.wait()
        shutil.rmtree(folder, ignore_errors=True)
