"""``make dev``: Dagster's UI and daemon, the validation reports, and what is needed besides.

Without a key of Omie's that is a simulator; with a webhook secret, the receiver of events.
"""

from __future__ import annotations

import ctypes
import math
import os
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Sequence
from contextlib import ExitStack, suppress
from dataclasses import dataclass
from pathlib import Path

import dagster as dg
import httpx
import typer
import yaml

from omie_pipeline.app.deployment import Deployment
from omie_pipeline.assets.pools import ensure_pools
from omie_pipeline.assets.push_report import DOCS_FOLDER, DOCS_URL
from omie_pipeline.cli.sandbox import (
    SAMPLE_LOGIN,
    SAMPLE_PASSWORD,
    enter_sandbox,
    free_port,
    give_sample_defaults,
    give_sample_login,
    simulator_process,
)
from omie_pipeline.config.empresas import has_credentials, load_config
from omie_pipeline.config.settings import load_settings, project_root
from omie_pipeline.console import PORT as CONSOLE_PORT
from omie_pipeline.errors import ConfigurationError
from omie_pipeline.omie.wire import no_authorities
from omie_pipeline.private_files import make_state_folder
from omie_pipeline.resources.dagster_home import prepare_dagster_home
from omie_pipeline.resources.dbt import ensure_manifest
from omie_pipeline.resources.run_workers import end_dead_runs
from omie_pipeline.texts.cli import machine as texts
from omie_pipeline.webhooks.auth import configured_doors

# The processes that ``make dev`` starts: each in a session of its own, and none left behind.
#
# Ctrl-C reaches only the command itself, which ends the runs first and then the servers, in order.
# A server ends with the command, however that ends.

_LOOK_SECONDS = 0.5
_AGAIN_SECONDS = 0.05
_STOP_SECONDS = 15.0
_asked = threading.Event()
_TELL_SECONDS = 15.0
_ASK_SECONDS = 10.0
# Most of it goes into reading the definitions, some ten seconds on a slow machine.
_SOCKET_MINUTES = 5
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


def start_server(
    name: str, command: Sequence[str], *, quiet: bool = False, silent: bool = False
) -> Server:
    """Start a server in a session of its own.

    Args:
        name: what people call it.
        command: what is started.
        quiet: what it says of errors is not shown.
        silent: what it says of itself is not shown, errors are.
    """
    process = subprocess.Popen(  # noqa: S603 - our own commands
        command,
        cwd=project_root(),
        stdout=subprocess.DEVNULL if silent else None,
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
    _wait(lambda: _ready(url), servers, tell)


def wait_for_socket(socket: Path, servers: Sequence[Server], tell: Callable[[str], None]) -> None:
    """Come back when somebody listens there: who asks before would take it for broken.

    Raises:
        ConfigurationError: a server ended, or nobody came.
    """
    if not _wait(socket.exists, servers, tell, most=_SOCKET_MINUTES * 60):
        raise ConfigurationError(texts.nobody_listens(servers[-1].name, _SOCKET_MINUTES))


def _wait(
    met: Callable[[], bool],
    servers: Sequence[Server],
    tell: Callable[[str], None],
    most: float = math.inf,
) -> bool:
    """Whether it was met; who waits long is told so now and then.

    Raises:
        ConfigurationError: a server ended meanwhile.
    """
    began = told = time.monotonic()
    while not met():
        name = ended(servers)
        if name:
            raise ConfigurationError(texts.ended_before_answer(name))
        now = time.monotonic()
        if now - began >= most:
            return False
        if now - told >= _TELL_SECONDS:
            told = now
            tell(texts.still_starting(now - began))
        _pause()
    return True


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


def interrupt_again(lost: sys.UnraisableHookArgs) -> None:
    """Hook of errors that no code can catch: an interrupt that met a finalizer comes again.

    Args:
        lost: the error and where it was raised; any other than an interrupt is printed as usual.
    """
    if isinstance(lost.exc_value, KeyboardInterrupt):
        signal.setitimer(signal.ITIMER_REAL, _AGAIN_SECONDS)
    else:
        sys.__unraisablehook__(lost)


def _pause() -> None:
    # An interrupt that was swallowed anywhere counts all the same.
    if _asked.is_set():
        raise KeyboardInterrupt
    time.sleep(_LOOK_SECONDS)


def stop_servers(servers: Sequence[Server]) -> None:
    """End all of them and what they started: asked first, then by force. Ctrl-C: by force now.

    The first one is asked last: the others would complain that it is gone.
    """
    try:
        deadline = time.monotonic() + _STOP_SECONDS
        for some in (servers[1:], servers[:1]):
            for one in some:
                if not one.gone:
                    one.process.terminate()
            for one in some:
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
            raise ConfigurationError(texts.definitions_not_read(found["message"].strip()))
    return bool(entries) and all(entry["loadStatus"] == "LOADED" for entry in entries)


_UI_PORT = 3000
_WEBHOOK_PORT = 8787
_END_RUNS_SECONDS = 20.0
_GOING = [dg.DagsterRunStatus.STARTING, dg.DagsterRunStatus.STARTED]
_UNFINISHED = [*_GOING, dg.DagsterRunStatus.CANCELING]


def dev() -> None:
    """Interface do Dagster e daemon, com o mesmo banco; sem chave do Omie, com o simulador."""
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP, signal.SIGALRM):
        signal.signal(number, ask_to_end)
    sys.unraisablehook = interrupt_again
    try:
        with ExitStack() as stack:
            deployment, login = _prepare(stack)
            _serve(stack, deployment, login)
    except KeyboardInterrupt:
        typer.echo("Encerrado.")


