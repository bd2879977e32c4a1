"""The embedded PostgreSQL server: found again, restarted, private, started once."""

from __future__ import annotations

import fcntl
import os
import secrets
import shutil
import signal
import socket
import stat
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import psutil
import psycopg
import pytest

from omie_pipeline.errors import ConfigurationError, WarehouseError
from omie_pipeline.postgres.embedded import EmbeddedPostgres

pytestmark = pytest.mark.slow

AS_ROOT = os.geteuid() == 0
STARTER = """
import sys
from pathlib import Path
from omie_pipeline.postgres.embedded import EmbeddedPostgres
server = EmbeddedPostgres(Path(sys.argv[1]), durable=False)
print(server.ensure_running(), server.started_here, server.status().pid)
"""


def _open_folder() -> Path:
    """A folder that any account may enter, which pytest's ``tmp_path`` is not."""
    folder = Path(tempfile.mkdtemp(prefix=f"omie-tests-{os.geteuid()}-{os.getpid()}-"))
    folder.chmod(0o711)
    return folder


@pytest.fixture
def folder() -> Iterator[Path]:
    made = _open_folder()
    yield made
    EmbeddedPostgres(made, durable=False).stop()
    shutil.rmtree(made)


@pytest.fixture(scope="module")
def shared_folder() -> Iterator[Path]:
    made = _open_folder()
    yield made
    EmbeddedPostgres(made, durable=False).stop()
    shutil.rmtree(made)


@pytest.fixture
def running(shared_folder: Path) -> EmbeddedPostgres:
    """A running server; several tests share its data folder, each finds it started."""
    server = EmbeddedPostgres(shared_folder, durable=False)
    server.ensure_running()
    return server


def _ask(url: str, question: str) -> object:
    """First value of the answer, ``None`` for a statement without rows."""
    with psycopg.connect(url.replace("+psycopg", ""), autocommit=True) as connection:
        answer = connection.execute(question)
        row = answer.fetchone() if answer.description else None
    return row[0] if row else None


def _kill_hard(pid: int) -> None:
    process = psutil.Process(pid)
    children = process.children(recursive=True)
    process.send_signal(signal.SIGKILL)
    psutil.wait_procs([process, *children], timeout=10)


def test_a_second_object_finds_the_running_server(running: EmbeddedPostgres) -> None:
    other = EmbeddedPostgres(running.home, durable=False)
    assert other.ensure_running() == running.ensure_running()
    assert not other.started_here
    assert other.stop_if_started_here() is False
    assert other.status().running


def test_the_url_has_the_promised_form_and_works(running: EmbeddedPostgres) -> None:
    url = running.ensure_running()
    status = running.status()
    assert url.startswith("postgresql+psycopg://omie:")
    assert url.endswith(f"@127.0.0.1:{status.port}/omie")
    assert _ask(url, "SELECT upper('ção')") == "ÇÃO"


def test_the_password_is_private_and_shown_nowhere_else(running: EmbeddedPostgres) -> None:
    file = running.home / "postgres.password"
    password = file.read_text().strip()
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert len(password) >= 32
    assert password not in repr(running.status()) + repr(running)
    assert password not in (running.home / "postgres.json").read_text()


def test_a_wrong_password_is_refused(running: EmbeddedPostgres) -> None:
    with pytest.raises(psycopg.OperationalError, match="password authentication failed"):
        psycopg.connect(
            host="127.0.0.1",
            port=running.status().port,
            user="omie",
            password=secrets.token_hex(8),
            dbname="omie",
        )


def test_it_listens_on_loopback_only_and_has_no_unix_socket(running: EmbeddedPostgres) -> None:
    url = running.ensure_running()
    assert _ask(url, "SHOW listen_addresses") == "127.0.0.1"
    assert _ask(url, "SHOW unix_socket_directories") == ""


def test_a_failing_statement_leaves_no_data_in_the_log(running: EmbeddedPostgres) -> None:
    with pytest.raises(psycopg.errors.UniqueViolation):
        _ask(
            running.ensure_running(),
            "CREATE TABLE doc (cpf text PRIMARY KEY); INSERT INTO doc VALUES ('52998224725');"
            "INSERT INTO doc VALUES ('52998224725')",
        )
    log = (running.status().data_folder.parent / "server.log").read_text()
    assert "duplicate key" in log
    assert "52998224725" not in log


def test_it_outlives_the_process_that_started_it(shared_folder: Path) -> None:
    EmbeddedPostgres(shared_folder, durable=False).stop()
    child = subprocess.run(
        [sys.executable, "-c", STARTER + "\nimport os, signal; sys.stdout.flush();"
         "os.kill(os.getpid(), signal.SIGKILL)", str(shared_folder)],
        capture_output=True, text=True, check=False, timeout=60,
    )  # fmt: skip
    assert child.returncode == -signal.SIGKILL
    url, started_here, pid = child.stdout.split()
    found = EmbeddedPostgres(shared_folder, durable=False)
    assert (found.ensure_running(), found.status().pid) == (url, int(pid))
    assert started_here == "True"
    assert not found.started_here


