"""The processes that ``make dev`` starts: each in a session of its own, and none left behind.

Ctrl-C reaches only the command itself, which ends the runs first and then the servers, in order. A
server ends with the command, however that ends.
"""

from __future__ import annotations

import ctypes
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import httpx

from omie_pipeline.config.settings import project_root
from omie_pipeline.errors import ConfigurationError
from omie_pipeline.tls import no_authorities

_LOOK_SECONDS = 0.5
_STOP_SECONDS = 15.0
_asked = threading.Event()
_TELL_SECONDS = 15.0
_ASK_SECONDS = 10.0
_LOCATIONS = """{ workspaceOrError { ... on Workspace { locationEntries { loadStatus
 locationOrLoadError { __typename ... on PythonError { message } } } } } }"""

_SET_DEATH_SIGNAL = 1  # PR_SET_PDEATHSIG of prctl(2)
_LIBC = ctypes.CDLL(None) if sys.platform == "linux" else None


@dataclass(frozen=True, slots=True)
class Server:
    """A process of ours, and what people call it."""

    name: str
    process: subprocess.Popen[bytes]

    @property
    def gone(self) -> bool:
        return self.process.poll() is not None


def start_server(name: str, command: Sequence[str], *, quiet: bool = False) -> Server:
    """Start a server in a session of its own."""
    process = subprocess.Popen(  # noqa: S603 - our own commands
        command,
        cwd=project_root(),
        stderr=subprocess.DEVNULL if quiet else None,
        start_new_session=True,
        preexec_fn=_die_with_the_command,  # noqa: PLW1509 - one thread, before anything else
    )
    return Server(name, process)


def script(name: str) -> str:
    """A program of this environment, whatever PATH says."""
    return str(Path(sys.executable).with_name(name))


def wait_until_ready(url: str, servers: Sequence[Server], tell: Callable[[str], None]) -> None:
    """Come back when Dagster's page answers and has read our definitions.

    Raises:
        ConfigurationError: a server ended, or Dagster could not read the definitions.
    """
    began = told = time.monotonic()
    while not _ready(url):
        name = ended(servers)
        if name:
            raise ConfigurationError(f"{name} terminou antes de responder: veja as linhas acima")
        now = time.monotonic()
        if now - told >= _TELL_SECONDS:
            told = now
            tell(f"  … o Dagster ainda está subindo ({now - began:.0f} s)")
        _pause()


def ended(servers: Sequence[Server]) -> str:
    """Name of a server that ended by itself; empty while all go on."""
    return next((one.name for one in servers if one.gone), "")


def watch(servers: Sequence[Server]) -> str:
    """Stay until a server ends by itself; its name."""
    while not (name := ended(servers)):
        _pause()
    return name


def ask_to_end(_signal: int, _frame: object) -> None:
    """Handler of the signals that end everything."""
    _asked.set()
    raise KeyboardInterrupt


def _pause() -> None:
    # An interrupt that met a finalizer was swallowed there: it counts all the same.
    if _asked.is_set():
        raise KeyboardInterrupt
    time.sleep(_LOOK_SECONDS)


def stop_servers(servers: Sequence[Server]) -> None:
    """End all of them and what they started: asked first, then by force. Ctrl-C: by force now."""
    try:
        for one in servers:
            if not one.gone:
                one.process.terminate()
        deadline = time.monotonic() + _STOP_SECONDS
        for one in servers:
            one.process.wait(max(0.1, deadline - time.monotonic()))
    except (subprocess.TimeoutExpired, KeyboardInterrupt):
        pass  # what follows ends them whatever they do
    for one in servers:
        _kill_session(one.process.pid)
    for one in servers:
        one.process.wait()


def _kill_session(leader: int) -> None:
    with suppress(ProcessLookupError):  # no process of it is left
        os.killpg(leader, signal.SIGKILL)


def _die_with_the_command() -> None:
    if _LIBC is not None:
        _LIBC.prctl(_SET_DEATH_SIGNAL, signal.SIGTERM)


def _ready(url: str) -> bool:
    """Whether the page answers and our definitions are loaded.

    Raises:
        ConfigurationError: they cannot be.
    """
    try:
        answer = httpx.post(
            f"{url}/graphql",
            json={"query": _LOCATIONS},
            timeout=_ASK_SECONDS,
            verify=no_authorities(),
        )
        entries = answer.json()["data"]["workspaceOrError"]["locationEntries"]
    except (httpx.HTTPError, ValueError, KeyError, TypeError):
        return False
    for entry in entries:
        found = entry["locationOrLoadError"]
        if found is not None and found["__typename"] == "PythonError":
            raise ConfigurationError(f"O Dagster não leu as definições: {found['message'].strip()}")
    return bool(entries) and all(entry["loadStatus"] == "LOADED" for entry in entries)
