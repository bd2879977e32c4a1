"""One PostgreSQL data folder and the server over it: make, start, ask, stop.

No policy in here (which port, who starts, when to give up): that is ``embedded.py``.
The server listens on loopback TCP only and has no Unix socket: nothing to hide, and no limit of
107 bytes on the length of the state folder's path.
"""

from __future__ import annotations

import os
import shlex
import shutil
import subprocess
import tempfile
from dataclasses import dataclass
from pathlib import Path

import psutil
import psycopg
from psycopg import sql

from omie_pipeline.errors import ConfigurationError, WarehouseError
from omie_pipeline.postgres.binaries import Account, PostgresBinaries
from omie_pipeline.texts import postgres as texts

HOST = "127.0.0.1"
USER = "omie"
DATABASE = "omie"
PROBE_TIMEOUT_SECONDS = 5
INITDB_LIMIT_SECONDS = 120.0
LOG_LIMIT_BYTES = 10_000_000
LOG_TAIL_BYTES = 2_000
SMALL_SHARED_MEMORY_BYTES = 256 * 1024 * 1024

SETTINGS = {
    "listen_addresses": HOST,
    "unix_socket_directories": "",
    "max_connections": "200",
    "shared_buffers": "128MB",
    "max_wal_size": "2GB",
    "jit": "off",
    "timezone": "UTC",
    # Patients' data must not reach the log: no failing statement, no parameter, no DETAIL line.
    "log_min_error_statement": "panic",
    "log_parameter_max_length_on_error": "0",
    "log_error_verbosity": "terse",
}
NOT_DURABLE = {
    "fsync": "off",
    "synchronous_commit": "off",
    "full_page_writes": "off",
    "wal_level": "minimal",
    "max_wal_senders": "0",
}
# Another program took the port meanwhile, or a killed server's children are still leaving.
PASSING_FAILURES = (
    "Address already in use",
    "pre-existing shared memory block",
    "is still in use",
    "already running",
    "lock file",
)


@dataclass(frozen=True, slots=True)
class ServerState:
    """What a running server answered about itself."""

    pid: int
    port: int
    version: str


