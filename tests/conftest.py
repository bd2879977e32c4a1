"""What every test may use: a PostgreSQL of its own, and no way out to the network.

``database_url`` and ``engine`` give a fresh, migrated database each time. The server behind them
is one per pytest process, without crash safety, and starts with the first test that asks for it.
"""

from __future__ import annotations

import asyncio
import contextlib
import gc
import ipaddress
import os
import shutil
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import psutil
import psycopg
import pytest
import sqlalchemy as sa
import uvicorn.server
from psycopg import sql

from omie_pipeline.postgres.clock import DatabaseClock
from omie_pipeline.postgres.embedded import EmbeddedPostgres
from omie_pipeline.postgres.engine import open_engine
from omie_pipeline.postgres.migrate import migrate
from tests.beginnings import Beginnings
from tests.compiled_once import _commands_made_once, _statements_compiled_once
from tests.cpu_seconds import CpuSeconds, pytest_addoption
from tests.spare_databases import SpareDatabases

FOLDER_PREFIX = f"omie-tests-{os.geteuid()}-"
TEMPLATE = "migrated"
SHARED_MEMORY = Path("/dev/shm")
ENOUGH_BYTES = 4 * 2**30
_LONGEST_WAIT_SECONDS = 3.0
# Those of libpq too: `dev` and dbt give them to their own process, which is a test's here.
OWN_VARIABLES = ("OMIE_", "WAREHOUSE_URL", "CLINIC_URL", "DBT_", "DAGSTER_", "PG")

QUIET = {
    "DO_NOT_TRACK": "1",
    "DBT_SEND_ANONYMOUS_USAGE_STATS": "false",
    "GX_ANALYTICS_ENABLED": "false",
    "DAGSTER_DISABLE_TELEMETRY": "yes",
}
os.environ.update(QUIET)
# Importing all tests makes much and drops little; looking for garbage meanwhile takes a quarter of
# the time.
gc.set_threshold(200_000, 100, 100)
# Where the environment forbids bytecode, each program that a test starts compiles 400 modules anew:
# 8 CPU seconds of Dagster's definitions instead of 5. `make clean` removes it.
os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
sys.dont_write_bytecode = False

__all__ = ["_commands_made_once", "_statements_compiled_once", "pytest_addoption"]


ONE_WORKER = {
    "dbt_mapping": "dbt",
    "test_reconcile.py": "dbt",
    "dagster": "dagster",
    "test_both_ways.py": "dagster",
    "test_report.py": "dagster",
    "test_reported.py": "dagster",
    "test_walkthrough.py": "walkthrough",
    "test_people.py": "people",
    "test_built.py": "built",
    "test_whole_deployment.py": "whole_deployment",
    "test_text_values.py": "text_values",
    "test_typed_values.py": "typed_values",
    "test_second_day.py": "second_day",
    "test_files.py": "files",
    "test_own_models.py": "own_models",
}
"""Folders and files whose costly beginnings (a dbt build, a manifest, the import of Great
Expectations) one worker makes, once."""


SLOW_BEGINNINGS = frozenset({"scenarios", "built", "mariadb_server", "old"})
"""Fixtures that build with dbt or start servers of other kinds: what needs them is slow."""


THOROUGH = frozenset(
    {
        "app/test_plans.py",
        "console/test_alerts_page.py",
        "console/test_history.py",
        "console/test_mapping.py",
        "console/test_notes.py",
        "console/test_people.py",
        "console/test_plans.py",
        "console/test_settings.py",
        "dagster/test_full_builds.py",
        "effects/test_adopted_titles.py",
        "effects/test_billing.py",
        "effects/test_confirmed_and_sent_again.py",
        "effects/test_emptied_fields.py",
        "effects/test_hidden_and_twice.py",
        "effects/test_many_orders.py",
        "effects/test_people_in_omie.py",
        "effects/test_plans.py",
        "effects/test_settled_titles.py",
        "effects/test_switched_titles.py",
        "fencing/test_taken_over.py",
        "imports/test_broken_answers.py",
        "nfse/test_billing_again.py",
        "privacy/test_erasing_during_a_pass.py",
        "privacy/test_erasing_orders.py",
        "push/test_fields_at_random.py",
    }
)
"""Files that go through many cases of what other files show in one: all of their tests are slow."""


