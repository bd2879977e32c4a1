"""``omie-pipeline dev`` as a process of its own: it comes up, ends, and is killed in the middle."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx
import psutil
import pytest

from omie_pipeline.simulator.engine.server import Simulator
from tests.dagster.conftest import START_DATE
from tests.local_http import NO_TLS

pytestmark = pytest.mark.slow

_READY_SECONDS, _END_SECONDS, _DEAD_SECONDS = 300.0, 90.0, 60.0
_LAUNCH = """mutation($p: ExecutionParams!) { launchRun(executionParams: $p) { __typename
 ... on LaunchRunSuccess { run { runId } } } }"""
_RUNS = "{ runsOrError { ... on Runs { results { runId status } } } }"


@dataclass
class Dev:
    """The command, what it says, and everything that it started."""

    process: subprocess.Popen[str]
    log: Path
    seen: list[psutil.Process] = field(default_factory=list)

    @property
    def said(self) -> str:
        return self.log.read_text("utf-8")

    def until(self, met: Callable[[], Any], seconds: float, what: str) -> Any:
        """What ``met`` gives once it gives something."""
        deadline = time.monotonic() + seconds
        while not (found := met()):
            assert time.monotonic() < deadline, f"{what}\n{self.said[-3000:]}"
            time.sleep(0.3)
        return found

    def ready(self) -> str:
        """The address of the page, which answers at this moment."""
        found = self.until(
            lambda: re.search(r"Pronto.*(http://\S+)", self.said), _READY_SECONDS, "not ready"
        )
        assert httpx.get(found[1], timeout=10, verify=NO_TLS).status_code == 200
        return str(found[1])

    def everything(self) -> list[psutil.Process]:
        """The command and all below it, however deep."""
        me = psutil.Process(self.process.pid)
        self.seen = [me, *me.children(recursive=True)]
        return self.seen

    def ends(self) -> int:
        code = self.process.wait(_END_SECONDS)
        self.until(lambda: not [one for one in self.seen if _lives(one)], 10, "orphans")
        return code


def _lives(process: psutil.Process) -> bool:
    try:
        return process.is_running() and process.status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False


@pytest.fixture
def start(
    simulator: Simulator, database_url: str, home: Path, tmp_path: Path
) -> Iterator[Callable[[], Dev]]:
    from sample.generator.generate import write_sample

    write_sample(12, 0.0, 7, str(tmp_path / "clinica"))
    environment = {
        **os.environ,
        "OMIE_APP_KEY": simulator.app_key,
        "OMIE_APP_SECRET": simulator.app_secret,
        "OMIE_BASE_URL": simulator.base_url,
        "OMIE_CALLS_PER_MINUTE": "60000",
        "OMIE_CALLS_PER_MINUTE_IP": "240000",
        "WAREHOUSE_URL": database_url,
        "CLINIC_URL": str(tmp_path / "clinica"),
        "OMIE_PIPELINE_HOME": str(home),
        "OMIE_PIPELINE_STAGING": "canonica",
        "OMIE_PIPELINE_START_DATE": START_DATE,
        "PYTHONUNBUFFERED": "1",
    }
    started: list[Dev] = []

    def one() -> Dev:
        log = tmp_path / f"dev{len(started)}.log"
        command = [str(Path(sys.executable).with_name("omie-pipeline")), "dev"]
        with log.open("w") as out:
            process = subprocess.Popen(
                command, stdout=out, stderr=subprocess.STDOUT, env=environment,
                start_new_session=True, text=True,
            )  # fmt: skip
        started.append(Dev(process, log))
        return started[-1]

    yield one
    for dev in started:
        if dev.process.poll() is None:
            _kill_all(dev)


def _kill_all(dev: Dev) -> None:
    """A power cut: everything at once, and nobody has the time to say anything."""
    found = dev.everything()
    for one in found:
        one.suspend()
    for one in [*found, *psutil.Process(dev.process.pid).children(recursive=True)]:
        if _lives(one):
            one.kill()
    dev.process.wait()


def _launch(page: str, table: str) -> str:
    parameters = {
        "selector": {
            "repositoryLocationName": "omie_pipeline",
            "repositoryName": "__repository__",
            "jobName": "espelho_cadastros",
            "assetSelection": [{"path": ["omie", table]}],
            "assetCheckSelection": [],
        },
        "runConfigData": {},
        "executionMetadata": {"tags": [{"key": "dagster/partition", "value": "principal"}]},
    }
    asked = {"query": _LAUNCH, "variables": {"p": parameters}}
    answer = httpx.post(f"{page}/graphql", json=asked, timeout=60, verify=NO_TLS).json()
    return str(answer["data"]["launchRun"]["run"]["runId"])


def _states(page: str) -> dict[str, str]:
    answer = httpx.post(f"{page}/graphql", json={"query": _RUNS}, timeout=60, verify=NO_TLS).json()
    return {one["runId"]: one["status"] for one in answer["data"]["runsOrError"]["results"]}


def _two_runs_that_hang(dev: Dev, page: str, simulator: Simulator) -> list[str]:
    """Two runs in the middle of a question to Omie: the queue is full."""
    simulator.control.clear_calls()
    simulator.control.set_behaviour(latency_ms=25_000)
    runs = [_launch(page, "clientes"), _launch(page, "projetos")]
    asked = ("ListarClientes", "ListarProjetos")
    dev.until(
        lambda: (
            all(simulator.control.calls(method=name) for name in asked)
            and {_states(page)[one] for one in runs} == {"STARTED"}
        ),
        _READY_SECONDS,
        "the runs did not start",
    )
    return runs


def test_after_a_power_cut_dead_runs_are_ended_and_the_next_ones_start(
    start: Callable[[], Dev], simulator: Simulator
) -> None:
    dev = start()
    page = dev.ready()
    runs = _two_runs_that_hang(dev, page, simulator)
    _kill_all(dev)
    simulator.control.set_behaviour(latency_ms=0)

    again = start()
    page = again.ready()
    assert "2 execuções interrompidas foram encerradas" in again.said
    again.until(
        lambda: {_states(page)[one] for one in runs} == {"FAILURE"}, _DEAD_SECONDS, "not ended"
    )
    next_one = _launch(page, "vendedores")
    again.until(
        lambda: (
            set(_states(page).values()) == {"FAILURE", "SUCCESS"}
            and _states(page)[next_one] == "SUCCESS"
            # Both go on once by themselves.
            and len(_states(page)) == 5
        ),
        _READY_SECONDS,
        "the queue is blocked",
    )
    again.everything()
    os.kill(again.process.pid, signal.SIGTERM)
    assert again.ends() == 0


def test_ctrl_c_ends_the_runs_and_leaves_nobody_behind(
    start: Callable[[], Dev], simulator: Simulator
) -> None:
    early = start()
    early.until(lambda: "2/3" in early.said, _READY_SECONDS, "did not begin")
    early.everything()
    os.kill(early.process.pid, signal.SIGINT)
    assert early.ends() == 0
    assert "Traceback" not in early.said

    dev = start()
    page = dev.ready()
    runs = _two_runs_that_hang(dev, page, simulator)
    dev.everything()
    os.kill(dev.process.pid, signal.SIGINT)
    dev.until(lambda: "2 execuções em andamento" in dev.said, _END_SECONDS, "said nothing")
    # A second one does not wait for them.
    os.kill(dev.process.pid, signal.SIGINT)
    assert dev.ends() == 0
    assert "Traceback" not in dev.said
    simulator.control.set_behaviour(latency_ms=0)

    again = start()
    page = again.ready()
    assert {_states(page)[one] for one in runs} == {"CANCELED"}
    # Page, daemon and runs share the one process that has loaded the definitions.
    commands = [" ".join(one.cmdline()) for one in again.everything()]
    assert sum(" api grpc " in command for command in commands) == 1, commands
    os.kill(again.process.pid, signal.SIGINT)
    assert again.ends() == 0