class PostgresServer:
    """The server over ``folder/data``; ``folder`` belongs to ``account`` alone."""

    def __init__(self, folder: Path, account: Account, binaries: PostgresBinaries) -> None:
        self.folder = folder
        self.data = folder / "data"
        self.account = account
        self._binaries = binaries
        self._log = folder / "server.log"
        self._pid_file = self.data / "postmaster.pid"

    def has_data(self) -> bool:
        """Whether the data folder was initialised; a half-made one does not count."""
        return (self.data / "PG_VERSION").exists()

    def refuse_other_version(self) -> None:
        """Raise ``ConfigurationError`` when other programs than ours made the data folder."""
        found = (self.data / "PG_VERSION").read_text(encoding="ascii").strip()
        if found != self._binaries.major:
            raise ConfigurationError(
                texts.other_version(folder=self.data, found=found, installed=self._binaries.version)
            )

    def initialise(self, password: str, *, durable: bool) -> None:
        """Make the data folder; complete or absent, also when killed half-way.

        Text is UTF-8 with the built-in ``C.UTF-8`` locale, so ``upper('ã')`` is ``'Ã'`` on every
        machine, whatever locales it has.
        """
        partial = self.folder / "data.new"
        shutil.rmtree(partial, ignore_errors=True)
        password_file = self._private_file("initdb.password", password)
        try:
            self._run(
                "initdb",
                f"--pgdata={partial}",
                f"--username={USER}",
                "--auth=scram-sha-256",
                f"--pwfile={password_file}",
                "--encoding=UTF8",
                "--locale=C",
                "--locale-provider=builtin",
                "--builtin-locale=C.UTF-8",
                *(() if durable else ("--no-sync",)),
                limit_seconds=INITDB_LIMIT_SECONDS,
            )
        finally:
            password_file.unlink()
        partial.rename(self.data)

    def set_password(self, password: str) -> None:
        """Give the role a new password while no server runs."""
        self._drop_stale_pid_file()
        statement = sql.SQL("ALTER ROLE {} PASSWORD {}").format(
            sql.Identifier(USER), sql.Literal(password)
        )
        self._run(
            "postgres",
            *("--single", "-D", str(self.data), "postgres"),
            limit_seconds=INITDB_LIMIT_SECONDS,
            typed=statement.as_string(None) + "\n",
        )

    def start(self, port: int, durable: bool, limit_seconds: float) -> str:
        """Try to start the server; ``""`` or what stood in the way."""
        if self.live_pid():
            return f"server of {self.data} is already running, but does not answer yet"
        self._drop_stale_pid_file()
        if self._log.exists() and self._log.stat().st_size > LOG_LIMIT_BYTES:
            self._log.replace(self._log.with_suffix(".log.1"))
        log_start = self._log.stat().st_size if self._log.exists() else 0
        settings = {"port": str(port), **SETTINGS, **_shared_memory_settings()}
        settings |= {} if durable else NOT_DURABLE
        options = " ".join(
            f"-c {shlex.quote(f'{name}={value}')}" for name, value in settings.items()
        )
        wait_seconds = max(1, int(limit_seconds))
        try:
            self._run(
                "pg_ctl",
                *("start", "-w", "-t", str(wait_seconds), "-D", str(self.data)),
                *("-l", str(self._log), "-o", options),
                limit_seconds=wait_seconds + 10.0,
            )
        except WarehouseError as error:
            return f"{error}\n{self._log_tail(log_start)}".strip()
        return ""

    @staticmethod
    def worth_retrying(failure: str) -> bool:
        """Whether a failed start may succeed a moment later or on another port."""
        return not failure or any(text in failure for text in PASSING_FAILURES)

    def stop(self, limit_seconds: float) -> bool:
        """Stop the server fast; false when none was running."""
        if not self.live_pid():
            return False
        wait_seconds = max(1, int(limit_seconds))
        self._run(
            "pg_ctl",
            *("stop", "-w", "-m", "fast", "-t", str(wait_seconds), "-D", str(self.data)),
            limit_seconds=wait_seconds + 10.0,
        )
        return True

    def probe(self, password: str) -> ServerState | None:
        """Ask the server that the pid file names; ``None`` unless it is ours and answers.

        A pid file alone proves nothing: after ``kill -9`` or a power cut its number and its port
        may belong to another process by now.
        """
        pid, port = self._pid_and_port()
        if not port:
            return None
        try:
            with self._connect(password, port) as connection:
                row = connection.execute(
                    "SELECT current_setting('data_directory'), current_setting('server_version')"
                ).fetchone()
        except psycopg.Error:
            return None
        if row is None or not self._is_data_folder(str(row[0])):
            return None
        return ServerState(pid=pid, port=port, version=str(row[1]))

    def _is_data_folder(self, path: str) -> bool:
        return Path(path).exists() and self.data.samefile(path)

    def ensure_database(self, password: str, port: int) -> None:
        """Make the database once."""
        with self._connect(password, port) as connection:
            known = connection.execute(
                "SELECT 1 FROM pg_database WHERE datname = %s", (DATABASE,)
            ).fetchone()
            if known is None:
                connection.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(DATABASE)))

    def live_pid(self) -> int:
        """Process id of a live server over this data folder, 0 when there is none.

        The number in the pid file may have been given to another process since: only a process
        called ``postgres`` that was started over this folder counts.
        """
        pid, _ = self._pid_and_port()
        try:
            process = psutil.Process(pid) if pid > 0 else None
            if process is None or process.status() == psutil.STATUS_ZOMBIE:
                return 0
            arguments = process.cmdline()
            return pid if "postgres" in process.name() and str(self.data) in arguments else 0
        except psutil.NoSuchProcess:
            return 0
        except psutil.AccessDenied:
            return pid

    def _pid_and_port(self) -> tuple[int, int]:
        """Lines 1 and 4 of ``postmaster.pid``; zeros for what is not there (yet)."""
        try:
            lines = self._pid_file.read_text(encoding="utf-8", errors="replace").splitlines()
        except FileNotFoundError:
            return 0, 0
        pid, port = (lines[0:1] or [""])[0], (lines[3:4] or [""])[0]
        return (int(pid) if pid.isdecimal() else 0), (int(port) if port.isdecimal() else 0)

    def _drop_stale_pid_file(self) -> None:
        if not self.live_pid():
            self._pid_file.unlink(missing_ok=True)

    @staticmethod
    def _connect(password: str, port: int) -> psycopg.Connection[tuple[object, ...]]:
        return psycopg.connect(
            host=HOST,
            port=port,
            user=USER,
            password=password,
            dbname="postgres",
            sslmode="disable",
            connect_timeout=PROBE_TIMEOUT_SECONDS,
            autocommit=True,
        )

    def _private_file(self, name: str, text: str) -> Path:
        path = self.folder / name
        path.unlink(missing_ok=True)
        handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(handle, "w", encoding="utf-8") as stream:
            if self.account.switch:
                os.fchown(stream.fileno(), self.account.uid, self.account.gid)
            stream.write(text + "\n")
        return path

    def _log_tail(self, log_start: int) -> str:
        if not self._log.exists():
            return ""
        return self._log.read_bytes()[log_start:][-LOG_TAIL_BYTES:].decode("utf-8", "replace")

    def _run(self, program: str, *arguments: str, limit_seconds: float, typed: str = "") -> None:
        """Run one server program under the account; its output goes to a file, not to a pipe,
        because a server started by ``pg_ctl`` would keep a pipe open for ever.
        """
        environment = {"PATH": "/usr/bin:/bin", "LC_ALL": "C", "TZ": "UTC", "PGTZ": "UTC"}
        switch = self.account.switch
        with tempfile.TemporaryFile() as output:
            try:
                result = subprocess.run(  # noqa: S603 - our own binary, arguments as a list
                    [str(self._binaries.folder / program), *arguments],
                    input=typed.encode(),
                    stdout=output,
                    stderr=subprocess.STDOUT,
                    cwd=self.folder,
                    env=environment,
                    timeout=limit_seconds,
                    check=False,
                    umask=0o077,
                    user=self.account.uid if switch else None,
                    group=self.account.gid if switch else None,
                    extra_groups=[] if switch else None,
                )
            except (OSError, subprocess.TimeoutExpired) as error:
                raise WarehouseError(f"{program}: {error}") from error
            if result.returncode != 0:
                output.seek(0)
                said = output.read().decode("utf-8", "replace")[-LOG_TAIL_BYTES:].strip()
                raise WarehouseError(
                    texts.program_ended(program=program, code=result.returncode, said=said)
                )


def _shared_memory_settings() -> dict[str, str]:
    """Containers have 64 MB of ``/dev/shm``, which a parallel hash join overflows: use files."""
    shared_memory = Path("/dev/shm")  # noqa: S108 - only its size is read
    if not shared_memory.is_dir():
        return {}
    if shutil.disk_usage(shared_memory).free >= SMALL_SHARED_MEMORY_BYTES:
        return {}
    return {"dynamic_shared_memory_type": "mmap"}
