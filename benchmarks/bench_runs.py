"""Runs of Dagster over the sample clinic, each in a process of its own, as a launcher starts it.

What is measured is the process of the run with everything that it starts, and PostgreSQL beside it:
from the start of the process to its end. A run under "nothing new" follows one that delivered
everything.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from typing import Any

import psutil
import sqlalchemy as sa

from benchmarks.bench import Bench, simulator
from benchmarks.measure import Measure
from omie_pipeline.cli.sandbox import START_DATE, sandbox_environment
from omie_pipeline.config.settings import project_root

EMPRESA, DAY, LAST = "principal", "2024-02-15", "2024-02-29"
_PACE = "60000"
REGISTERS = {"job": "cadastros", "tags": {"dagster/partition": EMPRESA}}
ONE_DAY = {
    "job": "lancamentos",
    "tags": {
        "dagster/partition": f"{DAY}|{EMPRESA}",
        "dagster/partition/data": DAY,
        "dagster/partition/empresa": EMPRESA,
    },
}
ALL_DAYS = {
    "job": "lancamentos",
    "tags": {
        "dagster/asset_partition_range_start": f"{START_DATE}|{EMPRESA}",
        "dagster/asset_partition_range_end": f"{LAST}|{EMPRESA}",
    },
}


@dataclass(frozen=True, slots=True)
class Cost:
    """What a run came to.

    Attributes:
        wall: seconds from the start of its process to the end.
        cpu: seconds of its process and of all that it started.
        server: seconds of PostgreSQL meanwhile.
    """

    wall: float
    cpu: float
    server: float

    @property
    def whole(self) -> float:
        """CPU seconds of everything."""
        return self.cpu + self.server


@dataclass(frozen=True, slots=True)
class RunWorld:
    """A sample clinic of our own, a simulated Omie, Dagster's schema in a fresh database."""

    environment: Mapping[str, str]
    clinic: Path
    engine: sa.Engine

    def create(self, wanted: Sequence[Mapping[str, Any]]) -> list[dict[str, str]]:
        """Runs that wait for a process: id, and what it is handed."""
        said = subprocess.run(
            [sys.executable, "-m", "benchmarks.run_worker", "create"],
            input="\n".join(map(json.dumps, wanted)),
            env=self.environment, stdout=subprocess.PIPE, text=True, check=True,
        ).stdout  # fmt: skip
        made: list[dict[str, str]] = json.loads(said.splitlines()[-1])
        return made

    def execute(self, run: Mapping[str, str]) -> Cost:
        """Carry out one of them.

        Raises:
            SystemExit: it did not succeed.
        """
        before = self._server_seconds()
        dagster = [sys.executable, "-m", "dagster", "api", "execute_run", run["args"]]
        said = subprocess.run(
            [sys.executable, "-m", "benchmarks.metered", *dagster],
            env=self.environment, stdout=subprocess.PIPE, text=True, check=True,
        ).stdout  # fmt: skip
        found = json.loads(said)
        query = sa.text("SELECT status FROM dagster.runs WHERE run_id = :run")
        with self.engine.connect() as connection:
            status = connection.execute(query, {"run": run["run_id"]}).scalar_one()
        if status != "SUCCESS":
            raise SystemExit(f"The run {run['run_id']} ended as {status}.")
        return Cost(found["wall"], found["cpu"], self._server_seconds() - before)

    def command(self, *words: str) -> Cost:
        """Type a command of ``omie-pipeline``.

        Raises:
            SystemExit: it did not end with 0.
        """
        before = self._server_seconds()
        program = [sys.executable, "-m", "omie_pipeline.cli", *words]
        said = subprocess.run(
            [sys.executable, "-m", "benchmarks.metered", *program],
            env=self.environment, stdout=subprocess.PIPE, text=True, check=True,
        ).stdout  # fmt: skip
        found = json.loads(said)
        if found["code"]:
            raise SystemExit(f"{' '.join(words)} ended with {found['code']}.")
        return Cost(found["wall"], found["cpu"], self._server_seconds() - before)

    def run(self, wanted: Mapping[str, Any]) -> Cost:
        """Make a run and carry it out."""
        return self.execute(self.create([wanted])[0])

    def correct(self, row: int = 1) -> None:
        """Let the clinic correct one patient: another house number."""
        file = self.clinic / "brasil" / "br_pacientes.csv"
        lines = file.read_text("utf-8").splitlines(keepends=True)
        head = lines[0].rstrip("\n").split(",")
        cells = lines[row].rstrip("\n").split(",")
        place = head.index("numero")
        cells[place] = str(int("".join(filter(str.isdigit, cells[place])) or "0") + 1)
        lines[row] = ",".join(cells) + "\n"
        file.write_text("".join(lines), "utf-8")

    def _server_seconds(self) -> float:
        with self.engine.connect() as connection:
            folder = connection.execute(sa.text("SHOW data_directory")).scalar_one()
        pid = int((Path(folder) / "postmaster.pid").read_text().split()[0])
        server = psutil.Process(pid)
        ended = server.cpu_times()
        total = ended.user + ended.system + ended.children_user + ended.children_system
        for backend in server.children():
            try:
                used = backend.cpu_times()
            except psutil.NoSuchProcess:
                continue
            total += used.user + used.system
        return float(total)


