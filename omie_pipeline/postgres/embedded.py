"""Embedded PostgreSQL: a server of our own in the state folder, with a lifetime of our own.

The server outlives the process that started it: ``kill -9`` of a worker takes no other process's
database away, and the next process finds the server again. Nothing stops it but :meth:`stop` (or
:meth:`stop_if_started_here`, for a command that wants to leave the machine as it found it).

Files in the state folder: ``postgres.json`` (where the data lie, which port, which account),
``postgres.password`` (0600), ``postgres.lock``, and ``postgres/`` with ``server/data`` and
``server/server.log``. Where the server's account may not enter the state folder (as root below
``/root``, say), that last folder lies below ``/var/lib/omie_pipeline`` instead.
"""

from __future__ import annotations

import fcntl
import hashlib
import json
import os
import secrets
import socket
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path

from omie_pipeline.errors import ConfigurationError, WarehouseError
from omie_pipeline.postgres.binaries import Account, PostgresBinaries, binaries_for, server_account
from omie_pipeline.postgres.server import DATABASE, HOST, USER, PostgresServer, ServerState
from omie_pipeline.private_files import make_home
from omie_pipeline.texts import postgres as texts

START_LIMIT_SECONDS = 60.0
LOCK_POLL_SECONDS = 0.05
OUTSIDE_ROOT = Path("/var/lib/omie_pipeline")


@dataclass(frozen=True, slots=True)
class EmbeddedStatus:
    """What ``db status`` shows; holds no password."""

    running: bool
    data_folder: Path
    host: str
    port: int
    pid: int
    version: str
    account: str


@dataclass(frozen=True, slots=True)
class _Record:
    """Content of ``postgres.json``."""

    area: str
    port: int
    account: str