def test_a_killed_server_is_started_again_with_its_data(running: EmbeddedPostgres) -> None:
    url = running.ensure_running()
    _ask(url, "CREATE TABLE kept AS SELECT 42 AS answer")
    _ask(url, "CHECKPOINT")
    killed = running.status().pid
    _kill_hard(killed)
    assert not running.status().running
    assert _ask(running.ensure_running(), "SELECT answer FROM kept") == 42
    assert running.started_here
    assert running.status().pid != killed


def test_a_pid_file_whose_number_was_given_away_is_no_server(running: EmbeddedPostgres) -> None:
    status = running.status()
    pid_file = status.data_folder / "postmaster.pid"
    lines = pid_file.read_text().splitlines()
    owner = pid_file.stat()
    running.stop()
    # A live process under the very account of the server: PostgreSQL itself would give up here.
    other = subprocess.Popen(["/bin/sleep", "60"], cwd="/", user=owner.st_uid if AS_ROOT else None)
    try:
        pid_file.write_text("\n".join([str(other.pid), *lines[1:]]) + "\n")
        os.chown(pid_file, owner.st_uid, owner.st_gid)
        pid_file.chmod(0o600)
        assert not running.status().running
        assert not running.stop()
        assert _ask(running.ensure_running(), "SELECT 1") == 1
        assert running.status().pid != other.pid
        assert other.poll() is None
    finally:
        other.kill()
        other.wait()


def test_a_port_taken_by_another_program_is_given_up(running: EmbeddedPostgres) -> None:
    port = running.status().port
    running.stop()
    with socket.socket() as squatter:
        squatter.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        squatter.bind(("127.0.0.1", port))
        squatter.listen()
        url = running.ensure_running()
        assert running.status().port != port
        assert _ask(url, "SELECT 1") == 1


def test_two_starters_at_once_start_one_server(folder: Path) -> None:
    starters = [
        subprocess.Popen(
            [sys.executable, "-c", STARTER, str(folder)], stdout=subprocess.PIPE, text=True
        )
        for _ in range(2)
    ]
    answers = [starter.communicate(timeout=60)[0].split() for starter in starters]
    assert [starter.returncode for starter in starters] == [0, 0]
    assert answers[0][0] == answers[1][0]
    assert answers[0][2] == answers[1][2]
    assert sorted(answer[1] for answer in answers) == ["False", "True"]


def test_who_waits_too_long_for_another_starter_is_told(folder: Path) -> None:
    with (folder / "postgres.lock").open("a") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        with pytest.raises(WarehouseError, match="Outro processo"):
            EmbeddedPostgres(folder, start_limit_seconds=0).ensure_running()


def test_data_of_another_version_are_refused_by_name(running: EmbeddedPostgres) -> None:
    running.stop()
    version = running.status().data_folder / "PG_VERSION"
    ours = version.read_text()
    version.write_text("17\n")
    try:
        with pytest.raises(ConfigurationError, match=r"PostgreSQL 17, mas .* 18\.6"):
            running.ensure_running()
    finally:
        version.write_text(ours)


def test_a_start_that_cannot_succeed_shows_the_log(running: EmbeddedPostgres) -> None:
    running.stop()
    settings = running.status().data_folder / "postgresql.auto.conf"
    settings.write_text("no_such_setting = 1\n")
    try:
        with pytest.raises(WarehouseError, match="no_such_setting"):
            running.ensure_running()
    finally:
        settings.write_text("")


def test_status_of_a_home_without_a_server_makes_nothing(tmp_path: Path) -> None:
    server = EmbeddedPostgres(tmp_path / "home")
    assert not server.status().running
    assert not server.stop()
    assert not (tmp_path / "home").exists()


def test_a_lost_password_is_replaced_and_the_data_kept(running: EmbeddedPostgres) -> None:
    before = running.ensure_running()
    _ask(before, "CREATE TABLE ledger AS SELECT 7 AS rows")
    (running.home / "postgres.password").unlink()
    after = running.ensure_running()
    assert after != before
    assert _ask(after, "SELECT rows FROM ledger") == 7


@pytest.mark.skipif(not AS_ROOT, reason="an account is switched to as root only")
class TestAsRoot:
    def test_the_server_runs_under_an_unprivileged_account(self, running: EmbeddedPostgres) -> None:
        status = running.status()
        assert status.account in ("omie_pipeline", "nobody")
        assert psutil.Process(status.pid).uids().effective != 0
        assert stat.S_IMODE(status.data_folder.stat().st_mode) == 0o700

    def test_a_closed_home_keeps_its_permissions_and_the_data_go_elsewhere(
        self, folder: Path, tmp_path: Path
    ) -> None:
        closed = tmp_path / "closed"
        closed.mkdir(mode=0o700)
        modes = {path: path.stat().st_mode for path in (closed, *closed.parents)}
        server = EmbeddedPostgres(closed / "home", durable=False, outside_root=folder / "outside")
        try:
            assert _ask(server.ensure_running(), "SELECT 1") == 1
            assert server.status().data_folder.is_relative_to(folder / "outside")
            assert {path: path.stat().st_mode for path in modes} == modes
            again = EmbeddedPostgres(
                closed / "home", durable=False, outside_root=folder / "outside"
            )
            assert again.ensure_running() == server.ensure_running()
        finally:
            server.stop()