def _prepare(stack: ExitStack) -> tuple[Deployment, str]:
    """All that the servers need, before the first of them starts: they have a time limit.

    Returns:
        The deployment, and how to enter the console of the sandbox; ``""`` where people have
        logins of their own.
    """
    settings = load_settings()
    sandboxed = not any(has_credentials(empresa) for empresa in load_config(settings).empresas)
    if sandboxed:
        base_url = stack.enter_context(simulator_process())
        enter_sandbox(base_url)
        typer.echo(texts.WITHOUT_KEY)
        typer.echo(texts.simulator_at(base_url))
        typer.echo(texts.simulator_control(base_url.replace("/api/v1/", "/_control/")))
    deployment, login = Deployment(), ""
    typer.echo("1/3 Banco…")
    engine = deployment.engine  # migrated before Dagster's first connection
    stack.callback(engine.dispose)
    if sandboxed:
        give_sample_defaults(deployment)
        if give_sample_login(deployment):
            login = texts.console_login(login=SAMPLE_LOGIN, password=SAMPLE_PASSWORD)
    if deployment.warehouse.embedded is not None:
        stack.callback(deployment.warehouse.embedded.stop_if_started_here)
    prepare_dagster_home(deployment.settings.home)
    os.environ.update(deployment.dagster_environment())
    with dg.DagsterInstance.get() as instance:
        ensure_pools(instance)
        dead = end_dead_runs(instance)
    if dead:
        typer.echo(texts.dead_runs(len(dead)))
    typer.echo(texts.MODELS_STEP)
    ensure_manifest(deployment.settings)
    return deployment, login