class EmbeddedPostgres:
    """The PostgreSQL server that belongs to one state folder.

    Args:
        home: state folder; made when missing, never re-permissioned when it exists.
        durable: false gives up crash safety for speed; for tests only.
        outside_root: where the data go when the server's account may not enter ``home``.
        start_limit_seconds: how long a start may take, waiting for other starters included.
    """

    def __init__(
        self,
        home: Path,
        *,
        durable: bool = True,
        outside_root: Path = OUTSIDE_ROOT,
        start_limit_seconds: float = START_LIMIT_SECONDS,
    ) -> None:
        self.home = home.expanduser().absolute()
        self.started_here = False
        self._durable = durable
        self._outside_root = outside_root
        self._start_limit_seconds = start_limit_seconds
        self._record_file = self.home / "postgres.json"
        self._password_file = self.home / "postgres.password"
        self._lock_file = self.home / "postgres.lock"

    def ensure_running(self) -> str:
        """URL of the running server's database ``omie``, starting the server if needed.

        Safe to call from many processes at once: one starts, the others wait for it.

        Returns:
            ``postgresql+psycopg://omie:<password>@127.0.0.1:<port>/omie``; it holds the password.

        Raises:
            ConfigurationError: data of another PostgreSQL version, or no account may run it.
            WarehouseError: the server did not start; the message has the end of its log.
        """
        deadline = time.monotonic() + self._start_limit_seconds
        make_home(self.home)
        with self._locked(deadline):
            server = self._server()
            password = self._recorded_password() or self._new_password(server)
            state = server.probe(password)
            if state is None:
                state = self._start(server, password, deadline)
            server.ensure_database(password, state.port)
            self._remember(server, state.port)
            return self._url(password, state.port)

    def stop(self) -> bool:
        """Stop the server (open transactions are rolled back); false when it was not running.

        Raises:
            WarehouseError: it did not stop within the start limit.
        """
        if not self._record_file.exists():
            return False
        deadline = time.monotonic() + self._start_limit_seconds
        with self._locked(deadline):
            self.started_here = False
            return self._server().stop(deadline - time.monotonic())

    def stop_if_started_here(self) -> bool:
        """Stop the server only when this object started it, so that others keep theirs."""
        return self.started_here and self.stop()

    def status(self) -> EmbeddedStatus:
        """State of the server, asked with a real query; starts nothing and makes no folder."""
        password = self._recorded_password()
        if not (password and self._record_file.exists()):
            return EmbeddedStatus(False, self._area() / "server" / "data", HOST, 0, 0, "", "")
        server = self._server()
        state = server.probe(password)
        return EmbeddedStatus(
            running=state is not None,
            data_folder=server.data,
            host=HOST,
            port=state.port if state else 0,
            pid=state.pid if state else 0,
            version=state.version if state else "",
            account=server.account.name,
        )

    def _start(self, server: PostgresServer, password: str, deadline: float) -> ServerState:
        if server.has_data():
            server.refuse_other_version()
        else:
            server.initialise(password, durable=self._durable)
        wanted = self._recorded_port()
        while True:
            port = _free_port(wanted)
            failure = server.start(port, self._durable, deadline - time.monotonic())
            state = server.probe(password)
            if state is not None:
                self.started_here = True
                return state
            if time.monotonic() >= deadline:
                raise WarehouseError(
                    texts.embedded_not_ready(
                        seconds=self._start_limit_seconds, data=server.data, failure=failure
                    )
                )
            if not server.worth_retrying(failure):
                raise WarehouseError(texts.embedded_not_started(failure))
            wanted = 0
            time.sleep(LOCK_POLL_SECONDS)

    def _server(self) -> PostgresServer:
        area = self._area()
        account = server_account(area / "server")
        if not self._record_file.exists() and not account.may_enter(self.home):
            area = self._outside_area()
            account = server_account(area / "server")
        binaries = self._prepare(area, account)
        return PostgresServer(area / "server", account, binaries)

    def _prepare(self, area: Path, account: Account) -> PostgresBinaries:
        _make_folder(area, 0o711 if account.switch else 0o700)
        folder = area / "server"
        if not folder.exists():
            folder.mkdir(mode=0o700)
            if account.switch:
                os.chown(folder, account.uid, account.gid)
        return binaries_for(account, area / "binaries")

    def _area(self) -> Path:
        record = self._record()
        if record is not None and record.area:
            return Path(record.area)
        outside = self._outside_area()
        return outside if (outside / "server").exists() else self.home / "postgres"

    def _outside_area(self) -> Path:
        name = hashlib.sha256(os.fsencode(self.home.resolve())).hexdigest()[:16]
        return self._outside_root / name

    def _record(self) -> _Record | None:
        try:
            return _Record(**json.loads(self._record_file.read_text(encoding="utf-8")))
        except FileNotFoundError:
            return None
        except (ValueError, TypeError) as error:
            raise ConfigurationError(texts.record_damaged(self._record_file)) from error

    def _recorded_port(self) -> int:
        record = self._record()
        return record.port if record else 0

    def _remember(self, server: PostgresServer, port: int) -> None:
        """Write the record; ``area`` stays empty inside the home, so that the home may move."""
        area = server.folder.parent
        outside = "" if area == self.home / "postgres" else str(area)
        record = _Record(area=outside, port=port, account=server.account.name)
        if record != self._record():
            _write_atomically(self._record_file, json.dumps(asdict(record), indent=2), 0o644)

    def _recorded_password(self) -> str:
        if not self._password_file.exists():
            return ""
        return self._password_file.read_text(encoding="utf-8").strip()

    def _new_password(self, server: PostgresServer) -> str:
        """Make the password (24 random bytes) and, last, its file, readable by us only.

        Data without a password are left if the state folder was emptied and the
        data lie outside it: they hold the ledger, so they are kept and get the new password.
        """
        password = secrets.token_urlsafe(24)
        if server.has_data():
            server.refuse_other_version()
            server.stop(self._start_limit_seconds)
            server.set_password(password)
        _write_atomically(self._password_file, password, 0o600)
        return password

    @staticmethod
    def _url(password: str, port: int) -> str:
        return f"postgresql+psycopg://{USER}:{password}@{HOST}:{port}/{DATABASE}"

    @contextmanager
    def _locked(self, deadline: float) -> Iterator[None]:
        """Hold the lock of this state folder; the system frees it when a holder is killed."""
        with self._lock_file.open("a") as handle:
            while True:
                try:
                    fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
                    break
                except BlockingIOError as error:
                    if time.monotonic() >= deadline:
                        raise WarehouseError(
                            texts.embedded_being_started(
                                seconds=self._start_limit_seconds, file=self._lock_file
                            )
                        ) from error
                    time.sleep(LOCK_POLL_SECONDS)
            yield


def _make_folder(folder: Path, mode: int) -> None:
    """Make ``folder`` and its missing parents with exactly ``mode``; leave existing ones alone."""
    missing = [part for part in (folder, *folder.parents) if not part.exists()]
    for part in reversed(missing):
        part.mkdir(exist_ok=True)
        part.chmod(mode)


def _write_atomically(file: Path, text: str, mode: int) -> None:
    partial = file.with_name(f"{file.name}.{os.getpid()}")
    partial.unlink(missing_ok=True)
    handle = os.open(partial, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode)
    with os.fdopen(handle, "w", encoding="utf-8") as stream:
        stream.write(text + "\n")
    partial.replace(file)


def _free_port(wanted: int) -> int:
    """``wanted`` when it is free on loopback, else one that the system picks."""
    for port in (wanted, 0):
        with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as probe:
            # As PostgreSQL itself binds: connections that are only lingering do not count.
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind((HOST, port))
            except OSError:
                continue
            return int(probe.getsockname()[1])
    raise WarehouseError(texts.NO_FREE_PORT)