@contextmanager
def run_world(bench: Bench, name: str) -> Iterator[RunWorld]:
    """The world of the demo, in a folder and a database of its own."""
    with (
        tempfile.TemporaryDirectory(prefix="omie-bench-runs-") as folder,
        bench.database(name) as url,
        simulator("--method-per-minute", _PACE, "--ip-per-minute", _PACE) as omie,
    ):
        home, clinic = Path(folder) / "home", Path(folder) / "sample"
        shutil.copytree(project_root() / "sample", clinic)
        environment = {
            **os.environ,
            **sandbox_environment(omie.base_url),
            "OMIE_PIPELINE_CONFIG": "",
            "OMIE_PIPELINE_HOME": str(home),
            "OMIE_PIPELINE_MODELS": str(home / "models"),
            "OMIE_PIPELINE_NFSE_ARCHIVE": str(home / "notas"),
            "CLINIC_URL": str(clinic),
            "WAREHOUSE_URL": url,
        }
        prepared = subprocess.run(
            [sys.executable, "-m", "benchmarks.run_worker", "prepare"],
            env=environment, stdout=subprocess.PIPE, text=True, check=True,
        ).stdout  # fmt: skip
        environment |= json.loads(prepared.splitlines()[-1])
        engine = sa.create_engine(sa.make_url(url).set(drivername="postgresql+psycopg"))
        try:
            yield RunWorld(environment, clinic, engine)
        finally:
            engine.dispose()


_DEFAULT = {"module": "benchmarks.default_executor"}
_FEW = ("one_process", "process_per_step")
# Wall, and CPU with PostgreSQL's, on a machine that did nothing else.
_BEFORE = {
    "cadastros": ("192 to 211 s", "237 to 263 + 28 to 33 s"),
    "one day of lancamentos": ("151 s", "175 + 55 s"),
}


def measure(bench: Bench) -> list[Measure]:
    """Both jobs with nothing new under each executor, one changed row, and all days again."""
    with run_world(bench, "runs") as world:
        world.run(REGISTERS)
        world.run(_carried_out(ALL_DAYS, "one_process"))
        found: list[Measure] = []
        for name, job in (("cadastros", REGISTERS), ("one day of lancamentos", ONE_DAY)):
            costs = _by_turns(world, job, bench.repetitions)
            own = costs["one_process"]
            what = f"Dagster run, {name}, nothing new"
            found += [
                _seconds(f"{what}: wall", own, "wall", 12, _BEFORE[name][0]),
                _seconds(f"{what}: CPU", own, "whole", 12, _BEFORE[name][1]),
            ]
            for other in ("process_per_step", "default"):
                told = f"{_told(costs[other])} against {_told(own)}"
                ratio = _median(costs[other], "whole") / _median(own, "whole")
                found.append(
                    Measure(f"the same, executor {other} against one_process", told, ratio)
                )
        world.correct()
        changed = [world.run(REGISTERS)]
        again = [world.run(_carried_out(ALL_DAYS, "one_process"))]
        apart = [world.run(_carried_out(ALL_DAYS, "process_per_step"))]
    found.append(
        _seconds("Dagster run, cadastros, one changed row: wall", changed, "wall", 15, "minutes")
    )
    told = f"{_told(apart)} against {_told(again)}"
    ratio = _median(apart, "whole") / _median(again, "whole")
    found.append(Measure("91 days again, process_per_step against one_process", told, ratio))
    return found


def _carried_out(job: Mapping[str, Any], kind: str) -> dict[str, Any]:
    return {**job, "tags": {**job["tags"], "omie_pipeline/executor": kind}}


def _by_turns(world: RunWorld, job: Mapping[str, Any], repetitions: int) -> dict[str, list[Cost]]:
    """Each executor in its turn; Dagster's own once, since it takes minutes."""
    wanted = {kind: _carried_out(job, kind) for kind in _FEW}
    costs: dict[str, list[Cost]] = {kind: [] for kind in wanted}
    for _ in range(repetitions):
        for kind, one in wanted.items():
            costs[kind].append(world.run(one))
    costs["default"] = [world.run({**job, **_DEFAULT})]
    return costs


def _median(costs: Sequence[Cost], part: str) -> float:
    return float(median(getattr(one, part) for one in costs))


def _told(costs: Sequence[Cost]) -> str:
    wall, cpu, server = (_median(costs, part) for part in ("wall", "cpu", "server"))
    return f"{wall:.1f} s wall, {cpu:.1f} + {server:.1f} s CPU"


def _seconds(name: str, costs: Sequence[Cost], part: str, goal: float, before: str) -> Measure:
    return Measure(name, _told(costs), _median(costs, part), at_most=goal, before=before)