def _serve(stack: ExitStack, deployment: Deployment, login: str) -> None:
    docs_port, ui_port = free_port(_UI_PORT + 1), free_port(_UI_PORT)
    docs = deployment.data_docs_dir
    make_state_folder(docs, deployment.settings.home)
    os.environ[DOCS_URL] = f"http://127.0.0.1:{docs_port}"
    os.environ[DOCS_FOLDER] = str(docs)
    servers: list[Server] = []
    stack.callback(_shut_down, servers)
    page = f"http://127.0.0.1:{ui_port}"
    typer.echo("3/3 Dagster…")
    socket, workspace = _workspace(stack)
    # Shared: given a module, the page loads the definitions once, and the daemon every minute.
    code = [script("dagster"), "code-server", "start", "--socket", socket, "-m", DEFINITIONS,
            "-d", str(project_root()), "--location-name", LOCATION]  # fmt: skip
    servers.append(start_server("dagster code-server", code))
    wait_for_socket(Path(socket), servers, typer.echo)
    ui = [script("dagster-webserver"), "-h", "127.0.0.1", "-p", str(ui_port), "-w", workspace]
    servers.append(start_server("dagster-webserver", ui))
    daemon = [script("dagster-daemon"), "run", "-w", workspace]
    servers.append(start_server("dagster-daemon", daemon))
    reports = [sys.executable, "-m", "http.server", str(docs_port), "--bind", "127.0.0.1",
               "--directory", str(docs)]  # fmt: skip
    servers.append(start_server("http.server", reports, quiet=True))
    doors = configured_doors(deployment)
    webhook_port = free_port(_WEBHOOK_PORT)
    if doors:
        receiver = [script("omie-pipeline"), "webhooks", "--port", str(webhook_port)]
        servers.append(start_server("webhooks", receiver))
    console_port = free_port(CONSOLE_PORT)
    console = [script("omie-pipeline"), "console", "--port", str(console_port)]
    servers.append(start_server("console", console, silent=True))
    wait_until_ready(page, servers, typer.echo)
    typer.echo(texts.ready(page))
    typer.echo(texts.console_at(console_port, login))
    typer.echo(texts.data_docs_at(docs_port))
    for door in doors:
        address = f"http://127.0.0.1:{webhook_port}/omie/{door.empresa}/(segredo)"
        typer.echo(texts.webhooks_at(address))
    typer.echo(texts.database_at(_shown(deployment)))
    typer.echo(texts.CTRL_C)
    name = watch(servers)
    typer.echo(texts.ended_alone(name), err=True)
    raise typer.Exit(1)


# As in workspace.yaml, which no installed package has.
DEFINITIONS, LOCATION = "omie_pipeline.definitions", "omie_pipeline"


def _workspace(stack: ExitStack) -> tuple[str, str]:
    """Where the code server listens, and the file that leads Dagster's processes to it.

    A socket in a folder of this account's alone: it starts runs for all who may write to it. The
    folder is a short one, since the path of a socket may have some 100 characters.
    """
    folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="omie-dagster-")))
    socket, workspace = str(folder / "code.sock"), folder / "workspace.yaml"
    server = {"grpc_server": {"socket": socket, "location_name": LOCATION}}
    workspace.write_text(yaml.safe_dump({"load_from": [server]}), "utf-8")
    return socket, str(workspace)


def _shut_down(servers: Sequence[Server]) -> None:
    """End the runs that are going on, then the servers; a second Ctrl-C ends both at once."""
    typer.echo(texts.ENDING)
    asked: list[str] = []
    try:
        if servers and not ended(servers):
            _ask_runs_to_end(asked)
    except KeyboardInterrupt:
        typer.echo(texts.BY_FORCE)
    stop_servers(servers)
    with dg.DagsterInstance.get() as instance:
        # No process would end the run otherwise, and it would keep its place in the queue.
        for run in _still_going(instance, asked):
            instance.report_run_canceled(run, texts.ENDED_WITH_DEV)


def _ask_runs_to_end(asked: list[str]) -> None:
    """Ask every run to stop and wait until it did; a row that was under way is read back later.

    Args:
        asked: gets their ids before the first is asked, since this may be interrupted.
    """
    with dg.DagsterInstance.get() as instance:
        going = instance.get_runs(dg.RunsFilter(statuses=_GOING))
        asked += [run.run_id for run in going]
        if going:
            typer.echo(texts.stopping_runs(len(going)))
        for run in going:
            try:
                instance.run_launcher.terminate(run.run_id)
            except dg.DagsterError as error:
                typer.echo(f"  {run.run_id[:8]}: {type(error).__name__}", err=True)
        deadline = time.monotonic() + _END_RUNS_SECONDS
        while _still_going(instance, asked) and time.monotonic() < deadline:
            time.sleep(_LOOK_SECONDS)


def _still_going(instance: dg.DagsterInstance, run_ids: Sequence[str]) -> Sequence[dg.DagsterRun]:
    if not run_ids:
        return []
    return instance.get_runs(dg.RunsFilter(run_ids=list(run_ids), statuses=_UNFINISHED))


def _shown(deployment: Deployment) -> str:
    """The warehouse's address without its password."""
    return deployment.engine.url.render_as_string(hide_password=True)