def together(nodeid: str) -> str:
    """Name of the tests that one worker runs with this one; its own id for most."""
    parts = nodeid.partition("::")[0].split("/")
    return next((group for part, group in ONE_WORKER.items() if part in parts), nodeid)


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """The costly groups go first: nobody begins one while another worker has nothing left."""
    for item in items:
        name = "/".join(item.path.parts[-2:])
        if name in THOROUGH or not SLOW_BEGINNINGS.isdisjoint(getattr(item, "fixturenames", ())):
            item.add_marker(pytest.mark.slow)
    order = list(dict.fromkeys(ONE_WORKER.values()))
    items.sort(key=lambda item: [*order, item.nodeid].index(together(item.nodeid)))


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> Any:
    """What ``--dist loadgroup`` is for; with pytest 9.2 its marks (``xdist_group``) do nothing."""
    if config.getvalue("dist") not in ("load", "loadgroup"):
        return None
    from xdist.scheduler import LoadScopeScheduling

    class Together(LoadScopeScheduling):
        def _split_scope(self, nodeid: str) -> str:
            return together(nodeid)

    config.option.loadscopereorder = False
    return Together(config, log)


@pytest.hookimpl(trylast=True)
def pytest_collection_finish() -> None:
    """Garbage is looked for less often, and never among what the imports made: 1 second in 8."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(20_000, 20, 20)


@pytest.hookimpl(trylast=True)
def pytest_sessionfinish() -> None:
    """Once is enough at the end: pytest looks five times over what is left, for 4 CPU seconds."""
    gc.collect()
    gc.freeze()


def pytest_configure(config: pytest.Config) -> None:
    config.pluginmanager.register(CpuSeconds(config), "cpu_seconds")


class OutsideNetworkError(AssertionError):
    """A test tried to leave the machine."""


def _refuse_outside(event: str, arguments: tuple[object, ...]) -> None:
    """Audit hook: refuse every connection and look-up beyond loopback and Unix sockets."""
    if event in ("socket.connect", "socket.sendto"):
        address = arguments[1]
        host = address[0] if isinstance(address, tuple) else None
    elif event == "socket.getaddrinfo":
        host = arguments[0]
    else:
        return
    name = host.decode() if isinstance(host, bytes) else host
    if isinstance(name, str) and not _is_local(name):
        raise OutsideNetworkError(f"a test tried to reach {name}")


def _is_local(host: str) -> bool:
    try:
        address = ipaddress.ip_address(host)
    except ValueError:
        return host in ("", "localhost")
    return address.is_loopback or address.is_unspecified


sys.addaudithook(_refuse_outside)


@pytest.fixture(autouse=True)
def _own_environment(
    monkeypatch: pytest.MonkeyPatch, tmp_path_factory: pytest.TempPathFactory
) -> None:
    """Hide the developer's variables and ``.env``: they may name a real company."""
    for name in list(os.environ):
        if name.startswith(OWN_VARIABLES) and name not in QUIET:
            monkeypatch.delenv(name)
    no_file = tmp_path_factory.getbasetemp() / "no.env"
    monkeypatch.setattr("omie_pipeline.config.settings.env_file", lambda: no_file)
    monkeypatch.setenv("OMIE_PIPELINE_MODELS", str(no_file.with_name("no_models")))


@pytest.fixture(autouse=True)
def _no_long_waits(monkeypatch: pytest.MonkeyPatch) -> None:
    """A command that would wait for the real clock fails at once, and says how long."""
    wait = DatabaseClock.sleep

    def sleep(clock: DatabaseClock, wait_seconds: float) -> None:
        assert wait_seconds < _LONGEST_WAIT_SECONDS, f"waits {wait_seconds:.0f} s for real"
        wait(clock, wait_seconds)

    monkeypatch.setattr(DatabaseClock, "sleep", sleep)


@pytest.fixture(autouse=True, scope="session")
def _servers_stop_at_once() -> Iterator[None]:
    """Wake uvicorn when it shall stop: it looks every 100 ms, and most tests wait for it."""

    async def main_loop(server: uvicorn.Server) -> None:
        woken, loop = asyncio.Event(), asyncio.get_running_loop()
        vars(server)["wake"] = lambda: loop.call_soon_threadsafe(woken.set)
        counter = 0
        while not await server.on_tick(counter):
            counter += 1
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(woken.wait(), 0.1)

    def stop(server: uvicorn.Server, wanted: bool) -> None:
        vars(server)["stops"] = wanted
        if wanted and "wake" in vars(server):
            with contextlib.suppress(RuntimeError):  # it has stopped by itself
                vars(server)["wake"]()

    async def sleep(seconds: float) -> None:
        await asyncio.sleep(seconds / 50)

    stops = property(lambda server: vars(server)["stops"], stop)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(uvicorn.Server, "main_loop", main_loop)
        patch.setattr(uvicorn.Server, "should_exit", stops, raising=False)
        # What is left of it: the waits within `shutdown`.
        patch.setattr(
            uvicorn.server, "asyncio", SimpleNamespace(**vars(asyncio) | {"sleep": sleep})
        )
        yield


