"""``make dev``: Dagster's UI and daemon, the validation reports, and what is needed besides.

Without a key of Omie's that is a simulator; with a webhook secret, the receiver of events.
"""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Sequence
from contextlib import ExitStack
from pathlib import Path

import dagster as dg
import typer

from omie_pipeline.assets.pools import ensure_pools
from omie_pipeline.assets.report import DOCS_FOLDER, DOCS_URL
from omie_pipeline.cli.sandbox import enter_sandbox, give_sample_defaults, simulator_process
from omie_pipeline.resources.addresses import dagster_environment
from omie_pipeline.resources.dagster_home import prepare_dagster_home
from omie_pipeline.resources.deployment import Deployment
from omie_pipeline.resources.empresas import has_credentials, load_config
from omie_pipeline.resources.settings import load_settings, project_root
from omie_pipeline.webhooks.configured import configured_doors

_UI_PORT = 3000
_WEBHOOK_PORT = 8787
_LOOK_SECONDS = 0.5
_STOP_SECONDS = 15


def dev() -> None:
    """Interface do Dagster e daemon, com o mesmo banco; sem chave do Omie, com o simulador."""
    signal.signal(signal.SIGTERM, _interrupt)
    with ExitStack() as stack:
        empresas = load_config(load_settings()).empresas
        sandboxed = not any(has_credentials(empresa) for empresa in empresas)
        if sandboxed:
            base_url = stack.enter_context(simulator_process())
            enter_sandbox(base_url)
            typer.echo("Sem chave do Omie: tudo corre contra o simulador e a clínica de exemplo.")
            typer.echo(f"  Omie simulado:          {base_url}")
            typer.echo(f"  Controle do simulador:  {base_url.replace('/api/v1/', '/_control/')}")
        deployment = Deployment()
        engine = deployment.engine  # migrated before Dagster's first connection
        stack.callback(engine.dispose)
        if sandboxed:
            give_sample_defaults(deployment)
        if deployment.warehouse.embedded is not None:
            stack.callback(deployment.warehouse.embedded.stop_if_started_here)
        prepare_dagster_home(deployment.settings.home)
        os.environ.update(dagster_environment(deployment.settings, deployment.warehouse.url))
        with dg.DagsterInstance.get() as instance:
            ensure_pools(instance)
        _serve(stack, deployment)


def _serve(stack: ExitStack, deployment: Deployment) -> None:
    docs_port, ui_port = free_port(_UI_PORT + 1), free_port(_UI_PORT)
    docs = deployment.data_docs_dir
    docs.mkdir(parents=True, exist_ok=True)
    os.environ[DOCS_URL] = f"http://127.0.0.1:{docs_port}"
    os.environ[DOCS_FOLDER] = str(docs)
    commands = [
        [_script("dagster-webserver"), "-h", "127.0.0.1", "-p", str(ui_port), "-w", _WORKSPACE],
        [_script("dagster-daemon"), "run", "-w", _WORKSPACE],
        [sys.executable, "-m", "http.server", str(docs_port), "--bind", "127.0.0.1",
         "--directory", str(docs)],
    ]  # fmt: skip
    doors = configured_doors(deployment)
    webhook_port = free_port(_WEBHOOK_PORT)
    if doors:
        commands.append([_script("omie-pipeline"), "webhooks", "--port", str(webhook_port)])
    processes = [_start(stack, command) for command in commands]
    typer.echo(f"  Interface do Dagster:   http://127.0.0.1:{ui_port}")
    typer.echo(f"  Validação (Data Docs):  http://127.0.0.1:{docs_port}")
    for door in doors:
        address = f"http://127.0.0.1:{webhook_port}/omie/{door.empresa}/(segredo)"
        typer.echo(f"  Webhooks do Omie:       {address}")
    typer.echo(f"  Banco (psql):           {_shown(deployment)}")
    typer.echo("Ctrl-C encerra tudo.")
    _watch(processes)


_WORKSPACE = str(project_root() / "workspace.yaml")


def _script(name: str) -> str:
    return str(Path(sys.executable).with_name(name))


def _start(stack: ExitStack, command: Sequence[str]) -> subprocess.Popen[bytes]:
    quiet = subprocess.DEVNULL if command[0] == sys.executable else None
    process = subprocess.Popen(command, cwd=project_root(), stderr=quiet)  # noqa: S603 - ours
    stack.callback(_stop, process)
    return process


def _stop(process: subprocess.Popen[bytes]) -> None:
    if process.poll() is not None:
        return
    process.terminate()
    try:
        process.wait(_STOP_SECONDS)
    except subprocess.TimeoutExpired:
        process.kill()


def _watch(processes: Sequence[subprocess.Popen[bytes]]) -> None:
    """Stay until Ctrl-C, or until one of the processes ends by itself."""
    try:
        while all(process.poll() is None for process in processes):
            time.sleep(_LOOK_SECONDS)
    except KeyboardInterrupt:
        typer.echo("Encerrando…")
        return
    raise typer.Exit(1)


def _interrupt(_signal: int, _frame: object) -> None:
    raise KeyboardInterrupt


def _shown(deployment: Deployment) -> str:
    """The warehouse's address without its password."""
    return deployment.engine.url.render_as_string(hide_password=True)


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
