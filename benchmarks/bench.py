"""Where the measures run: a PostgreSQL of their own, and simulators in processes of their own."""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import sqlalchemy as sa

from omie_pipeline.postgres.embedded import EmbeddedPostgres
from omie_pipeline.postgres.engine import open_engine
from omie_pipeline.postgres.migrate import migrate


@dataclass(frozen=True, slots=True)
class Bench:
    """One run of the measures.

    Attributes:
        server_url: of an embedded PostgreSQL with the durability a real deployment has.
        quick: fewer rows and one repetition, to see that the measures work.
    """

    server_url: str
    quick: bool = False

    @property
    def repetitions(self) -> int:
        return 1 if self.quick else 3

    def rows(self, full: int, quick: int) -> int:
        """Number of rows for this run."""
        return quick if self.quick else full

    @contextmanager
    def database(self, name: str) -> Iterator[str]:
        """URL of a fresh, migrated database; dropped afterwards."""
        administration = sa.create_engine(self.server_url, isolation_level="AUTOCOMMIT")
        url = sa.make_url(self.server_url).set(database=name)
        told = url.render_as_string(hide_password=False)
        with administration.connect() as connection:
            connection.exec_driver_sql(f"DROP DATABASE IF EXISTS {name} WITH (FORCE)")
            connection.exec_driver_sql(f"CREATE DATABASE {name}")
        try:
            engine = open_engine(told)
            migrate(engine)
            engine.dispose()
            yield told
        finally:
            with administration.connect() as connection:
                connection.exec_driver_sql(f"DROP DATABASE {name} WITH (FORCE)")
            administration.dispose()


@contextmanager
def own_postgres(*, quick: bool) -> Iterator[Bench]:
    """A PostgreSQL server for the length of a ``with`` block."""
    with tempfile.TemporaryDirectory(prefix="omie-bench-") as folder:
        Path(folder).chmod(0o711)
        server = EmbeddedPostgres(Path(folder), durable=True)
        try:
            yield Bench(server.ensure_running(), quick)
        finally:
            server.stop()


class SimulatorProcess:
    """A simulator in a process of its own, as Omie is."""

    def __init__(self, base_url: str) -> None:
        self.base_url = base_url
        self._control = httpx.Client(
            base_url=base_url.replace("/api/v1/", "/_control/"), timeout=60, trust_env=False
        )

    def control(self, operation: str, **body: Any) -> Any:
        """One operation of the control API."""
        answer = self._control.post(operation, json=body)
        answer.raise_for_status()
        return answer.json()


@contextmanager
def simulator(*options: str) -> Iterator[SimulatorProcess]:
    """Run ``python -m omie_pipeline.simulator`` with ``options``."""
    command = [sys.executable, "-m", "omie_pipeline.simulator", "--port", "0", *options]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    try:
        assert process.stdout is not None
        line = process.stdout.readline()
        yield SimulatorProcess(line.rsplit(maxsplit=1)[-1])
    finally:
        process.terminate()
        process.wait()


def start_worker(module: str, arguments: Sequence[object]) -> subprocess.Popen[str]:
    """Start a fresh process of a module of this package; it prints one JSON value last."""
    command = [sys.executable, "-m", f"benchmarks.{module}", *map(str, arguments)]
    return subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)


def finished(process: subprocess.Popen[str]) -> Any:
    """What a worker printed last.

    Raises:
        SystemExit: it failed; its own words are on the terminal already.
    """
    said, _ = process.communicate()
    if process.returncode != 0:
        raise SystemExit(f"A worker of the measures failed with {process.returncode}.")
    return json.loads(said.splitlines()[-1])


def worker(module: str, *arguments: object) -> Any:
    """Run a worker to its end."""
    return finished(start_worker(module, arguments))
