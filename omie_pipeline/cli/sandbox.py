"""The demo's own world: sample clinic, simulated Omie, a state folder apart from the real one.

The simulator keeps its state in a file, so that a second demo finds what the first one delivered.
It is paced far above Omie's limits, and so is the client: only a loopback Omie may be.
"""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import psutil
from pydantic import SecretStr

from omie_pipeline.config.settings import project_root
from omie_pipeline.errors import ConfigurationError
from omie_pipeline.private_files import make_home
from omie_pipeline.texts.cli import machine as texts

if TYPE_CHECKING:
    from omie_pipeline.app.deployment import Deployment

APP_KEY = "1234567890"
APP_SECRET = "segredo-do-simulador"  # noqa: S105 - the simulator's, known to everybody
SAMPLE_LOGIN, SAMPLE_NAME = "demo", "Visita"
SAMPLE_PASSWORD = "clinica-de-exemplo"  # noqa: S105 - of the sandbox's console, told to everybody
START_DATE, LAST_DATE = "2023-12-01", "2024-02-29"
"""The sample's last two months by day; all that lies before belongs to the first partition."""

_CALLS_PER_MINUTE = 12_000
_START_SECONDS = 20.0


def demo_home() -> Path:
    """State folder of the demo; deleting it makes the next demo start anew."""
    return project_root() / ".omie_pipeline" / "demo"


def demo_models() -> Path:
    """Where the demo looks for models of the user's own: the real ones are none of its business."""
    return demo_home() / "models"


def give_sample_defaults(deployment: Deployment) -> None:
    """Categories and accounts of the simulated company, if the sandbox has none yet."""
    from omie_pipeline.config.defaults import ever_set, import_defaults, read_defaults

    if ever_set(deployment.engine):
        return
    file = project_root() / "sample" / "defaults.csv"
    settings = read_defaults(file, deployment.empresas)
    now = deployment.clock.now()
    import_defaults(deployment.engine, settings, str(file), now, replace=False)


def give_sample_login(deployment: Deployment) -> bool:
    """Somebody to try the console of the sandbox as, if nobody may enter yet; whether there is."""
    from omie_pipeline.console.access.people import (
        Grant,
        Person,
        add_person,
        check_password,
        people,
    )
    from omie_pipeline.console.access.roles import Role

    password = SecretStr(SAMPLE_PASSWORD)
    with deployment.engine.begin() as connection:
        if not people(connection):
            one = Person(SAMPLE_LOGIN, SAMPLE_NAME, (Grant("*", Role.MANAGER, omie_entries=True),))
            add_person(connection, one, password, "demo", deployment.clock.now())
        return check_password(connection, SAMPLE_LOGIN, password) is not None


def sandbox_environment(base_url: str) -> dict[str, str]:
    """Variables under which every process of the demo runs."""
    return {
        "OMIE_APP_KEY": APP_KEY,
        "OMIE_APP_SECRET": APP_SECRET,
        "OMIE_BASE_URL": base_url,
        "OMIE_CALLS_PER_MINUTE": str(_CALLS_PER_MINUTE),
        "OMIE_CALLS_PER_MINUTE_IP": str(4 * _CALLS_PER_MINUTE),
        "OMIE_PIPELINE_HOME": str(demo_home()),
        "OMIE_PIPELINE_STAGING": "synthea",
        "OMIE_PIPELINE_MODELS": str(demo_models()),
        "OMIE_PIPELINE_START_DATE": START_DATE,
        "OMIE_PIPELINE_INCLUDE_BEFORE_START": "true",
        "OMIE_PIPELINE_NFSE_ARCHIVE": str(demo_home() / "notas"),
        "CLINIC_URL": str(project_root() / "sample"),
    }


def enter_sandbox(base_url: str) -> None:
    """Put this process, and those it starts, into the demo's world."""
    for name in ("OMIE_PIPELINE_CONFIG", "WAREHOUSE_URL"):
        # Empty, not absent: a .env file must not fill them in again.
        os.environ[name] = ""
    os.environ.update(sandbox_environment(base_url))


@contextmanager
def simulator_process() -> Iterator[str]:
    """A simulator of its own process; gives its base URL and stops it at the end.

    Raises:
        ConfigurationError: it did not start.
    """
    home = demo_home()
    make_home(home)
    port_file, pid_file = home / "simulator.port", home / "simulator.pid"
    _stop_leftover(pid_file)
    # The port of the time before, if it is free, so that links to PDFs shown then still open.
    port = free_port(_last_port(port_file))
    port_file.unlink(missing_ok=True)
    command = [
        sys.executable, "-m", "omie_pipeline.simulator",
        "--state", str(home / "simulator.state"),
        "--port", str(port),
        "--port-file", str(port_file),
        "--method-per-minute", str(_CALLS_PER_MINUTE + _CALLS_PER_MINUTE // 20),
        "--ip-per-minute", str(5 * _CALLS_PER_MINUTE),
        "--nfse-seconds", "1",
    ]  # fmt: skip
    # In a session of its own: a Ctrl-C is for the command, which ends it after all that needs it.
    with subprocess.Popen(  # noqa: S603
        command, stdout=subprocess.DEVNULL, start_new_session=True
    ) as process:
        pid_file.write_text(str(process.pid), "utf-8")
        try:
            yield f"http://127.0.0.1:{_port(port_file, process)}/api/v1/"
        finally:
            _end(process)


def _end(process: subprocess.Popen[bytes]) -> None:
    """End the simulator; one that was still starting may not have heard the first signal."""
    for _ in range(3):
        process.terminate()
        try:
            process.wait(timeout=10)
        except subprocess.TimeoutExpired:
            continue
        return
    process.kill()


def free_port(wanted: int) -> int:
    """``wanted`` where it is free on loopback, else any free port."""
    with socket.socket() as probe:
        # As the servers themselves do: a port in TIME_WAIT is free.
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", wanted))
        except OSError:
            probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _last_port(port_file: Path) -> int:
    text = port_file.read_text("utf-8").strip() if port_file.exists() else ""
    return int(text) if text.isdigit() and int(text) < 65536 else 0


def _stop_leftover(pid_file: Path) -> None:
    """Stop the simulator of a demo that was killed: two must not write one state file."""
    if not pid_file.exists():
        return
    try:
        left = psutil.Process(int(pid_file.read_text("utf-8")))
        if "omie_pipeline.simulator" in left.cmdline():
            left.terminate()
            left.wait(_START_SECONDS)
    except (psutil.Error, ValueError):
        pass  # gone, or the number belongs to another process by now
    pid_file.unlink()


def _port(port_file: Path, process: subprocess.Popen[bytes]) -> str:
    deadline = time.monotonic() + _START_SECONDS
    while time.monotonic() < deadline and process.poll() is None:
        text = port_file.read_text("utf-8").strip() if port_file.exists() else ""
        if text:
            return text
        time.sleep(0.05)
    raise ConfigurationError(texts.SIMULATOR_SILENT)