@pytest.fixture(scope="session")
def postgres_url() -> Iterator[str]:
    """The server of this test process, as a URL of its maintenance database."""
    _remove_leftovers()
    folder = Path(tempfile.mkdtemp(prefix=f"{FOLDER_PREFIX}{os.getpid()}-", dir=_fast_folder()))
    folder.chmod(0o711)
    server = EmbeddedPostgres(folder, durable=False)
    try:
        url = server.ensure_running()
        _make_logins_cheap(url)
        yield url
    finally:
        server.stop()
        shutil.rmtree(folder)


def _make_logins_cheap(url: str) -> None:
    """Hash passwords once instead of 4,096 times, which costs most of a connection's time."""
    parsed = sa.make_url(url)
    plain = parsed.set(drivername="postgresql").render_as_string(hide_password=False)
    with psycopg.connect(plain, autocommit=True) as connection:
        connection.execute("ALTER SYSTEM SET scram_iterations = 1")
        connection.execute("SELECT pg_reload_conf()")
        connection.execute("SET scram_iterations = 1")
        connection.execute(
            sql.SQL("ALTER ROLE {} PASSWORD {}").format(
                sql.Identifier(str(parsed.username)), sql.Literal(parsed.password)
            )
        )


def _fast_folder() -> str:
    """Memory, where there is enough of it for a database: each test copies the template."""
    usable = SHARED_MEMORY.is_dir() and os.access(SHARED_MEMORY, os.W_OK)
    if usable and shutil.disk_usage(SHARED_MEMORY).free > ENOUGH_BYTES:
        return str(SHARED_MEMORY)
    return tempfile.gettempdir()


def _remove_leftovers() -> None:
    """Stop the servers of test processes that were killed."""
    for folder in Path(_fast_folder()).glob(f"{FOLDER_PREFIX}*"):
        owner_pid = folder.name.removeprefix(FOLDER_PREFIX).split("-")[0]
        if owner_pid.isdecimal() and not psutil.pid_exists(int(owner_pid)):
            # Another test process may be clearing the same folder away.
            with contextlib.suppress(FileNotFoundError):
                EmbeddedPostgres(folder, durable=False).stop()
            shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture(scope="session")
def _administration(postgres_url: str) -> Iterator[sa.Engine]:
    """Engine outside any transaction, and the migrated template made through it."""
    administration = sa.create_engine(postgres_url, isolation_level="AUTOCOMMIT")
    with administration.connect() as connection:
        connection.execute(sa.text(f"CREATE DATABASE {TEMPLATE}"))
    template = open_engine(_database(postgres_url, TEMPLATE))
    migrate(template)
    template.dispose()
    yield administration
    administration.dispose()


@pytest.fixture(scope="session")
def _spares(_administration: sa.Engine) -> Iterator[SpareDatabases]:
    with SpareDatabases(_administration, TEMPLATE) as spares:
        yield spares


@pytest.fixture(scope="session")
def beginnings(_administration: sa.Engine, _spares: SpareDatabases) -> Beginnings:
    """What tests begin with, prepared once in this process."""
    return Beginnings(_administration, _spares)


@pytest.fixture
def database_url(postgres_url: str, _spares: SpareDatabases) -> Iterator[str]:
    """URL (``postgresql+psycopg://…``) of a fresh, migrated database; dropped after the test."""
    name = _spares.take()
    yield _database(postgres_url, name)
    _spares.leave(name)


@pytest.fixture
def engine(database_url: str) -> Iterator[sa.Engine]:
    """SQLAlchemy engine over ``database_url``, as the package itself opens it."""
    opened = open_engine(database_url)
    yield opened
    opened.dispose()


def _database(server_url: str, name: str) -> str:
    return sa.make_url(server_url).set(database=name).render_as_string(hide_password=False)
